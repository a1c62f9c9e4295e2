"""OpenSSF Model Signing statements: v1.0 written and read, the historical v0.2 form read only.

The root digest is the SHA-256 of all resources' raw digests, sorted by name. It binds no names:
two folders whose files trade names share it. Nothing is ever decided on it alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from assay.core.attestation import STATEMENT_TYPE
from assay.core.canonical import canonical_json, strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.manifest import Manifest, check_path, folded
from assay.signing.resources import (
    DEFAULT_IGNORES,
    Resource,
    Serialization,
    is_under,
    parse_resources,
    parse_serialization,
    path_of,
    split_shard,
)

PREDICATE = "https://model_signing/signature/v1.0"
PREDICATE_V02 = "https://model_signing/Digests/v0.1"
_STATEMENT_KEYS = {"_type", "subject", "predicateType", "predicate"}
_PREDICATE_KEYS = {"resources", "serialization"}


@dataclass(frozen=True, slots=True)
class ModelStatement:
    """What was signed about a model.

    Attributes:
        name: The signer's name for the model; informational.
        root: The root digest the statement claims; None in v0.2, which has none.
        resources: In the statement's own order.
        version: `v1.0` or `v0.2`.
    """

    name: str
    root: Digest | None
    resources: tuple[Resource, ...]
    serialization: Serialization
    version: str = "v1.0"

    @property
    def single(self) -> bool:
        """Whether the model is one file the reference implementation named `.`."""
        return "." in self.paths

    @property
    def paths(self) -> frozenset[str]:
        """The files that are signed."""
        if self.serialization.method == "files":
            return frozenset(r.name for r in self.resources)
        return frozenset(path_of(r.name, self.serialization) for r in self.resources)

    def payload(self) -> bytes:
        """The v1.0 statement's bytes: RFC 8785, so that signing twice gives one payload.

        Written out here for the resources, of which there may be a million; a test holds it
        equal to the library's bytes.
        """
        kind, text = self.serialization.hash_type, json.encoder.encode_basestring
        rows = ",".join(
            f'{{"algorithm":"{kind}","digest":"{r.digest.hex()}","name":{text(r.name)}}}'
            for r in self.resources
        )
        how = canonical_json(self.serialization.to_json()).decode()
        subject = canonical_json(
            [{"name": self.name, "digest": {"sha256": root_of(self.resources).hex}}]
        ).decode()
        return (
            f'{{"_type":"{STATEMENT_TYPE}",'
            f'"predicate":{{"resources":[{rows}],"serialization":{how}}},'
            f'"predicateType":"{PREDICATE}","subject":{subject}}}'
        ).encode()

    def check_canonical(self) -> None:
        """Return if a gate may rely on the form: v1.0, sorted, with portable names.

        Raises:
            DataError: it is historical, names are not sorted by code point, or they are such as
                a manifest could not hold: one that is not portable, or two that differ in case.
        """
        if self.version != "v1.0":
            raise DataError(
                f"a statement of {self.version} has no root digest",
                remedy="have it signed again: assay sign",
            )
        names = [resource.name for resource in self.resources]
        if names != sorted(names):
            raise DataError("resources are not sorted by name")
        for resource in self.resources:
            if resource.name != ".":
                check_path(resource.name)
        paths = self.paths
        if len({folded(path) for path in paths}) != len(paths):
            raise DataError("names collide on file systems that ignore case")


def root_of(resources: Iterable[Resource]) -> Digest:
    """SHA-256 over the raw digests in the given order."""
    return Digest.of(b"".join(resource.digest for resource in resources))


def oms_root(manifest: Manifest) -> Digest:
    """The root digest other tools take of these files, for exchange with them.

    The files they leave out by default (`.git*` in the root) are left out.
    """
    hasher = hashlib.sha256()
    for entry in manifest.entries:
        if not is_under(entry.path, DEFAULT_IGNORES):
            hasher.update(entry.digest.raw)
    return Digest.from_raw(hasher.digest())


def read_payload(payload: bytes) -> dict[str, Any]:
    """A payload as JSON, if it is a statement about a model; of which version is not secret.

    Raises:
        DataError: not JSON, duplicate keys, or another predicate type.
    """
    value = strict_json(payload, subject="statement")
    kind = value.get("predicateType") if isinstance(value, dict) else None
    if kind not in (PREDICATE, PREDICATE_V02):
        raise DataError(f"is not about a model: predicate type {str(kind)[:120]!r}")
    found: dict[str, Any] = value
    return found


def parse_statement(value: dict[str, Any]) -> ModelStatement:
    """Read what `read_payload` gave strictly, and recompute its root digest.

    Raises:
        DataError: anything the specification does not allow, or a root digest that is not that
            of the resources.
    """
    if value.get("_type") != STATEMENT_TYPE or not value.keys() <= _STATEMENT_KEYS:
        raise DataError(f"is not an in-toto statement of type {STATEMENT_TYPE}")
    subjects = value.get("subject")
    if not isinstance(subjects, list) or not subjects:
        raise DataError("the statement has no subject")
    if value["predicateType"] == PREDICATE_V02:
        return _parse_v02(subjects)
    if len(subjects) != 1:
        raise DataError("the statement has more than one subject")
    name, claimed = _subject(subjects[0])
    predicate = value.get("predicate")
    if not isinstance(predicate, dict) or predicate.keys() != _PREDICATE_KEYS:
        raise DataError("the predicate is not exactly resources and serialization")
    serialization = parse_serialization(predicate["serialization"])
    resources = parse_resources(predicate["resources"], serialization)
    _check_root(resources, serialization, claimed)
    found = ModelStatement(name, claimed, resources, serialization)
    if found.single and len(found.paths) > 1:
        raise DataError("names a file '.' beside others")
    return found


def _parse_v02(subjects: list[Any]) -> ModelStatement:
    """The form of v0.2: each file a subject, hashed whole with SHA-256."""
    rows = []
    for subject in subjects:
        name, digest = _subject(subject)
        rows.append({"name": name, "algorithm": "sha256", "digest": digest.hex})
    serialization = Serialization()
    return ModelStatement("", None, parse_resources(rows, serialization), serialization, "v0.2")


def _subject(value: Any) -> tuple[str, Digest]:
    try:
        name, claimed = value["name"], value["digest"]["sha256"]
        if not isinstance(name, str) or not name:
            raise DataError("a subject without a name")
        return name, Digest(claimed)
    except (KeyError, TypeError):
        raise DataError("a subject needs a name and a SHA-256 digest") from None


def _check_root(
    resources: tuple[Resource, ...], serialization: Serialization, claimed: Digest
) -> None:
    """The root over the names' order; the reference's order can differ and is read as well."""

    def reference_order(resource: Resource) -> tuple[PurePosixPath, int]:
        """By the path's segments, and by a shard's start as a number."""
        if serialization.method == "files":
            return PurePosixPath(resource.name), 0
        path, start, _ = split_shard(resource.name)
        return PurePosixPath(path), start

    if root_of(sorted(resources)) == claimed:
        return
    if root_of(sorted(resources, key=reference_order)) != claimed:
        raise DataError("the root digest is not that of the listed resources")
