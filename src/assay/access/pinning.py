"""Trust roots of servers, pinned by fingerprint in the user's own folder.

What is pinned is the signed document itself: each time it is read its signature is checked again.
Nothing here needs more than the base install.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.core.errors import DataError, NotFoundError, RefusedError, UnavailableError, UsageError
from assay.signing.trust import MAX_TRUST_BYTES, TrustRoot

PATH = "/api/v1/trust"
TIMEOUT_SECONDS = 30.0
_PORTS = {"http": 80, "https": 443}
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A server whose root is trusted.

    Attributes:
        url: The address it was fetched from; the document names its own in `root.url`.
        root: Its keys.
        path: The file.
        first_use: Whether it was believed without a fingerprint, just now.
    """

    url: str
    root: TrustRoot
    path: Path
    first_use: bool = False

    def to_json(self) -> dict[str, Any]:
        """What is shown of it."""
        return {
            "url": self.url,
            "names_itself": self.root.url,
            "fingerprint": self.root.fingerprint,
            "path": str(self.path),
            "first_use": self.first_use,
        }


def add(folder: Path, url: str, fingerprint: str | None) -> Pinned:
    """Fetch, check and keep a server's trust document.

    Args:
        folder: Where trust documents are kept.
        url: The server: scheme, host and port.
        fingerprint: SHA-256 of its root key, hexadecimal; None trusts on first use, which only
            a server on this machine is.

    Raises:
        UsageError: not a fingerprint; or none, and the server is elsewhere.
        DataError: the document is not signed by the root of that fingerprint, or is broken.
        RefusedError: none was given, and another root is pinned for this server; or the document
            is older than the one that is pinned.
        UnavailableError: the server did not answer, or the file cannot be written.
    """
    wanted = None if fingerprint is None else _fingerprint(fingerprint)
    if wanted is None and not is_loopback(url):
        raise UsageError(
            "a server on another machine is not believed without a fingerprint",
            subject=url,
            remedy="ask its administrator for the output of `assay admin keys show`, "
            "and give it with --fingerprint",
        )
    data = fetch(url)
    root = TrustRoot.parse(data, fingerprint=wanted, subject=url)
    path = _path(folder, url)
    if path.exists():
        _check_succession(path, root, url, given=wanted is not None)
    _write(path, data)
    return Pinned(url, root, path, first_use=wanted is None)


def _check_succession(path: Path, root: TrustRoot, url: str, *, given: bool) -> None:
    """Return if a document may take the place of the pinned one.

    An older one of the same root may name a key that was taken out of use since.
    """
    try:
        old = _read(path)
    except DataError:
        if given:
            return
        raise
    if old.fingerprint != root.fingerprint:
        if not given:
            raise RefusedError(
                "its root key is another than the one pinned",
                subject=url,
                remedy=f"if it was set up anew, give --fingerprint, or remove {path}",
            )
    elif root.issued < old.issued:
        raise RefusedError(
            "its trust document is older than the one pinned",
            subject=url,
            remedy=f"if it was restored from a backup, remove {path}",
        )


def pinned(folder: Path, url: str) -> Pinned:
    """What is pinned for a server.

    Raises:
        NotFoundError: nothing is.
        DataError: the file is damaged.
        UnavailableError: the file cannot be read.
    """
    path = _path(folder, url)
    if not path.exists():
        raise NotFoundError(
            "is not trusted yet", subject=url, remedy=f"run: assay trust add {url} --fingerprint F"
        )
    return Pinned(url, _read(path), path)


def listed(folder: Path) -> list[Pinned]:
    """Every server that is trusted, by file name.

    Raises:
        DataError: a file is damaged.
        UnavailableError: a file cannot be read.
    """
    found = ((path, _read(path)) for path in sorted(folder.glob("*.json")))
    return [Pinned(root.url, root, path) for path, root in found]


def fetch(url: str) -> bytes:
    """A server's trust document, unchecked. No proxy, no redirect, a bound on its size.

    Raises:
        UnavailableError: it did not answer with one.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    address = url + PATH
    try:
        with opener.open(address, timeout=TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(MAX_TRUST_BYTES + 1)
            status = answer.status
    except urllib.error.HTTPError as error:
        error.close()
        status, data = error.code, b""
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UnavailableError(f"did not answer: {reason}", subject=address) from None
    if status != HTTPStatus.OK:
        raise UnavailableError(
            f"answered {status}", subject=address, remedy="is this an Assay server?"
        )
    if len(data) > MAX_TRUST_BYTES:
        raise UnavailableError(f"answered more than {MAX_TRUST_BYTES} bytes", subject=address)
    return data


def is_loopback(url: str) -> bool:
    """Whether an address is one of this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        """Nobody else may answer for the server."""


def _fingerprint(text: str) -> str:
    plain = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if not _FINGERPRINT.match(plain):
        raise UsageError(
            "a fingerprint is 64 hexadecimal digits", subject=f"--fingerprint {text[:100]}"
        )
    return plain


def _path(folder: Path, url: str) -> Path:
    parts = urlsplit(url)
    host = _NOT_IN_NAMES.sub("_", parts.hostname or "")
    return folder / f"{host}_{parts.port or _PORTS[parts.scheme]}.json"


def _read(path: Path) -> TrustRoot:
    try:
        return TrustRoot.parse(path.read_bytes(), fingerprint=None, subject=str(path))
    except OSError as error:
        raise UnavailableError(f"cannot be read: {error.strerror}", subject=str(path)) from None
    except DataError as error:
        raise DataError(
            f"is damaged: {error.message}",
            subject=str(path),
            remedy="remove it and run: assay trust add URL --fingerprint F",
        ) from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".trust-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UnavailableError(f"cannot be written: {error.strerror}", subject=str(path)) from None
