"""ExecuTorch programs: operators, backends, segments, and programs hidden in them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import judge
from scanning.flatbuffer_making import Number, Table, buffer

NAME = "model.pte"
LIBRARY = (
    b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
).ljust(4096, b"\0")  # fmt: skip
Segment = tuple[int, int]


def program(
    operators: Sequence[str] = ("aten::add", "executorch_prim::et_view"),
    backends: Sequence[str] = (),
    segments: Sequence[Segment] = ((0, 64),),
    *,
    tail: bytes = bytes(64),
    base: int | None = None,
    size: int | None = None,
) -> bytes:
    """A program whose segments are pairs of offset and size behind it."""
    plan = Table(
        [
            "forward",
            None,
            None,
            None,
            None,
            None,
            [Table([name, "out"]) for name in operators],
            [Table([name, None, None]) for name in backends],
        ]
    )
    spans = [Table([Number(offset, 8), Number(length, 8)]) for offset, length in segments]
    whole = bytearray(buffer(Table([Number(0), [plan], None, None, spans]), b"ET12", bytes(32)))
    whole += bytes(-len(whole) % 16)
    start = len(whole) if base is None else base
    said = len(whole) if size is None else size
    struct.pack_into("<4sIQQQ", whole, 8, b"eh00", 32, said, start, len(tail))
    return bytes(whole) + tail


def test_an_honest_program_is_clean() -> None:
    judged = judge(program(backends=["XnnpackBackend"]), NAME)
    assert (judged.family, judged.verdict, judged.unread) == ("executorch", Verdict.CLEAN, ())
    assert judge(program(), "weights.bin").family == "executorch"


@pytest.mark.parametrize(
    ("data", "rule", "verdict"),
    [
        (program(["acme::op"]), "executorch.custom-operator", Verdict.SUSPICIOUS),
        (program(["aten::from_file"]), "executorch.reaching-operator", Verdict.MALICIOUS),
        (program(["acme::run_command"]), "executorch.reaching-operator", Verdict.MALICIOUS),
        (program(backends=["EvilBackend"]), "executorch.custom-backend", Verdict.SUSPICIOUS),
        (program(segments=[(2**40, 64)]), "executorch.bounds", Verdict.MALICIOUS),
        (program(segments=[(0, 64), (32, 32)]), "executorch.bounds", Verdict.MALICIOUS),
        (program(base=16), "executorch.bounds", Verdict.MALICIOUS),
        (program(segments=[(0, 4096)], tail=LIBRARY), "executorch.native-code", Verdict.MALICIOUS),
        (
            program(
                segments=[(0, 5000)], tail=LIBRARY + b"AOTInductorModelContainerCreate".ljust(904)
            ),
            "executorch.native-code",
            Verdict.SUSPICIOUS,
        ),
        (program() + bytes(8192), "executorch.hidden-data", Verdict.SUSPICIOUS),
    ],
)
def test_what_a_program_may_not_hold(data: bytes, rule: str, verdict: Verdict) -> None:
    judged = judge(data, NAME)
    assert rule in judged.rules
    assert judged.verdict is verdict


def test_segments_without_a_header_and_places_far_away() -> None:
    whole = bytearray(program())
    whole[8:12] = bytes(4)
    assert "executorch.bounds" in judge(bytes(whole), NAME).rules
    whole[0:4] = b"\xf0\xff\xff\x7f"
    assert "executorch.bounds" in judge(bytes(whole), NAME).rules
    assert "executorch.bounds" in judge(program(size=2**50), NAME).rules


def test_a_program_cut_off_anywhere_is_never_clean() -> None:
    whole = program(["acme::op"])
    for size in range(9, len(whole) - 1):
        assert judge(whole[:size], NAME).verdict is not Verdict.CLEAN, size


def test_tensors_alone_and_programs_with_tests() -> None:
    tensors = buffer(Table([Number(0), [], []]), b"FT01")
    assert judge(tensors, "w.ptd").verdict is Verdict.CLEAN
    assert judge(tensors + LIBRARY, "w.ptd").verdict is Verdict.MALICIOUS
    bundle = buffer(Table([Number(0), None, program()]), b"BP08")
    judged = judge(bundle, "m.bpte")
    assert (judged.family, judged.verdict) == ("executorch-bundle", Verdict.CLEAN)
    evil = buffer(Table([Number(0), None, program(["aten::from_file"])]), b"BP08")
    assert judge(evil, "m.bpte").verdict is Verdict.MALICIOUS
    assert judge(buffer(Table([Number(0)]), b"BP08"), "m.bpte").verdict is Verdict.UNKNOWN


@given(st.data())
def test_any_change_is_answered(data: st.DataObject) -> None:
    whole = bytearray(program(backends=["XnnpackBackend"]))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(whole), NAME).verdict in Verdict
