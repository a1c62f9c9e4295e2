"""Proofs that need no server: an entry's place, its path to the root, the signed checkpoint.

Source: C2SP tlog-proof. `extra` holds the entry itself, so that whoever reads the proof can take
its leaf hash; it is not authenticated by itself, only by the path that starts from that hash.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self

from assay.core.errors import DataError
from assay.log.checkpoint import Checkpoint, VerifierKey, verify_checkpoint
from assay.log.tree import HASH_BYTES, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_HASHES = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})\Z", re.ASCII)
_EXTRA = "extra "


@dataclass(frozen=True, slots=True)
class LogProof:
    """An inclusion proof.

    Attributes:
        index: The entry's place, from 0.
        hashes: From the leaf's sibling up to a child of the root.
        note: The checkpoint, verbatim.
        extra: The entry's bytes, where they come with the proof.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None

    def to_text(self) -> str:
        """The form that is kept and handed on."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(_EXTRA + _encoded(self.extra))
        lines += [f"index {self.index}", *map(_encoded, self.hashes), "", self.note.decode()]
        return "\n".join(lines)

    @classmethod
    def parse(cls, text: str, *, subject: str = "log proof") -> Self:
        """Read a proof. It shows nothing until it is verified.

        Raises:
            DataError: not a proof.
        """
        head, separator, note = text.partition("\n\n")
        lines = head.split("\n")
        if lines.pop(0) != HEADER or not separator:
            raise DataError(f"does not begin as {HEADER}", subject=subject)
        extra = None
        if lines and lines[0].startswith(_EXTRA):
            extra = _decoded(lines.pop(0)[len(_EXTRA) :], subject)
        match = _INDEX.match(lines.pop(0)) if lines else None
        if match is None:
            raise DataError("has no index", subject=subject)
        hashes = tuple(_decoded(line, subject) for line in lines)
        if len(hashes) > MAX_HASHES or any(len(hash_) != HASH_BYTES for hash_ in hashes):
            raise DataError("has something else than hashes in its path", subject=subject)
        return cls(int(match[1]), hashes, note.encode(), extra)

    def verify(self, leaf: bytes, vkey: str | VerifierKey) -> Checkpoint:
        """The checkpoint, if the log's key signed it and the leaf hash is under its root.

        Raises:
            DataError: it does not show that.
        """
        checkpoint = verify_checkpoint(self.note, vkey)
        self.verify_under(checkpoint, leaf)
        return checkpoint

    def verify_under(self, checkpoint: Checkpoint, leaf: bytes) -> None:
        """Return if the leaf hash is under a checkpoint that was verified already.

        Raises:
            DataError: it is not shown to be.
        """
        verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str, subject: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DataError("bad base64", subject=subject) from None
    if _encoded(data) != text:
        raise DataError("bad base64", subject=subject)
    return data
