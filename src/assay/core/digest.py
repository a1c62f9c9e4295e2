"""Digests: `sha256:<64 lower-case hex>` of bytes, the only identity Assay trusts."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from assay.core.errors import DataError

_FORM = re.compile(r"sha256:([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest. `str()` gives `sha256:<hex>`."""

    hex: str

    def __post_init__(self) -> None:
        if not _FORM.match(f"sha256:{self.hex}"):
            raise DataError(f"not a SHA-256 in lower-case hexadecimal: {self.hex[:80]!r}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sha256:<hex>`.

        Raises:
            DataError: any other form or algorithm.
        """
        match = _FORM.match(text)
        if match is None:
            raise DataError(
                f"not a digest: {text[:80]!r}", remedy="a digest is sha256: and 64 hex digits"
            )
        return cls(match[1])

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The digest of these bytes."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def from_raw(cls, raw: bytes) -> Self:
        """The digest whose 32 raw bytes are given."""
        return cls(raw.hex())

    @property
    def raw(self) -> bytes:
        """The 32 bytes."""
        return bytes.fromhex(self.hex)

    @property
    def short(self) -> str:
        """`sha256:` and the first 12 digits, for people; never for decisions."""
        return f"sha256:{self.hex[:12]}"

    def __str__(self) -> str:
        return f"sha256:{self.hex}"
