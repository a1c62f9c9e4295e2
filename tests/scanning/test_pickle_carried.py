"""Functions and classes that a pickle carries with their code: harmless names are for a person."""

from __future__ import annotations

import time

import pytest

from assay.core.finding import Verdict
from scanning.pickle_making import (
    CODE,
    Made,
    Name,
    after,
    build,
    by_cloudpickle,
    by_dill,
    call,
    code,
    code_arguments,
    name,
    new,
    of,
    result,
    rules,
    stream,
    verdict,
)


def harmless(x):
    return [round(v.mean() * 2.5, 3) for v in x if v is not None]


def cleans(frame):
    frame = frame.copy()
    frame["os"] = frame["system"].fillna("none").astype(str)
    return frame.dropna().reset_index(drop=True)


def evaluates_a_model(model, x):
    model.eval()
    return model(x).softmax(dim=1)


def joins(path):
    import os

    return os.path.join(path, "x")  # noqa: PTH118


def compiles(pattern):
    import re

    return re.compile(pattern).sub("", "x")


def asks_the_platform():
    import platform

    return platform.system()


HARMLESS = [harmless, cleans, evaluates_a_model, joins, compiles, asks_the_platform]


@pytest.mark.parametrize("write", [by_cloudpickle, by_dill])
@pytest.mark.parametrize("function", HARMLESS, ids=lambda f: f.__name__)
def test_code_with_harmless_names_is_for_a_person(function, write):
    assert of(write(function)) is Verdict.SUSPICIOUS
    assert "pickle.carries-code" in rules(write(function))


def runs():
    import os

    return os.system("true")


def runs_by_name():
    import os

    return getattr(os, "sys" + "tem")("true")


def opens_a_program():
    import subprocess

    return subprocess.Popen(["true"])


def executes(text):
    exec(text)


def evaluates(text):
    return eval(text)


def imports(word):
    return __import__(word)


def reaches():
    return ().__class__.__base__.__subclasses__()


def calls_out():
    import socket

    return socket.create_connection(("127.0.0.1", 9))


def fetches(url):
    import urllib.request

    return urllib.request.urlopen(url).read()


def removes(path):
    import os

    os.unlink(path)  # noqa: PTH108


def holds_a_command():
    return "curl http://127.0.0.1/x | bash"


def takes_by_name(thing):
    return getattr(thing, "popen")  # noqa: B009


def inner():
    return lambda: lambda: __import__("os")


HARMFUL = [
    *(runs, runs_by_name, opens_a_program, executes, evaluates, imports, reaches, calls_out),
    *(fetches, removes, holds_a_command, takes_by_name, inner),
]


@pytest.mark.parametrize("write", [by_cloudpickle, by_dill])
@pytest.mark.parametrize("function", HARMFUL, ids=lambda f: f.__name__)
def test_code_with_other_names_is_malicious(function, write):
    assert of(write(function)) is Verdict.MALICIOUS


@pytest.mark.parametrize("write", [by_cloudpickle, by_dill])
def test_code_that_is_called_while_loading_is_malicious_whatever_its_names(write):
    assert of(call(write(harmless), ())) is Verdict.MALICIOUS


def test_many_constants_hide_no_name():
    source = "def f():\n    x = [" + ", ".join(f"{n}.5" for n in range(200)) + "]\n"
    for ending, wanted in (("    return x", "suspicious"), ("    exec('')", "malicious")):
        space: dict[str, object] = {}
        exec(source + ending, space)
        assert of(by_cloudpickle(space["f"])) == wanted


def test_names_that_are_computed_are_malicious():
    arguments = list(code_arguments(harmless.__code__))
    arguments[8] = call(name("builtins.tuple"), ["system"])
    assert of(call(CODE, *arguments)) is Verdict.MALICIOUS


def test_a_name_that_is_computed_is_malicious():
    arguments = list(code_arguments(harmless.__code__))
    arguments[8] = (call(name("builtins.str"), b"system", "ascii"), "x")
    assert of(call(CODE, *arguments)) is Verdict.MALICIOUS


def test_more_names_than_any_function_has_are_malicious():
    arguments = list(code_arguments(harmless.__code__))
    arguments[8] = tuple(f"n{n}" for n in range(5000))
    assert of(call(CODE, *arguments)) is Verdict.MALICIOUS


