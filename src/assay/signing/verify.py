"""Verifying a model against its signature: returns what was verified, or raises.

`strict` adds a gate's rules to the specification's: nothing unsigned in the folder that a loader
could read, a sorted statement with portable names, and for certificates the expected identity.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assay.core.companions import read_small
from assay.core.digest import Digest
from assay.core.errors import AssayError, DataError, UsageError
from assay.core.listing import shown
from assay.signing.compare import compare, signed_files
from assay.signing.model import Begin, companions_of, list_model, quietly
from assay.signing.oms import ModelStatement, root_of
from assay.signing.resources import DEFAULT_IGNORES, check_name, is_under
from assay.signing.signature import Signed, Trusted, read_bundle, verify_signature

GIT_ATTRIBUTES = ".gitattributes"
MAX_GIT_ATTRIBUTES_BYTES = 64 * 1024
_ATTRIBUTE_LINE = re.compile(rb"\s*(?:#[ -~]*|[!-~]+(?:[ \t]+[!-~]+)+[ \t]*)?\r?\Z")


@dataclass(frozen=True, slots=True)
class Verified:
    """A model that is what was signed.

    Attributes:
        root: The model signing root digest. It binds no names; it is not the tree digest.
        files: Signed files.
        size: Their bytes.
        unsigned: Files and folders in the model that the signer left out, by path.
        followed: Links within a Hub cache that were followed.
    """

    path: Path
    signature: Path
    by: Signed
    statement: ModelStatement
    root: Digest
    files: int
    size: int
    unsigned: tuple[str, ...]
    followed: tuple[str, ...]
    strict: bool

    def to_json(self) -> dict[str, Any]:
        """The document `assay.verify/1`."""
        how = self.statement.serialization
        return {
            "schema": "assay.verify/1",
            "verified": True,
            "path": shown(str(self.path)),
            "signature": shown(str(self.signature)),
            "method": self.by.method,
            "key_id": self.by.key.key_id,
            "identities": list(self.by.identities),
            "statement": self.statement.version,
            "serialization": {"method": how.method, "hash_type": how.hash_type},
            "root": str(self.root),
            "files": self.files,
            "size": self.size,
            "unsigned": [shown(path) for path in self.unsigned],
            "followed": [shown(path) for path in self.followed],
            "strict": self.strict,
        }


def verify_model(
    path: Path,
    signature: Path,
    trusted: Trusted,
    *,
    at: datetime,
    strict: bool = False,
    ignore: Iterable[str] = (),
    begin: Begin = quietly,
) -> Verified:
    """Verify a model on disk.

    Args:
        path: The model's folder or file.
        signature: Its bundle.
        trusted: Whom to trust.
        at: The moment at which certificates must be valid.
        strict: Apply a gate's rules.
        ignore: More paths that may be there unsigned; not with `strict`.
        begin: See `model.Begin`.

    Raises:
        ModelDiffersError: files differ; it says which and how.
        DataError: the signature, its certificate or its statement is bad.
        UsageError: options that do not go together, or a path that does not exist.
        UnavailableError: something could not be read, and nothing worse was found.
    """
    more = tuple(check_name(text.rstrip("/"), "ignored path") for text in ignore)
    _check_options(trusted, strict=strict, more=more)
    try:
        by, statement = verify_signature(read_bundle(signature), trusted, at=at)
        if strict:
            statement.check_canonical()
    except DataError as error:
        if error.subject in (None, "statement", "signature"):
            error.subject = shown(str(signature))
        raise
    ignored = frozenset() if strict else effective_ignores(statement, more)
    own = relative_place(signature, path)
    model = list_model(path, (ignored | {own}).__contains__)
    signed = signed_files(statement, model)
    harmless = companions_of(model, frozenset(signed))
    if strict:
        harmless |= _git_attributes(path, signed)
    found = compare(
        model,
        signed,
        statement.serialization,
        unsigned_allowed=harmless,
        empty_allowed=not strict,
        begin=begin,
    )
    if found:
        raise found.error()
    files = [file for file in model.listing.files if file.path in signed]
    return Verified(
        path=path,
        signature=signature,
        by=by,
        statement=statement,
        root=statement.root or root_of(statement.resources),
        files=len(files),
        size=sum(file.size for file in files),
        unsigned=tuple(sorted({*model.listing.left_out, *harmless} - {own})),
        followed=model.listing.followed,
        strict=strict,
    )


def _check_options(trusted: Trusted, *, strict: bool, more: tuple[str, ...]) -> None:
    if strict and more:
        raise UsageError("a strict verification ignores nothing", subject="--ignore")
    if strict and trusted.roots and trusted.identity is None:
        raise UsageError(
            "a strict verification by certificate needs the signer's identity",
            subject="--identity",
        )


def effective_ignores(statement: ModelStatement, more: tuple[str, ...]) -> frozenset[str]:
    """What may be there unsigned: said by the statement, by default, and by the verifier.

    A default gives way where the statement signs what it would leave out.

    Raises:
        UsageError: the verifier would ignore what is signed.
    """
    paths = statement.paths
    for text in more:
        if any(is_under(path, (text,)) for path in paths):
            raise UsageError("is signed and cannot be ignored", subject=text)
    defaults = set(DEFAULT_IGNORES) - {path.partition("/")[0] for path in paths}
    return frozenset({*statement.serialization.ignore_paths, *defaults, *more})


def relative_place(file: Path, folder: Path) -> str | None:
    """The path of a file below a folder; None if it lies elsewhere."""
    place = os.path.join(os.path.realpath(file.parent), file.name)  # noqa: PTH118 - no link at the end
    inside = os.path.relpath(place, os.path.realpath(folder))
    return None if inside.startswith("../") or inside in (".", "..") else inside


def _git_attributes(path: Path, signed: Mapping[str, object]) -> frozenset[str]:
    """The attributes file every Hub repository has, if it can be nothing else.

    Other tools do not sign it. Each line must name attributes for a pattern, which no text
    format of models or pickles allows.
    """
    if GIT_ATTRIBUTES in signed:
        return frozenset()
    try:
        data = read_small(path / GIT_ATTRIBUTES, MAX_GIT_ATTRIBUTES_BYTES)
    except AssayError:
        return frozenset()
    fits = all(_ATTRIBUTE_LINE.match(line) for line in data.split(b"\n"))
    return frozenset({GIT_ATTRIBUTES}) if fits else frozenset()
