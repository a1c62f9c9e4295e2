"""Every rule of every scanner, for the documentation.

A module of rules has `RULES`, its table, and `TITLE`, the heading of its section.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from assay.scanning import file_rules, repository, scanners
from assay.scanning.intelligence import matching, signals
from assay.scanning.pickle import rules as pickle_rules
from assay.scanning.rules import Rule, table


def families() -> Iterator[tuple[str, Mapping[str, Rule]]]:
    """Tables by heading: files, pickles, the formats by title, what is known from elsewhere."""
    for module in (file_rules, repository, pickle_rules):
        yield module.TITLE, module.RULES
    found = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(scanners.__path__, f"{scanners.__name__}.")
    ]
    # A package may hand on the table of its own module of rules.
    named = {id(module.RULES): module for module in found if hasattr(module, "TITLE")}
    for module in sorted(named.values(), key=lambda module: str(module.TITLE)):
        yield module.TITLE, module.RULES
    for module in (matching, signals):
        yield module.TITLE, module.RULES


def all_rules() -> Mapping[str, Rule]:
    """Every rule by id.

    Raises:
        ValueError: two rules have one id.
    """
    return table(rule for _, rules in families() for rule in rules.values())
