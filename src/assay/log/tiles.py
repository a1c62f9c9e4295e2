"""Tiles and entry bundles: where they lie, what they hold, and writing them once.

Source: C2SP tlog-tiles. A tile holds up to 256 hashes of one level; a bundle the entries under a
tile of level 0, each after its length in two bytes. One that is not full has its width in its
path, so that what was written at a path never changes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from assay.core.errors import DataError
from assay.log.tree import EMPTY_ROOT, HASH_BYTES, root_of

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_ENTRY = 0xFFFF
"""Longest entry a bundle can hold, bytes."""

CHECKPOINT = "checkpoint"
ENTRIES = "entries"
_LENGTH = struct.Struct(">H")
_GROUP = 1000
_PATH = re.compile(
    r"tile/(?P<level>[0-9]|[1-5][0-9]|6[0-3]|entries)/(?P<index>(?:x\d{3}/){0,6}\d{3})"
    r"(?:\.p/(?P<width>[1-9]\d{0,2}))?\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """The name of a tile or of an entry bundle.

    Attributes:
        level: Level of the tile; None for a bundle of entries.
        index: Its place in the level.
        width: How many hashes or entries it holds, 1 to 256.
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it lies, relative to the log's folder."""
        level = ENTRIES if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{index_path(self.index)}{partial}"

    @property
    def full(self) -> Tile:
        """The same when it is full."""
        return Tile(self.level, self.index)

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Read a path.

        Raises:
            DataError: not the path of a tile or bundle.
        """
        match = _PATH.match(path)
        if match is None:
            raise DataError("not the path of a tile", subject=path[:200])
        index = int(match["index"].replace("x", "").replace("/", ""))
        level = None if match["level"] == ENTRIES else int(match["level"])
        found = cls(level, index, int(match["width"] or TILE_WIDTH))
        if found.path != path or found.width > TILE_WIDTH:
            raise DataError("not the path of a tile", subject=path[:200])
        return found


def index_path(index: int) -> str:
    """`1234067` as `x001/x234/067`."""
    groups = [f"{index % _GROUP:03}"]
    while index := index // _GROUP:
        groups.append(f"x{index % _GROUP:03}")
    return "/".join(reversed(groups))


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes a tile holds in a tree of `size` leaves; 0 where it is not begun."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def levels(size: int) -> int:
    """How many levels of tiles a tree of `size` leaves has."""
    return -(-size.bit_length() // TILE_HEIGHT)


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """The bytes of a bundle.

    Raises:
        DataError: an entry of over 65,535 bytes.
    """
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise DataError(f"a log entry is over {MAX_ENTRY} bytes")
        parts += [_LENGTH.pack(len(entry)), entry]
    return b"".join(parts)


def unpack_entries(data: bytes, width: int, *, subject: str) -> list[bytes]:
    """The entries of a bundle of this width.

    Raises:
        DataError: not exactly so many entries.
    """
    found, at = [], 0
    while at < len(data):
        if at + _LENGTH.size > len(data):
            raise DataError("ends inside an entry", subject=subject)
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            raise DataError("ends inside an entry", subject=subject)
        found.append(data[at : at + length])
        at += length
    if len(found) != width:
        raise DataError(f"holds {len(found)} entries, not {width}", subject=subject)
    return found


def unpack_hashes(data: bytes, width: int, *, subject: str) -> list[bytes]:
    """The hashes of a tile of this width.

    Raises:
        DataError: not exactly so many.
    """
    if len(data) != width * HASH_BYTES:
        raise DataError(f"is {len(data)} bytes, not {width} hashes", subject=subject)
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


class Growth:
    """The right edge of a log as tiles: what is begun and not full, and what each batch adds.

    Attributes:
        size: Entries so far.
    """

    def __init__(
        self, size: int = 0, open_tiles: Iterable[list[bytes]] = (), open_bundle: bytes = b""
    ) -> None:
        self.size = size
        self._tiles = [list(tile) for tile in open_tiles]
        self._bundle = [open_bundle]

    def add(self, entries: Iterable[tuple[bytes, bytes]]) -> dict[Tile, bytes]:
        """Append (entry, leaf hash) pairs; returns every file the new size needs.

        Raises:
            DataError: an entry of over 65,535 bytes.
        """
        files: dict[Tile, bytes] = {}
        for entry, leaf in entries:
            self._bundle.append(pack_entries([entry]))
            self._put(0, leaf, files)
            self.size += 1
            if self.size % TILE_WIDTH == 0:
                files[Tile(None, self.size // TILE_WIDTH - 1)] = b"".join(self._bundle)
                self._bundle = []
        for level, tile in enumerate(self._tiles):
            if tile:
                files[Tile(level, self._index(level), len(tile))] = b"".join(tile)
        if self.size % TILE_WIDTH:
            index, width = divmod(self.size, TILE_WIDTH)
            self._bundle = [b"".join(self._bundle)]
            files[Tile(None, index, width)] = self._bundle[0]
        return files

    def root(self) -> bytes:
        """The root over all entries so far.

        The hashes of a tile, followed by the root of what is begun below it, are divided like the
        leaves under them, so the edge is folded level by level.
        """
        below: list[bytes] = []
        for tile in self._tiles:
            if hashes := tile + below:
                below = [root_of(hashes)]
        return below[0] if below else EMPTY_ROOT

    def _put(self, level: int, hash_: bytes, files: dict[Tile, bytes]) -> None:
        if level == len(self._tiles):
            self._tiles.append([])
        tile = self._tiles[level]
        tile.append(hash_)
        if len(tile) == TILE_WIDTH:
            index = self.size >> TILE_HEIGHT * (level + 1)
            files[Tile(level, index)] = b"".join(tile)
            self._tiles[level] = []
            self._put(level + 1, root_of(tile), files)

    def _index(self, level: int) -> int:
        return self.size >> TILE_HEIGHT * (level + 1)