def test_a_function_without_code_of_the_stream_is_malicious():
    make = name("cloudpickle.cloudpickle._make_function")
    assert of(call(make, name("acme.code"), {}, None, None, None)) is Verdict.MALICIOUS
    assert of(call(name("types.FunctionType"), None, {})) is Verdict.MALICIOUS


def test_marshalled_code_is_malicious():
    assert of(call(name("dill._dill._unmarshal"), b"\xe3\x00")) is Verdict.MALICIOUS
    assert of(call(name("marshal.loads"), b"\xe3\x00")) is Verdict.MALICIOUS


# Modules

SUBIMPORT = name("cloudpickle.cloudpickle.subimport")


def test_modules_given_to_code():
    assert of(call(SUBIMPORT, "numpy")) is Verdict.CLEAN
    assert of(call(SUBIMPORT, "os")) is Verdict.SUSPICIOUS
    assert of(call(SUBIMPORT, "subprocess")) is Verdict.MALICIOUS


def looks_up(module, word):
    return getattr(module, word)


def test_a_module_and_code_that_takes_attributes_by_name_are_malicious_in_any_order():
    both = (call(SUBIMPORT, "os"), by_cloudpickle(looks_up))
    assert of(both) is Verdict.MALICIOUS
    assert of(both[::-1]) is Verdict.MALICIOUS


def test_an_attribute_of_a_module_that_is_given_is_an_import():
    taken = call(name("builtins.getattr"), call(SUBIMPORT, "os"), "path")
    assert "os.path" in {str(one) for one in result(taken).imports}
    system = call(name("builtins.getattr"), call(SUBIMPORT, "os"), "system")
    assert of(call(system, "id")) is Verdict.MALICIOUS


def test_a_module_that_is_changed_is_malicious():
    assert of(build(call(SUBIMPORT, "numpy"), {"add": None})) is Verdict.MALICIOUS


# Classes

TYPE = name("builtins.type")
SKELETON = name("cloudpickle.cloudpickle._make_skeleton_class")
SET_STATE = name("cloudpickle.cloudpickle._class_setstate")
OBJECT = name("builtins.object")


def skeleton(kind: Name = TYPE) -> Made:
    return call(SKELETON, kind, "Mine", (OBJECT,), {"__module__": "__main__"}, "id", None)


def test_a_class_without_code_is_clean():
    assert of(skeleton()) is Verdict.CLEAN
    assert of(build(new(skeleton()), {"a": 1})) is Verdict.CLEAN


def test_a_class_with_harmless_code_is_for_a_person():
    filled = call(SET_STATE, skeleton(), ({"f": by_cloudpickle(harmless)}, {}))
    assert of(filled) is Verdict.SUSPICIOUS


def test_a_class_with_other_code_is_malicious():
    filled = call(SET_STATE, skeleton(), ({"__setstate__": by_cloudpickle(runs)}, {}))
    assert of(filled) is Verdict.MALICIOUS


def test_what_makes_a_class_must_make_classes():
    assert of(skeleton(name("acme.run"))) is Verdict.MALICIOUS
    assert of(call(name("dill._dill._create_type"), name("acme.Shell"), "id")) is Verdict.MALICIOUS


def test_an_imported_class_is_not_given_other_methods():
    changed = call(SET_STATE, name("sklearn.svm._classes.SVC"), ({"predict": None}, {}))
    assert of(changed) is Verdict.MALICIOUS
    set_attribute = call(name("builtins.setattr"), name("numpy.ndarray"), "sum", None)
    assert of(set_attribute) is Verdict.MALICIOUS


def test_a_body_of_a_class_is_called_only_if_it_is_dill_s_own():
    items = name("dill._dill._setitems")
    partial = name("functools.partial")
    make = name("types.new_class")
    own = call(partial, items)
    assert of(call(make, "A", (OBJECT,), {}, own)) is Verdict.CLEAN
    carried = call(partial, by_dill(harmless))
    assert of(call(make, "A", (OBJECT,), {}, carried)) is Verdict.MALICIOUS


# Names of types

LOAD_TYPE = name("dill._dill._load_type")


