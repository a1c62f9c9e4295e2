"""Checkpoints: a log's size and root as a note signed with Ed25519.

Sources: C2SP signed-note (notes, key ids, verifier keys) and tlog-checkpoint (the note's text).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from assay.core.errors import DataError, UsageError
from assay.log.tree import HASH_BYTES

ED25519 = 0x01
"""Signature type of a log's own signature."""

MAX_NOTE_BYTES = 1024 * 1024
MAX_SIGNATURES = 100
_KEY_ID_BYTES = 4
_PUBLIC_BYTES = 32
_LEAST_LINES = 3
_SIGNATURE = re.compile(r"\u2014 (\S+) (\S+)\Z")
_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z", re.ASCII)
_HEX_ID = re.compile(r"[0-9a-f]{8}\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: who it is, how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The note's text: what is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n".encode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A log's public key under its name, as `name+id+base64` (a vkey)."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() or c < " " for c in self.name):
            raise DataError(f"not the name of a log's key: {self.name[:80]!r}")
        if len(self.public) != _PUBLIC_BYTES:
            raise DataError("an Ed25519 key has 32 bytes", subject=self.name)

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before each signature."""
        material = self.name.encode() + b"\n" + bytes([ED25519]) + self.public
        return hashlib.sha256(material).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        data = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{data}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a vkey.

        Raises:
            DataError: another form, another algorithm than Ed25519, or an id that is not the key's.
        """
        parts = text.strip().split("+", 2)
        if len(parts) != _LEAST_LINES or not _HEX_ID.match(parts[1]):
            raise DataError("not a verifier key (name+id+base64)", subject=text[:80])
        data = _base64(parts[2], "verifier key")
        if data[:1] != bytes([ED25519]):
            raise DataError("not an Ed25519 verifier key", subject=parts[0])
        found = cls(parts[0], data[1:])
        if found.key_id.hex() != parts[1]:
            raise DataError("the key's id is not that of the key", subject=parts[0])
        return found


@dataclass(frozen=True, slots=True)
class LogSigner:
    """Signs a log's checkpoints.

    Attributes:
        name: The log's origin and the key's name.

    Raises:
        UsageError: a name a key cannot have.
    """

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        try:
            _ = self.verifier
        except DataError as error:
            raise UsageError(error.message, subject="log name") from None

    @property
    def verifier(self) -> VerifierKey:
        """What checks its signatures."""
        return VerifierKey(self.name, self.key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        """The verifier key as text."""
        return str(self.verifier)

    def sign_checkpoint(self, size: int, root: bytes) -> bytes:
        """The signed note. The same size and root always give the same bytes."""
        text = Checkpoint(self.name, size, root).text()
        blob = base64.b64encode(self.verifier.key_id + self.key.sign(text)).decode()
        return text + f"\n\u2014 {self.name} {blob}\n".encode()


def verify_checkpoint(note: bytes, vkey: str | VerifierKey) -> Checkpoint:
    """What a note says, once the key's signature on it has been verified.

    Signatures of other keys (witnesses, a key to come) are passed over.

    Raises:
        DataError: not a checkpoint, of another log than the key's, not signed by the key, or
            one of the key's signatures is wrong.
    """
    key = vkey if isinstance(vkey, VerifierKey) else VerifierKey.parse(vkey)
    text, signatures = _parted(note)
    found = _read(text)
    public = Ed25519PublicKey.from_public_bytes(key.public)
    verified = False
    for name, blob in signatures:
        if name != key.name or blob[:_KEY_ID_BYTES] != key.key_id:
            continue
        try:
            public.verify(blob[_KEY_ID_BYTES:], text)
        except InvalidSignature:
            raise DataError("the log's signature is wrong", subject="checkpoint") from None
        verified = True
    if not verified:
        raise DataError(f"is not signed by {key.name}+{key.key_id.hex()}", subject="checkpoint")
    if found.origin != key.name:
        raise DataError(
            f"is of the log {found.origin[:80]!r}, not {key.name!r}", subject="checkpoint"
        )
    return found


def read_unverified(note: bytes) -> Checkpoint:
    """What a note says, whoever signed it.

    Raises:
        DataError: not a checkpoint.
    """
    return _read(_parted(note)[0])


def _parted(note: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """A note's text and its signatures."""
    if len(note) > MAX_NOTE_BYTES:
        raise DataError(f"is over {MAX_NOTE_BYTES} bytes", subject="checkpoint")
    if any(byte < 0x20 and byte != 0x0A for byte in note):  # noqa: PLR2004 - space and newline
        raise DataError("holds a control character", subject="checkpoint")
    text, separator, tail = note.rpartition(b"\n\n")
    if not separator or not tail.endswith(b"\n"):
        raise DataError("is not a signed note", subject="checkpoint")
    try:
        text.decode()
        lines = tail.decode()[:-1].split("\n")
    except UnicodeDecodeError:
        raise DataError("is not valid UTF-8", subject="checkpoint") from None
    if len(lines) > MAX_SIGNATURES:
        raise DataError(f"has over {MAX_SIGNATURES} signatures", subject="checkpoint")
    return text + b"\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE.match(line)
    if match is None:
        raise DataError("has a line that is not a signature", subject="checkpoint")
    blob = _base64(match[2], "checkpoint")
    if len(blob) <= _KEY_ID_BYTES or "+" in match[1]:
        raise DataError("has a line that is not a signature", subject="checkpoint")
    return match[1], blob


def _read(text: bytes) -> Checkpoint:
    lines = text.decode()[:-1].split("\n")
    if len(lines) < _LEAST_LINES or not all(lines):
        raise DataError("has too few lines, or an empty one", subject="checkpoint")
    if not _SIZE.match(lines[1]):
        raise DataError("has no size in its second line", subject="checkpoint")
    root = _base64(lines[2], "checkpoint")
    if len(root) != HASH_BYTES:
        raise DataError("has no root in its third line", subject="checkpoint")
    return Checkpoint(lines[0], int(lines[1]), root)


def _base64(text: str, subject: str) -> bytes:
    """Standard base64 in its one canonical form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DataError("bad base64", subject=subject) from None
    if base64.b64encode(data).decode() != text:
        raise DataError("bad base64", subject=subject)
    return data
