"""The standard library's values, as programs put them beside a model."""

# ruff: noqa: UP006, UP007, UP045, FURB167, DTZ001 - old forms are pickled, too

from __future__ import annotations

import argparse
import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import functools
import graphlib
import http
import ipaddress
import itertools
import logging
import math
import numbers
import operator
import pathlib
import queue
import random
import re
import signal
import socket
import statistics
import string
import sys
import time
import types
import typing
import uuid
import weakref
import zoneinfo
from collections.abc import Callable, Iterator

Named = Iterator[tuple[str, Callable[[], object]]]


def objects() -> Named:
    """Names and makers of values."""
    yield from _plain()
    yield from _times()
    yield from _collections()
    yield from _callables()
    yield from _texts()
    yield from _iterators()


def _plain() -> Named:
    yield "none", lambda: None
    yield "numbers", lambda: [0, 1, -1, 255, 256, 65536, 1 << 31, -(1 << 63), 1 << 200, 1.5, 1e300]
    yield "specials", lambda: [math.inf, -math.inf, math.nan, True, False, ..., NotImplemented]
    yield "complex", lambda: [1j, complex(2, 3)]
    yield "bytes", lambda: [b"", b"abc", bytes(range(256)) * 4, bytearray(b"xyz"), b"\n\r\t'\""]
    yield "texts", lambda: ["", "a", "é" * 100, "日本語", "\n'\"\\", "x" * 70_000]
    yield "nested", lambda: {"a": [{"b": ({"c": {1, 2}}, frozenset({3}))}], "self": [[[]]]}
    yield "recursive", _recursive
    yield "slice", lambda: [slice(1, 2, 3), slice(None)]
    yield "range", lambda: range(3, 9, 2)
    yield "decimal", lambda: [decimal.Decimal("1.25"), decimal.Decimal("NaN")]
    yield "decimal-context", decimal.Context
    yield "fraction", lambda: fractions.Fraction(22, 7)
    yield "uuid", lambda: [uuid.UUID(int=5), uuid.uuid4()]
    yield (
        "ip",
        lambda: [
            ipaddress.ip_address("10.0.0.1"),
            ipaddress.ip_address("::1"),
            ipaddress.ip_network("10.0.0.0/8"),
            ipaddress.ip_interface("10.0.0.1/8"),
        ],
    )
    yield (
        "path",
        lambda: [pathlib.Path("a/b"), pathlib.PurePosixPath("/x"), pathlib.PureWindowsPath("c:/x")],
    )
    yield (
        "array",
        lambda: [
            array.array("d", [1.0, 2.0]),
            array.array("i", range(5)),
            array.array("B", b"abc"),
        ],
    )
    yield "random", lambda: random.Random(7)
    yield "normal-dist", lambda: statistics.NormalDist(0, 1)
    yield "namespace", lambda: types.SimpleNamespace(a=1, b="x")
    yield "argparse", lambda: argparse.Namespace(lr=0.1, device="cpu", paths=["a", "b"])
    yield "version-info", lambda: [tuple(sys.version_info), sys.float_info.max]
    yield (
        "exceptions",
        lambda: [ValueError("bad"), KeyError("k"), RuntimeError("x", 3), StopIteration()],
    )
    yield "os-error", lambda: [FileNotFoundError(2, "No such file", "x"), OSError("x")]
    yield "warnings", lambda: [UserWarning("x"), DeprecationWarning("y"), RuntimeWarning("z")]
    yield "unicode-error", lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


def _recursive() -> object:
    one: list[object] = [1]
    one.append(one)
    two: dict[str, object] = {"list": one}
    two["me"] = two
    return two


def _times() -> Named:
    utc = dt.UTC
    yield "date", lambda: dt.date(2026, 1, 2)
    yield (
        "time",
        lambda: [dt.time(1, 2, 3, 4), dt.time(1, tzinfo=utc), dt.time(1, fold=1)],
    )
    yield (
        "datetime",
        lambda: [
            dt.datetime(2026, 1, 2, 3, 4, 5, 6),
            dt.datetime(2026, 1, 2, tzinfo=utc),
        ],
    )
    yield "timedelta", lambda: dt.timedelta(days=3, microseconds=7)
    yield "timezone", lambda: [utc, dt.timezone(dt.timedelta(hours=2), "X")]
    yield (
        "zoneinfo",
        lambda: [
            zoneinfo.ZoneInfo("Europe/Berlin"),
            dt.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("UTC")),
        ],
    )
    yield "struct-time", lambda: time.gmtime(0)


def _collections() -> Named:
    yield (
        "ordered-dict",
        lambda: collections.OrderedDict([("a", 1), ("b", collections.OrderedDict())]),
    )
    yield (
        "defaultdict",
        lambda: [
            collections.defaultdict(list, {"a": [1]}),
            collections.defaultdict(int),
            collections.defaultdict(dict),
            collections.defaultdict(set),
            collections.defaultdict(float),
            collections.defaultdict(None, {1: 2}),
            collections.defaultdict(collections.Counter),
            collections.defaultdict(collections.OrderedDict),
        ],
    )
    yield (
        "defaultdict-partial",
        lambda: collections.defaultdict(functools.partial(collections.defaultdict, int)),
    )
    yield "deque", lambda: [collections.deque([1, 2], maxlen=3), collections.deque("abc")]
    yield "counter", lambda: collections.Counter("abracadabra")
    yield "chain-map", lambda: collections.ChainMap({"a": 1}, {"b": 2})
    yield (
        "user-types",
        lambda: [collections.UserDict(a=1), collections.UserList([1]), collections.UserString("x")],
    )
    yield "dict-views", lambda: [list({"a": 1}.keys()), list({"a": 1}.items())]
    yield "mapping-proxy", lambda: dict(types.MappingProxyType({"a": 1}))
    yield "topological", lambda: list(graphlib.TopologicalSorter({"a": {"b"}}).static_order())
    yield "weak", lambda: [len(weakref.WeakValueDictionary())]
    yield "queue", lambda: list(queue.deque([1]))


