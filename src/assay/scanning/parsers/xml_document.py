"""XML by expat: elements, text and what precedes the root, within budgets and without fetching.

Nothing is fetched, whatever a document refers to. Entities a document defines are reported
as they are declared; expat replaces the internal ones, and what they grow into counts
against the budget. Source: XML 1.0, fifth edition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from assay.scanning.subject import Buffer

_PIECE_BYTES = 64 * 1024
_LARGEST_PIECE_BYTES = 1024 * 1024
_ROOT_BYTES = 64 * 1024
_MOST_DEPTH = 1_000
_MOST_EVENTS = 100_000_000
_BLANKS = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""What may stand before the first tag: white space, and the marks of an encoding."""
_GROWTH_BYTES = 1024 * 1024
"""By how much entities may make a document longer."""
_SEPARATOR = "\n"
"""No name holds one, so it can stand between a namespace and a local name."""


class XmlError(ValueError):
    """The bytes are no well-formed document, or one over the budget."""


class DepthError(XmlError):
    """Elements are nested deeper than the budget allows, and than any writer nests them."""


@dataclass(frozen=True, slots=True)
class Start:
    """The start of an element.

    Attributes:
        name: Without its prefix.
        namespace: What its prefix stands for; "" for none.
        attributes: Values by name; a name in a namespace is `namespace name`.
        line: Counted from 1.
        depth: 1 for the root.
    """

    name: str
    namespace: str
    attributes: Mapping[str, str]
    line: int
    depth: int


@dataclass(frozen=True, slots=True)
class End:
    """The end of an element, and how deep it was."""

    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class Text:
    """Characters between tags; long ones come in pieces."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """A processing instruction."""

    target: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Doctype:
    """A document type declaration.

    Attributes:
        name: Of the root.
        system: Where the definitions are to be fetched; "" where the document has them all.
        public: Under which name they are published.
        line: Counted from 1.
    """

    name: str
    system: str
    public: str
    line: int


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity a document declares.

    Attributes:
        name: What stands for it.
        value: Of an internal one; None for one that is to be fetched.
        system: Where from.
        parameter: Whether it is for declarations only.
        line: Counted from 1.
    """

    name: str
    value: str | None
    system: str
    parameter: bool
    line: int


Event = Start | End | Text | Instruction | Doctype | Entity


class _Reading:
    """Turns what expat reports into events."""

    def __init__(self, size: int) -> None:
        self.events: list[Event] = []
        self._depth = 0
        self._left = _MOST_EVENTS
        self._room = size + _GROWTH_BYTES
        self.parser = parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.buffer_size = _PIECE_BYTES
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        # Without a handler the reference would be skipped without a word.
        parser.ExternalEntityRefHandler = lambda *_: 1

    @property
    def _line(self) -> int:
        return self.parser.CurrentLineNumber

    def _add(self, event: Event, characters: int = 0) -> None:
        self._left -= 1
        self._room -= characters
        if self._left < 0 or self._room < 0:
            raise XmlError("grows beyond the budget")
        self.events.append(event)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise DepthError("elements nested deeper than the budget")
        namespace, local = _split(name)
        named = {key.replace(_SEPARATOR, " "): value for key, value in attributes.items()}
        size = sum(map(len, attributes.values()))
        self._add(Start(local, namespace, named, self._line, self._depth), size)

    def _end(self, name: str) -> None:
        self._add(End(_split(name)[1], self._depth))
        self._depth -= 1

    def _text(self, text: str) -> None:
        self._add(Text(text, self._line), len(text))

    def _instruction(self, target: str, text: str) -> None:
        self._add(Instruction(target, text, self._line))

    def _doctype(self, name: str, system: str | None, public: str | None, _: bool) -> None:
        self._add(Doctype(name, system or "", public or "", self._line))

    def _entity(
        self,
        name: str,
        parameter: bool,
        value: str | None,
        _: str | None,
        system: str | None,
        *__: str | None,
    ) -> None:
        self._add(Entity(name, value, system or "", bool(parameter), self._line))


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return namespace, local


def events(data: Buffer) -> Iterator[Event]:
    """What a document is made of, in order.

    Raises:
        XmlError: at the first byte that is not well formed, or at the end of the budget; the
            events before have been given.
    """
    reading = _Reading(len(data))
    at, size = 0, _PIECE_BYTES
    while at < len(data) or not at:
        error = _feed(reading, bytes(data[at : at + size]), final=at + size >= len(data))
        at += size
        # A tag that is not complete yet is read again from its start: in ever larger pieces.
        size = _PIECE_BYTES if reading.events else min(size * 2, _LARGEST_PIECE_BYTES)
        yield from reading.events
        reading.events.clear()
        if error is not None:
            raise error


def _feed(reading: _Reading, piece: bytes, *, final: bool) -> XmlError | None:
    """Parse one piece; what is wrong with it."""
    try:
        reading.parser.Parse(piece, final)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        return XmlError(f"not well formed in line {error.lineno}: {what}")
    except XmlError as error:
        return error
    except (LookupError, OSError, ValueError) as error:  # an encoding nobody knows
        return XmlError(f"an encoding that is not read: {str(error)[:80]}")
    return None


def root_of(data: Buffer) -> Start | None:
    """The root element, if the first bytes are those of a document and reach to it."""
    head = bytes(data[:_ROOT_BYTES])
    if not head[:64].lstrip(_BLANKS).startswith(b"<"):
        return None
    reading = _Reading(len(head))
    _feed(reading, head, final=False)
    return next((event for event in reading.events if isinstance(event, Start)), None)
