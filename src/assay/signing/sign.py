"""Signing a model: its files hashed, listed in a statement, signed, and kept beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.attestation import PAYLOAD_TYPE, Envelope, Signature, pae
from assay.core.companions import MAX_COMPANION_BYTES, is_bundle, read_small
from assay.core.errors import AssayError, ConflictError, DataError, UsageError
from assay.core.listing import Problem, shown
from assay.core.manifest import check_path
from assay.signing.bundle import Bundle, ChainMaterial, KeyMaterial
from assay.signing.files import write_over
from assay.signing.keys import Signer
from assay.signing.model import (
    Begin,
    Model,
    companions_of,
    default_out,
    list_model,
    quietly,
    ranges_of,
    take,
)
from assay.signing.oms import ModelStatement, root_of
from assay.signing.resources import (
    DEFAULT_IGNORES,
    DEFAULT_SHARD_BYTES,
    HASH_BYTES,
    METHODS,
    Serialization,
    check_name,
)
from assay.signing.verify import relative_place

DOWNLOAD_CACHE = ".cache/huggingface"
"""What Hub clients write into a folder they download to: never part of a model."""


@dataclass(frozen=True, slots=True)
class Made:
    """A signature that was written.

    Attributes:
        out: The bundle's file.
        unsigned: Files and folders that were left out, by path.
    """

    out: Path
    statement: ModelStatement
    key_id: str
    files: int
    size: int
    unsigned: tuple[str, ...]
    followed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The document `assay.sign/1`."""
        how = self.statement.serialization
        return {
            "schema": "assay.sign/1",
            "signature": shown(str(self.out)),
            "key_id": self.key_id,
            "root": str(root_of(self.statement.resources)),
            "serialization": {"method": how.method, "hash_type": how.hash_type},
            "files": self.files,
            "size": self.size,
            "unsigned": [shown(path) for path in self.unsigned],
            "followed": [shown(path) for path in self.followed],
        }


def serialization_of(
    method: str = "files", hash_type: str = "sha256", shard_size: int | None = None
) -> Serialization:
    """How a model is to be hashed.

    Raises:
        UsageError: not a method or hash of the specification, or a shard size that is not one.
    """
    if method not in METHODS:
        raise UsageError(f"no such method: {method!r}", remedy=f"one of {', '.join(METHODS)}")
    if hash_type not in HASH_BYTES:
        raise UsageError(f"no such hash: {hash_type!r}", remedy=f"one of {', '.join(HASH_BYTES)}")
    if shard_size is not None and (method == "files" or shard_size <= 0):
        raise UsageError("a shard size is a positive number of bytes, and goes with shards")
    size = (shard_size or DEFAULT_SHARD_BYTES) if method == "shards" else None
    return Serialization(method, hash_type, size)


def sign_model(
    path: Path,
    signer: Signer,
    *,
    chain: tuple[bytes, ...] = (),
    out: Path | None = None,
    ignore: Iterable[str] = (),
    serialization: Serialization | None = None,
    begin: Begin = quietly,
) -> Made:
    """Sign a model and write the bundle.

    Args:
        path: The model's folder or file.
        signer: Signs.
        chain: The signer's certificate and those that lead to a root, DER; none for a key.
        out: The bundle's file; by default `model.sig` in the folder, or FILE.sig.
        ignore: Relative paths that are not signed, with all below them.
        serialization: How files are hashed; whole files with SHA-256 by default.
        begin: See `model.Begin`.

    Raises:
        DataError: nothing to sign, or something that cannot be signed; the file is named.
        ConflictError: `out` exists and is not a signature.
        UsageError: a path that does not exist, or an ignored path that is not one.
        UnavailableError: a file cannot be read, or the bundle not written.
    """
    how = serialization or Serialization()
    target = out or default_out(path)
    _check_target(target)
    own = relative_place(target, path)
    left_out = frozenset({DOWNLOAD_CACHE, *DEFAULT_IGNORES, *map(_ignored, ignore)})
    left_out |= {own} if own is not None else set()
    model = list_model(path, left_out.__contains__)
    companions = companions_of(model)
    statement = _statement(model, how, left_out | companions, begin)
    envelope = _envelope(statement.payload(), signer)
    material = ChainMaterial(chain) if chain else KeyMaterial(signer.key_id)
    write_over(target, Bundle(material, envelope).to_bytes())
    signed = [file for file in model.listing.files if file.path not in companions]
    return Made(
        out=target,
        statement=statement,
        key_id=signer.key_id,
        files=len(signed),
        size=sum(file.size for file in signed),
        unsigned=tuple(sorted({*model.listing.left_out, *companions} - {own})),
        followed=model.listing.followed,
    )


def _ignored(text: str) -> str:
    try:
        return check_name(text.rstrip("/"), "ignored path")
    except DataError as error:
        raise UsageError(
            error.message, remedy="a path is relative to the model: logs, or runs/1.txt"
        ) from None


def _check_target(target: Path) -> None:
    """A signature may be replaced by a new one; nothing else is written over."""
    if not (target.exists() or target.is_symlink()):
        return
    try:
        known = not target.is_symlink() and is_bundle(read_small(target, MAX_COMPANION_BYTES))
    except AssayError:
        known = False
    if not known:
        raise ConflictError(
            "exists and is not a signature",
            subject=shown(str(target)),
            remedy="name another file: --out",
        )


def _statement(
    model: Model, how: Serialization, left_out: frozenset[str], begin: Begin
) -> ModelStatement:
    listing = model.listing
    _raise_first(listing.problems)
    files = [file for file in listing.files if file.path not in left_out]
    for file in files:
        _check_portable(file.path)
    ranges = ranges_of(files, how)
    if not ranges:
        raise DataError("holds nothing to sign", subject=shown(str(listing.root)))
    taken = take(model, ranges, how.hash_type, begin)
    _raise_first(taken.problems)
    ignored = frozenset() if model.single else left_out
    recorded = Serialization(
        how.method, how.hash_type, how.shard_size, bool(listing.followed), ignored
    )
    return ModelStatement(model.name, None, tuple(sorted(taken.resources)), recorded)


def _check_portable(path: str) -> None:
    try:
        check_path(path)
    except DataError as error:
        raise DataError(error.message, subject=shown(path)) from None


def _raise_first(problems: tuple[Problem, ...]) -> None:
    if not problems:
        return
    bad = [problem for problem in problems if not problem.unreadable] or list(problems)
    error = bad[0].error()
    more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
    error.remedy = f"a signed model holds readable regular files, no links{more}"
    raise error


def _envelope(payload: bytes, signer: Signer) -> Envelope:
    """Without a key id: it is not part of the specification's profile."""
    return Envelope(payload, (Signature(signer.sign(pae(PAYLOAD_TYPE, payload))),))