def _callables() -> Named:
    yield (
        "builtins",
        lambda: [len, print, sum, max, min, sorted, abs, round, int, float, str, list, dict, bool],
    )
    yield (
        "types",
        lambda: [type(None), type(...), type(NotImplemented), object, type, bytes, complex],
    )
    yield (
        "partial",
        lambda: [
            functools.partial(int, base=2),
            functools.partial(max, 3),
            functools.partial(dict, a=1),
        ],
    )
    yield "partial-nested", lambda: functools.partial(functools.partial(round), ndigits=2)
    yield "itemgetter", lambda: [operator.itemgetter(1), operator.itemgetter("a", "b")]
    yield "attrgetter", lambda: [operator.attrgetter("value"), operator.attrgetter("a.b", "c")]
    yield (
        "methodcaller",
        lambda: [operator.methodcaller("lower"), operator.methodcaller("strip", " ")],
    )
    yield (
        "operators",
        lambda: [operator.add, operator.mul, operator.truediv, operator.eq, operator.neg],
    )
    yield "math", lambda: [math.log, math.exp, math.sqrt, math.floor, math.sin]
    yield (
        "methods",
        lambda: [str.lower, str.split, "x".upper, dict.get, list.append, [].append, {}.get],
    )
    yield (
        "bound-classmethod",
        lambda: [dict.fromkeys, dt.datetime.fromtimestamp, int.from_bytes],
    )
    yield (
        "regex",
        lambda: [
            re.compile("a+b", re.IGNORECASE),
            re.compile(rb"\d+"),
            re.compile("(?P<x>a)|b", re.M | re.S),
        ],
    )
    yield "regex-flags", lambda: [re.IGNORECASE, re.M | re.S]
    yield (
        "enums",
        lambda: [
            http.HTTPStatus.OK,
            http.HTTPMethod.GET,
            socket.AF_INET,
            signal.SIGINT,
            uuid.SafeUUID.unknown,
        ],
    )
    yield "enum-classes", lambda: [enum.Enum, enum.IntEnum, enum.Flag]
    yield (
        "generic",
        lambda: [
            dict[str, int],
            list[int],
            tuple[int, ...],
            type[int],
            collections.OrderedDict[str, int],
        ],
    )
    yield (
        "typing",
        lambda: [
            typing.Any,
            typing.Optional[int],
            typing.Union[int, str],
            typing.List[int],
            typing.Dict[str, float],
        ],
    )
    yield (
        "typing-more",
        lambda: [
            typing.Callable[[int], str],
            typing.Literal["a", 1],
            typing.Tuple[int, ...],
            typing.Sequence[str],
        ],
    )
    yield "union", lambda: [int | None, int | str | float]
    yield (
        "abstract",
        lambda: [numbers.Real, numbers.Integral, collections.abc.Mapping, collections.abc.Iterable],
    )
    yield "logger", lambda: [logging.getLogger("model"), logging.getLogger()]
    yield "log-record", lambda: logging.LogRecord("n", 10, "p", 1, "m", (), None)
    yield "count-next", lambda: collections.defaultdict(itertools.count().__next__)


def _texts() -> Named:
    yield "template", lambda: string.Template("$a b")
    yield "formatter", string.Formatter
    yield "printable", lambda: string.printable
    yield "long-list", lambda: [str(n) for n in range(3000)]
    yield "long-dict", lambda: {f"word{n}": n for n in range(3000)}
    yield "shared", lambda: [["a"] * 300] * 3
    yield "tuples", lambda: [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)] * 3
    yield (
        "vocabulary",
        lambda: {"the": 0, "import": 1, "os": 2, "system": 3, "eval": 4, "(": 5, "cos": 6},
    )
    yield "code-text", lambda: {"prompt": "import os\nos.system('ls')\n", "template": "{{ x }}"}
    yield "base64", lambda: {"cert": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=" * 30}
    yield "json-text", lambda: '{"a": [1, 2, {"b": null}]}' * 50
    yield (
        "compressed-bytes",
        lambda: [
            __import__("zlib").compress(b"hello" * 100),
            __import__("gzip").compress(b"x" * 100),
        ],
    )
    yield "random-bytes", lambda: [random.Random(n).randbytes(500) for n in range(40)]
    yield (
        "image-bytes",
        lambda: [
            b"\x89PNG\r\n\x1a\n" + bytes(200),
            b"\xff\xd8\xff\xe0" + bytes(100),
            b"GIF89a" + bytes(60),
        ],
    )


def _iterators() -> Named:
    yield "iterators", lambda: [iter([1, 2]), iter((1,)), iter("ab"), iter(range(3)), iter({1: 2})]
    yield "reversed", lambda: [reversed([1, 2]), enumerate([1, 2]), zip([1], [2], strict=False)]
    yield "itertools", lambda: [itertools.count(3), itertools.repeat(1, 3)]
    yield "chain", lambda: itertools.chain([1], [2])
    yield "product", lambda: itertools.product([1, 2], [3])
