"""Messages of an ONNX model with their fields by name; what the schema does not have is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Self

from assay.scanning.parsers.protobuf import LENGTH, Field, Message
from assay.scanning.scanners.onnx.schema import MESSAGES, Slot

Note = Callable[[str, str, "Record", Field], None]
"""Called as `note(rule, evidence, record, field)` with what is wrong with a field."""

_NONE: tuple[Field, ...] = ()


class Record:
    """One message.

    Attributes:
        kind: Its name in the schema.
        message: Where it lies.
        fields: Its fields by name, in order.
    """

    __slots__ = ("_note", "fields", "kind", "message")

    def __init__(self, message: Message, kind: str, note: Note) -> None:
        """Read the message's own fields; those inside it are read when asked for.

        Raises:
            WireError: the bytes are no message, or the budget is used up.
        """
        self.kind = kind
        self.message = message
        self.fields: dict[str, list[Field]] = {}
        self._note = note
        slots, fields = MESSAGES[kind], self.fields
        for field in message:
            slot = slots.get(field.number)
            if slot is None or field.wire not in slot.wires:
                note("onnx.unknown-field", f"field {field.number} of {kind}", self, field)
            elif slot.name not in fields:
                fields[slot.name] = [field]
            else:
                self._again(slot, field)

    def _again(self, slot: Slot, field: Field) -> None:
        self.fields[slot.name].append(field)
        if not slot.repeated:
            self._note("onnx.duplicate-field", f"{slot.name} of {self.kind}", self, field)

    @property
    def offset(self) -> int:
        """Where it begins in the file."""
        return self.message.begin

    def has(self, name: str) -> bool:
        """Whether a field is there."""
        return name in self.fields

    def text(self, name: str) -> str:
        """A text, the last where there are several; "" where there is none."""
        found = self.fields.get(name)
        return self.message.text(found[-1]) if found else ""

    def texts(self, name: str) -> list[str]:
        """Every text of a repeated field."""
        return [self.message.text(field) for field in self.fields.get(name, _NONE)]

    def integer(self, name: str, default: int = 0) -> int:
        """A number, the last where there are several."""
        found = self.fields.get(name)
        return found[-1].signed if found else default

    def integers(self, name: str) -> Iterator[int]:
        """Every number of a repeated field, packed or not.

        Raises:
            WireError: the packed ones are cut off.
        """
        for field in self.fields.get(name, _NONE):
            yield from self.message.integers(field)

    def spans(self, name: str) -> Iterator[Field]:
        """Every occurrence of a field."""
        yield from self.fields.get(name, _NONE)

    def inside(self, name: str) -> Iterator[Self]:
        """Every message a field holds.

        Raises:
            WireError: one of them is none, or the budget is used up.
        """
        slots = MESSAGES[self.kind]
        for field in self.fields.get(name, _NONE):
            kind = slots[field.number].message
            yield type(self)(self.message.inside(field), kind, self._note)

    def entries(self, name: str) -> Iterator[tuple[str, str]]:
        """Key and value of every entry of a field.

        Raises:
            WireError: one of them is no message.
        """
        for entry in self.inside(name):
            yield entry.text("key"), entry.text("value")


def sweep(record: Record, names: tuple[str, ...]) -> None:
    """Read all that lies below some fields, so that what no schema has there is noted.

    Raises:
        WireError: something inside is no message, or the budget is used up.
    """
    waiting = [inner for name in names for inner in record.inside(name)]
    while waiting:
        found = waiting.pop()
        slots = MESSAGES[found.kind]
        for fields in found.fields.values():
            if fields[0].wire == LENGTH and slots[fields[0].number].message:
                waiting.extend(found.inside(slots[fields[0].number].name))
