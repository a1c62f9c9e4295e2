"""Compiled Python code: read as data, judged by the names it loads."""

from __future__ import annotations

import marshal
import struct
from importlib.util import MAGIC_NUMBER
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict, verdict_of
from assay.scanning.parsers import marshalled
from assay.scanning.parsers.bytecode import loaded
from assay.scanning.scanners.code_object import judge_marshalled, judge_names
from assay.scanning.subject import Answer, Subject
from scanning.container_making import Judged, judge


def judged(data: bytes) -> Judged:
    answer = Answer(Subject("model.h5"))
    judge_marshalled(data, Subject("model.h5"), answer, what="the layer")
    unread = tuple(item.reason for item in answer.unread_parts)
    return Judged("", answer.findings, unread, verdict_of(answer.findings, answer.unread_parts))


def function(source: str) -> bytes:
    """The marshalled code of the function or lambda that a source line makes."""
    module = compile(source, "<layer>", "exec")
    code = next(c for c in module.co_consts if isinstance(c, CodeType))
    return marshal.dumps(code)


def module(source: str) -> bytes:
    return MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source, "m.py", "exec"))


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: x / 255.0",
        "f = lambda x: K.l2_normalize(x, axis=1)",
        "f = lambda x: tf.image.resize(tf.expand_dims(x, -1), (8, 8))",
        "f = lambda x: np.mean(x) + K.eval(x)",
        "def f(x):\n import tensorflow as tf\n return tf.math.exp(x)",
        "def f(x):\n import math, numpy as np\n return math.pi * np.sqrt(x)",
        "f = lambda x: keras.ops.compile(x.eval)",
    ],
)
def test_arithmetic_is_code_to_look_at_and_no_malice(source: str) -> None:
    result = judged(function(source))
    assert result.rules == {"code.carried"}
    assert result.verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: __import__('os').system('id')",
        "f = lambda x: exec('x') or x",
        "f = lambda x: eval(y)",
        "def f(x):\n import os\n os.system('id')\n return x",
        "def f(x):\n import os as o\n o.system('id')\n return x",
        "def f(x):\n from os import popen as p\n return p(x)",
        "def f(x):\n import subprocess\n return x",
        "def f(x):\n import a.b\n return __builtins__",
        "def f(x):\n import socket as s\n def g():\n  return s.socket()\n return g()",
        "f = lambda x: ().__class__.__base__.__subclasses__()[140](x)",
        "f = lambda x: np.os.system('id')",
        "f = lambda x: g('import os; os.system(1)')",
        "f = lambda x: (lambda: marshal.loads(x))()",
        "def f(x):\n import base64\n exec(base64.b64decode('eA=='))",
    ],
)
def test_what_runs_something_blocks(source: str) -> None:
    result = judged(function(source))
    assert result.rules == {"code.runs-other-code"}
    assert result.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: open('/etc/passwd').read()",
        "def f(x):\n import os\n return os.environ",
        "def f(x):\n import requests\n requests.post('http://x', x)",
        "f = lambda x: tf.io.write_file('/tmp/x', x)",
        "def f(x):\n from tensorflow import io as i\n return i.read_file(x)",
        "f = lambda x: sys.modules['o' + 's']",
        "f = lambda x: getattr(os, 'sys' + 'tem')('id')",
        "f = lambda x: x.__globals__['o']",
        "f = lambda x: np.load('x.npy', allow_pickle=True)",
    ],
)
def test_what_reaches_out_blocks(source: str) -> None:
    result = judged(function(source))
    assert result.rules == {"code.reaches-out"}
    assert result.verdict is Verdict.MALICIOUS


def test_names_of_one_tree_are_told_apart_by_what_they_were_imported_as() -> None:
    source = "import os as o\ndef f():\n from subprocess import Popen as P\n o.system(1)\n P(1)"
    (value,) = marshalled.readings(marshal.dumps(compile(source, "m", "exec")))
    assert {"os.system", "subprocess.Popen"} <= loaded(marshalled.codes(value)).dotted


PY27 = (
    b"c" + struct.pack("<4i", 1, 1, 2, 67)
    + b"s\x0d\x00\x00\x00t\x00\x00\x83\x00\x00j\x01\x00d\x01\x00S\x00"[:18]
    + b"(\x02\x00\x00\x00Ns\x02\x00\x00\x00id" + b"(\x02\x00\x00\x00t\x02\x00\x00\x00ost\x06\x00\x00\x00system"
    + b"(\x01\x00\x00\x00t\x01\x00\x00\x00x" + b"(\x00\x00\x00\x00" * 2
    + b"s\x01\x00\x00\x00ft\x01\x00\x00\x00f" + struct.pack("<i", 1) + b"s\x00\x00\x00\x00"
)  # fmt: skip


