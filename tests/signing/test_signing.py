"""Signing and verifying models: round trips, tampering, what is written and what is said."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.canonical import canonical_json
from assay.core.digest import Digest
from assay.core.errors import AssayError, ConflictError, DataError, UnavailableError, UsageError
from assay.core.folder import digest, read_folder
from assay.core.listing import Problem
from assay.signing.bundle import Bundle
from assay.signing.compare import Differences, ModelDiffersError
from assay.signing.interface import sign, verify
from assay.signing.oms import ModelStatement, oms_root, parse_statement, read_payload, root_of
from assay.signing.resources import Resource, Serialization
from signing.signing_making import FILES, Keyed, make_key, make_model

WAYS = [
    {"method": "files", "hash_type": "sha256"},
    {"method": "files", "hash_type": "blake2b"},
    {"method": "files", "hash_type": "blake3"},
    {"method": "shards", "hash_type": "sha256", "shard_size": 1000},
    {"method": "shards", "hash_type": "blake2b", "shard_size": 1000},
    {"method": "shards", "hash_type": "blake3", "shard_size": 7},
    {"method": "shards", "hash_type": "sha256"},
]


def differences(model: Path, key: Keyed, **options: object) -> Differences:
    with pytest.raises(ModelDiffersError) as caught:
        verify(model, key=key.public, **options)
    return caught.value.differences


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way.values())))
@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_what_was_signed_verifies_and_no_other_bytes_do(
    tmp_path: Path, way: dict, curve: str
) -> None:
    files = {name: data for name, data in FILES.items() if data or way["method"] == "files"}
    model, key = make_model(tmp_path / "m", files), make_key(tmp_path, "k", curve)
    made = sign(model, key=key.private, **way)
    found = verify(model, key=key.public, strict=True)
    assert made.out == model / "model.sig"
    assert (found.files, found.size) == (len(files), sum(map(len, files.values())))
    assert found.root == root_of(made.statement.resources)
    weights = model / "model.safetensors"
    for offset in (0, 5_000, 10_239):
        data = bytearray(files["model.safetensors"])
        data[offset] ^= 1
        weights.write_bytes(data)
        assert differences(model, key) == Differences(changed=("model.safetensors",))
    for data in (files["model.safetensors"][:-1], files["model.safetensors"] + b"\0", b""):
        weights.write_bytes(data)
        assert differences(model, key) == Differences(changed=("model.safetensors",))


def test_it_is_said_which_file_differs_and_how(model: Path, key: Keyed) -> None:
    sign(model, key=key.private)
    (model / "config.json").write_bytes(b"{}")
    (model / "onnx.txt").unlink()
    make_model(model, {"extra/__init__.py": b""})
    os.mkfifo(model / "pipe")
    assert differences(model, key) == Differences(
        changed=("config.json",),
        missing=("onnx.txt",),
        extra=("extra/__init__.py",),
        problems=(Problem("pipe", "is a named pipe, not a regular file"),),
    )
    with pytest.raises(ModelDiffersError) as caught:
        verify(model, key=key.public)
    text = caught.value.diagnostics()
    for line in (
        "config.json: changed",
        "onnx.txt: missing",
        "__init__.py: not signed",
        "pipe: is",
    ):
        assert line in text


def test_a_rename_is_a_missing_and_an_extra_file(model: Path, key: Keyed) -> None:
    sign(model, key=key.private)
    (model / "config.json").rename(model / "Config.json")
    found = differences(model, key)
    assert (found.missing, found.extra) == (("config.json",), ("Config.json",))


def test_only_what_could_not_be_read_is_unavailable() -> None:
    closed = Problem("a", "cannot be read: Permission denied", unreadable=True)
    assert isinstance(Differences(problems=(closed,)).error(), UnavailableError)
    assert isinstance(Differences(problems=(closed,), extra=("b",)).error(), ModelDiffersError)
    link = Problem("b", "is a symbolic link")
    assert isinstance(Differences(problems=(closed, link)).error(), ModelDiffersError)


def test_the_payload_is_canonical_and_signing_twice_gives_the_same(model: Path, key: Keyed) -> None:
    first = Bundle.parse(sign(model, key=key.private).out.read_bytes())
    second = Bundle.parse(sign(model, key=key.private).out.read_bytes())
    assert first.envelope.payload == second.envelope.payload
    assert first.envelope.payload == canonical_json(json.loads(first.envelope.payload))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.lists(st.builds(Resource, TEXTS, st.binary(min_size=32, max_size=32)), min_size=1), TEXTS)
def test_payloads_are_rfc8785_whatever_the_names(resources: list[Resource], name: str) -> None:
    how = Serialization(ignore_paths=frozenset({".git", "é"}))
    payload = ModelStatement(name, None, tuple(resources), how).payload()
    assert payload == canonical_json(json.loads(payload))


@given(st.dictionaries(
    st.lists(st.text("abé.- ", min_size=1, max_size=4).filter(lambda t: t not in (".", "..", ".git")), min_size=1, max_size=3).map("/".join),
    st.binary(max_size=40), min_size=1, max_size=6),
    st.sampled_from(WAYS))  # fmt: skip
@settings(max_examples=60)
def test_any_folder_that_can_be_signed_verifies(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], way: dict
) -> None:
    folder = tmp_path_factory.mktemp("round")
    key = make_key(folder)
    model = folder / "m"
    try:
        make_model(model, files)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return
    try:
        made = sign(model, key=key.private, **way)
    except DataError:
        assert way["method"] == "shards"
        assert not any(files.values())
        return
    assert verify(model, key=key.public).statement.resources == made.statement.resources
    assert (
        parse_statement(read_payload(made.statement.payload())).serialization
        == made.statement.serialization
    )


@given(data=st.data())
@settings(max_examples=200)
def test_no_changed_byte_of_a_bundle_is_accepted(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Changed where it counts: anything but white space and the unsigned key id."""
    folder = tmp_path_factory.getbasetemp() / "mutated"
    model = folder / "m"
    if not model.exists():
        make_model(model, {"a": b"1"})
        make_key(folder)
        sign(model, key=folder / "key", out=folder / "whole.sig")
    whole = (folder / "whole.sig").read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
    (folder / "changed.sig").write_bytes(changed)
    try:
        verify(model, signature=folder / "changed.sig", key=folder / "key.pub")
    except DataError:
        return
    assert _meaning(changed) == _meaning(whole)


