"""What a scan of pickle streams answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from mmap import mmap

from assay.core.finding import Finding, Unread
from assay.scanning.pickle.judgement import Safety

Buffer = bytes | bytearray | memoryview | mmap
"""Random access to bytes. A map of the file, or a view into one, keeps memory flat."""


class PersistentIdRule(StrEnum):
    """What the loader of a container does with persistent ids.

    `UNKNOWN`: nobody said; ids of PyTorch storages are recognised, others need a person.
    `TORCH`: storages of a PyTorch container, and nothing else.
    `FORBIDDEN`: the loader refuses them.
    """

    UNKNOWN = "unknown"
    TORCH = "torch"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Import:
    """One name a stream asks its loader to import.

    Attributes:
        module: As the loader looks it up, Python 2 names mapped to today's.
        name: Dotted names are attributes of attributes; "" is the module itself.
        offset: Of the first import, bytes from the start of the file.
        uses: Sorted words of `imported called constructed built modified`.
        safety: The worst judgement of its uses.
    """

    module: str
    name: str
    offset: int
    uses: tuple[str, ...]
    safety: Safety

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True, slots=True)
class PickleResult:
    """Findings, what was not read, and every import of the streams in a buffer.

    Attributes:
        streams: Pickles read to their STOP, nested ones not counted.
        end: Offset just after the last of them (or where reading broke off), counted
            from the start of the file.
    """

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    imports: tuple[Import, ...]
    streams: int
    end: int

    @property
    def is_dangerous(self) -> bool:
        """Whether it imports what no model needs."""
        return any(found.safety is Safety.DANGEROUS for found in self.imports)
