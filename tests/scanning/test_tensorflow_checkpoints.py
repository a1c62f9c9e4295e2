"""What stands beside a graph: checkpoints, shards, fingerprints, states and records."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import COMMAND, ELF, judge
from scanning.protobuf_making import blob, fixed32, message, number
from scanning.tensorflow_making import checkpoint_table, records

STATE = (
    b'model_checkpoint_path: "/tmp/m.ckpt-3"\nall_model_checkpoint_paths: "m.ckpt-3"\n'
    b"last_preserved_timestamp: 1.5\n"
)
SHARD = "variables.data-00000-of-00001"


@pytest.mark.parametrize(
    ("name", "data", "family"),
    [
        ("variables.index", checkpoint_table(), "tensorflow-checkpoint"),
        (SHARD, bytes(range(256)), "tensorflow-shard"),
        (f"variables/{SHARD}", b"\x80\x3f" * 40, "tensorflow-shard"),
        ("fingerprint.pb", message(number(1, 7), number(2, 8), number(5, 9)), "tensorflow-note"),
        ("tfhub_module.pb", b"\x08\x03", "tensorflow-note"),
        ("a.tfrecord", records(b"one", b"", b"three"), "tensorflow-records"),
        ("events.out.tfevents.1700000000.host", records(b"\x09" + bytes(9)), "tensorflow-records"),
        (
            "checkpoint",
            STATE,
            "tensorflow-checkpoint-state",
        ),
    ],
)
def test_companions_are_recognised_and_clean(name: str, data: bytes, family: str) -> None:
    judged = judge(data, name)
    assert (judged.family, judged.verdict) == (family, Verdict.CLEAN), judged


def test_a_program_in_a_shard_or_record() -> None:
    assert judge(bytes(800) + elf() + bytes(90), SHARD).rules == {"tensorflow.executable"}
    assert judge(records(b"x", ELF), "a.tfrecord").rules == {"tensorflow.executable"}
    assert judge(bytes(64) + b"\x7fELF" + bytes(90), SHARD).verdict is Verdict.CLEAN


def elf() -> bytes:
    """A header that holds together: its own size where the format has it."""
    header = bytearray(ELF)
    header[52:54] = (64).to_bytes(2, "little")
    return bytes(header)


def test_a_pickle_that_is_named_as_a_shard_is_a_pickle() -> None:
    for data in (COMMAND, b"\x80\x02" + COMMAND):
        judged = judge(data, SHARD)
        assert (judged.family, judged.verdict) == ("pickle", Verdict.MALICIOUS)


@pytest.mark.parametrize(
    "entries",
    [
        {"w": b"\xff\xff"},
        {"w": message(number(9, 1))},
        {"w": message(blob(2, b""), fixed32(6, 1), number(4, 2**64 - 1))},
    ],
)
def test_a_table_with_entries_that_are_none(entries: dict[str, bytes]) -> None:
    assert judge(checkpoint_table(entries), "v.index").verdict is not Verdict.CLEAN


def test_records_that_are_cut_off_or_followed_by_something_are_unread() -> None:
    whole = records(b"one", b"two")
    assert "cut off" in judge(whole[:-1], "a.tfrecord").unread[0]
    assert "broken record" in judge(whole + b"garbage and more garbage", "a.tfrecord").unread[0]


def test_a_state_with_another_line_is_unread() -> None:
    data = b'model_checkpoint_path: "m"\nimport os\n'
    assert judge(data, "checkpoint").verdict is Verdict.UNKNOWN


def test_a_table_cut_anywhere_is_never_clean() -> None:
    data = checkpoint_table()
    for size in range(1, len(data)):
        assert judge(data[:size], "v.index").verdict is not Verdict.CLEAN


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_table_is_answered(data: st.DataObject) -> None:
    raw = bytearray(checkpoint_table())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 9))] = data.draw(st.integers(0, 255))
    assert judge(bytes(raw), "v.index").verdict in Verdict
