"""Functions of the language and its library that only work on what they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from assay.scanning.scanners.python_code.decoding import MOST_BYTES, UndecodableError, decode_as
from assay.scanning.scanners.python_code.folding import (
    MISTAKES,
    MOST_ITEMS,
    UnfoldableError,
    join,
    kept,
)


def _range(*arguments: int) -> Any:
    found = range(*arguments)
    if len(found) > MOST_ITEMS:
        raise UnfoldableError
    return tuple(found)


def _bytes(*arguments: Any) -> Any:
    size = arguments[0] if arguments else 0
    if isinstance(size, int) and not 0 <= size <= MOST_BYTES:
        raise UnfoldableError
    return bytes(*arguments)


def _text(*arguments: Any) -> str:
    if len(arguments) > 1 and isinstance(arguments[0], bytes):
        found: str = decode_as(*arguments)
        return found
    return str(*arguments)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "chr": chr,
    "ord": ord,
    "int": int,
    "str": _text,
    "bytes": _bytes,
    "bytearray": _bytes,
    "memoryview": _bytes,
    "list": tuple,
    "tuple": tuple,
    "set": tuple,
    "len": len,
    "hex": hex,
    "oct": oct,
    "bin": bin,
    "abs": abs,
    "round": round,
    "min": min,
    "max": max,
    "sum": sum,
    "bool": bool,
    "float": float,
    "repr": repr,
    "ascii": ascii,
    "range": _range,
    "reversed": lambda value: tuple(reversed(value)),
    "sorted": sorted,
    "enumerate": lambda *a: tuple(enumerate(*a)),
    "zip": lambda *a: tuple(zip(*a, strict=False)),
    "iter": lambda value: value,
    "str.join": join,
    "str.maketrans": lambda *a: tuple(str.maketrans(*a).items()),
    "bytes.maketrans": bytes.maketrans,
    "int.from_bytes": int.from_bytes,
}
_LIBRARY: dict[str, Callable[..., Any]] = {
    "urllib.parse.quote": quote,
    "os.path.join": lambda *a: "/".join(str(part).rstrip("/") for part in a),
    "os.path.expanduser": lambda value: value,
    "os.path.expandvars": lambda value: value,
    "os.path.abspath": lambda value: value,
    "os.path.realpath": lambda value: value,
    "os.path.dirname": lambda value: value.rpartition("/")[0],
    "os.path.basename": lambda value: value.rsplit("/", 1)[-1],
    "os.fspath": lambda value: value,
    "os.fsencode": lambda value: value,
    "os.fsdecode": lambda value: value,
    "pathlib.Path": lambda *a: "/".join(str(part).rstrip("/") for part in a),
    "pathlib.Path.home": lambda: "~",
    "site.getsitepackages": lambda: ("/usr/lib/site-packages",),
    "site.getusersitepackages": lambda: "~/site-packages",
    "sysconfig.get_path": lambda *_: "/usr/lib/site-packages",
    "distutils.sysconfig.get_python_lib": lambda *_: "/usr/lib/site-packages",
    "tempfile.gettempdir": lambda: "/tmp",  # noqa: S108 - nothing is written
    "textwrap.dedent": lambda value: value,
    "inspect.cleandoc": lambda value: value,
    "shlex.split": str.split,
    "shlex.quote": lambda value: value,
    "sys.intern": lambda value: value,
}


def call(name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    """A function of the language or its library that only works on what it is given."""
    bare = name.removeprefix("builtins.")
    function = _FUNCTIONS.get(bare) if bare != name else _LIBRARY.get(name)
    if function is None:
        raise UnfoldableError
    try:
        return kept(function(*arguments, **named))
    except (*MISTAKES, UndecodableError):
        raise UnfoldableError from None
