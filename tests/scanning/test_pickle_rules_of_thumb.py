"""General rules of the import policy, each with what it must stop and what it must let pass."""

from __future__ import annotations

import logging
import pickle
import struct
from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from itertools import count
from numbers import Real
from operator import attrgetter, itemgetter, methodcaller
from typing import Optional
from zoneinfo import ZoneInfo

import pytest

from assay.core.finding import Verdict, verdict_of
from assay.scanning.pickle import scan_pickle


@dataclass(frozen=True)
class Name:
    """An import."""

    module: str
    name: str


@dataclass(frozen=True)
class Made:
    """What opcodes leave on the stack."""

    code: bytes


def code(value: object) -> bytes:
    if isinstance(value, Made):
        return value.code
    if isinstance(value, Name):
        return code(value.module) + code(value.name) + b"\x93"
    if isinstance(value, str):
        return b"\x8c" + bytes((len(value.encode()),)) + value.encode()
    if isinstance(value, bytes):
        return b"C" + bytes((len(value),)) + value
    if isinstance(value, tuple):
        return b"(" + b"".join(map(code, value)) + b"t"
    if isinstance(value, dict):
        return b"}(" + b"".join(code(k) + code(v) for k, v in value.items()) + b"u"
    return b"N" if value is None else b"J" + struct.pack("<i", int(value))


def call(name: Name | Made, *arguments: object) -> Made:
    return Made(code(name) + code(arguments) + b"R")


def new(name: Name, *arguments: object) -> Made:
    return Made(code(name) + code(arguments) + b"\x81")


def build(target: Name | Made, state: object) -> Made:
    return Made(code(target) + code(state) + b"b")


def verdict(data: bytes) -> Verdict:
    result = scan_pickle(data, path="f")
    return verdict_of(result.findings, result.unread)


def of(value: object) -> Verdict:
    return verdict(b"\x80\x04" + code(value) + b".")


FRAME = Name("pandas.core.frame", "DataFrame")
MEMMAP = Name("numpy", "memmap")
PATH = call(Name("pathlib", "PosixPath"), "/etc/passwd")
ENCODED = call(Name("_codecs", "encode"), "rm -rf /", "latin1")
ESTIMATOR = Name("sklearn.base", "BaseEstimator")
RUN = Name("acme", "run")

MALICIOUS = {
    # A class that acts when it is made is not harmless because it is a class.
    "numpy.memmap by NEWOBJ": new(MEMMAP, "/x", "uint8", "w+"),
    "numpy.memmap by REDUCE": call(MEMMAP, "/x"),
    "numpy.memmap by copyreg": call(Name("copyreg", "__newobj__"), MEMMAP, "/x"),
    "numpy.memmap as a base": call(Name("copyreg", "_reconstructor"), MEMMAP, MEMMAP, "/x"),
    "numpy.memmap by PyTorch": call(
        Name("torch._tensor", "_rebuild_from_type_v2"), MEMMAP, Name("torch", "Tensor"), ("/x",), {}
    ),
    "a class with another base": call(
        Name("copyreg", "_reconstructor"), Name("acme", "Run"), Name("acme", "Run"), "rm -rf /"
    ),
    "a table read from a file": call(Name("xgboost.core", "DMatrix"), "/etc/passwd?format=csv"),
    "a model read from a file": call(Name("lightgbm.basic", "Booster"), None, None, "/etc/passwd"),
    "an unknown class called with a command": call(Name("acme", "Shell"), "rm -rf /"),
    # Text may come from a call as well.
    "text made by _codecs": call(RUN, ENCODED),
    "text made by str": call(RUN, call(Name("builtins", "str"), b"rm -rf /", "ascii")),
    "text of numpy": call(RUN, new(Name("numpy", "str_"), "rm -rf /")),
    "a path": call(RUN, PATH),
    "a path for a library's method": call(
        Name("pandas.core.generic", "NDFrame.to_csv"), new(FRAME), PATH
    ),
    # Without arguments there is nothing to rebuild.
    "an unknown function called without arguments": call(RUN),
    "a library's function called without arguments": call(Name("xgboost.core", "_load_lib")),
    # A function that calls its argument is held to the one its library gives it.
    "a constructor of one's own for a generator": call(
        Name("numpy.random._pickle", "__generator_ctor"),
        ENCODED,
        Name("torch.storage", "_load_from_bytes"),
    ),
    "a constructor of one's own for a random state": call(
        Name("numpy.random._pickle", "__randomstate_ctor"), "os", Name("builtins", "type")
    ),
    "a partial that is given another function": build(
        new(Name("functools", "partial"), Name("builtins", "print")), (RUN, ("x",), {}, {})
    ),
    # getattr is an import of the dotted name.
    "a method of a path": call(
        call(Name("builtins", "getattr"), Name("pathlib", "Path"), "unlink"), PATH
    ),
    "a method of a path object": call(call(Name("builtins", "getattr"), PATH, "read_text")),
    "a method of a frame": call(call(Name("builtins", "getattr"), new(FRAME), "to_pickle"), "/x"),
    "a module of a module": call(
        Name("builtins", "getattr"), Name("sklearn.base", "warnings"), "a"
    ),
    "an attribute of what the loader gives": call(
        Name("builtins", "getattr"), Made(b"Nq\x000Pid\n"), "system"
    ),
    # The standard library under another module's name.
    "Popen of a library's module": call(Name("sklearn.base", "Popen"), "id"),
    "a pool of a library's module": call(Name("torch.nn.modules.module", "ThreadPoolExecutor")),
    "numpy under its other name": call(Name("sklearn.base", "np.load"), "x"),
    "pandas under its other name": build(ESTIMATOR, {"f": Name("xgboost.compat", "pd.eval")}),
    "a name that is listed whole": call(Name("scipy", "LowLevelCallable"), "x"),
}


