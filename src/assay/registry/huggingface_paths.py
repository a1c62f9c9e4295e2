"""Hub addresses: which operation, model, revision and file a request is about.

Read from the raw path, because a revision arrives percent-encoded (`refs%2Fpr%2F1`) and is
one segment; once decoded, its slashes could not be told from the path's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

MAIN = "main"
_READ = frozenset({"GET", "HEAD"})
_OTHER_KINDS = frozenset({"datasets", "spaces", "kernels"})


class Operation(StrEnum):
    """What a Hub client asks to read."""

    HARNESSES = "agent-harnesses"
    TELEMETRY = "telemetry"
    WHOAMI = "whoami"
    LIST = "list"
    INFO = "info"
    TREE = "tree"
    PATHS_INFO = "paths-info"
    REFS = "refs"
    COMMITS = "commits"
    AUTH_CHECK = "auth-check"
    RESOLVE = "resolve"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request.

    Attributes:
        model: `ns/name` as it was written, empty where there is none.
        revision: Decoded; `main` where none was given.
        path: File or folder, decoded, `/` separated; or `write` of an auth check.
    """

    operation: Operation
    model: str = ""
    revision: str = MAIN
    path: str = ""


def segments(raw_path: bytes) -> list[str] | None:
    """The decoded segments of a request path; None where one is not UTF-8."""
    try:
        text = raw_path.partition(b"?")[0].decode("ascii")
        return [unquote(part, errors="strict") for part in text.lstrip("/").split("/")]
    except UnicodeDecodeError:
        return None


def wanted(method: str, raw_path: bytes) -> Wanted | None:
    """What a request asks for, or None when it is not one of the Hub's reading routes."""
    parts = segments(raw_path)
    if parts is None:
        return None
    if parts[0] == "api":
        return _api(method, parts[1:])
    return _file(parts) if method in _READ else None


def _file(parts: list[str]) -> Wanted | None:
    """`ns/name/resolve/REV/PATH`; a model without namespace and other kinds are never there."""
    found: Wanted | None = None
    match parts:
        case [kind, *_] if kind in _OTHER_KINDS and "resolve" in parts[2:4]:
            found = Wanted(Operation.ABSENT, "/".join(parts[:3]))
        case [namespace, name, "resolve", revision, *path] if path:
            found = Wanted(Operation.RESOLVE, f"{namespace}/{name}", revision, "/".join(path))
        case [name, "resolve", _, *path] if path:
            found = Wanted(Operation.ABSENT, name)
    return found


def _api(method: str, parts: list[str]) -> Wanted | None:
    found: Wanted | None = None
    match (method, *parts):
        case (_, "telemetry", *_):
            found = Wanted(Operation.TELEMETRY)
        case (_, "models", namespace, name, *rest):
            found = _model(method, f"{namespace}/{name}", rest)
        case ("GET", "agent-harnesses"):
            found = Wanted(Operation.HARNESSES)
        case ("GET", "whoami-v2"):
            found = Wanted(Operation.WHOAMI)
        case ("GET", "models"):
            found = Wanted(Operation.LIST)
        case ("GET", "models", name):
            found = Wanted(Operation.ABSENT, name)
        case ("GET", kind, _, *_) if kind in _OTHER_KINDS:
            found = Wanted(Operation.ABSENT, "/".join(parts[:3]))
    return found


_MANY = 1 << 12
_SHAPES = {
    ("GET", ""): (Operation.INFO, 0, 0),
    ("GET", "revision"): (Operation.INFO, 1, 1),
    ("GET", "tree"): (Operation.TREE, 1, _MANY),
    ("POST", "paths-info"): (Operation.PATHS_INFO, 1, 1),
    ("GET", "refs"): (Operation.REFS, 0, 0),
    ("GET", "commits"): (Operation.COMMITS, 1, 1),
}
"""By method and first segment after the model: the operation, least and most further segments."""


def _model(method: str, model: str, rest: list[str]) -> Wanted | None:
    if method == "GET" and rest in (["auth-check"], ["auth-check", "write"]):
        return Wanted(Operation.AUTH_CHECK, model, path="".join(rest[1:]))
    name, further = (rest[0], rest[1:]) if rest else ("", [])
    operation, least, most = _SHAPES.get((method, name), (None, 0, 0))
    if operation is None or not least <= len(further) <= most:
        return None
    revision = further[0] if further else MAIN
    return Wanted(operation, model, revision, "/".join(further[1:]).rstrip("/"))
