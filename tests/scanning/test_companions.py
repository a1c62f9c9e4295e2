"""What lies beside a model is recognised by content and clean, unless something is in it."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import ELF, judge

EVIL = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."


def parquet(metadata: bytes = b"\x15\x02\x19\x1c") -> bytes:
    return b"PAR1" + b"data" * 9 + metadata + struct.pack("<I", len(metadata)) + b"PAR1"


def arrow(schema: bytes = b"\x10\0\0\0schema") -> bytes:
    footer = b"footer"
    return b"ARROW1\0\0" + schema + footer + struct.pack("<I", len(footer)) + b"ARROW1"


def pdf(body: bytes = b"1 0 obj << /Type /Catalog >> endobj\n") -> bytes:
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R >>\n%%EOF\n"


def packed(body: bytes) -> bytes:
    content = zlib.compress(body)
    head = b"5 0 obj << /Type /ObjStm /N 1 /Filter /FlateDecode /Length %d >>\n" % len(content)
    return pdf(head + b"stream\n" + content + b"\nendstream endobj\n")


def wav(extra: bytes = b"") -> bytes:
    chunks = b"WAVEfmt \x10\0\0\0" + bytes(16) + b"data\x04\0\0\0abcd"
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks + extra


def ogg() -> bytes:
    return (b"OggS\0\2" + bytes(20) + b"\x01\x05" + b"abcde") * 3


def boxes(extra: bytes = b"") -> bytes:
    head = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
    return head + struct.pack(">I4s4s", 12, b"mdat", b"abcd") + extra


def bmp() -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHH", 58, 0, 0, 54, 40, 1, 1, 1, 24) + bytes(28)


FLAC = b"fLaC\x80\0\0\x22" + bytes(34) + b"\xff\xf8frames"
SQLITE = b"SQLite format 3\0" + struct.pack(">H", 512) + bytes(512 * 2 - 18)
MATLAB = (
    b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\x01IM" + struct.pack("<II", 14, 5) + b"abcde\0\0\0"
)
FILES = {
    "a.parquet": (parquet(), "parquet"),
    "a.arrow": (arrow(), "arrow"),
    "a.feather": (b"FEA1" + bytes(16) + b"FEA1", "feather"),
    "a.pdf": (pdf(), "pdf"),
    "a.wav": (wav(), "riff"),
    "a.flac": (FLAC, "flac"),
    "a.ogg": (ogg(), "ogg"),
    "a.mp3": (b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 20, "mpeg-audio"),
    "a.mp4": (boxes(), "iso-media"),
    "a.bmp": (bmp(), "bmp"),
    "a.tiff": (b"II*\0\x08\0\0\0" + bytes(8), "tiff"),
    "a.ico": (b"\0\0\1\0\1\0" + bytes(40), "ico"),
    "a.ttf": (b"\0\1\0\0\0\x0a" + bytes(60), "font"),
    "a.db": (SQLITE, "sqlite"),
    "a.mat": (MATLAB, "matlab"),
}


@pytest.mark.parametrize("name", FILES)
def test_companions_are_recognised_and_clean(name: str) -> None:
    data, family = FILES[name]
    judged = judge(data, name)
    assert (judged.family, judged.verdict, judged.findings) == (family, Verdict.CLEAN, ())


@pytest.mark.parametrize(
    "name", ["a.parquet", "a.arrow", "a.feather", "a.pdf", "a.mp4", "a.wav", "a.mat"]
)
def test_one_that_is_cut_off_is_unknown(name: str) -> None:
    data, _ = FILES[name]
    assert judge(data[:-7], name).verdict is Verdict.UNKNOWN


def test_a_column_type_that_is_a_pickle_is_found_and_what_it_imports_told() -> None:
    schema = b"\x1carrow.py_extension_type\x18ARROW:extension:metadata" + EVIL
    direct = judge(arrow(schema), "a.arrow")
    assert direct.rules == {"columnar.pickled-type"}
    assert "posix.system" in direct.findings[0].evidence
    encoded = b"\x0cARROW:schema\x18\x90" + base64.b64encode(schema)
    inside = judge(parquet(encoded), "a.parquet")
    assert inside.verdict is Verdict.MALICIOUS
    assert "posix.system" in inside.findings[0].evidence


def test_a_schema_without_such_a_type_is_clean() -> None:
    encoded = b"\x0cARROW:schema\x18\x90" + base64.b64encode(b"\x1carrow.json" + bytes(30))
    assert judge(parquet(encoded), "a.parquet").verdict is Verdict.CLEAN


def test_encrypted_metadata_is_unknown() -> None:
    assert judge(parquet()[:-4] + b"PARE", "a.parquet").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "data",
    [
        pdf(b"1 0 obj << /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >> endobj\n"),
        pdf(b"1 0 obj << /A << /S /Launch /F (calc.exe) >> >> endobj\n"),
        pdf(b"1 0 obj << /S /J#61vaScript >> endobj\n"),
        packed(b"1 0 << /S /JavaScript /JS (x) >>"),
    ],
    ids=["plain", "launch", "escaped", "packed"],
)
def test_a_document_that_acts_needs_a_person(data: bytes) -> None:
    judged = judge(data, "paper.pdf")
    assert judged.verdict is Verdict.SUSPICIOUS
    assert "pdf.action" in judged.rules


def test_a_document_that_opens_at_a_page_is_clean() -> None:
    body = b"1 0 obj << /OpenAction [3 0 R /Fit] /Names 4 0 R /JSON 1 >> endobj\n"
    assert judge(pdf(body), "paper.pdf").verdict is Verdict.CLEAN


@pytest.mark.parametrize("make", [wav, boxes])
def test_what_hides_behind_the_end_is_found(make) -> None:
    assert "media.executable" in judge(make(ELF + bytes(100)), "a.bin").rules
    assert judge(make(b"\xfe" * 300), "a.bin").verdict is Verdict.SUSPICIOUS
    assert judge(make(bytes(30)), "a.bin").verdict is Verdict.CLEAN


def test_a_pdf_with_data_behind_its_end_needs_a_person() -> None:
    assert "pdf.trailing-data" in judge(pdf() + b"\x07" * 5000, "a.pdf").rules


def test_a_pickle_named_as_a_companion_is_no_companion() -> None:
    for name in FILES:
        assert judge(EVIL, name).verdict is Verdict.MALICIOUS


@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_damage_makes_one_fail_or_harmful(name: str, data: st.DataObject) -> None:
    raw = bytearray(FILES[name][0])
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    judged = judge(bytes(raw[: data.draw(st.integers(1, len(raw)))]), name)
    assert judged.verdict in (Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.UNKNOWN)