def _meaning(bundle: bytes) -> tuple[bytes, bytes]:
    """What the bundle says, free of base64's unused bits."""
    envelope = json.loads(bundle)["dsseEnvelope"]
    signature = envelope["signatures"][0]["sig"]
    return base64.b64decode(envelope["payload"]), base64.b64decode(signature)


def test_a_single_file_is_signed_beside_it_under_its_name(tmp_path: Path, key: Keyed) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights")
    made = sign(path, key=key.private)
    assert made.out == tmp_path / "model.safetensors.sig"
    assert [r.name for r in made.statement.resources] == ["model.safetensors"]
    assert made.statement.serialization.ignore_paths == frozenset()
    verify(path, key=key.public, strict=True)
    path.write_bytes(b"other")
    assert differences(path, key).changed == ("model.safetensors",)


def test_what_is_not_signed_is_recorded_and_reported(model: Path, key: Keyed) -> None:
    make_model(
        model, {".git/config": b"", ".gitignore": b"x", "logs/a/b": b"", "claims.jsonl": b"{}"}
    )
    make_model(model, {".cache/huggingface/x.lock": b""})
    sign(model, key=key.private, out=model / "other.sig")
    made = sign(model, key=key.private, ignore=["logs/a/"])
    assert made.unsigned == (".cache/huggingface", ".git", ".gitignore", "logs/a", "other.sig")
    assert made.statement.serialization.ignore_paths == frozenset(
        {".cache/huggingface", ".git", ".gitattributes", ".github", ".gitignore", "logs/a",
         "model.sig", "other.sig"}
    )  # fmt: skip
    assert "claims.jsonl" in made.statement.paths
    found = verify(model, key=key.public)
    assert found.unsigned == made.unsigned
    make_model(model, {"logs/c": b""})
    assert differences(model, key).extra == ("logs/c",)


def test_signatures_that_accumulate_beside_a_model_do_not_break_one_another(
    model: Path, tmp_path: Path, key: Keyed
) -> None:
    second = make_key(tmp_path, "second")
    first = sign(model, key=key.private, out=model / "publisher.sig")
    then = sign(model, key=second.private, out=model / "reviewer.sigstore.json")
    for made, by in ((first, key), (then, second)):
        assert verify(model, signature=made.out, key=by.public, strict=True)
    (model / "fake.sig").write_bytes(b"\x80\x04.")
    with pytest.raises(DataError, match=r"fake\.sig: not signed"):
        verify(model, signature=first.out, key=key.public)


def test_a_signature_replaces_a_signature_and_nothing_else(
    tmp_path: Path, model: Path, key: Keyed
) -> None:
    made = sign(model, key=key.private)
    assert stat.S_IMODE(made.out.stat().st_mode) == 0o644
    sign(model, key=key.private)
    for name in ("config.json", "onnx"):
        with pytest.raises(ConflictError):
            sign(model, key=key.private, out=model / name)
    (tmp_path / "link.sig").symlink_to(made.out)
    with pytest.raises(ConflictError):
        sign(model, key=key.private, out=tmp_path / "link.sig")
    with pytest.raises(UnavailableError):
        sign(model, key=key.private, out=tmp_path / "no" / "x.sig")
    assert (model / "config.json").read_bytes() == FILES["config.json"]
    verify(model, key=key.public, strict=True)


def test_what_cannot_be_signed_names_the_file_and_writes_nothing(
    tmp_path: Path, key: Keyed
) -> None:
    for number, (name, reason) in enumerate(
        [("link", "is a symbolic link"), ("pipe", "named pipe"), (b"\xff", "valid UTF-8"),
         ("back\\slash", "backslash"), ("new\nline", "control")]
    ):  # fmt: skip
        model = make_model(tmp_path / f"m{number}", {"a": b"1"})
        place = model / os.fsdecode(name)
        if name == "link":
            place.symlink_to("a")
        elif name == "pipe":
            os.mkfifo(place)
        else:
            place.write_bytes(b"")
        with pytest.raises(DataError, match=reason) as caught:
            sign(model, key=key.private)
        assert caught.value.subject.isprintable()
        assert not (model / "model.sig").exists()


