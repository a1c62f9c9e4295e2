"""What an OpenSSF Model Signing statement lists: files or byte ranges, and how they were taken.

Source: OpenSSF Model Signing specification v1.0 (predicate: resources, serialization). Where the
reference implementation writes something else, it can be read here and is never written: shard
algorithms named `sha256-sharded-<N>`, and shard sizes such as `1000.0`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.core.errors import DataError

HASH_BYTES = {"sha256": 32, "blake2b": 64, "blake3": 32}
METHODS = ("files", "shards")
DEFAULT_SHARD_BYTES = 1_000_000_000
DEFAULT_IGNORES = (".git", ".gitattributes", ".github", ".gitignore")
"""Left out in the root of a model, whatever a statement says."""

MAX_RESOURCES = 10_000_000
_SERIALIZATION_KEYS = {"method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"}
_HEX = {kind: re.compile(rf"[0-9a-f]{{{2 * size}}}\Z") for kind, size in HASH_BYTES.items()}
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")
"""Names that need no second look: nearly all there are."""

_SHARD = re.compile(r"(.+):(0|[1-9][0-9]{0,18}):([1-9][0-9]{0,18})\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Serialization:
    """How a model was turned into resources.

    Attributes:
        method: `files` or `shards`.
        hash_type: `sha256`, `blake2b` or `blake3`.
        shard_size: Bytes per shard; None for files.
        allow_symlinks: What the signer said about links. It grants nothing here.
        ignore_paths: Relative paths, with all below them, that were not signed.
    """

    method: str = "files"
    hash_type: str = "sha256"
    shard_size: int | None = None
    allow_symlinks: bool = False
    ignore_paths: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """The predicate's `serialization`."""
        value: dict[str, Any] = {
            "method": self.method,
            "hash_type": self.hash_type,
            "allow_symlinks": self.allow_symlinks,
        }
        if self.ignore_paths:
            value["ignore_paths"] = sorted(self.ignore_paths)
        if self.shard_size is not None:
            value["shard_size"] = self.shard_size
        return value

    def ignores(self, path: str) -> bool:
        """Whether a path, or a folder above it, was not signed."""
        return is_under(path, self.ignore_paths)


class Resource(NamedTuple):
    """One line of a statement: a file's name, or `name:start:end`, and a raw digest."""

    name: str
    digest: bytes


def is_under(path: str, ignored: Collection[str]) -> bool:
    """Whether a path is one of these, or lies below one."""
    while path:
        if path in ignored:
            return True
        path = path.rpartition("/")[0]
    return False


def check_name(name: Any, what: str = "resource name") -> str:
    """Return `name` if it is a normalised relative path.

    Raises:
        DataError: empty, absolute, with `.`, `..` or empty segments, a NUL, or not UTF-8.
    """
    if not isinstance(name, str) or not name:
        raise DataError(f"{what} is empty or not text")
    if _PLAIN.match(name):
        return name
    if any(part in ("", ".", "..") for part in name.split("/")) or "\x00" in name:
        raise DataError(f"{what} is not a normalised relative path: {name[:120]!r}")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"{what} is not valid UTF-8: {name[:120]!r}") from None
    return name


def split_shard(name: str) -> tuple[str, int, int]:
    """`path:start:end` as its parts; the last two colons count.

    Raises:
        DataError: not that form, or an empty range.
    """
    match = _SHARD.match(name)
    if match is None or int(match[2]) >= int(match[3]):
        raise DataError(f"not a shard's name, path:start:end: {name[:120]!r}")
    return match[1], int(match[2]), int(match[3])


def path_of(name: str, serialization: Serialization) -> str:
    """The file a resource is of, or is a shard of."""
    return split_shard(name)[0] if serialization.method == "shards" else name


def parse_serialization(value: Any) -> Serialization:
    """Read the predicate's `serialization`.

    Raises:
        DataError: anything the specification does not allow.
    """
    if not isinstance(value, dict) or not value.keys() <= _SERIALIZATION_KEYS:
        raise DataError("serialization is not an object of the specification's fields")
    method, kind = value.get("method"), value.get("hash_type")
    if method not in METHODS or not isinstance(kind, str) or kind not in HASH_BYTES:
        raise DataError(f"serialization by {method!r} with {kind!r} is not in the specification")
    links = value.get("allow_symlinks")
    if not isinstance(links, bool):
        raise DataError("serialization does not say whether links were allowed")
    ignored = value.get("ignore_paths", [])
    if not isinstance(ignored, list):
        raise DataError("ignore_paths is not a list")
    paths = frozenset(check_name(path, "ignored path") for path in ignored)
    return Serialization(method, kind, _shard_size(method, value), links, paths)


def _shard_size(method: str, value: dict[str, Any]) -> int | None:
    if method == "files":
        if "shard_size" in value:
            raise DataError("a shard size with whole files")
        return None
    size = value.get("shard_size")
    if isinstance(size, float) and size.is_integer():
        size = int(size)  # written by the reference: protobuf knows no integers
    if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
        raise DataError("shard size is not a positive integer")
    return size


def parse_resources(value: Any, serialization: Serialization) -> tuple[Resource, ...]:
    """Read the predicate's `resources`, in their order.

    Raises:
        DataError: none, a name twice, an unsafe name, a digest that is not one, another
            algorithm than the serialization's, or a path the serialization ignores.
    """
    if not isinstance(value, list) or not 0 < len(value) <= MAX_RESOURCES:
        raise DataError("the statement lists no resource")
    kind, size = serialization.hash_type, serialization.shard_size
    algorithms = {kind} if size is None else {kind, f"{kind}-sharded-{size}"}
    found: dict[str, Resource] = {}
    for row in value:
        resource = _resource(row, algorithms, _HEX[kind])
        if resource.name in found:
            raise DataError(f"the statement lists a name twice: {resource.name[:120]!r}")
        path = path_of(resource.name, serialization)
        if path != ".":  # how the reference names the only file of a model that is a file
            check_name(path)
            if serialization.ignores(path):
                raise DataError(f"lists a path it says it ignores: {path[:120]!r}")
        found[resource.name] = resource
    resources = tuple(found.values())
    if size is not None:
        _check_shards(resources, size)
    return resources


def _resource(row: Any, algorithms: set[str], form: re.Pattern[str]) -> Resource:
    try:
        name, algorithm, digest = row["name"], row["algorithm"], row["digest"]
    except (KeyError, TypeError):
        raise DataError("a resource needs a name, an algorithm and a digest") from None
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise DataError(f"a resource by {algorithm!r:.80} in a list by {min(algorithms)}")
    if not isinstance(name, str) or not isinstance(digest, str) or not form.match(digest):
        raise DataError(f"not a {min(algorithms)} digest in hexadecimal: {digest!r:.80}")
    return Resource(name, bytes.fromhex(digest))


def _check_shards(resources: tuple[Resource, ...], size: int) -> None:
    """Return if each file's shards follow one another from its start, all but the last full.

    Raises:
        DataError: a gap, an overlap or a shard of another size.
    """
    files: dict[str, list[tuple[int, int]]] = {}
    for resource in resources:
        path, start, end = split_shard(resource.name)
        files.setdefault(path, []).append((start, end))
    for path, ranges in files.items():
        expected = 0
        for start, end in sorted(ranges):
            if start != expected or end - start > size:
                raise DataError(f"shards leave a gap, overlap or are too long: {path[:120]!r}")
            expected = start + size
