"""Values of attributes, and the constants among them.

Field numbers: TensorFlow's `attr_value.proto` and `tensor.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.scanning.parsers.protobuf import LENGTH, VARINT, Field, Message
from assay.scanning.scanners.tensorflow.graph import Node, Scope

_LIST, _TEXT, _NUMBER, _BOOLEAN, _TENSOR, _FUNCTION = 1, 2, 3, 5, 8, 10
_LIST_TEXT, _LIST_TENSOR, _LIST_FUNCTION = 2, 8, 9
_KIND, _CONTENT, _STRINGS = 1, 4, 8
STRING = 7
"""The number of the type of texts (`DT_STRING`)."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A constant.

    Attributes:
        kind: Number of its type.
        content: Where its bytes lie as they are in memory; None where they are written one by one.
        message: The tensor, for its texts.
    """

    kind: int
    content: Field | None
    message: Message

    def texts(self) -> Iterator[Field]:
        """Where its texts lie."""
        for item in self.message:
            if item.number == _STRINGS and item.wire == LENGTH:
                yield item


def entries(scope: Scope, node: Node) -> Iterator[tuple[str, Message]]:
    """Names and values of a node's attributes; without a value where there is none.

    Raises:
        WireError: at what is no attribute.
    """
    for place in node.attributes:
        entry = scope.message.inside(place)
        key, value = "", None
        for item in entry:
            if item.number == 1 and item.wire == LENGTH:
                key = entry.text(item, 256)
            elif item.number == 2 and item.wire == LENGTH:
                value = entry.inside(item)
        if value is not None:
            yield key, value


def value_of(scope: Scope, node: Node, name: str) -> Message | None:
    """The value of an attribute.

    Raises:
        WireError: at what is no attribute.
    """
    found = None
    for key, value in entries(scope, node):
        if key == name:
            found = value
    return found


def texts(value: Message) -> Iterator[tuple[Message, Field]]:
    """Where the texts of a value lie, in lists as well, and in which message.

    Raises:
        WireError: at what is no value.
    """
    return _each(value, _TEXT, _LIST_TEXT)


def functions(value: Message) -> Iterator[str]:
    """Names of functions a value refers to.

    Raises:
        WireError: at what is no value.
    """
    return (_function(held.inside(item)) for held, item in _each(value, _FUNCTION, _LIST_FUNCTION))


def _each(value: Message, alone: int, listed: int) -> Iterator[tuple[Message, Field]]:
    """Fields of one kind with the message they are in: the value's own, and those of its lists."""
    for item in value:
        if item.number == alone and item.wire == LENGTH:
            yield value, item
        elif item.number == _LIST and item.wire == LENGTH:
            inner = value.inside(item)
            for part in inner:
                if part.number == listed and part.wire == LENGTH:
                    yield inner, part


def _function(message: Message) -> str:
    found = ""
    for item in message:
        if item.number == 1 and item.wire == LENGTH:
            found = message.text(item, 1024)
    return found


def tensors(value: Message) -> Iterator[Tensor]:
    """The constants of a value, in lists as well.

    Raises:
        WireError: at what is no value.
    """
    return (_tensor(held.inside(item)) for held, item in _each(value, _TENSOR, _LIST_TENSOR))


def _tensor(message: Message) -> Tensor:
    kind, content = 0, None
    for item in message:
        if item.number == _KIND and item.wire == VARINT:
            kind = item.value
        elif item.number == _CONTENT and item.wire == LENGTH:
            content = item
    return Tensor(kind, content, message)


def flag(value: Message | None) -> bool:
    """Whether a value is true."""
    if value is None:
        return False
    return any(item.number == _BOOLEAN and item.value == 1 for item in value)


def first_text(scope: Scope, node: Node, name: str, limit: int = 4096) -> str:
    """The first text of an attribute; "" without one.

    Raises:
        WireError: at what is no attribute.
    """
    value = value_of(scope, node, name)
    if value is None:
        return ""
    return next((holder.text(item, limit) for holder, item in texts(value)), "")
