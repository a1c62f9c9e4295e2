"""The names a template sets, with what they may stand for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from assay.scanning.scanners.jinja_template.emission import BudgetError
from assay.scanning.scanners.jinja_template.values import (
    HOLE,
    OTHER_MARK,
    Triggers,
    Value,
    constant,
    fits,
    unknown,
)

_MOST_NAMES = 2_000


class Names:
    """Names in scope; attributes of namespaces are kept as `name.attribute`.

    Attributes:
        changes: Grows whenever a name that outlives a macro changes.
        macros: How many macros are being gone through.
    """

    def __init__(self) -> None:
        self.changes = 0
        self.macros = 0
        self._values: dict[str, Value] = {}

    def get(self, name: str) -> Value | None:
        """What a name may stand for."""
        return self._values.get(name)

    def put(self, name: str, value: Value) -> None:
        """Set a name, whatever it was.

        Raises:
            BudgetError: there are too many.
        """
        self._values[name] = value
        if len(self._values) > _MOST_NAMES:
            raise BudgetError

    def default(self, name: str, value: Value) -> None:
        """Set a name that is not set."""
        if name not in self._values:
            self.put(name, value)

    def assign(self, name: str, value: Value, triggers: Triggers, *, sure: bool) -> None:
        """Set a name under conditions.

        Args:
            name: It, or an attribute of a namespace.
            value: What it is set to.
            triggers: Comparisons on which it depends that this happens.
            sure: Whether it happens whenever the template is rendered.

        Raises:
            BudgetError: there are too many.
        """
        before = self._values.get(name)
        value = value.also(triggers)
        if triggers and value.single is False:
            value = replace(value, when_false=value.when_false | triggers)
        if before is not None and not sure:
            value = value.or_else(before)
        if value != before and (not self.macros or "." in name):
            self.changes += 1
        self.put(name, value)

    def spread(self, targets: tuple[str, ...], value: Value) -> Iterator[tuple[str, Value]]:
        """Names with the items of a value each is set to."""
        if len(targets) == 1:
            yield targets[0], value
            return
        items = value.single
        for place, name in enumerate(targets):
            if isinstance(items, (list, tuple)) and place < len(items):
                yield name, item_of(items[place], value)
            else:
                yield name, any_item(value)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Names set inside do not last, but for attributes of namespaces."""
        outer = dict(self._values)
        yield
        kept = {name: value for name, value in self._values.items() if "." in name}
        self._values = {**outer, **kept}

    @contextmanager
    def only_for(self, targets: tuple[str, ...]) -> Iterator[None]:
        """These names are afterwards what they were before."""
        outer = {name: self._values.get(name) for name in targets}
        yield
        for name, value in outer.items():
            if value is None:
                self._values.pop(name, None)
            else:
                self._values[name] = value


def item_of(item: object, values: Value) -> Value:
    """An item of a list that is known."""
    if item is HOLE or not fits(item):
        return unknown(*values.sources)
    return replace(constant(item, made=values.made), sources=values.sources)


def any_item(values: Value) -> Value:
    """An item of a list that is not known."""
    return replace(values, known=(), open=True, text=OTHER_MARK, built=False)
