"""R data: models are clean with their functions and calls; code that runs by itself is not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.r_serialization import Walk
from scanning.container_making import Member, judge, zip_of
from scanning.r_making import Writer, fitted, rds, workspace

ENCODINGS = ("X", "A", "B")


def command(writer: Writer) -> bytes:
    return writer.call("system", writer.texts("touch marker"))


def promised(encoding: str = "X") -> bytes:
    writer = Writer(encoding)
    return rds(writer.promise(command(writer)), encoding=encoding)


@pytest.mark.parametrize("encoding", ["X", "A"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_fitted_model_is_clean(encoding: str, version: int) -> None:
    data = rds(fitted(Writer(encoding)), encoding=encoding, version=version)
    judged = judge(data, "fit.rds")
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family.startswith("r-data")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_as_r_packs_it(pack: object) -> None:
    clean = pack(rds(fitted(Writer())))  # type: ignore[operator]
    assert judge(clean, "fit.rds").verdict is Verdict.CLEAN
    assert judge(pack(promised()), "fit.rds").verdict is Verdict.MALICIOUS  # type: ignore[operator]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_promise_in_place_of_an_object(encoding: str) -> None:
    judged = judge(promised(encoding), "model.rds")
    assert judged.rules == {"r.promise"}
    assert judged.verdict is Verdict.MALICIOUS
    assert "system" in judged.findings[0].evidence
    assert "touch marker" in judged.findings[0].evidence


def test_promises_wherever_they_are_no_environment_s() -> None:
    w = Writer()
    listed = w.items([w.reals(1.0), w.promise(w.call("eval", w.call("parse", w.texts("x"))))])
    assert "r.promise" in judge(rds(listed), "m.rds").rules
    w = Writer()
    attributed = w.with_attribute(w.reals(1.0), "class", w.promise(command(w)))
    assert "r.promise" in judge(rds(attributed), "m.rds").rules
    w = Writer()
    named = w.pairs([("fit", w.reals(1.0)), ("weights", None)])
    assert judge(workspace(named), "m.RData").verdict is Verdict.CLEAN
    w = Writer()
    head = w.integer(2 | 1 << 10) + w.symbol("weights")
    hidden = head + w.promise(command(w)) + w.nil()
    judged = judge(workspace(hidden), "m.RData")
    assert "weights" in judged.findings[0].evidence
    assert judged.verdict is Verdict.MALICIOUS


def test_a_promise_of_bytecode() -> None:
    w = Writer()
    code = w.compiled(w.symbol("system"), w.texts("touch marker"))
    judged = judge(rds(w.promise(code)), "m.rds")
    assert judged.verdict is Verdict.MALICIOUS
    assert "system" in judged.findings[0].evidence


def test_arguments_that_a_function_s_environment_still_waits_for_are_clean() -> None:
    w = Writer()
    head = w.integer(2 | 1 << 10) + w.symbol("x")
    frame = head + w.promise(w.call("mean", w.symbol("y"))) + w.nil()
    assert judge(rds(w.environment(frame)), "f.rds").verdict is Verdict.CLEAN
    w = Writer()
    head = w.integer(2 | 1 << 10) + w.symbol("x")
    frame = head + w.promise(command(w)) + w.nil()
    assert "r.dangerous-code" in judge(rds(w.environment(frame)), "f.rds").rules


def test_functions_are_clean_unless_they_lead_out_of_r() -> None:
    w = Writer()
    assert judge(rds(w.closure(w.call("+", w.symbol("x")))), "f.rds").verdict is Verdict.CLEAN
    w = Writer()
    judged = judge(rds(w.closure(w.call("{", command(w)))), "f.rds")
    assert judged.rules == {"r.function"}
    assert judged.verdict is Verdict.SUSPICIOUS
    w = Writer()
    named = w.closure(w.call("do.call", w.texts("system"), w.texts("ls")))
    assert judge(rds(named), "f.rds").rules == {"r.function"}


def test_a_call_that_is_only_kept_is_clean() -> None:
    w = Writer()
    assert judge(rds(w.items([w.call("download.file", w.texts("u"))])), "m.rds").verdict is (
        Verdict.CLEAN
    )


@pytest.mark.parametrize("name", [".First", ".Last", ".onLoad"])
def test_functions_r_calls_itself(name: str) -> None:
    w = Writer()
    head = w.integer(2 | 1 << 10) + w.symbol(name)
    data = workspace(head + w.closure(w.call("print", w.texts("x"))) + w.nil())
    judged = judge(data, "work.RData")
    assert "r.start" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_an_active_binding_that_starts_programs() -> None:
    w = Writer()
    head = w.integer(2 | 1 << 10 | 1 << 27) + w.symbol("x")
    frame = head + w.closure(command(w)) + w.nil()
    assert "r.dangerous-code" in judge(rds(w.environment(frame)), "e.rds").rules


def test_a_start_file_beside_a_model() -> None:
    judged = judge(b"system('touch marker')\n", ".Rprofile")
    assert judged.rules == {"r.profile"}
    assert judged.verdict is Verdict.MALICIOUS


def test_depth_r_cannot_read() -> None:
    w = Writer()
    nested = (w.integer(19) + w.integer(1)) * 20_000 + w.nil()
    judged = judge(rds(nested), "m.rds")
    assert "r.depth" in judged.rules
    flat = w.pairs([("", w.nil())] * 20_000)
    assert judge(rds(flat), "m.rds").verdict is Verdict.CLEAN


def test_content_is_recognised_under_any_name() -> None:
    assert judge(promised(), "weights.bin").verdict is Verdict.MALICIOUS
    assert "file.disguised" in judge(promised(), "model.safetensors").rules
    assert judge(zip_of([Member("fit.rds", promised())]), "m.zip").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_cut_object_is_never_clean(encoding: str) -> None:
    data = rds(fitted(Writer(encoding)), encoding=encoding) if encoding != "B" else promised("B")
    for size in range(14, len(data) - 2):
        assert judge(data[:size], "m.rds").verdict is not Verdict.CLEAN, size


def test_what_was_read_before_the_end_counts() -> None:
    data = promised()
    assert judge(data[:-3], "m.rds").verdict is Verdict.MALICIOUS


def test_bytes_behind_the_object_are_unread() -> None:
    assert judge(rds(fitted(Writer())) + b"rest", "m.rds").verdict is Verdict.UNKNOWN


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ENCODINGS), st.data())
def test_any_change_has_an_answer(encoding: str, data: st.DataObject) -> None:
    raw = bytearray(promised(encoding))
    if encoding == "X" and data.draw(st.booleans()):
        raw = bytearray(rds(fitted(Writer())))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    judge(bytes(raw), "m.rds")


def test_hostile_lengths_cost_nothing() -> None:
    w = Writer()
    begin = time.process_time()
    judge(rds(w.integer(19) + w.integer(2**31 - 1)), "m.rds")
    judge(rds(w.integer(16) + w.integer(2**31 - 1) + bytes(1000)), "m.rds")
    judge(rds(w.integer(14) + w.integer(-1) + w.integer(255) + w.integer(0)), "m.rds")
    judge(rds(w.items([w.integer(249) + w.integer(0) + w.integer(2**31 - 1)])), "m.rds")
    assert time.process_time() - begin < 2


def test_the_walk_knows_what_a_workspace_holds() -> None:
    w = Writer()
    walk = Walk(workspace(w.pairs([("a", None), ("b", None)])))
    walk.read()
    assert walk.names == {"a": 254, "b": 254}
    assert walk.version == 2
