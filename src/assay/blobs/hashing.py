"""The digests of a blob, taken while its bytes pass."""

from __future__ import annotations

import hashlib

from assay.core.digest import Digest
from assay.core.limits import CHUNK_BYTES

DIGEST_BYTES = 32


def chunk_count(size: int) -> int:
    """How many chunks a blob of this size has."""
    return -(-size // CHUNK_BYTES)


class StreamHasher:
    """SHA-256 of all bytes and of each chunk of `CHUNK_BYTES`."""

    def __init__(self) -> None:
        self.size = 0
        self._whole = hashlib.sha256()
        self._chunk = hashlib.sha256()
        self._chunks = bytearray()

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._whole.update(piece)
        view = memoryview(piece)
        while view:
            part = view[: CHUNK_BYTES - self.size % CHUNK_BYTES]
            self._chunk.update(part)
            self.size += len(part)
            view = view[len(part) :]
            if self.size % CHUNK_BYTES == 0:
                self._end_chunk()

    def digest(self) -> Digest:
        """The digest of everything so far."""
        return Digest(self._whole.hexdigest())

    def chunks(self) -> bytes:
        """The chunks' digests, the last one's bytes however few; call it once, at the end."""
        if self.size % CHUNK_BYTES:
            self._end_chunk()
        return bytes(self._chunks)

    def _end_chunk(self) -> None:
        self._chunks += self._chunk.digest()
        self._chunk = hashlib.sha256()


class GitHasher:
    """The id git gives a file: SHA-1 over its size and its bytes (git-hash-object)."""

    def __init__(self, size: int) -> None:
        self._sha1 = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._sha1.update(piece)

    def hexdigest(self) -> str:
        """The id, in hexadecimal."""
        return self._sha1.hexdigest()
