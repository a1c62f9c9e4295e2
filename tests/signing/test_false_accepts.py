"""Each way a verifier has been made to say yes where it must say no, under its own name.

All bundles here carry a true signature by the trusted key, unless that is what is forged.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.core.attestation import PAYLOAD_TYPE
from assay.core.errors import AssayError, DataError, UsageError
from assay.signing.interface import sign, verify
from assay.signing.keys import new_signer
from assay.signing.oms import PREDICATE_V02
from signing.signing_making import FILES, Keyed, forge, how, make_key, make_model, root, statement


def refused(model: Path, key: Keyed, bundle: bytes, *, strict: bool = False) -> str:
    """Verify a bundle that must be refused; gives the reason."""
    path = model.parent / "forged.sig"
    path.write_bytes(bundle)
    with pytest.raises(DataError) as caught:
        verify(model, signature=path, key=key.public, strict=strict)
    assert not isinstance(caught.value, UsageError)
    return str(caught.value)


def accepted(model: Path, key: Keyed, bundle: bytes, *, strict: bool = False) -> None:
    path = model.parent / "made.sig"
    path.write_bytes(bundle)
    verify(model, signature=path, key=key.public, strict=strict)


def with_rows(rows: list[dict[str, str]], **fields: Any) -> dict[str, Any]:
    return statement(resources=rows, **fields)


def row(name: str, data: bytes) -> dict[str, str]:
    return {"name": name, "algorithm": "sha256", "digest": hashlib.sha256(data).hexdigest()}


def broken_pae(payload: bytes) -> bytes:
    return f"DSSEV1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} {payload!r}".encode()


def test_the_made_to_measure_bundle_itself_is_accepted(model: Path, key: Keyed) -> None:
    """So that what follows is refused for the one thing that is wrong with it."""
    accepted(model, key, forge(statement(), key.signer), strict=True)


def test_a_universal_bundle_without_resources(model: Path, key: Keyed) -> None:
    assert "no resource" in refused(model, key, forge(with_rows([]), key.signer))


def test_a_bundle_that_ignores_everything(model: Path, key: Keyed) -> None:
    for path in (".", "./", "", "..", "../model", "/", "a/../b"):
        value = statement(serialization=how(ignore_paths=[path]))
        assert "ignored path" in refused(model, key, forge(value, key.signer))


def test_a_bundle_that_ignores_what_it_lists(model: Path, key: Keyed) -> None:
    value = statement(serialization=how(ignore_paths=["onnx"]))
    assert "says it ignores" in refused(model, key, forge(value, key.signer))


def test_duplicate_names(model: Path, key: Keyed) -> None:
    """The last one wins elsewhere: the signed digest of the first is never compared."""
    rows = [row("config.json", b"evil"), *statement()["predicate"]["resources"]]
    assert "twice" in refused(model, key, forge(with_rows(rows), key.signer))


@pytest.mark.parametrize(
    "name", ["../secret", "a/../../secret", "/etc/hostname", "./config.json", "a//b", "a/", "", "x\x00"]
)  # fmt: skip
def test_names_that_escape_or_are_not_normal(model: Path, key: Keyed, name: str) -> None:
    make_model(model.parent, {"secret": b"s"})
    rows = [*statement()["predicate"]["resources"], row(name, b"s")]
    refused(model, key, forge(with_rows(rows), key.signer))


def test_a_lone_surrogate_in_a_name(model: Path, key: Keyed) -> None:
    refused(model, key, forge(with_rows([row("\udcff", b"")]), key.signer))


def test_duplicate_json_keys_in_the_statement(model: Path, key: Keyed) -> None:
    text = json.dumps(statement())
    doubled = text.replace('"predicateType"', '"predicateType": "x", "predicateType"', 1)
    assert "duplicate" in refused(model, key, forge(doubled.encode(), key.signer))


def test_duplicate_json_keys_in_the_bundle(model: Path, key: Keyed) -> None:
    text = forge(statement(), key.signer).decode()
    doubled = text.replace('"dsseEnvelope"', '"dsseEnvelope": {}, "dsseEnvelope"', 1)
    assert "duplicate" in refused(model, key, doubled.encode())


@pytest.mark.parametrize("count", [0, 2])
def test_not_exactly_one_signature(model: Path, key: Keyed, count: int) -> None:
    value = json.loads(forge(statement(), key.signer))
    value["dsseEnvelope"]["signatures"] *= count
    assert "exactly one signature" in refused(model, key, json.dumps(value).encode())


def test_the_broken_encoding_of_v02_on_a_current_statement(model: Path, key: Keyed) -> None:
    bundle = forge(statement(), key.signer, signed=broken_pae)
    assert "signature is wrong" in refused(model, key, bundle)


def test_a_signature_over_the_bare_payload(model: Path, key: Keyed) -> None:
    bundle = forge(statement(), key.signer, signed=lambda payload: payload)
    assert "signature is wrong" in refused(model, key, bundle)


def test_a_signature_by_another_key_under_the_right_hint(model: Path, key: Keyed) -> None:
    material = {"publicKey": {"hint": key.signer.key_id}}
    bundle = forge(statement(), new_signer(), material=material)
    assert "signature is wrong" in refused(model, key, bundle)


def test_a_right_signature_under_the_hint_of_another_key(model: Path, key: Keyed) -> None:
    material = {"publicKey": {"hint": "0" * 64}}
    assert "another key" in refused(model, key, forge(statement(), key.signer, material=material))


def test_two_kinds_of_verification_material(model: Path, key: Keyed) -> None:
    material = {"publicKey": {"hint": key.signer.key_id}, "certificate": {"rawBytes": "AA=="}}
    material["tlogEntries"] = [{}]
    assert "exactly one" in refused(model, key, forge(statement(), key.signer, material=material))


def test_another_predicate_payload_type_or_statement_type(model: Path, key: Keyed) -> None:
    value = {**statement(), "predicateType": "https://example.com/wrong-predicate/v1.0"}
    assert "not about a model" in refused(model, key, forge(value, key.signer))
    bundle = json.loads(forge(statement(), key.signer))
    bundle["dsseEnvelope"]["payloadType"] = "text/plain"
    refused(model, key, json.dumps(bundle).encode())
    refused(model, key, forge({**statement(), "_type": "https://in-toto.io/x"}, key.signer))


def test_a_root_digest_of_other_resources(model: Path, key: Keyed) -> None:
    value = statement()
    value["subject"][0]["digest"]["sha256"] = "0" * 64
    assert "root digest" in refused(model, key, forge(value, key.signer))


def test_two_subjects(model: Path, key: Keyed) -> None:
    value = statement()
    value["subject"] *= 2
    assert "more than one subject" in refused(model, key, forge(value, key.signer))


@pytest.mark.parametrize(
    "fields",
    [{"method": "tree"}, {"hash_type": "md5"}, {"hash_type": "blake2b"}, {"allow_symlinks": "no"},
     {"shard_size": 5}, {"unknown": 1}, {"ignore_paths": "config.json"}, {"ignore_paths": [3]}],
    ids=str,
)  # fmt: skip
def test_serializations_outside_the_specification(
    model: Path, key: Keyed, fields: dict[str, Any]
) -> None:
    refused(model, key, forge(statement(serialization=how(**fields)), key.signer))


@pytest.mark.parametrize("size", [None, 0, -1, 1.5, "10", True, 10**400])
def test_shard_sizes_outside_the_specification(model: Path, key: Keyed, size: Any) -> None:
    fields = how(method="shards", shard_size=size) if size is not None else how(method="shards")
    refused(model, key, forge(statement(serialization=fields), key.signer))


SHARDED = {"a": b"0123456789"}
SHARDS = [row("a:0:4", b"0123"), row("a:4:8", b"4567"), row("a:8:10", b"89")]


def test_shards_that_leave_a_gap_overlap_or_do_not_start_at_the_start(
    tmp_path: Path, key: Keyed
) -> None:
    model = make_model(tmp_path / "m", SHARDED)
    fields = how(method="shards", shard_size=4)
    accepted(model, key, forge(with_rows(SHARDS, serialization=fields), key.signer), strict=True)
    bad = [
        [SHARDS[0], SHARDS[2]], SHARDS[1:], SHARDS[:1], SHARDS[:2],
        [*SHARDS, row("a:2:6", b"2345")], [row("a:0:10", b"0123456789")],
        [*SHARDS, row("a:10:10", b"")], [row("a:00:4", b"0123"), *SHARDS[1:]],
        [row("a:0:4:", b"0123"), *SHARDS[1:]], [row("a", b"0123456789")],
        [*SHARDS, row("b:4:0", b"")], [*SHARDS[:2], row("a:8:12", b"89")],
    ]  # fmt: skip
    for rows in bad:
        refused(model, key, forge(with_rows(rows, serialization=fields), key.signer))


def test_digests_that_are_not_of_the_named_algorithm(model: Path, key: Keyed) -> None:
    for digest in ("00", "0" * 63, "0" * 128, "G" * 64, "A" * 64, "", None, 5):
        rows = [{**row("config.json", b""), "digest": digest}]
        value = statement()
        value["predicate"]["resources"] = rows
        refused(model, key, forge(value, key.signer))
    rows = [{**line, "algorithm": "sha512"} for line in statement()["predicate"]["resources"]]
    refused(model, key, forge(with_rows(rows), key.signer))


def test_content_below_a_linked_folder(tmp_path: Path, key: Keyed) -> None:
    """The bytes are right and could be swapped at any time by who owns the link's target."""
    elsewhere = make_model(tmp_path / "elsewhere", {"model.onnx": FILES["onnx/model.onnx"]})
    model = make_model(tmp_path / "m", {n: d for n, d in FILES.items() if "/" not in n})
    (model / "onnx").symlink_to(elsewhere)
    for links in (False, True):
        value = statement(serialization=how(allow_symlinks=links))
        assert "onnx: is a symbolic link" in refused(model, key, forge(value, key.signer))


