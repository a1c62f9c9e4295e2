"""Where a user's tokens lie: one file of their own, 0600, never in a command's arguments."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.core.canonical import canonical_json, strict_json
from assay.core.errors import DataError, UnavailableError, UsageError
from assay.core.reading import open_input

SCHEMA = "assay.credentials/1"
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Credentials:
    """A server's address and the token to show there. The token is kept out of `repr`."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Credentials(url={self.url!r})"


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/assay`, by default `~/.config/assay`."""
    env = os.environ if environ is None else environ
    base = env.get("XDG_CONFIG_HOME")
    return Path(base) / "assay" if base else Path.home() / ".config" / "assay"


def normal_url(text: str) -> str:
    """Scheme, host and port, without path or trailing slash.

    Raises:
        UsageError: not an http or https address, or one that carries a user or password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"not an address: {error}", subject=text) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("not an http or https address", subject=text)
    if parts.username or parts.password:
        raise UsageError("an address must not carry a user or password", subject=parts.hostname)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def current(environ: Mapping[str, str] | None = None) -> Credentials:
    """`ASSAY_URL` and `ASSAY_TOKEN`, else what `assay login` stored last.

    Raises:
        UsageError: neither is there, or the file may be read by others.
    """
    env = os.environ if environ is None else environ
    stored = _read(config_folder(env) / "credentials.json")
    url = normal_url(env["ASSAY_URL"]) if env.get("ASSAY_URL") else stored.get("current", "")
    token = env.get("ASSAY_TOKEN") or stored.get("servers", {}).get(url, "")
    if not url or not token:
        raise UsageError(
            "no server to speak to" if not url else f"no token for {url}",
            remedy="run: assay login URL (or set ASSAY_URL and ASSAY_TOKEN)",
        )
    return Credentials(url, checked_token(token))


def checked_token(token: str) -> str:
    """The token, if it can stand in a header.

    Raises:
        UsageError: it holds what no token holds; it is not repeated.
    """
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "the token is not one: it holds spaces, control or other characters",
            remedy="paste the token alone, as it was shown when it was made",
        )
    return token


def store(credentials: Credentials, environ: Mapping[str, str] | None = None) -> Path:
    """Keep a token and make its server the current one; returns the file."""
    path = config_folder(environ) / "credentials.json"
    document = _read(path)
    servers = {**document.get("servers", {}), credentials.url: credentials.token}
    _write(path, {"schema": SCHEMA, "current": credentials.url, "servers": servers})
    return path


def forget(url: str, environ: Mapping[str, str] | None = None) -> bool:
    """Remove a server's token; whether there was one."""
    path = config_folder(environ) / "credentials.json"
    document = _read(path)
    servers: dict[str, str] = document.get("servers", {})
    known = servers.pop(url, None) is not None
    if known:
        current_url = "" if document.get("current") == url else document.get("current", "")
        _write(path, {"schema": SCHEMA, "current": current_url, "servers": servers})
    return known


def _read(path: Path) -> dict[str, Any]:
    try:
        with open_input(path) as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_BYTES)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", subject=str(path)) from None
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(
            "tokens in it may be read by other users",
            subject=str(path),
            remedy=f"run: chmod 600 {path}, and replace the tokens if others use this machine",
        )
    try:
        document = strict_json(data, subject=str(path))
    except DataError as error:
        raise UsageError(error.message, subject=str(path), remedy="run: assay login URL") from None
    if not _is_credentials(document):
        raise UsageError(
            f"is not {SCHEMA}", subject=str(path), remedy="remove it and run: assay login URL"
        )
    return dict(document)


def _is_credentials(document: Any) -> bool:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return False
    servers = document.get("servers", {})
    texts = [document.get("current", ""), *(servers.values() if isinstance(servers, dict) else [0])]
    return all(isinstance(text, str) for text in texts)


def _write(path: Path, document: dict[str, Any]) -> None:
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")
        with os.fdopen(handle, "wb") as file:
            file.write(canonical_json(document))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise UnavailableError(f"cannot be written: {error.strerror}", subject=str(path)) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
