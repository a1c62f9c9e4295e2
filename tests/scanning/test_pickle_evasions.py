"""A named test for every way a pickle is known to hide what it does. Nothing here is loaded."""

from __future__ import annotations

import pickle
import struct

import pytest

from assay.core.finding import Verdict, verdict_of
from assay.scanning.pickle import PersistentIdRule, Safety, scan_pickle

SYSTEM = b"cposix\nsystem\n(S'id'\ntR."


def text(word: str) -> bytes:
    data = word.encode()
    return b"\x8c" + bytes((len(data),)) + data


def stack_call(module: str, name: str, argument: str = "id") -> bytes:
    return b"\x80\x04" + text(module) + text(name) + b"\x93" + text(argument) + b"\x85R."


def verdict(data: bytes, **options) -> Verdict:
    result = scan_pickle(data, path="f", **options)
    return verdict_of(result.findings, result.unread)


def rules(data: bytes, **options) -> set[str]:
    return {finding.rule for finding in scan_pickle(data, path="f", **options).findings}


MALICIOUS = {
    "a plain call": SYSTEM,
    "protocol 4": stack_call("os", "system"),
    "base-0 INT before the call": b"I0x10\n0" + SYSTEM,
    "base-0 LONG before the call": b"L0x10L\n0" + SYSTEM,
    "octal INT before the call": b"I010\n0" + SYSTEM,
    "a broken opcode after the call": SYSTEM[:-1] + b"\xff",
    "no STOP after the call": SYSTEM[:-1],
    "a cut argument after the call": SYSTEM[:-1] + b"X\xff\xff",
    "a non-ASCII import after the call": SYSTEM[:-1] + b"c\xff\n\xfe\n.",
    "a dotted name through a harmless module": stack_call("logging", "os.system"),
    "a dotted name through an allowed library": stack_call("collections", "abc.sys.modules"),
    "an extension code registered in the stream": (
        b"\x80\x04"
        + text("copyreg")
        + text("add_extension")
        + b"\x93"
        + text("posix")
        + text("system")
        + b"K\x07\x87R0\x82\x07"
        + text("id")
        + b"\x85R."
    ),
    "a result thrown away by POP": SYSTEM[:-1] + b"0N.",
    "a result thrown away by POP_MARK": b"(" + SYSTEM[:-1] + b"1N.",
    "a name overwritten in the memo": (
        b"\x80\x04"
        + text("math")
        + b"q\x000"
        + text("posix")
        + b"q\x000h\x00"
        + text("system")
        + b"\x93"
        + text("id")
        + b"\x85R."
    ),
    "a text memo'd by PUT and fetched by GET": (
        b"Vposix\np5\n0Vsystem\np6\n0g5\ng6\n\x93Vid\n\x85R."
    ),
    "INST": b"(S'id'\niposix\nsystem\n.",
    "OBJ": b"(cposix\nsystem\nS'id'\no.",
    "NEWOBJ": b"\x80\x02csubprocess\nPopen\nS'id'\n\x85\x81.",
    "NEWOBJ_EX": b"\x80\x04"
    + text("subprocess")
    + text("Popen")
    + b"\x93"
    + text("id")
    + b"\x85}\x92.",
    "the second pickle of a stream": pickle.dumps([1, 2, 3]) + SYSTEM,
    "the third pickle of a stream": pickle.dumps(1) + pickle.dumps({}) + SYSTEM,
    "getattr of a module": (
        b"cbuiltins\ngetattr\n(c__builtin__\n__import__\n(S'os'\ntRS'system'\ntR(S'id'\ntR."
    ),
    "eval": b"c__builtin__\neval\n(S'1'\ntR.",
    "Python 2 names": b"c__builtin__\nexecfile\n(S'a'\ntR.",
    "commands of Python 2": b"ccommands\ngetoutput\n(S'id'\ntR.",
    "runpy": stack_call("runpy", "run_path"),
    "pip": stack_call("pip", "main"),
    "pip's inside": stack_call("pip._internal.cli.main", "main"),
    "pkgutil.resolve_name": stack_call("pkgutil", "resolve_name", "os:system"),
    "operator.attrgetter": stack_call("operator", "attrgetter", "system"),
    "operator.methodcaller": stack_call("operator", "methodcaller", "system"),
    "a profiler": stack_call("cProfile", "run"),
    "a debugger": stack_call("pdb", "run"),
    "timeit": stack_call("timeit", "timeit"),
    "ctypes": stack_call("ctypes", "CDLL", "libc.so.6"),
    "sockets": stack_call("socket", "create_connection"),
    "webbrowser": stack_call("webbrowser", "open"),
    "importlib": stack_call("importlib", "import_module"),
    "code objects": stack_call("marshal", "loads"),
    "functions made of code": b"\x80\x04" + text("types") + text("FunctionType") + b"\x93N}\x86R.",
    "a pickle inside loads": stack_call("pickle", "loads"),
    "numpy's own test runner": stack_call("numpy.testing._private.utils", "runstring"),
    "a file read": stack_call("builtins", "open", "/etc/passwd"),
    "a file removed": stack_call("os", "remove", "x"),
    "a tree removed": stack_call("shutil", "rmtree", "x"),
    "a sub-interpreter": stack_call("_interpreters", "run_string", "x"),
    "asyncio's subprocesses": stack_call("asyncio.unix_events", "_UnixSubprocessTransport._start"),
}


