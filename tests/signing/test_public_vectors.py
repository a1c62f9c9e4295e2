"""The specification's own vectors and JSON schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from assay.core.errors import DataError
from assay.signing.bundle import Bundle, ChainMaterial, KeylessMaterial, KeyMaterial
from assay.signing.interface import sign
from assay.signing.oms import parse_statement, read_payload
from signing.signing_making import Keyed, make_authority, make_certificate, make_model


@pytest.fixture
def cases(vectors: Path) -> Path:
    return vectors / "oms" / "test-vectors" / "v1.0"


@pytest.fixture
def schemas(vectors: Path) -> dict[str, Draft202012Validator]:
    folder = vectors / "oms" / "schemas" / "v1.0"
    documents = {p.name.split(".")[0]: json.loads(p.read_text()) for p in folder.glob("*.json")}
    assert set(documents) == {"bundle", "envelope", "predicate", "statement"}
    registry: Registry[Any] = Registry().with_resources(
        (document["$id"], Resource.from_contents(document)) for document in documents.values()
    )
    return {n: Draft202012Validator(d, registry=registry) for n, d in documents.items()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("key", KeyMaterial), ("certificate", ChainMaterial), ("sigstore", KeylessMaterial)],
)
def test_valid_bundles_are_read(cases: Path, name: str, kind: type) -> None:
    bundle = Bundle.parse((cases / "valid" / f"{name}.bundle.json").read_bytes())
    assert isinstance(bundle.material, kind)
    statement = parse_statement(read_payload(bundle.envelope.payload))
    assert {resource.name for resource in statement.resources} == {"signme-1", "signme-2"}
    assert statement.serialization.ignores("ignore-me/below")


def test_invalid_bundles_are_refused(cases: Path) -> None:
    paths = sorted((cases / "invalid").glob("*.json"))
    assert len(paths) == 4
    for path in paths:
        with pytest.raises(DataError):
            Bundle.parse(path.read_bytes())


def test_invalid_payloads_are_refused(cases: Path) -> None:
    for path in (cases / "invalid-payload").glob("*.json"):
        bundle = Bundle.parse(path.read_bytes())
        with pytest.raises(DataError, match="not about a model"):
            read_payload(bundle.envelope.payload)


WAYS = [
    {},
    {"hash_type": "blake3"},
    {"method": "shards", "hash_type": "blake2b", "shard_size": 100},
    {"certificate": "cert.pem"},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_what_is_written_fits_the_schemas(
    schemas: dict[str, Draft202012Validator],
    tmp_path: Path,
    model: Path,
    key: Keyed,
    way: dict[str, Any],
) -> None:
    if "certificate" in way:
        from cryptography.hazmat.primitives.serialization import Encoding

        path = tmp_path / "cert.pem"
        path.write_bytes(make_certificate(make_authority(), key.signer).public_bytes(Encoding.PEM))
        from signing.signing_making import NOW

        way = {"certificate": path, "now": NOW}
    data = sign(model, key=key.private, **way).out.read_bytes()
    schemas["bundle"].validate(json.loads(data))
    schemas["statement"].validate(json.loads(Bundle.parse(data).envelope.payload))


def test_a_single_file_fits_the_schemas(
    schemas: dict[str, Draft202012Validator], tmp_path: Path, key: Keyed
) -> None:
    path = make_model(tmp_path / "m", {"w.bin": b"1"}) / "w.bin"
    data = sign(path, key=key.private).out.read_bytes()
    schemas["statement"].validate(json.loads(Bundle.parse(data).envelope.payload))
