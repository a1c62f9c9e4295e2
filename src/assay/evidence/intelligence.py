"""Signed intelligence feeds: checked before they are read, and read again when they change.

A feed is the document `assay.scanning.intelligence.feed` describes in a DSSE envelope; its
payload type keeps a signature made for something else from counting.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from assay.core.attestation import Envelope
from assay.core.errors import AssayError, UnavailableError, UsageError
from assay.core.reading import read_input
from assay.scanning.intelligence.feed import MAX_BYTES, PAYLOAD_TYPE, Feed, builtin_feed
from assay.scanning.outside import Outside
from assay.signing.dsse import sign_payload, verify_envelope
from assay.signing.keys import PublicKey, Signer, load_public

_ENVELOPE_BYTES = MAX_BYTES * 2


def read_feed(path: Path, key: Path | None) -> Feed:
    """A feed whose signature holds.

    Raises:
        UsageError: no key was given, or the file cannot be read.
        DataError: the signature is not by the key, or the content has another form.
    """
    if key is None:
        raise UsageError(
            "a feed needs the key that signs it", subject=str(path), remedy="give --intel-key"
        )
    try:
        data = read_input(path, _ENVELOPE_BYTES)
    except UnavailableError as error:
        raise UsageError(error.message, subject=str(path)) from None
    return parse_feed(data, load_public(key), subject=str(path))


def parse_feed(data: bytes, key: PublicKey, *, subject: str = "intelligence feed") -> Feed:
    """A feed from the bytes of its envelope.

    Raises:
        DataError: as `read_feed`.
    """
    envelope = Envelope.parse(data, subject=subject)
    verify_envelope(envelope, [key], payload_type=PAYLOAD_TYPE)
    return Feed.parse(envelope.payload, subject=subject)


def sign_feed(document: bytes, signer: Signer, *, subject: str = "intelligence feed") -> bytes:
    """A feed's document in a signed envelope.

    Raises:
        DataError: the document is no feed.
    """
    Feed.parse(document, subject=subject)
    return sign_payload(document, signer, payload_type=PAYLOAD_TYPE).to_bytes()


@dataclass(slots=True)
class FeedFile:
    """The feed a server is configured with; a context for every scan.

    A file that has become unreadable or is signed by somebody else changes nothing: the last
    feed that was good stays in use, and `complaint` says why.

    Attributes:
        path: The signed feed; None for the built-in one alone.
        key: The public key that signs it.
        complaint: Why the file as it is now is not in use; "" where it is.
    """

    path: Path | None = None
    key: Path | None = None
    complaint: str = ""
    _seen: tuple[int, ...] = ()
    _issued: datetime | None = None
    _outside: Outside = field(default_factory=Outside)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def current(self) -> Outside:
        """What is in use now."""
        if self.path is None:
            return self._outside
        with self._lock:
            now = _identity(self.path) + (_identity(self.key) if self.key else ())
            if now != self._seen:
                self._seen = now
                self._read(self.path)
            return self._outside

    def _read(self, path: Path) -> None:
        try:
            feed = read_feed(path, self.key)
        except AssayError as error:
            self.complaint = str(error)
            return
        if self._issued is not None and feed.issued < self._issued:
            self.complaint = f"it was issued before the one in use, on {feed.issued.date()}"
            return
        self.complaint = ""
        self._issued = feed.issued
        self._outside = Outside(builtin_feed().with_more([feed]))


def _identity(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return (-1,)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