def test_a_linked_file_and_a_model_that_is_a_link(tmp_path: Path, key: Keyed) -> None:
    model = make_model(tmp_path / "m")
    bundle = forge(statement(serialization=how(allow_symlinks=True)), key.signer)
    (tmp_path / "link").symlink_to("m")
    assert "symbolic link" in refused(tmp_path / "link", key, bundle)
    (model / "config.json").rename(tmp_path / "config.json")
    (model / "config.json").symlink_to("../config.json")
    assert "config.json: is a symbolic link" in refused(model, key, bundle)


def test_a_link_beside_the_signed_files(model: Path, key: Keyed) -> None:
    (model / "pytorch_model.bin").symlink_to("/dev/null")
    assert "pytorch_model.bin" in refused(model, key, forge(statement(), key.signer))


def test_a_signature_of_one_file_for_a_folder(model: Path, key: Keyed) -> None:
    value = with_rows([row(".", b"x")])
    assert "single file" in refused(model, key, forge(value, key.signer))
    value = with_rows([row(".", b"x"), row("config.json", FILES["config.json"])])
    refused(model, key, forge(value, key.signer))


def test_a_renamed_single_file(tmp_path: Path, key: Keyed) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"w")
    made = sign(path, key=key.private)
    verify(path, signature=made.out, key=key.public, strict=True)
    path.rename(tmp_path / "evil.bin")
    with pytest.raises(DataError) as caught:
        verify(tmp_path / "evil.bin", signature=made.out, key=key.public)
    assert caught.value.differences.missing == ("model.bin",)
    assert caught.value.differences.extra == ("evil.bin",)


