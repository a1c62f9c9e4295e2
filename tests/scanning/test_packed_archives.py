"""Formats that are archives: found by their members' names, and judged as what they are."""

from __future__ import annotations

import io
import json
import pickle
import tarfile

import pytest

from assay.core.finding import Verdict
from scanning.container_making import (
    COMMAND,
    ELF,
    Judged,
    Member,
    benign_pickle,
    judge,
    torch_members,
    zip_of,
)

CLASS = b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(40)
TYPES = Member("[Content_Types].xml", b'<?xml version="1.0"?><Types/>')
LINKED = (
    b'<?xml version="1.0"?><Relationships><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" '
    b'Target="http://example.invalid/x" TargetMode="External"/></Relationships>'
)


def judged_as(members: dict[str, bytes], name: str) -> tuple[Judged, Judged]:
    """The same members in a zip and in a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, body in members.items():
            row = tarfile.TarInfo(f"./{member}")
            row.size = len(body)
            archive.addfile(row, io.BytesIO(body))
    zipped = zip_of([Member(member, body, method=8) for member, body in members.items()])
    return judge(zipped, name), judge(out.getvalue(), name)


def test_a_model_is_the_same_in_a_zip_and_in_a_tar() -> None:
    members = {"model_config.yaml": b"", "model_weights.ckpt": zip_of(torch_members())}
    for judged in judged_as(members, "model.nemo"):
        assert judged.family == "nemo"
    members["model_weights.ckpt"] = zip_of(torch_members(COMMAND))
    for judged in judged_as(members, "model.nemo"):
        assert judged.verdict is Verdict.MALICIOUS
        assert {f.location.member for f in judged.findings} == {
            "model_weights.ckpt!archive/data.pkl"
        }


def test_a_served_model_is_judged_member_by_member() -> None:
    manifest = b'{"createdOn": "1", "model": {"modelName": "m", "handler": "h"}}'
    members = {"MAR-INF/MANIFEST.json": manifest, "model.pt": zip_of(torch_members())}
    for judged in judged_as(members, "model.mar"):
        assert (judged.family, judged.verdict) == ("torchserve", Verdict.CLEAN), judged
    members["extra/vocab.bin"] = COMMAND
    for judged in judged_as(members, "model.mar"):
        assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        ({"handler": "../../../tmp/evil.py:run"}, Verdict.MALICIOUS),
        ({"handler": "handler.py:run", "serializedFile": "/tmp/a.pt"}, Verdict.MALICIOUS),
        ({"handler": "h", "extraFiles": ["a.json", "..\\b"]}, Verdict.MALICIOUS),
        ({"handler": "image_classifier", "extraFiles": "index_to_name.json"}, Verdict.CLEAN),
        ({"handler": "src/handler.py:run", "requirementsFile": "r.txt"}, Verdict.CLEAN),
        ({"handler": 1, "extraFiles": {}}, Verdict.CLEAN),
    ],
)
def test_a_served_model_names_what_it_holds(model: dict[str, object], verdict: Verdict) -> None:
    members = {"MAR-INF/MANIFEST.json": json.dumps({"model": model}).encode()}
    for judged in judged_as(members, "model.mar"):
        assert judged.verdict is verdict, judged
        assert ("torchserve.path" in judged.rules) is (verdict is Verdict.MALICIOUS)


def test_a_package_may_hold_libraries_and_is_never_clean_with_them() -> None:
    members = {
        "pkg-1.0.dist-info/RECORD": b"pkg/__init__.py,,\n",
        "pkg-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pkg\n",
        "pkg/__init__.py": b"",
    }
    for judged in judged_as(members, "pkg-1.0-py3-none-any.whl"):
        assert (judged.family, judged.verdict) == ("python-package", Verdict.CLEAN), judged
    members["pkg/_fast.abi3.so"] = ELF
    for judged in judged_as(members, "pkg-1.0-py3-none-any.whl"):
        assert (judged.rules, judged.verdict) == ({"archive.native-code"}, Verdict.SUSPICIOUS)
    members["pkg/data.pkl"] = COMMAND
    for judged in judged_as(members, "pkg-1.0-py3-none-any.whl"):
        assert judged.verdict is Verdict.MALICIOUS


def test_metadata_of_a_package_that_is_no_text_is_judged() -> None:
    members = {"pkg-1.0.dist-info/RECORD": b"a,,\n", "pkg-1.0.dist-info/x.bin": ELF}
    for judged in judged_as(members, "pkg.whl"):
        assert judged.rules == {"archive.native-code"}
    members["pkg-1.0.dist-info/x.bin"] = b"\x80\x04" + COMMAND
    for judged in judged_as(members, "pkg.whl"):
        assert judged.verdict is Verdict.MALICIOUS


def test_compiled_java_code_is_reported_once() -> None:
    members = {
        "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n\r\n",
        "a/A.class": CLASS,
        "a/B.class": CLASS,
    }
    for judged in judged_as(members, "scorer.jar"):
        assert (judged.family, judged.verdict) == ("java-archive", Verdict.SUSPICIOUS), judged
        assert [f.rule for f in judged.findings] == ["archive.java-code"]
    members["native/libx.so"] = ELF
    for judged in judged_as(members, "scorer.jar"):
        assert judged.rules == {"archive.java-code", "archive.native-code"}
    members["model.pkl"] = COMMAND
    for judged in judged_as(members, "scorer.jar"):
        assert judged.verdict is Verdict.MALICIOUS


def office(*members: Member) -> Judged:
    return judge(zip_of([TYPES, Member("word/document.xml", b"<w:document/>"), *members]), "a.docx")


def test_an_office_document_that_only_shows_text_is_clean() -> None:
    judged = office(Member("word/_rels/document.xml.rels", LINKED % b"hyperlink"))
    assert (judged.family, judged.verdict, judged.findings) == ("office", Verdict.CLEAN, ())


@pytest.mark.parametrize(
    "name", ["word/vbaProject.bin", "word/activeX/activeX1.bin", "word/embeddings/ole1.bin"]
)
def test_macros_and_embedded_objects_are_suspicious(name: str) -> None:
    judged = office(Member(name, b"\xd0\xcf\x11\xe0" + bytes(100)))
    assert (judged.rules, judged.verdict) == ({"office.macros"}, Verdict.SUSPICIOUS)


@pytest.mark.parametrize("kind", [b"attachedTemplate", b"oleObject", b"frame"])
def test_a_template_from_elsewhere_is_suspicious(kind: bytes) -> None:
    judged = office(Member("word/_rels/settings.xml.rels", LINKED % kind))
    assert (judged.rules, judged.verdict) == ({"office.outside-content"}, Verdict.SUSPICIOUS)


def test_a_document_type_and_hidden_formats_in_a_document_are_not_passed_over() -> None:
    declared = office(Member("word/x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'))
    assert declared.verdict is Verdict.UNKNOWN
    assert office(Member("word/y.xml", COMMAND)).verdict is Verdict.MALICIOUS
    assert office(Member("word/media/z.png", ELF)).verdict is Verdict.MALICIOUS


def test_an_archive_of_two_kinds_is_read_as_the_one_that_acts() -> None:
    members = [TYPES, *torch_members(COMMAND)]
    judged = judge(zip_of(members), "a.docx")
    assert judged.family == "torch"
    assert judged.verdict is Verdict.MALICIOUS


def test_an_archive_of_nothing_is_clean() -> None:
    assert judge(zip_of([]), "a.zip").verdict is Verdict.CLEAN


def test_a_member_that_is_two_formats_is_found_inside_an_archive() -> None:
    gif = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    clean = judge(zip_of([Member("a.gif", gif)]), "a.zip")
    assert clean.verdict is Verdict.CLEAN, clean
    two = judge(zip_of([Member("a.gif", gif + zip_of(torch_members(COMMAND)))]), "a.zip")
    assert {"file.polyglot", "pickle.dangerous-import"} <= two.rules


def test_a_picture_whose_first_letters_are_a_pickle() -> None:
    data = b"GIF89a\1\0\1" + COMMAND
    judged = judge(data, "logo.gif")
    assert {"file.polyglot", "pickle.dangerous-import"} <= judged.rules


def test_a_pickle_behind_a_picture_is_malicious() -> None:
    gif = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    for body, verdict in ((COMMAND, Verdict.MALICIOUS), (b"words", Verdict.SUSPICIOUS)):
        assert judge(gif + body, "logo.gif").verdict is verdict
    assert judge(gif + benign_pickle(), "logo.gif").verdict is Verdict.MALICIOUS


def test_an_archive_in_a_pickles_bytes_is_no_second_reading_and_is_judged() -> None:
    for inner, verdict in (
        (zip_of(torch_members()), Verdict.CLEAN),
        (zip_of(torch_members(COMMAND)), Verdict.MALICIOUS),
    ):
        judged = judge(pickle.dumps({"state": inner, "epoch": 3}, protocol=4), "m.pkl")
        assert judged.verdict is verdict, judged
        assert "file.polyglot" not in judged.rules
    behind = judge(benign_pickle() + zip_of(torch_members()), "m.pkl")
    assert "file.polyglot" in behind.rules
