"""Bundles changed at random: never a yes to another statement, never an error without a name."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from assay.core.digest import Digest
from assay.core.errors import AssayError
from assay.core.manifest import Manifest, ManifestEntry
from assay.signing.intake import verify_bundle_against_manifest
from assay.signing.interface import sign, verify
from signing.signing_making import (
    FILES,
    NOW,
    Keyed,
    forge,
    make_authority,
    make_certificate,
    statement,
)

COUNT = 500
VALUES: list[Any] = [
    None, True, 0, -1, 1.0, 1e308, "", ".", "..", "../x", "/etc/passwd", "a/../b", "\0", "é",
    "A" * 70_000, [], {}, [[]], {"a": 1}, 2**70, "sha256", "shards", "model.safetensors",
]  # fmt: skip
PIECES = (b'"', b"{", b"NaN", b"[", b"\\ud800", b"\xff", b"=", b" ", b"1e999")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner: Any = ()
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in inner:
        yield from places(below, (*path, key))


def other_value(rng: random.Random, value: Any) -> Any:
    """The same document with a value replaced, taken away, repeated or added."""
    made = copy.deepcopy(value)
    *way, last = rng.choice(list(places(made)))
    holder = made
    for key in way:
        holder = holder[key]
    kind = rng.random()
    if kind < 0.5:
        holder[last] = copy.deepcopy(rng.choice(VALUES))
    elif kind < 0.7:
        del holder[last]
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    else:
        holder[rng.choice(["x", "name", "digest", "keyid"])] = copy.deepcopy(rng.choice(VALUES))
    return made


def other_bytes(rng: random.Random, data: bytes) -> bytes:
    """The same bytes with a few changed, taken away or put in."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, kind = rng.randrange(len(made)), rng.random()
        if kind < 0.6:
            made[at] ^= 1 << rng.randrange(8)
        elif kind < 0.75:
            del made[at : at + rng.choice((1, 2, 50))]
        else:
            made[at:at] = rng.choice(PIECES)
    return bytes(made)


@pytest.fixture
def manifest() -> Manifest:
    return Manifest.of(ManifestEntry(n, len(d), Digest.of(d)) for n, d in FILES.items())


def test_a_changed_bundle_is_not_a_yes_to_another_statement(
    model: Path, key: Keyed, manifest: Manifest
) -> None:
    rng, path = random.Random(1), model.parent / "changed.sig"
    good = [
        sign(model, key=key.private, out=path, **options).out.read_bytes()
        for options in ({}, {"method": "shards", "shard_size": 1000}, {"hash_type": "blake3"})
    ]
    for number in range(COUNT):
        whole = good[number % len(good)]
        if number % 2:
            changed = other_bytes(rng, whole)
        else:
            changed = json.dumps(other_value(rng, json.loads(whole))).encode()
        path.write_bytes(changed)
        verify_bundle_against_manifest(changed, manifest, [key.signer.public])
        try:
            verify(model, signature=path, key=key.public)
        except AssayError:
            continue
        assert payload(changed) == payload(whole)


def test_a_strange_statement_truly_signed_ends_in_a_typed_error_or_is_right(
    model: Path, key: Keyed, manifest: Manifest
) -> None:
    rng, path = random.Random(2), model.parent / "strange.sig"
    for _ in range(COUNT):
        strange = forge(other_value(rng, statement()), key.signer)
        path.write_bytes(strange)
        verify_bundle_against_manifest(strange, manifest, [key.signer.public])
        try:
            found = verify(model, signature=path, key=key.public, strict=True)
        except AssayError:
            continue
        assert found.statement.paths == set(FILES)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_a_changed_certificate_ends_in_a_typed_error(
    model: Path, key: Keyed, manifest: Manifest
) -> None:
    rng, root = random.Random(3), make_authority()
    certificate = make_certificate(root, key.signer)
    der, signed = certificate.public_bytes(Encoding.DER), certificate.tbs_certificate_bytes
    path, ca = model.parent / "chain.sig", model.parent / "ca.pem"
    ca.write_bytes(root.pem())
    for _ in range(COUNT):
        at = der.index(signed) + rng.randrange(len(signed))
        changed = der[:at] + bytes([der[at] ^ (1 << rng.randrange(8))]) + der[at + 1 :]
        rows = [{"rawBytes": base64.b64encode(changed).decode()}]
        bundle = forge(
            statement(), key.signer, material={"x509CertificateChain": {"certificates": rows}}
        )
        path.write_bytes(bundle)
        verify_bundle_against_manifest(bundle, manifest, [])
        with pytest.raises(AssayError):
            verify(model, signature=path, ca=ca, now=NOW)


def payload(bundle: bytes) -> bytes:
    return base64.b64decode(json.loads(bundle)["dsseEnvelope"]["payload"])
