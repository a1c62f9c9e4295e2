"""What a store of blobs does, whatever it keeps them in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from assay.core.digest import Digest


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a blob once its bytes are safe.

    Attributes:
        size: Bytes.
        chunks: SHA-256 of each `CHUNK_BYTES` (4 MiB), 32 raw bytes each, one after another.
        git_oid: SHA-1 git gives a file of these bytes, hexadecimal.
    """

    digest: Digest
    size: int
    chunks: bytes
    git_oid: str


class Blobs(Protocol):
    """Keeps bytes under their SHA-256. A blob is whole or absent, and never changes."""

    def put(
        self,
        pieces: Iterable[bytes],
        *,
        expected: Digest | None = None,
        size: int | None = None,
        limit: int | None = None,
    ) -> Stored:
        """Keep the bytes the pieces make. They are safe, and were read again, when this returns.

        Bytes that are kept already are read and compared all the same. Whatever fails leaves
        nothing behind.

        Args:
            pieces: The bytes, in pieces of any size.
            expected: The digest they must have.
            size: How many bytes they must be.
            limit: How many bytes they may be at most.

        Raises:
            DataError: another digest or size than expected, or more bytes than allowed.
            UnavailableError: the disk is full, may not be written or does not work.
        """
        ...

    def has(self, digest: Digest) -> bool:
        """Whether there is a blob of this digest. It says nothing about its bytes."""
        ...

    def open(self, digest: Digest) -> int:
        """A descriptor that only reads; the caller closes it.

        Raises:
            NotFoundError: there is no such blob.
            TamperedError: something else than a file lies in its place.
            UnavailableError: it cannot be opened.
        """
        ...

    def read(
        self, digest: Digest, start: int, end: int, *, size: int, chunks: bytes
    ) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`, a chunk at a time.

        A chunk is read whole and its digest compared before any byte of it is given out.

        Args:
            digest: The blob.
            start: First byte.
            end: Byte after the last; at most `size`.
            size: Size kept in the blob's row.
            chunks: Chunk digests kept in the blob's row.

        Raises:
            NotFoundError: there is no such blob.
            TamperedError: its size or a chunk is no longer what was kept; the chunk is named.
            UnavailableError: it cannot be read.
            ValueError: a range or chunk digests that do not fit the size.
        """
        ...

    def remove(self, digest: Digest) -> None:
        """Remove a blob; nothing happens where there is none.

        Raises:
            UnavailableError: it cannot be removed.
        """
        ...

    def digests(self) -> Iterator[Digest]:
        """The digest of every blob, in order."""
        ...