def test_files_that_trade_names_and_so_share_a_root(model: Path, key: Keyed) -> None:
    made = sign(model, key=key.private)
    one, other = model / "config.json", model / "onnx.txt"
    data = one.read_bytes(), other.read_bytes()
    one.write_bytes(data[1])
    other.write_bytes(data[0])
    with pytest.raises(DataError) as caught:
        verify(model, signature=made.out, key=key.public)
    assert caught.value.differences.changed == ("config.json", "onnx.txt")


def historical(files: Mapping[str, bytes] = FILES) -> dict[str, Any]:
    rows = [
        {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
        for name, data in files.items()
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": rows,
        "predicateType": PREDICATE_V02,
        "predicate": {},
    }


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_the_historical_form_is_read_but_not_by_a_gate(
    model: Path, tmp_path: Path, curve: str
) -> None:
    key = make_key(tmp_path, "old", curve)
    raw = base64.b64encode(key.signer.public.pem).decode()
    material = {"publicKey": {"rawBytes": raw, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}}
    bundle = forge(historical(), key.signer, signed=broken_pae, material=material)
    accepted(model, key, bundle)
    assert "v0.2" in refused(model, key, bundle, strict=True)
    (model / "config.json").write_bytes(b"changed")
    assert "config.json" in refused(model, key, bundle)


def test_the_historical_form_is_held_to_the_same_rules(model: Path, key: Keyed) -> None:
    value = historical()
    value["subject"].append({"name": "../x", "digest": value["subject"][0]["digest"]})
    refused(model, key, forge(value, key.signer, signed=broken_pae))
    twice = historical()
    twice["subject"] *= 2
    refused(model, key, forge(twice, key.signer, signed=broken_pae))
    refused(model, key, forge({**historical(), "subject": []}, key.signer, signed=broken_pae))
    missing = historical({n: d for n, d in FILES.items() if n != "config.json"})
    assert "config.json: not signed" in refused(
        model, key, forge(missing, key.signer, signed=broken_pae)
    )


class TestStrict:
    """What a gate refuses beyond the specification."""

    def test_unsigned_content_in_ignored_folders(self, model: Path, key: Keyed) -> None:
        made = sign(model, key=key.private, ignore=["runs"])
        for name in (".git/hooks/evil.pkl", ".github/x.bin", "runs/log.bin", ".gitignore"):
            make_model(model, {name: b"\x80\x04."})
            verify(model, signature=made.out, key=key.public)
            with pytest.raises(DataError, match="not signed") as caught:
                verify(model, signature=made.out, key=key.public, strict=True)
            assert caught.value.differences.extra == (name,)
            (model / name).unlink()

    def test_an_attributes_file_that_is_none(self, model: Path, key: Keyed) -> None:
        made = sign(model, key=key.private)
        good = b"*.bin filter=lfs diff=lfs merge=lfs -text\n\n# note\n*.txt text eol=lf\r\n"
        (model / ".gitattributes").write_bytes(good)
        verify(model, signature=made.out, key=key.public, strict=True)
        for bad in (b"cos\nsystem\n(S'id'\ntR.", b"\x80\x04\x95", b"*.bin\n", good * 3_000):
            (model / ".gitattributes").write_bytes(bad)
            with pytest.raises(DataError, match="gitattributes"):
                verify(model, signature=made.out, key=key.public, strict=True)

    def test_links_in_ignored_folders(self, model: Path, key: Keyed) -> None:
        made = sign(model, key=key.private)
        (model / ".git").mkdir()
        (model / ".git" / "link").symlink_to("/etc/hostname")
        verify(model, signature=made.out, key=key.public)
        with pytest.raises(DataError, match="symbolic link"):
            verify(model, signature=made.out, key=key.public, strict=True)

    def test_resources_out_of_order(self, model: Path, key: Keyed) -> None:
        rows = statement()["predicate"]["resources"]
        value = with_rows(list(reversed(rows)))
        value["subject"][0]["digest"]["sha256"] = root(rows)
        bundle = forge(value, key.signer)
        accepted(model, key, bundle)
        assert "not sorted" in refused(model, key, bundle, strict=True)

    def test_an_unsigned_empty_file_among_shards(self, tmp_path: Path, key: Keyed) -> None:
        model = make_model(tmp_path / "m", {**SHARDED, "__init__.py": b""})
        made = sign(model, key=key.private, method="shards", shard_size=4)
        verify(model, signature=made.out, key=key.public)
        with pytest.raises(DataError, match="__init__"):
            verify(model, signature=made.out, key=key.public, strict=True)

    def test_names_no_manifest_could_hold(self, tmp_path: Path, key: Keyed) -> None:
        files = {"back\\slash": b"1"}
        model = make_model(tmp_path / "m", files)
        bundle = forge(statement(files), key.signer)
        accepted(model, key, bundle)
        assert "backslash" in refused(model, key, bundle, strict=True)

    def test_options_that_soften_it(self, model: Path, key: Keyed) -> None:
        sign(model, key=key.private)
        with pytest.raises(UsageError, match="ignores nothing"):
            verify(model, key=key.public, strict=True, ignore=["runs"])


def test_a_verifier_cannot_ignore_what_is_signed(model: Path, key: Keyed) -> None:
    sign(model, key=key.private)
    (model / "notes").mkdir()
    (model / "notes" / "a").write_bytes(b"")
    with pytest.raises(DataError, match="notes/a"):
        verify(model, key=key.public)
    verify(model, key=key.public, ignore=["notes/"])
    with pytest.raises(UsageError, match="is signed"):
        verify(model, key=key.public, ignore=["onnx"])


def test_what_ignored_paths_of_one_model_do_not_leak_into_the_next(
    tmp_path: Path, key: Keyed
) -> None:
    one, other = make_model(tmp_path / "one"), make_model(tmp_path / "other")
    sign(one, key=key.private, ignore=["extra"])
    sign(other, key=key.private)
    make_model(one, {"extra/x": b""})
    make_model(other, {"extra/x": b""})
    verify(one, key=key.public)
    with pytest.raises(DataError, match="extra/x"):
        verify(other, key=key.public)


def test_hostile_json_ends_in_a_typed_error(model: Path, key: Keyed) -> None:
    bundles = [
        b"", b"null", b"[]", b"{", b"\xff", b"[" * 200_000, b'{"mediaType": NaN}',
        b"1" * 10_000, forge(b"[]", key.signer), forge(b"{}", key.signer), forge(b"\xff", key.signer),
        forge({**statement(), "subject": {}}, key.signer), forge({**statement(), "subject": [3]}, key.signer),
        forge({**statement(), "predicate": []}, key.signer), forge({**statement(), "extra": 1}, key.signer),
        forge({**statement(), "predicate": {"resources": [1], "serialization": how()}}, key.signer),
        forge(statement(), key.signer, mediaType="application/json"),
        forge(statement(), key.signer, unknown=1),
        forge(statement(), key.signer, material={"publicKey": {}}),
        forge(statement(), key.signer, material={"publicKey": []}),
        forge(statement(), key.signer, material={"publicKey": {"hint": 3}}),
        forge(statement(), key.signer, material={"x509CertificateChain": {"certificates": []}}),
        forge(statement(), key.signer, material={"x509CertificateChain": {}}),
        forge(statement(), key.signer, material={"certificate": {"rawBytes": "AA=="}}),
    ]  # fmt: skip
    for bundle in bundles:
        refused(model, key, bundle)


def test_a_signature_that_is_no_file(model: Path, key: Keyed) -> None:
    os.mkfifo(model.parent / "pipe")
    for path, kind in (("absent", UsageError), ("pipe", DataError), (".", AssayError)):
        with pytest.raises(kind):
            verify(model, signature=model.parent / path, key=key.public)


def test_shards_of_one_byte_do_not_fill_the_memory(model: Path, key: Keyed) -> None:
    with (model / "large").open("wb") as file:
        file.truncate(2**42)
    row = {"name": "large:0:1", "algorithm": "sha256", "digest": "0" * 64}
    one = statement(resources=[row], serialization=how(method="shards", shard_size=1))
    assert "large: changed" in refused(model, key, forge(one, key.signer))


def test_names_that_cannot_be_looked_up_end_in_a_typed_error(model: Path, key: Keyed) -> None:
    for kind in ([], {}):
        rows = [{**row, "algorithm": kind} for row in statement()["predicate"]["resources"]]
        refused(model, key, forge(statement(resources=rows), key.signer))
        refused(model, key, forge(statement(serialization=how(hash_type=kind)), key.signer))


def test_names_that_differ_in_case_alone_are_not_for_a_gate(tmp_path: Path, key: Keyed) -> None:
    """On a file system that ignores case one of the two takes the other's place."""
    files = {"Model.bin": b"1", "model.bin": b"2"}
    model = make_model(tmp_path / "two", files)
    bundle = forge(statement(files), key.signer)
    accepted(model, key, bundle)
    assert "ignore case" in refused(model, key, bundle, strict=True)
