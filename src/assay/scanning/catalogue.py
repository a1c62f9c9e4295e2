"""Every rule of every scanner, for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assay.scanning import file_rules, pickle
from assay.scanning.rules import Rule, table
from assay.scanning.scanners import image, json_document, safetensors, text, zip_rules

FAMILIES: tuple[tuple[str, Mapping[str, Rule]], ...] = (
    ("Files", file_rules.RULES),
    ("Pickles", pickle.RULES),
    ("Zip archives and PyTorch", zip_rules.RULES),
    ("Safetensors", safetensors.RULES),
    ("JSON", json_document.RULES),
    ("Images", image.RULES),
    ("Text", text.RULES),
)
"""Tables by family, in the order of the documentation."""


def all_rules() -> Mapping[str, Rule]:
    """Every rule by id.

    Raises:
        ValueError: two rules have one id.
    """
    return table(_every())


def _every() -> Iterator[Rule]:
    for _, rules in FAMILIES:
        yield from rules.values()