for shown, state in {
    "None and no slots": b"N}\x86",
    "an empty list": b"]",
    "an empty tuple": b")",
    "an empty text": b"\x8c\x00",
    "a zero": b"K\x00",
}.items():
    MALICIOUS[f"a state that sets nothing, {shown}"] = b"\x80\x04K\x07" + state + b"b0" + SYSTEM


@pytest.mark.parametrize("data", MALICIOUS.values(), ids=MALICIOUS.keys())
def test_it_is_malicious(data):
    assert verdict(data) is Verdict.MALICIOUS


NEVER_CLEAN = {
    "a class nobody knows": stack_call("acme.models", "Net"),
    "a function nobody knows called with text": b"\x80\x04"
    + text("acme")
    + text("run")
    + b"\x93"
    + text("x")
    + b"\x85R.",
    "an extension code registered elsewhere": b"\x80\x04\x82\x07)R.",
    "a name computed while loading": b"\x80\x04"
    + text("math")
    + text("pi")
    + b"\x93"
    + text("a")
    + b"\x93.",
    "a persistent id of its own": b"Pwhatever\n.",
    "a class that is changed": b"\x80\x04"
    + text("collections")
    + text("OrderedDict")
    + b"\x93}"
    + text("__call__")
    + b"Nsb.",
    "truncated": pickle.dumps(list(range(1000)))[:-7],
    "empty": b"",
    "not a pickle": b"\xff\xfe\xfd",
    "a protocol that does not exist": b"\x80\x09N.",
    "a frame longer than the data": b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00N.",
}


@pytest.mark.parametrize("data", NEVER_CLEAN.values(), ids=NEVER_CLEAN.keys())
def test_it_is_never_clean(data):
    assert verdict(data) is not Verdict.CLEAN


def test_bytes_after_the_last_stop_are_told():
    assert "pickle.trailing-data" in rules(pickle.dumps(1) + b"\x00\x01\x02garbage")


def test_a_nested_pickle_in_bytes_is_read():
    assert verdict(pickle.dumps({"weights": SYSTEM}, 4)) is Verdict.MALICIOUS


def test_a_nested_pickle_in_text_is_read():
    assert verdict(pickle.dumps({"note": SYSTEM.decode()}, 4)) is Verdict.MALICIOUS


def test_nesting_beyond_the_budget_is_unknown():
    data = SYSTEM
    for _ in range(20):
        data = pickle.dumps(data, 4)
    assert verdict(data) in (Verdict.UNKNOWN, Verdict.MALICIOUS)


def test_storages_of_torch_are_data_and_other_persistent_ids_are_not():
    storage = (
        b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
        b"X\x03\x00\x00\x00cpuK\x04tQ."
    )
    assert verdict(storage, persistent_ids=PersistentIdRule.TORCH) is Verdict.CLEAN
    assert verdict(storage, persistent_ids=PersistentIdRule.FORBIDDEN) is not Verdict.CLEAN


def test_an_import_s_place_and_safety_are_told():
    result = scan_pickle(b"\x80\x04N0" + SYSTEM, path="dir/f", base_offset=100)
    (one,) = result.imports
    assert (str(one), one.safety, one.offset) == ("posix.system", Safety.DANGEROUS, 104)
    finding = result.findings[0]
    assert finding.path == "dir/f"
    assert finding.location.offset is not None
    assert "posix.system" in finding.evidence
    assert finding.blocks


def test_a_huge_memo_index_costs_no_memory():
    assert verdict(b"Nr\xff\xff\xff\x7f" + SYSTEM) is Verdict.MALICIOUS


def test_a_declared_length_beyond_the_data_costs_no_memory():
    assert verdict(b"\x8d" + struct.pack("<Q", 1 << 62) + b"abc") is not Verdict.CLEAN


def test_findings_are_bounded_and_the_rest_counted():
    many = b"\x80\x04" + b"".join(
        text(f"evil{n}") + text("run") + b"\x93" + text("x") + b"\x85R0" for n in range(2000)
    )
    result = scan_pickle(many + b"N.", path="f")
    assert len(result.findings) <= 201
    assert any("more" in finding.rule for finding in result.findings)


def test_deep_containers_do_not_exhaust_the_interpreter():
    deep = b"\x80\x04" + b"(" * 50_000 + b"N" + b"t" * 50_000 + b"."
    assert verdict(deep) in (Verdict.CLEAN, Verdict.UNKNOWN)
