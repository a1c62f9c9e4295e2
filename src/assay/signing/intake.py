"""A publisher's bundle against the manifest of an upload: what a server can say without the bytes.

A manifest holds SHA-256 digests, so a bundle over whole files, or over shards no file exceeds, is
checked without reading a byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from assay.core.digest import Digest
from assay.core.errors import AssayError, DataError
from assay.core.manifest import Manifest, ManifestEntry
from assay.signing.bundle import Bundle, ChainMaterial, KeyMaterial
from assay.signing.compare import by_path, shards_of
from assay.signing.keys import PublicKey
from assay.signing.oms import PREDICATE_V02, ModelStatement, parse_statement, read_payload
from assay.signing.resources import Resource, Serialization, is_under
from assay.signing.signature import names_key, verify_envelope_by
from assay.signing.verify import GIT_ATTRIBUTES, MAX_GIT_ATTRIBUTES_BYTES, effective_ignores

Status = Literal["valid", "invalid", "untrusted"]
HashRange = Callable[[Digest, str, int, int], bytes]
"""Hashes bytes start..end of a stored blob with `sha256`, `blake2b` or `blake3`: a raw digest."""


@dataclass(frozen=True, slots=True)
class BundleCheck:
    """What a bundle is worth for an upload.

    Attributes:
        status: `valid`: by a given key, over all of the upload. `invalid`: broken, or not over
            these files. `untrusted`: by nobody who was given, or more than it covers was uploaded.
        signers: Ids of the keys whose signature was verified; only of given keys.
        reason: Why it is not valid.
        unsigned: Uploaded files the bundle does not cover, by path.
    """

    status: Status
    signers: tuple[str, ...] = ()
    reason: str = ""
    unsigned: tuple[str, ...] = ()


class _NotFromManifestError(DataError):
    """The hash method cannot be checked without the bytes."""


def verify_bundle_against_manifest(
    bundle: bytes,
    manifest: Manifest,
    keys: Iterable[PublicKey],
    *,
    hashers: HashRange | None = None,
) -> BundleCheck:
    """Check a bundle against a manifest and the keys a namespace trusts.

    Args:
        bundle: The bundle's bytes.
        manifest: What was uploaded.
        keys: Keys that are trusted.
        hashers: Reads stored blobs, for other hashes than SHA-256 over whole files; without it
            such bundles are `untrusted`.
    """
    try:
        parsed = Bundle.parse(bundle)
        value = read_payload(parsed.envelope.payload)
        historical = value["predicateType"] == PREDICATE_V02
        signer = _signer(parsed, tuple(keys), historical=historical)
        statement = parse_statement(value)
        unsigned = _compare(statement, manifest, hashers)
    except _NotFromManifestError as error:
        return BundleCheck("untrusted", reason=error.message)
    except AssayError as error:
        return BundleCheck("invalid", reason=str(error))
    if signer is None:
        return BundleCheck("untrusted", reason="is by nobody who is trusted", unsigned=unsigned)
    signers = (signer.key_id,)
    if unsigned:
        reason = f"does not cover {unsigned[0]}"
        return BundleCheck("untrusted", signers, reason, unsigned)
    return BundleCheck("valid", signers)


def _signer(bundle: Bundle, keys: tuple[PublicKey, ...], *, historical: bool) -> PublicKey | None:
    """The trusted key that signed; None if the bundle names another.

    Raises:
        DataError: it names a trusted key, or carries a certificate, and the signature is wrong.
    """
    match bundle.material:
        case KeyMaterial() as material:
            named = [key for key in keys if names_key(material, key)]
            for key in named:
                try:
                    verify_envelope_by(key, bundle.envelope, historical=historical)
                except DataError:
                    if material.hint:
                        raise
                else:
                    return key
        case ChainMaterial(certificates=chain):
            from assay.signing.x509 import key_of, parse_chain

            key = key_of(parse_chain(chain)[0])
            verify_envelope_by(key, bundle.envelope, historical=historical)
    return None


def _compare(
    statement: ModelStatement, manifest: Manifest, hashers: HashRange | None
) -> tuple[str, ...]:
    """The uploaded files the statement does not cover.

    Raises:
        DataError: a signed file is missing, has other bytes, or the rest may not be unsigned.
    """
    signed = by_path(statement.resources, statement.serialization)
    if statement.single:
        if len(manifest.entries) != 1:
            raise DataError("is the signature of a single file")
        name = manifest.entries[0].path
        signed = {name: {Resource(name + r.name[1:], r.digest) for r in statement.resources}}
    ignored = effective_ignores(statement, ())
    unsigned = []
    for entry in manifest.entries:
        if entry.path in signed:
            _compare_file(entry, signed[entry.path], statement.serialization, hashers)
        elif _harmless(entry, statement.serialization):
            continue
        elif is_under(entry.path, ignored):
            unsigned.append(entry.path)
        else:
            raise DataError("is not signed", subject=entry.path)
    missing = sorted(signed.keys() - manifest.by_path.keys())
    if missing:
        raise DataError("is signed and was not uploaded", subject=missing[0])
    return tuple(unsigned)


def _harmless(entry: ManifestEntry, serialization: Serialization) -> bool:
    """The small attributes file of every Hub repository, and empty files shards do not cover."""
    if entry.path == GIT_ATTRIBUTES:
        return entry.size <= MAX_GIT_ATTRIBUTES_BYTES
    return serialization.method == "shards" and not entry.size


def _compare_file(
    entry: ManifestEntry,
    signed: set[Resource],
    serialization: Serialization,
    hashers: HashRange | None,
) -> None:
    size = serialization.shard_size
    if shards_of(entry.size, serialization) != len(signed):
        raise DataError("has another number of shards than were signed", subject=entry.path)
    starts = (0,) if size is None else range(0, entry.size, size)
    actual = set()
    for start in starts:
        end = entry.size if size is None else min(start + size, entry.size)
        name = entry.path if size is None else f"{entry.path}:{start}:{end}"
        actual.add(Resource(name, _digest(entry, start, end, serialization.hash_type, hashers)))
    if actual != signed:
        raise DataError("has other bytes than were signed", subject=entry.path)


def _digest(
    entry: ManifestEntry, start: int, end: int, kind: str, hashers: HashRange | None
) -> bytes:
    if kind == "sha256" and (start, end) == (0, entry.size):
        return entry.digest.raw
    if hashers is None:
        raise _NotFromManifestError(f"is over {kind} digests, which need the bytes to be checked")
    return hashers(entry.digest, kind, start, end)
