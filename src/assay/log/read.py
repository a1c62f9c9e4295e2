"""Reading a log's folder: entries, and proofs made from its tiles."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from assay.core.errors import DataError, UsageError
from assay.log.checkpoint import Checkpoint, read_unverified
from assay.log.files import read_note, read_tile
from assay.log.proof import LogProof
from assay.log.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Growth,
    Tile,
    levels,
    pack_entries,
    unpack_entries,
    unpack_hashes,
    width_at,
)
from assay.log.tree import (
    NodeReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_inclusion,
)

_KEPT_TILES = 64


class LogFolder:
    """A log's files. One thread at a time uses it; full tiles are kept in memory, 64 at most.

    Nothing here trusts the folder: what is made from it is verified by whoever receives it, and
    `assay.log.verify.verify_folder` recomputes all of it.

    Args:
        folder: Where `checkpoint` and `tile/` lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: OrderedDict[Tile, list[bytes]] = OrderedDict()

    def note(self) -> bytes:
        """The published checkpoint as it was signed.

        Raises:
            UsageError: there is none: not a log's folder.
            UnavailableError: it cannot be read.
        """
        found = read_note(self.folder)
        if found is None:
            raise UsageError(
                "is not a log's folder: it has no checkpoint", subject=str(self.folder)
            )
        return found

    def checkpoint(self) -> Checkpoint:
        """What the published checkpoint says, its signature not verified."""
        return read_unverified(self.note())

    def entry(self, index: int, size: int) -> bytes:
        """The entry at a place in the log of this size.

        Raises:
            DataError: there is none, or its bundle is missing or broken.
        """
        if not 0 <= index < size:
            raise DataError(f"a log of {size} entries has no entry {index}")
        bundle, place = divmod(index, TILE_WIDTH)
        return self.bundle(bundle, size)[place]

    def bundle(self, index: int, size: int) -> list[bytes]:
        """The entries of a bundle, as far as the log of this size has them.

        Raises:
            DataError: it is missing or broken.
        """
        tile = Tile(None, index, width_at(0, index, size))
        found, data = self._bytes(tile)
        return unpack_entries(data, found.width, subject=found.path)[: tile.width]

    def entries(self, size: int) -> Iterator[bytes]:
        """Every entry in order."""
        for index in range(-(-size // TILE_WIDTH)):
            yield from self.bundle(index, size)

    def tile(self, level: int, index: int, size: int) -> list[bytes]:
        """The hashes of a tile, as far as the log of this size has them.

        Raises:
            DataError: it is missing or broken.
        """
        tile = Tile(level, index, width_at(level, index, size))
        if tile in self._kept:
            self._kept.move_to_end(tile)
            return self._kept[tile]
        found, data = self._bytes(tile)
        hashes = unpack_hashes(data, found.width, subject=found.path)[: tile.width]
        self._kept[tile] = hashes
        if len(self._kept) > _KEPT_TILES:
            self._kept.popitem(last=False)
        return hashes

    def node_reader(self, size: int) -> NodeReader:
        """The hashes of complete subtrees of the log of this size."""

        def node(level: int, index: int) -> bytes:
            tiles_level, height = divmod(level, TILE_HEIGHT)
            tile, place = divmod(index << height, TILE_WIDTH)
            return root_of(self.tile(tiles_level, tile, size)[place : place + (1 << height)])

        return node

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The inclusion proof of an entry in the log of this size.

        Raises:
            DataError: there is no such entry, or a tile is missing or broken.
        """
        if not 0 <= index < size:
            raise DataError(f"a log of {size} entries has no entry {index}")
        return inclusion_proof(index, size, self.node_reader(size))

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the log of this size begins with that of `old` entries.

        Raises:
            DataError: `old` is below 1 or above `size`, or a tile is missing or broken.
        """
        if not 1 <= old <= size:
            raise DataError(f"no consistency proof leads from {old} to {size} entries")
        return consistency_proof(old, size, self.node_reader(size))

    def find(self, leaf: bytes, size: int | None = None) -> int | None:
        """The place of a leaf hash, searched from the newest entry back; None if it is not there."""
        total = self.checkpoint().size if size is None else size
        for index in reversed(range(-(-total // TILE_WIDTH))):
            hashes = self.tile(0, index, total)
            if leaf in hashes:
                return index * TILE_WIDTH + hashes.index(leaf)
        return None

    def proof(self, index: int, *, note: bytes | None = None) -> LogProof:
        """The proof of an entry, which it carries, under the published checkpoint or `note`.

        Raises:
            DataError: there is no such entry, or the log's files do not lead to that root.
        """
        signed = self.note() if note is None else note
        checkpoint = read_unverified(signed)
        hashes = tuple(self.inclusion(index, checkpoint.size))
        found = LogProof(index, hashes, signed, self.entry(index, checkpoint.size))
        leaf = leaf_hash(found.extra or b"")
        verify_inclusion(leaf, index, checkpoint.size, hashes, checkpoint.root)
        return found

    def growth(self, size: int) -> Growth:
        """The right edge of the log of this size, for more to be added."""
        begun = [
            self.tile(level, index, size) if width_at(level, index, size) else []
            for level in range(levels(size))
            for index in [size >> TILE_HEIGHT * (level + 1)]
        ]
        bundle = b""
        if size % TILE_WIDTH:
            bundle = pack_entries(self.bundle(size // TILE_WIDTH, size))
        return Growth(size, begun, bundle)

    def _bytes(self, tile: Tile) -> tuple[Tile, bytes]:
        """A tile or, where it is gone because it was filled since, the full one."""
        for candidate in (tile, tile.full):
            data = read_tile(self.folder, candidate)
            if data is not None:
                return candidate, data
        raise DataError("is missing", subject=tile.path)