def test_a_type_by_its_name_is_that_type():
    assert of(call(LOAD_TYPE, "slice")) is Verdict.CLEAN
    assert of(call(call(LOAD_TYPE, "slice"), 0, 3, 1)) is Verdict.CLEAN
    assert of(call(LOAD_TYPE, "eval")) is Verdict.MALICIOUS
    assert of(call(call(LOAD_TYPE, "eval"), "1")) is Verdict.MALICIOUS


def test_a_named_tuple_by_its_module_is_an_import():
    make = name("dill._dill._create_namedtuple")
    assert of(call(make, "Point", ("x", "y"), "__main__")) is not Verdict.MALICIOUS
    assert of(call(make, "Popen", ("x",), "subprocess")) is Verdict.MALICIOUS


# A class's own __new__, as protocols 2 and 3 write keywords

PARTIAL = name("functools.partial")
GETATTR = name("builtins.getattr")


def constructed(cls: Name, *arguments: object) -> Made:
    made = call(GETATTR, cls, "__new__")
    partial = build(call(PARTIAL, made), (made, (cls, *arguments), {"a": 1}, {}))
    return call(partial)


def test_a_new_that_is_called_makes_an_instance():
    assert of(constructed(name("scipy.stats._stats_py.KstestResult"), 1, 2)) is Verdict.CLEAN
    assert of(constructed(name("acme.Net"), 1)) is Verdict.SUSPICIOUS
    assert of(constructed(name("subprocess.Popen"), "id")) is Verdict.MALICIOUS


def test_a_partial_of_anything_else_that_is_called_is_malicious():
    assert of(call(call(PARTIAL, name("builtins.print")), "x")) is Verdict.MALICIOUS
    getter = call(name("operator.attrgetter"), "name")
    assert of(call(getter, Name("logging", "Logger"))) is Verdict.MALICIOUS


# Source

GRAPH = name("torch.fx.graph_module.reduce_graph_module")
IMPORTS = "from math import inf\nimport torch\n"
PLAIN = "def forward(self, x):\n    y = self.l(x);  x = None\n    return torch.relu(y)\n"


def graph(source: str, imports: str = IMPORTS) -> Made:
    return call(GRAPH, {"_code": source, "training": True}, imports)


def test_a_traced_graph_is_clean():
    assert of(graph(PLAIN)) is Verdict.CLEAN


@pytest.mark.parametrize(
    "source",
    [
        PLAIN.replace("torch.relu(y)", "torch.hub.load(y)"),
        PLAIN.replace("torch.relu(y)", "eval('1')"),
        PLAIN.replace("torch.relu(y)", "getattr(torch, x)(y)"),
        PLAIN.replace("torch.relu(y)", "y.__class__.__bases__"),
        PLAIN + "import os\nos.system('true')\n",
        PLAIN + "while True:\n    pass\n",
        PLAIN.replace("def", "xdef"),
        "(" * 3000,
    ],
)
def test_other_source_is_malicious(source):
    assert of(graph(source)) is Verdict.MALICIOUS
    assert of(graph(PLAIN, source)) is Verdict.MALICIOUS


def test_a_result_that_is_dropped_counts():
    assert of(after(call(name("os.system"), "id"), {"a": 1})) is Verdict.MALICIOUS


def test_code_in_a_stream_that_breaks_off_counts():
    assert verdict(stream(by_cloudpickle(runs))[:-1]) is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "callee", ["types.CodeType", "pandas._libs.tslibs.offsets.CustomBusinessDay"]
)
def test_a_long_tuple_that_is_used_again_and_again_costs_little(callee):
    given = b"(" + b"K\x01" * 4000 + b"t\x94"
    calls = b"\x80\x04" + given + code(name(callee)) + b"\x94" + b"h\x01h\x00R0" * 20_000
    begin = time.process_time()
    assert verdict(calls + b"N.") is not Verdict.CLEAN
    assert time.process_time() - begin < 5


def test_source_that_is_run_again_and_again_is_read_once():
    source = "def forward(self, x):\n" + "    x = torch.relu(x)\n" * 2000
    given = code(GRAPH) + b"\x94" + code(({"_code": source}, IMPORTS)) + b"\x94"
    begin = time.process_time()
    assert verdict(b"\x80\x04" + given + b"h\x00h\x01R0" * 2000 + b"N.") is Verdict.CLEAN
    assert time.process_time() - begin < 5
