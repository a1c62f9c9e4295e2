"""What a template emits: pieces of text, each with the comparisons on which it depends."""

from __future__ import annotations

from dataclasses import dataclass

from assay.scanning.scanners.jinja_template.values import Source, Triggers, Value

_MOST_CHARACTERS = 1_000_000
_LONGEST = 16 * 1024


class BudgetError(Exception):
    """The template takes more steps, or emits more, than the budget allows."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that is emitted.

    Attributes:
        text: As far as can be told.
        triggers: Comparisons on which it depends.
        offset: Where, in characters.
    """

    text: str
    triggers: Triggers
    offset: int


class Emission:
    """Everything that is emitted, in order.

    Attributes:
        pieces: It.
        sources: Where any of it comes from.
    """

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.sources: set[Source] = set()
        self._characters = 0
        self._captures: list[list[Value]] = []

    def emit(self, value: Value, offset: int) -> None:
        """Emit a value.

        Raises:
            BudgetError: it is too much.
        """
        self.sources |= value.sources
        self.note(value.text, value.triggers, offset)
        if self._captures:
            self._captures[-1].append(value)

    def note(self, text: str, triggers: Triggers, offset: int) -> None:
        """Note a text that is emitted somewhere.

        Raises:
            BudgetError: it is too much.
        """
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            raise BudgetError
        self.pieces.append(Piece(text, triggers, offset))

    def capture(self) -> None:
        """Begin to gather what is emitted."""
        self._captures.append([])

    def captured(self) -> Value:
        """What was emitted since, as a value."""
        emitted = self._captures.pop()
        whole = "".join(value.text for value in emitted)[:_LONGEST]
        known = all(isinstance(value.single, str) for value in emitted)
        return Value(
            (whole,) if known else (),
            open=not known,
            text=whole,
            sources=frozenset[Source]().union(*(value.sources for value in emitted)),
            when_true=frozenset().union(*(value.when_true for value in emitted)),
            made=len(emitted) > 1,
            built=not known,
        )

    def forget_repeated(self, start: int, second: int) -> None:
        """Keep of a loop's second turn only what it emits under other conditions."""
        before = set(self.pieces[start:second])
        self.pieces[second:] = [piece for piece in self.pieces[second:] if piece not in before]
