"""What every stream of one scan shares: where findings go, budgets, and who judges what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from assay.core.limits import MIB, ScanLimits
from assay.scanning.pickle.collector import Collector
from assay.scanning.pickle.imports import ImportPolicy
from assay.scanning.pickle.result import Buffer, PersistentIdRule

Inside = Callable[[Buffer, int], bool]
"""Judges bytes that the loader opens by their own format: content and its offset in the file.

False where they are of no format that is known.
"""


class Room:
    """Bytes that may still be unpacked, for all wrappings in a file together."""

    def __init__(self, left: int = 64 * MIB) -> None:
        self.left = left


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a stream; `depth` counts the pickles around it."""

    collector: Collector
    limits: ScanLimits
    policy: ImportPolicy
    persistent_ids: PersistentIdRule
    inside: Inside | None = None
    depth: int = 0
    room: Room = field(default_factory=Room)

    def deeper(self, persistent_ids: PersistentIdRule | None = None) -> Self:
        """The surroundings of a pickle inside."""
        ids = persistent_ids or self.persistent_ids
        return replace(self, depth=self.depth + 1, persistent_ids=ids)
