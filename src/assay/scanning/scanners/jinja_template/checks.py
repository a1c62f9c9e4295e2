"""What an expression may not do, whatever it is worth: names, widths, words that are changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from assay.core.finding import Severity
from assay.scanning.parsers.jinja.nodes import Expression, Kind
from assay.scanning.rules import Rule
from assay.scanning.scanners.jinja_template import access
from assay.scanning.scanners.jinja_template.rules import RULES
from assay.scanning.scanners.jinja_template.values import Source, Value
from assay.scanning.scanners.jinja_template.wording import words

WIDE = 1_000_000
"""Items, characters or turns: more than any conversation needs."""
_POWER = 10_000
_FORMATS = frozenset({"format", "format_map"})
_PADDED = frozenset({"center", "ljust", "rjust", "zfill", "indent"})
_WIDTH = re.compile(r"%[-#0 +]*(?:\d*\.)?\d{7,}|:[^{}]{0,4}?\d{7,}[^{}]{0,4}\}")
_NAMES = re.compile(r"\w\.[a-z]{2,}|\d{4}|@|//")


class Scope(Protocol):
    """Where names are looked up, and findings go."""

    def get(self, name: str) -> Value | None:
        """What a name the template sets is; None where it does not set it."""

    def macro(self, name: str, arguments: list[tuple[str, Value]], offset: int) -> Value | None:
        """What a macro emits for these arguments; None where there is no such macro."""

    def find(
        self, rule: Rule, evidence: str, offset: int, severity: Severity | None = None
    ) -> None:
        """Report a finding."""

    def step(self) -> None:
        """Count one expression towards the budget."""


class Checks:
    """Checks of names and arguments, whose findings go to a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def report(self, judged: access.Judgement, evidence: str, offset: int) -> None:
        """Report what a name means."""
        self._scope.find(judged[0], evidence, offset, judged[1])

    def attributes(self, names: Iterable[str], how: str, offset: int) -> None:
        """Attributes that are taken by these names."""
        for name in names:
            judged = access.attribute(name)
            if judged:
                self.report(judged, how.format(name), offset)

    def subscripts(self, names: Iterable[str], offset: int) -> None:
        """Subscripts by these texts."""
        for name in names:
            judged = access.subscript(name)
            if judged:
                self.report(judged, f"[{name!r}]", offset)

    def computed_name(self, name: Value, offset: int, *, sure: bool) -> None:
        """An attribute by a name that is not known."""
        severity = Severity.HIGH if sure or access.hints(name.text) else None
        self._scope.find(RULES["jinja.computed-name"], name.text, offset, severity)

    def hidden_name(self, node: Expression, value: Value) -> None:
        """The name of an internal attribute that was made of pieces, or is a constant."""
        for text in value.texts:
            if not access.is_gadget(text):
                continue
            if value.made:
                self._scope.find(RULES["jinja.hidden-name"], text, node.offset)
            elif node.kind is Kind.CONSTANT:
                self.report((RULES["jinja.internals"], Severity.HIGH), text, node.offset)

    def called(self, name: str, target: Value, values: list[Value], offset: int) -> None:
        """A method or a filter of this name: what it formats, pads or replaces."""
        if name in _FORMATS:
            self.formatted(target, offset)
        elif name in _PADDED:
            self._padded(values, offset)
        elif name == "replace":
            self._altered(target, values, offset)

    def formatted(self, target: Value, offset: int) -> None:
        """A format string: the attributes its fields take, and their widths."""
        for text in target.texts:
            name = access.inside(text)
            if name and "{" in text:
                self.report((RULES["jinja.internals"], None), text, offset)
            width = _WIDTH.search(text)
            if width is not None:
                self._scope.find(RULES["jinja.exhaustion"], f"a width in {width[0]}", offset)

    def _padded(self, values: list[Value], offset: int) -> None:
        for value in values:
            if any(isinstance(item, int) and item >= WIDE for item in value.known):
                self._scope.find(RULES["jinja.exhaustion"], f"a width of {value.text}", offset)

    def _altered(self, target: Value, values: list[Value], offset: int) -> None:
        """Words of messages replaced by other words."""
        if Source.CONTENT not in target.sources or len(values) < 2:
            return
        old, new = values[0], values[1]
        for text in new.texts:
            if words(text) and any(words(piece) for piece in old.texts):
                severity = Severity.HIGH if words(text) > 1 or _NAMES.search(text) else None
                shown = f"{old.text!r} to {text!r}"
                self._scope.find(RULES["jinja.altered-message"], shown, offset, severity)

    def repeated(self, word: str, parts: list[Value], offset: int) -> None:
        """Texts that are multiplied, and powers."""
        for part in parts:
            for item in part.known:
                if type(item) is not int:
                    continue
                shown = ""
                if word == "*" and item >= WIDE and any(p.texts for p in parts):
                    shown = f"text {big(item)} times"
                elif word == "**" and (item >= _POWER or len(parts) > 2):
                    shown = f"powers of {big(item)}"
                if shown:
                    self._scope.find(RULES["jinja.exhaustion"], shown, offset)

    def ranged(self, size: int, offset: int) -> None:
        """A range of so many items."""
        if size >= WIDE:
            self._scope.find(RULES["jinja.exhaustion"], f"a range of {big(size)}", offset)


def big(number: int) -> str:
    """A number for a report, however large."""
    return str(number) if number.bit_length() < 99 else "very many"
