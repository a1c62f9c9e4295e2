"""Recomputing a whole log from its entries, and naming the file that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.errors import DataError
from assay.log.checkpoint import Checkpoint, read_unverified, verify_checkpoint
from assay.log.files import read_tile
from assay.log.read import LogFolder
from assay.log.tiles import CHECKPOINT, TILE_WIDTH, Tile, pack_entries, width_at
from assay.log.tree import EMPTY_ROOT, leaf_hash, root_of


@dataclass(frozen=True, slots=True)
class LogState:
    """A log that was recomputed and found right.

    Attributes:
        files: Tiles, bundles and copies of them that were compared.
        signed_by: The verifier key that signed the checkpoint; None where none was given.
    """

    origin: str
    size: int
    root: bytes
    files: int
    signed_by: str | None

    def to_json(self) -> dict[str, Any]:
        """All fields, the root in hexadecimal."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": f"sha256:{self.root.hex()}",
            "files": self.files,
            "signed_by": self.signed_by,
        }


def verify_folder(
    folder: Path, vkey: str | None = None, *, progress: Callable[[int], None] = lambda _: None
) -> LogState:
    """Recompute every hash of a log from its entries, up to the root of its checkpoint.

    Older, partial copies of a tile must hold the beginning of it.

    Args:
        folder: The log's folder.
        vkey: The verifier key that must have signed the checkpoint.
        progress: Called with the number of entries as they are done.

    Raises:
        DataError: something was changed or is missing; the file is the subject.
        UsageError: there is no checkpoint.
        UnavailableError: a file cannot be read.
    """
    log = LogFolder(folder)
    note = log.note()
    checkpoint = read_unverified(note) if vkey is None else verify_checkpoint(note, vkey)
    found = _Recomputation(log, checkpoint)
    hashes = found.leaves(progress)
    level = 0
    while hashes:
        hashes = found.tiles(level, hashes)
        level += 1
    found.conclude()
    return LogState(checkpoint.origin, checkpoint.size, checkpoint.root, found.files, vkey)


class _Recomputation:
    """One pass over a log, bottom up. Differences are kept until it is known who is to blame."""

    def __init__(self, log: LogFolder, checkpoint: Checkpoint) -> None:
        self._log = log
        self._checkpoint = checkpoint
        self._differences: list[tuple[Tile, int]] = []
        self._wrong_copies: list[Tile] = []
        self._edge: list[bytes] = []
        self.files = 0

    def leaves(self, progress: Callable[[int], None]) -> list[bytes]:
        """The leaf hashes, from the entries."""
        size, found = self._checkpoint.size, []
        for index in range(-(-size // TILE_WIDTH)):
            entries = self._log.bundle(index, size)
            parts = [pack_entries([entry]) for entry in entries]
            self._compare_copies(Tile(None, index, len(entries)), parts)
            found += [leaf_hash(entry) for entry in entries]
            progress(len(entries))
        return found

    def tiles(self, level: int, hashes: list[bytes]) -> list[bytes]:
        """Compare a level's tiles with recomputed hashes; returns the hashes of the next level."""
        above = []
        for start in range(0, len(hashes), TILE_WIDTH):
            index = start // TILE_WIDTH
            expected = hashes[start : start + TILE_WIDTH]
            held = self._log.tile(level, index, self._checkpoint.size)
            tile = Tile(level, index, width_at(level, index, self._checkpoint.size))
            if held == expected:
                self._compare_copies(tile, expected)
            else:
                pairs = zip(held, expected, strict=True)
                place = next(at for at, (one, other) in enumerate(pairs) if one != other)
                self._differences.append((tile, place))
            if len(expected) == TILE_WIDTH:
                above.append(root_of(expected))
            else:
                self._fold(expected)
        if len(hashes) % TILE_WIDTH == 0:
            self._fold([])
        return above

    def conclude(self) -> None:
        """Return if everything fits.

        Raises:
            DataError: it does not. Where the entries lead to the signed root, a tile is wrong;
                where they do not, an entry is, or the checkpoint if all tiles agree with them.
        """
        root = self._edge[0] if self._edge else EMPTY_ROOT
        if root != self._checkpoint.root and not self._differences:
            raise DataError("its root is not that of the entries", subject=CHECKPOINT)
        if self._differences:
            tile, place = self._differences[0]
            if root != self._checkpoint.root and tile.level == 0:
                number = tile.index * TILE_WIDTH + place
                bundle = Tile(None, tile.index, tile.width)
                raise DataError(
                    f"entry {number} was changed: its hash differs", subject=bundle.path
                )
            raise DataError(f"hash {place} is not that of the entries", subject=tile.path)
        if self._wrong_copies:
            path = self._wrong_copies[0].path
            raise DataError("is not the beginning of the same tile", subject=path)

    def _fold(self, hashes: list[bytes]) -> None:
        together = hashes + self._edge
        self._edge = [root_of(together)] if together else []

    def _compare_copies(self, tile: Tile, parts: list[bytes]) -> None:
        """Compare the copies of a tile at its other widths with what it holds.

        A wider one was written for a checkpoint that was not published: it begins the same.
        """
        for copy in sorted(self._copies(tile), key=lambda found: found.width):
            held = read_tile(self._log.folder, copy)
            if held is None:
                continue
            self.files += 1
            same = b"".join(parts[: copy.width])
            if not (held.startswith(same) if copy.width > tile.width else held == same):
                self._wrong_copies.append(copy)

    def _copies(self, tile: Tile) -> set[Tile]:
        partial = self._log.folder / (tile.full.path + ".p")
        widths = [int(path.name) for path in partial.glob("*") if path.name.isdecimal()]
        widths = [width for width in widths if 1 <= width < TILE_WIDTH]
        return {tile, tile.full, *(Tile(tile.level, tile.index, width) for width in widths)}