@pytest.mark.parametrize("value", MALICIOUS.values(), ids=MALICIOUS.keys())
def test_it_is_malicious(value):
    assert of(value) is Verdict.MALICIOUS


NOT_BLOCKED = {
    "an enumeration's member": call(Name("acme.states", "Colour"), "dark-red"),
    "an unknown function called with numbers": call(RUN, 1, 2),
    "a cache of steps": build(new(Name("joblib.memory", "Memory")), {"location": "cache"}),
}


@pytest.mark.parametrize("value", NOT_BLOCKED.values(), ids=NOT_BLOCKED.keys())
def test_it_is_for_a_person(value):
    assert of(value) is Verdict.SUSPICIOUS


ARRAY = call(Name("numpy._core.multiarray", "_reconstruct"), Name("numpy", "ndarray"), (0,), b"b")
CLEAN = {
    "a memory map that was written as an array": call(
        Name("numpy._core.multiarray", "_reconstruct"), MEMMAP, (0,), b"b"
    ),
    "a library's class called with words and numbers": call(
        Name("pandas._libs.interval", "Interval"), 0, 1, "right"
    ),
    "a library's class called with an array": call(
        Name("pandas._libs.sparse", "IntIndex"), 3, ARRAY
    ),
    "a bound method of a distribution": build(
        new(Name("numpy", "vectorize")),
        {"f": call(Name("builtins", "getattr"), new(Name("scipy.stats", "Rv")), "_entropy")},
    ),
    "a generator": call(
        Name("numpy.random._pickle", "__generator_ctor"),
        "PCG64",
        Name("numpy.random._pickle", "__bit_generator_ctor"),
    ),
    "a dict of Python 2 with a base": call(
        Name("copyreg", "_reconstructor"), ESTIMATOR, Name("builtins", "object"), None
    ),
    "an array by dill": call(
        Name("dill._dill", "_create_array"),
        Name("numpy._core.multiarray", "_reconstruct"),
        (Name("numpy", "ndarray"), (0,), b"b"),
        (1, (0,), None, 0, b""),
        None,
    ),
    "a data set of tensors": build(
        new(Name("torch.utils.data.dataset", "TensorDataset")), {"tensors": ()}
    ),
    "an array of characters": build(new(Name("numpy.char", "chararray")), (1, (0,), None, 0, b"")),
    "a layer that waits for its shape": call(
        Name("torch.nn.parameter", "UninitializedParameter"), Made(b"\x88")
    ),
    "a graph": build(new(Name("networkx.classes.graph", "Graph")), {"_adj": ()}),
    "a hook of weight normalisation": build(
        new(Name("torch.nn.utils.weight_norm", "WeightNorm")), {"name": "weight", "dim": 0}
    ),
}


