"""Reading fields one after another, at the widths the superblock gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from assay.scanning.subject import Buffer

UNDEFINED = -1
"""An address that is not set: all bits are one in the file."""

_SHORT_TEXT = 256
_LONG_TEXT = 64 * 1024
_MOST_READINGS = 20_000_000


class Hdf5Error(ValueError):
    """The bytes are not what the format says they are, or reach past the end of the file."""


class BudgetError(Hdf5Error):
    """There is more of it than the budget allows."""


class Effort:
    """How much reading one file may cost, in structures and messages.

    Structures can be reached in many ways, so that a small file could be read for ever.
    """

    __slots__ = ("left",)

    def __init__(self, left: int = _MOST_READINGS) -> None:
        self.left = left

    def spend(self, amount: int = 1) -> None:
        """Count readings.

        Raises:
            BudgetError: there were too many.
        """
        self.left -= amount
        if self.left < 0:
            raise BudgetError("more structures than the budget")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes and what its superblock says about reading them.

    Attributes:
        data: The whole file, user block included.
        base: Offset of address 0.
        offset_size: Bytes of an address: 2, 4, 8, 16 or 32.
        length_size: Bytes of a length.
        effort: What reading may still cost.
    """

    data: Buffer
    base: int
    offset_size: int = 8
    length_size: int = 8
    effort: Effort = field(default_factory=Effort)

    def at(self, address: int, size: int | None = None) -> Cursor:
        """A cursor at an address, which may read `size` bytes, or to the end of the file.

        Raises:
            Hdf5Error: the address is not set, or not so many bytes of the file lie behind it.
            BudgetError: the file has cost too much already.
        """
        self.effort.spend()
        start = self.base + address
        end = len(self.data) if size is None else start + size
        if address < 0 or start > end or end > len(self.data):
            raise Hdf5Error(f"address {address:#x} lies outside the file")
        return Cursor(self, start, end)


class Cursor:
    """A place in a file that moves on with every reading.

    Attributes:
        source: The file.
        at: Offset of the next byte.
        end: Offset behind the last byte that may be read.
    """

    __slots__ = ("at", "end", "source")

    def __init__(self, source: Source, at: int, end: int) -> None:
        self.source = source
        self.at = at
        self.end = end

    @classmethod
    def over(cls, body: bytes, like: Source) -> Self:
        """A cursor over bytes that are not in the file, with the file's widths."""
        inside = Source(body, 0, like.offset_size, like.length_size)
        return cls(inside, 0, len(body))

    @property
    def left(self) -> int:
        """Bytes that may still be read."""
        return self.end - self.at

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            Hdf5Error: there are not so many.
        """
        at = self.at
        if size < 0 or at + size > self.end:
            raise Hdf5Error(f"cut off at byte {at}")
        self.at = at + size
        return bytes(self.source.data[at : at + size])

    def number(self, size: int) -> int:
        """An unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def address(self) -> int:
        """An address, `UNDEFINED` where none is set."""
        size = self.source.offset_size
        value = self.number(size)
        return UNDEFINED if value == (1 << 8 * size) - 1 else value

    def length(self) -> int:
        """A length."""
        return self.number(self.source.length_size)

    def expect(self, signature: bytes) -> None:
        """Pass a signature.

        Raises:
            Hdf5Error: something else is there.
        """
        found = self.take(len(signature))
        if found != signature:
            raise Hdf5Error(f"{found!r} where {signature.decode()} should be")

    def align(self, start: int, to: int = 8) -> None:
        """Go on to a multiple of bytes from a start."""
        self.take(-(self.at - start) % to)

    def text(self) -> bytes:
        """Bytes up to a NUL, which is passed.

        Raises:
            Hdf5Error: there is no NUL, or the text is longer than any name.
        """
        for most in (_SHORT_TEXT, _LONG_TEXT):
            head = bytes(self.source.data[self.at : min(self.end, self.at + most)])
            size = head.find(b"\0")
            self.source.effort.spend(len(head) // _SHORT_TEXT)
            if size >= 0:
                self.at += size + 1
                return head[:size]
        raise Hdf5Error(f"a name at byte {self.at} has no end")

    def part(self, size: int) -> Cursor:
        """A cursor over the next bytes, which are passed.

        Raises:
            Hdf5Error: there are not so many.
        """
        if size < 0 or self.at + size > self.end:
            raise Hdf5Error(f"{size} bytes at byte {self.at} reach too far")
        inner = Cursor(self.source, self.at, self.at + size)
        self.at += size
        return inner