def test_an_empty_model_is_not_signed(tmp_path: Path, key: Keyed) -> None:
    empty = make_model(tmp_path / "empty", {})
    only_ignored = make_model(tmp_path / "ignored", {".git/config": b"x", "logs/x": b"x"})
    no_bytes = make_model(tmp_path / "no-bytes", {"a": b""})
    for model, options in (
        (empty, {}), (only_ignored, {"ignore": ["logs"]}), (no_bytes, {"method": "shards"}),
    ):  # fmt: skip
        with pytest.raises(DataError, match="nothing to sign"):
            sign(model, key=key.private, **options)
    sign(no_bytes, key=key.private)


def test_options_that_are_wrong(model: Path, key: Keyed) -> None:
    for options in (
        {"method": "tree"}, {"hash_type": "md5"}, {"shard_size": 5},
        {"method": "shards", "shard_size": 0}, {"ignore": ["../x"]}, {"ignore": ["."]},
        {"ignore": ["/abs"]}, {"key": None}, {"key": model / "absent"},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            sign(model, **{"key": key.private, **options})
    for path in (model / "absent", model.parent / "absent"):
        with pytest.raises(UsageError, match="does not exist"):
            sign(path, key=key.private)
    sign(model, key=key.private)
    for trust in ({}, {"key": key.public, "ca": key.public}, {"key": key.public, "identity": "x"}):
        with pytest.raises(UsageError):
            verify(model, **trust)


def test_a_hub_cache_snapshot_is_signed_and_verified_through_its_links(
    tmp_path: Path, key: Keyed
) -> None:
    repository = tmp_path / "models--acme--tiny"
    make_model(repository / "blobs", {"aa": b"weights"})
    snapshot = make_model(repository / "snapshots" / "c0ffee", {})
    (snapshot / "model.bin").symlink_to("../../blobs/aa")
    made = sign(snapshot, key=key.private, out=tmp_path / "s.sig")
    assert made.followed == ("model.bin",)
    assert made.statement.serialization.allow_symlinks
    found = verify(snapshot, signature=made.out, key=key.public, strict=True)
    assert found.followed == ("model.bin",)
    plain = make_model(tmp_path / "plain", {"model.bin": b"weights"})
    verify(plain, signature=made.out, key=key.public, strict=True)
    single = sign(snapshot / "model.bin", key=key.private, out=tmp_path / "f.sig")
    verify(snapshot / "model.bin", signature=single.out, key=key.public)
    (repository / "blobs" / "aa").write_bytes(b"swapped")
    with pytest.raises(ModelDiffersError, match=r"model\.bin"):
        verify(snapshot, signature=made.out, key=key.public)


def test_signed_and_verified_from_within_the_folder(
    model: Path, key: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model)
    made = sign(".", key=key.private)
    assert made.statement.name == "model"
    verify(".", signature="model.sig", key=key.public, strict=True)
    monkeypatch.chdir(model / "onnx")
    verify("..", signature="../model.sig", key=key.public, strict=True)


def test_the_root_of_a_manifest_is_that_of_a_signature(model: Path, key: Keyed) -> None:
    make_model(model, {".gitattributes": b"* text=auto", ".github/x": b""})
    made = sign(model, key=key.private)
    found = verify(model, key=key.public, strict=False)
    assert oms_root(read_folder(model).manifest) == found.root == root_of(made.statement.resources)
    assert digest(model) != found.root


def test_progress_covers_every_byte(model: Path, key: Keyed) -> None:
    seen: list[int] = []
    totals: list[int] = []

    def begin(total: int):
        totals.append(total)
        return seen.append

    sign(model, key=key.private, begin=begin)
    verify(model, key=key.public, begin=begin)
    size = sum(map(len, FILES.values()))
    assert totals == [size, size]
    assert sum(seen) == 2 * size


def test_an_interrupted_signing_leaves_nothing(model: Path, key: Keyed) -> None:
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sign(model, key=key.private, begin=lambda _: interrupt)
    assert set(os.listdir(model)) == {name.split("/")[0] for name in FILES}  # noqa: PTH208


def test_a_keyless_bundle_is_read_and_refused_with_the_reason(
    vectors: Path, model: Path, key: Keyed
) -> None:
    path = vectors / "oms" / "test-vectors" / "v1.0" / "valid" / "sigstore.bundle.json"
    with pytest.raises(DataError, match="keyless"):
        verify(model, signature=path, key=key.public)


def test_errors_are_of_one_tree() -> None:
    assert issubclass(ModelDiffersError, DataError)
    assert issubclass(DataError, AssayError)
    assert dataclasses.is_dataclass(Differences)
    assert Digest.of(b"") == root_of([])