@pytest.mark.parametrize("value", CLEAN.values(), ids=CLEAN.keys())
def test_it_is_clean(value):
    assert of(value) is Verdict.CLEAN


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [ZoneInfo("UTC"), ip_address("127.0.0.1"), Real, logging.getLogger("model")],
    ids=["time zone", "address", "abstract number", "logger"],
)
def test_plain_values_of_the_standard_library_are_clean(value, protocol):
    assert verdict(pickle.dumps(value, protocol)) is Verdict.CLEAN


def test_a_flag_of_protocol_0_is_a_flag():
    storage = "ctorch.storage\n_load_from_bytes\n(ccollections\nOrderedDict\n(tRtR"
    rebuilt = f"ctorch._utils\n_rebuild_parameter\n({storage}I01\nNtR."
    found = {f.rule for f in scan_pickle(rebuilt.encode(), path="f").findings}
    assert "pickle.unexpected-arguments" not in found


@pytest.mark.parametrize("padding", [b"\x00" * 16, b"\n\n", b"\xff\x00\xfe"])
def test_a_pickle_among_the_bytes_behind_the_last_one_is_read(padding):
    hidden = b"\x80\x04cposix\nsystem\n(S'id'\ntR."
    assert verdict(pickle.dumps([1], 4) + padding + hidden) is Verdict.MALICIOUS


OPTIONAL = Optional[int]  # noqa: UP045 - the form that pickles write by name
LOADED = b"\x80\x04" + code(Name("torch.storage", "_load_from_bytes"))
WRITTEN = b"\x96\x02" + bytes(7) + b"N."


@pytest.mark.parametrize(
    "change",
    [b"K\x00a", b"(K\x00e", b"K\x00K\x80s", b"(K\x00K\x80u"],
    ids=["APPEND", "APPENDS", "SETITEM", "SETITEMS"],
)
def test_bytes_that_are_changed_after_they_were_written_are_malicious(change):
    assert verdict(LOADED + WRITTEN + b"\x85R.") is not Verdict.MALICIOUS
    assert verdict(LOADED + WRITTEN + change + b"\x85R.") is Verdict.MALICIOUS


def test_what_follows_a_changed_bytearray_is_read():
    imported = {
        str(one) for one in scan_pickle(WRITTEN + b"K\x00acposix\nsystem\n.", path="f").imports
    }
    assert imported == {"posix.system"}


def test_a_function_called_with_a_function_is_malicious():
    module = Name("torch.nn.modules.module", "Module")
    applied = call(Name("torch.nn.modules.module", "Module.apply"), new(module), RUN)
    assert of(applied) is Verdict.MALICIOUS


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize(
    "value",
    [str.lower, defaultdict(count(3).__next__), HTTPStatus.OK, dict[str, int], OPTIONAL],
    ids=["method of text", "counting vocabulary", "status", "generic type", "optional type"],
)
def test_what_python_writes_for_plain_functions_and_types_is_clean(value, protocol):
    assert verdict(pickle.dumps(value, protocol)) is Verdict.CLEAN


@pytest.mark.parametrize(
    "value",
    [
        itemgetter(1),
        itemgetter("a", "b"),
        attrgetter("value"),
        attrgetter("a.b"),
        methodcaller("lower"),
    ],
    ids=["item", "items", "attribute", "attributes", "method"],
)
def test_taking_an_item_or_a_harmless_attribute_is_clean(value):
    assert verdict(pickle.dumps(value)) is Verdict.CLEAN


@pytest.mark.parametrize(
    "value",
    [attrgetter("__globals__"), attrgetter("os.system"), methodcaller("system", "id")],
    ids=["globals", "module", "method"],
)
def test_taking_what_leads_elsewhere_is_malicious(value):
    assert verdict(pickle.dumps(value)) is Verdict.MALICIOUS


def test_an_item_of_a_class_that_is_no_type_form_is_malicious():
    assert of(call(Name("operator", "getitem"), Name("torch", "Tensor"), "x")) is Verdict.MALICIOUS