def test_code_of_python_2() -> None:
    (value,) = marshalled.readings(PY27)
    (code,) = marshalled.codes(value)
    assert code.names == ("os", "system")
    assert code.layout == marshalled.PYTHON_2
    assert judged(PY27).verdict is Verdict.MALICIOUS


def _old_code(numbers: int, bytecode: bytes, names: tuple[str, ...]) -> bytes:
    """Code of 3.0 to 3.10, whose fields lie in the order before 3.11."""

    def words(*texts: str) -> bytes:
        each = (b"z" + bytes([len(text)]) + text.encode() for text in texts)
        return b")" + bytes([len(texts)]) + b"".join(each)

    return (
        b"\xe3" + bytes(4 * numbers) + b"s" + struct.pack("<i", len(bytecode)) + bytecode
        + b")\x01N" + words(*names) + words("x") + words() * 2 + b"z\x01fz\x01f"
        + bytes(4) + b"s" + bytes(4)
    )  # fmt: skip


@pytest.mark.parametrize("numbers", [5, 6])
def test_code_of_versions_before_311(numbers: int) -> None:
    # LOAD_GLOBAL 0, LOAD_ATTR 1, RETURN_VALUE
    harmless = _old_code(numbers, b"t\x00j\x01S\x00", ("K", "square"))
    assert judged(harmless).rules == {"code.carried"}
    harmful = _old_code(numbers, b"t\x00j\x01S\x00", ("os", "remove"))
    assert judged(harmful).rules == {"code.reaches-out"}
    running = _old_code(numbers, b"t\x00S\x00", ("eval", "K"))
    assert judged(running).rules == {"code.runs-other-code"}


def test_code_that_cannot_be_read_is_never_clean() -> None:
    whole = function("f = lambda x: x + 1")
    for size in range(len(whole)):
        assert judged(whole[:size]).verdict is Verdict.UNKNOWN, size


def test_broken_code_with_unmistakable_names_blocks() -> None:
    whole = function("def f(x):\n import os\n os.system('id')")
    assert judged(whole[:-1]).verdict is Verdict.MALICIOUS


def test_nesting_over_the_budget_is_unread() -> None:
    assert judged(b")\x01" * 100_000 + b"N").verdict is Verdict.UNKNOWN
    assert judged(b"(\xff\xff\xff\x7f" + b"N" * 100).verdict is Verdict.UNKNOWN


def test_names_without_bytecode() -> None:
    answer = Answer(Subject("m.pkl"))
    judge_names(["os", "system"], [], Subject("m.pkl"), answer, what="a function")
    assert {f.rule for f in answer.findings} == {"code.runs-other-code"}


def test_a_compiled_module_is_known_by_content() -> None:
    honest = (
        "import os, json, logging\ndef f(m): m.eval(); m.compile(); open(os.path.join('a', 'b'))"
    )
    result = judge(module(honest), "weights.bin")
    assert result.family == "python-bytecode"
    assert result.rules == {"code.carried"}
    result = judge(module("import os\nos.system('id')"), "__pycache__/m.cpython-311.pyc")
    assert result.rules == {"code.runs-other-code"}
    result = judge(module("import requests as r, os\nr.post('http://x', data=os.environ)"), "m.pyc")
    assert result.rules == {"code.reaches-out"}


def test_a_compiled_module_behind_a_name_of_data() -> None:
    assert (
        "file.disguised"
        in judge(module("a = 1"), "x.safetensors").rules | judge(module("a = 1"), "x.png").rules
    )


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_mutation_is_answered(data: st.DataObject) -> None:
    whole = bytearray(function("def f(x):\n import os\n return [os.system(y) for y in x]"))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    result = judged(bytes(whole))
    assert result.findings or result.unread


def test_a_module_that_names_its_import_in_another_way() -> None:
    for source in (
        "__import__('os').system('x')",
        "getattr(__import__('o' + 's'), 'x').popen('y')",
    ):
        assert judge(module(source), "m.pyc").verdict is Verdict.MALICIOUS
    honest = "import types\nx = isinstance(y, types.FunctionType) and __import__('json')"
    assert judge(module(honest), "m.pyc").verdict is Verdict.SUSPICIOUS
