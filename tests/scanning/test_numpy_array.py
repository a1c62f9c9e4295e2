"""NumPy's array files: headers, what follows them, and the pickles of object arrays."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import DataError
from assay.core.finding import Verdict
from assay.scanning.parsers.npy import literal, parse_header
from scanning.container_making import COMMAND, ELF, Member, benign_pickle, judge, zip_of

FLOATS = struct.pack("<6d", *range(6))


def npy(
    descr: str = "'<f8'",
    shape: str = "(6,)",
    body: bytes = FLOATS,
    *,
    version: int = 1,
    header: str | None = None,
) -> bytes:
    """An array file with any header."""
    text = header or f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    raw = text.encode("utf-8" if version == 3 else "latin-1")
    width = 2 if version == 1 else 4
    raw += b" " * (-(8 + width + len(raw) + 1) % 64) + b"\n"
    lead = b"\x93NUMPY" + bytes([version, 0])
    return lead + len(raw).to_bytes(width, "little") + raw + body


RECORD = "[('a', '<i4'), ('b', '<f8', (2, 2)), ('c', [('d', '|S3'), ('e', '?')]), ('', '|V4')]"


@pytest.mark.parametrize(
    ("descr", "shape", "size"),
    [
        ("'<f8'", "(6,)", 48),
        ("'>i4'", "(2, 3)", 24),
        ("'|b1'", "()", 1),
        ("'<U4'", "(2,)", 32),
        ("'<M8[D]'", "(3,)", 24),
        ("'<c16'", "(0, 128)", 0),
        ("'|V5'", "(2L,)", 10),
        ("('<f4', (3,))", "(2,)", 24),
        (RECORD, "(2,)", 2 * (4 + 32 + 4 + 4)),
        ("[(('a title', 'größe'), '<i4')]", "(1,)", 4),
    ],
)
def test_the_size_of_an_array_follows_from_its_header(descr: str, shape: str, size: int) -> None:
    data = npy(descr, shape, bytes(size), version=3)
    header = parse_header(data)
    assert (header.size, header.has_objects, header.start) == (size, False, len(data) - size)
    judged = judge(data, "a.npy")
    assert (judged.family, judged.verdict, judged.findings) == ("numpy", Verdict.CLEAN, ())


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_array_is_recognised_under_any_name(version: int) -> None:
    for name in ("a.npy", "features.bin", "a"):
        assert judge(npy(version=version), name).family == "numpy"
    assert judge(npy(), "labels.json").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "descr",
    ["'|O'", "'O'", "'<O8'", "'object'", "'i4,O'", "[('a', '<i4'), ('b', 'O')]",
     "[('a', [('b', '|O')], (2,))]", "('|O', (2,))"],
)  # fmt: skip
def test_the_pickle_of_an_object_array_is_judged(descr: str) -> None:
    bad = judge(npy(descr, "(1,)", COMMAND), "a.npy")
    assert bad.verdict is Verdict.MALICIOUS
    assert {f.rule for f in bad.findings} == {"pickle.dangerous-import"}
    good = judge(npy(descr, "(1,)", benign_pickle()), "a.npy")
    assert good.verdict in (Verdict.CLEAN, Verdict.UNKNOWN)
    assert not good.findings


def test_offsets_count_from_the_start_of_the_file() -> None:
    data = npy("'|O'", "(1,)", COMMAND)
    (found,) = judge(data, "a.npy").findings
    place = found.location.offset
    assert place is not None
    assert data[place : place + 1] in (b"c", b"R")


def test_arrays_saved_one_after_another_are_all_judged() -> None:
    objects = npy("'|O'", "(1,)", benign_pickle())
    assert judge(npy() + objects + npy(), "a.npy").verdict is Verdict.CLEAN
    for data in (npy() + npy("'|O'", "(1,)", COMMAND), objects + npy("'|O'", "(1,)", COMMAND)):
        assert judge(data, "a.npy").verdict is Verdict.MALICIOUS


def test_a_pickle_named_as_an_array_is_one() -> None:
    assert judge(COMMAND, "a.npy").verdict is Verdict.MALICIOUS
    assert judge(benign_pickle(), "a.npy").verdict is Verdict.SUSPICIOUS


def test_numbers_that_look_like_a_pickle_are_numbers() -> None:
    looks = COMMAND * 3
    data = npy("'|u1'", f"({len(looks)},)", looks)
    assert judge(data, "a.npy").verdict is Verdict.CLEAN


def test_a_program_in_an_array() -> None:
    data = npy("'|u1'", f"({len(ELF)},)", ELF)
    assert judge(data, "a.npy").rules == {"numpy.executable"}
    assert judge(npy("'|u1'", f"({len(ELF)},)", ELF[:3] + bytes(61)), "a.npy").rules == set()


def test_bytes_behind_an_array() -> None:
    judged = judge(npy() + b"hidden\0words", "a.npy")
    assert (judged.rules, judged.verdict) == ({"numpy.trailing-data"}, Verdict.SUSPICIOUS)
    for body in (COMMAND, ELF, zip_of([Member("a.md", b"x")])):
        assert judge(npy() + body, "a.npy").verdict is Verdict.MALICIOUS


def test_an_array_that_is_cut_off_is_unread_and_an_absurd_one_a_finding() -> None:
    short = judge(npy(body=FLOATS[:-1]), "a.npy")
    assert short.verdict is Verdict.UNKNOWN
    assert any("1 bytes are missing" in reason for reason in short.unread)
    absurd = judge(npy(shape="(1099511627776, 1048576)"), "a.npy")
    assert (absurd.rules, absurd.verdict) == ({"numpy.size"}, Verdict.SUSPICIOUS)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'shape': (6,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), 'x': 1}",
        "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (6,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': [6]}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-6,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6.0,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': __import__('os')}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6,)} + 1",
        "[" * 40 + "]" * 40,
        "(" * 30_000,
        "{" * 100,
        "",
        "'",
    ],
)
def test_what_is_no_header_is_unread(header: str) -> None:
    judged = judge(npy(header=header or " "), "a.npy")
    assert judged.verdict is Verdict.UNKNOWN, judged


@pytest.mark.parametrize("lead", [b"\x04\x00v\x00", b"\x00\x00v\x00", b"\x02\x00\xff\xff\xff\xff"])
def test_versions_and_lengths_nobody_writes_are_unread(lead: bytes) -> None:
    data = b"\x93NUMPY" + lead + npy()[10:]
    assert judge(data, "a.npy").verdict is Verdict.UNKNOWN


def test_literals_are_read_as_python_reads_them() -> None:
    assert literal(" {'a': (1,), 'b': [2, (3)], \"c\": (True, None), }\n") == {
        "a": (1,),
        "b": [2, 3],
        "c": (True, None),
    }
    assert literal("()") == ()
    for text in ("(,)", "(1 2)", "{1: 2}", "{'a' 1}", "[1,,2]", "(1]", "1 1", "a"):
        with pytest.raises(DataError):
            literal(text)


def test_every_prefix_answers_and_no_malicious_array_is_clean() -> None:
    data = npy("'|O'", "(1,)", COMMAND)
    for cut in range(7, len(data)):
        assert judge(data[:cut], "a.npy").verdict is not Verdict.CLEAN, cut


def test_an_archive_of_arrays_is_one_and_each_is_judged() -> None:
    rows = [Member("w.npy", npy()), Member("deep/b.npy", npy(), method=8)]
    judged = judge(zip_of(rows), "a.npz")
    assert (judged.family, judged.verdict) == ("numpy-archive", Verdict.CLEAN)
    evil = Member("x.npy", npy("'|O'", "(1,)", COMMAND), method=8)
    bad = judge(zip_of([*rows, evil]), "a.npz")
    assert {f.location.member for f in bad.findings} == {"x.npy"}
    other = judge(zip_of([*rows, Member("x.pkl", COMMAND)]), "a.npz")
    assert (other.family, other.verdict) == ("zip", Verdict.MALICIOUS)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_mutation_of_an_array_makes_the_scanner_fail(data: st.DataObject) -> None:
    body = bytearray(npy(RECORD, "(2,)", bytes(88)) + npy("'|O'", "(1,)", benign_pickle()))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(6, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(body), "a.npy").verdict in Verdict


def test_what_numpy_writes_is_clean_and_measured_alike() -> None:
    numpy = pytest.importorskip("numpy")
    kinds = ["<f8", ">i4", "?", "U3", "S2", "M8[s]", "c16", "f2", "V3", [("a", "i1"), ("b", "f8")]]
    arrays = [numpy.zeros((3, 2), dtype=kind) for kind in kinds]
    arrays += [numpy.zeros(2, numpy.dtype([("a", "i1"), ("b", "f8")], align=True))]
    arrays += [numpy.asfortranarray(arrays[0]), numpy.zeros(()), numpy.zeros((0, 3))]
    arrays += [numpy.array(["x", None, [1]], dtype=object)]
    for array in arrays:
        out = io.BytesIO()
        numpy.save(out, array)
        header = parse_header(out.getvalue())
        if not header.has_objects:
            assert (header.item_bytes, header.shape) == (array.itemsize, array.shape)
            assert header.start + header.size == len(out.getvalue())
        judged = judge(out.getvalue(), "a.npy")
        assert (judged.verdict, judged.findings) == (Verdict.CLEAN, ()), array.dtype
