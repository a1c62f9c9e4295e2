"""What one operator comes to, whichever form of program it is in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assay.core.finding import Severity
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.paddle.rules import RULES
from assay.scanning.scanners.paddle.stock_ops import is_stock
from assay.scanning.subject import Answer

_PYTHON = frozenset({"py_func", "pylayer_func", "create_py_reader"})
_WRITES = frozenset({"save", "save_combine"})
_READS = frozenset({"load", "load_combine", "read_file"})
_NETWORK = frozenset(
    "send recv send_barrier fetch_barrier listen_and_serv heter_listen_and_serv send_and_recv "
    "prefetch distributed_lookup_table gen_nccl_id gen_bkcl_id".split()
)
_PATHS = ("file_path", "filename", "file_name", "path", "model_path", "model_dir")
_ENDPOINTS = ("endpoint", "endpoints", "epmap", "server_endpoints", "trainers")
_SHORTEST_TEXT = 8
_LONGEST_PATH = 4096
_HEAD = 1024
_LIBRARY = re.compile(r"[\\/][^\\/]+\.(?:so(?:\.\d+)*|dll|dylib|pyd)\s*\Z", re.IGNORECASE)
_HEX = re.compile(rb"[0-9A-Fa-f]{64,}")


def judge_operator(
    op: str, attributes: Mapping[str, list[str]], offset: int | None, answer: Answer
) -> None:
    """Judge an operator by its name and the texts of its attributes."""
    if op in _PYTHON:
        answer.find(RULES["paddle.python-function"], op, offset=offset)
    elif op in _WRITES or op in _READS:
        _file(op, attributes, offset, answer)
    elif op in _NETWORK:
        named = [text for key in _ENDPOINTS for text in attributes.get(key, ()) if text]
        severity = None if named else Severity.MEDIUM
        shown = f"{op} {', '.join(named[:4])}"
        answer.find(RULES["paddle.network"], shown, offset=offset, severity=severity)
    elif not is_stock(op):
        _foreign(op, attributes, offset, answer)
    for key, texts in attributes.items():
        for text in texts:
            if len(text) >= _SHORTEST_TEXT and key != "op_callstack":
                raw = text.encode("utf-8", "replace")
                if offset is None and carried_program(text[:_HEAD].encode("latin-1", "replace")):
                    answer.find(RULES["paddle.executable"], f"{op} {key}")
                found = acting(raw)
                if found:
                    shown = f"{op} {key}: {found}"
                    answer.find(RULES["paddle.acting-text"], shown, offset=offset)


def carried_program(head: bytes) -> str | None:
    """The native program a text is, as it is or in hexadecimal digits; by its first bytes."""
    if _HEX.fullmatch(head):
        return executable(bytes.fromhex(head[: len(head) & ~1].decode("ascii")))
    return executable(head)


def _foreign(
    op: str, attributes: Mapping[str, list[str]], offset: int | None, answer: Answer
) -> None:
    """An operator of a library, and the library where an attribute names it by its place."""
    named = [
        text
        for texts in attributes.values()
        for text in texts
        if _LIBRARY.search(text[-_LONGEST_PATH:])
    ]
    if named:
        shown = f"{op}: {', '.join(named[:4])}"
        answer.find(RULES["paddle.library"], shown, offset=offset)
    else:
        answer.find(RULES["paddle.unknown-operator"], op)


def _file(op: str, attributes: Mapping[str, list[str]], offset: int | None, answer: Answer) -> None:
    """A write, wherever; a read by where it leads."""
    named = [text for key in _PATHS for text in attributes.get(key, ()) if text]
    place = max((place_of(text) for text in named), key=lambda one: one.rank, default=Place.NOWHERE)
    severity: Severity | None = None
    if op in _READS and place.rank <= Place.RELATIVE.rank:
        severity = Severity.LOW
    elif op in _READS and place in (Place.ABSOLUTE, Place.STORE):
        severity = Severity.MEDIUM
    shown = f"{op} {', '.join(named[:4])}"
    answer.find(RULES["paddle.file-access"], shown, offset=offset, severity=severity)
