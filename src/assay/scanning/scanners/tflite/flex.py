"""Operators of full TensorFlow inside a TensorFlow Lite model, run by the Flex delegate.

Such an operator is a custom one named `Flex` and the operator's name; its options are a
FlexBuffers vector of that name and a serialized `NodeDef`. Source: TensorFlow Lite's
`delegates/flex/kernel.cc`; "FlexBuffers" in the FlatBuffers documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.core.finding import Severity
from assay.scanning.parsers.protobuf import LENGTH, Field, Message, WireError
from assay.scanning.scanners.tensorflow.attributes import texts, value_of
from assay.scanning.scanners.tensorflow.effects import EFFECTS, Act
from assay.scanning.scanners.tensorflow.graph import Node, Scope
from assay.scanning.scanners.tensorflow.origins import Source
from assay.scanning.scanners.tensorflow.stock_ops import is_of_known_library, is_stock
from assay.scanning.scanners.tensorflow.verdicts import judge_sources, judge_text

PREFIX = "Flex"
_VECTOR = 10
_SAVES: dict[Severity | None, Severity] = {
    None: Severity.MEDIUM,
    Severity.LOW: Severity.MEDIUM,
    Severity.MEDIUM: Severity.HIGH,
    Severity.HIGH: Severity.HIGH,
}
"""A model for this runtime needs no saver, unless it is trained on the device."""
_UNFIT = frozenset({Act.SAVE, Act.LIST})
_WORST = {Act.PYTHON, Act.DEBUG, Act.WRITE}


@dataclass(frozen=True, slots=True)
class Judged:
    """What an operator comes to: a rule, how bad, and what was seen."""

    rule: str
    severity: Severity | None
    shown: str


def judge_flex(name: str, options: bytes, inputs: Sequence[tuple[Source, ...]]) -> Iterator[Judged]:
    """Judge one operator.

    Args:
        name: With its prefix.
        options: What its node is written in.
        inputs: What each input may hold, as far as it is text.
    """
    op = name.removeprefix(PREFIX)
    effect = EFFECTS.get(op)
    if effect is None:
        if not is_stock(op):
            known = is_of_known_library(op)
            yield Judged("tflite.known-operator" if known else "tflite.custom-operator", None, op)
        return
    if effect.act in _WORST:
        yield Judged("tflite.acting-operator", Severity.HIGH, op)
        return
    written = tuple(_attributes(options, effect.attributes))
    for text in written:
        severity = judge_text(effect.act, text).severity
        if severity is not None:
            yield Judged("tflite.acting-operator", severity, f"{op}: {text}")
    for index in effect.inputs:
        found = judge_sources(effect.act, inputs[index] if index < len(inputs) else ())
        severity = _SAVES.get(found.severity) if effect.act in _UNFIT else found.severity
        if severity is not None:
            shown = f"{op}: {found.shown or 'from caller'}"
            yield Judged("tflite.acting-operator", severity, shown)


def _attributes(options: bytes, names: Sequence[str]) -> Iterator[str]:
    """Texts of the node's attributes of these names."""
    for raw in _strings(options):
        message = Message(raw)
        try:
            places: tuple[Field, ...] = tuple(
                f for f in message if f.number == 5 and f.wire == LENGTH
            )
            node = Node("", "", (), places, 0)
            for name in names:
                value = value_of(Scope("", message), node, name)
                for holder, place in texts(value) if value is not None else ():
                    yield holder.text(place, 4096)
        except WireError:
            continue


def _strings(options: bytes) -> Iterator[bytes]:
    """The texts of a FlexBuffers vector; nothing where it is none."""
    if len(options) < 3:
        return
    width = options[-1]
    if width not in (1, 2, 4, 8) or options[-2] >> 2 != _VECTOR:
        return
    place = len(options) - 2 - width
    child = 1 << (options[-2] & 3)
    start = place - _number(options, place, width)
    count = _number(options, start - child, child)
    if start < child or count > 16 or start + count * (child + 1) > len(options):
        return
    for index in range(count):
        at = start + index * child
        target = at - _number(options, at, child)
        own = 1 << (options[start + count * child + index] & 3)
        size = _number(options, target - own, own)
        if target - own >= 0 and target + size <= len(options):
            yield options[target : target + size]


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[max(0, at) : max(0, at + size)], "little")
