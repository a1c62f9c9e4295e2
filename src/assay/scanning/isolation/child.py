"""The child that reads untrusted bytes: it gets descriptors and answers in JSON lines.

Started as `python -I -S` by `sandbox.py`, which speaks the protocol from the other side:
requests arrive on a socket (JSON, one open descriptor each), answers leave on standard
output, one line each, in order. Before the first request it gives up everything else.
"""

from __future__ import annotations

import array
import ast
import base64
import bz2
import codecs
import importlib
import json
import lzma
import mmap
import os
import resource
import signal
import socket
import sys
import time
import tomllib
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from xml.parsers import expat

from assay.core.limits import ArchiveLimits, ScanLimits
from assay.scanning.allowing import policy_with
from assay.scanning.inspection import inspect
from assay.scanning.isolation import landlock, late, seccomp
from assay.scanning.subject import Subject

REQUEST_BYTES = 64 * 1024
_OUT = 1
_FILES = 64
_CPU_MARGIN = 2

_USED_LATER = (ast, base64, bz2, expat, lzma, tomllib, unicodedata)
"""What scanners import of the standard library: loaded now, like the codecs below."""
_LIBRARY = ("html",)
"""Packages of the standard library few files need."""
_ON_DEMAND = ("assay.scanning.parsers.", "assay.scanning.scanners.")
"""Modules that are imported, from memory, when a file needs them."""

for _codec in (
    "ascii cp437 cp1252 latin-1 iso-8859-15 unicode_escape raw_unicode_escape utf-7 utf-16 "
    "utf-16le utf-16be utf-16-le utf-16-be utf-32 utf-32le utf-32be koi8_r cp1251".split()
):
    codecs.lookup(_codec)  # loaded now: no file can be opened later


def main(socket_number: int) -> None:
    """Lock down, say what holds, then serve until the other side hangs up."""
    with open(0, "rb", closefd=False) as told:
        settings = json.loads(told.read())
    limits = ScanLimits(**settings["limits"])
    archives = ArchiveLimits(**settings["archives"])
    policy = policy_with(settings["allow"])
    held = hold_modules()
    yara = compiled(settings["yara"]) if settings.get("yara") else None
    requests = socket.socket(fileno=socket_number)
    holds = lock_down(limits)
    if settings.get("probe"):
        holds |= probe() | {"scanners": _import_all(held)}
    _answer({"ready": holds})
    if settings.get("probe"):
        return
    reading = _planned if settings.get("task") == "tensors" else _judged
    serve(requests, Subject("", "", limits, archives, policy, yara=yara), reading)


def compiled(rules: dict[str, str]) -> Any:
    """A scanner for the user's YARA rules, which compile: that was tried before."""
    sys.path.append(rules["library"])
    library = importlib.import_module("yara_x")
    sys.path.remove(rules["library"])
    compiler = library.Compiler()
    compiler.enable_includes(False)  # noqa: FBT003 - the library's own signature
    compiler.add_source(rules["source"])
    scanner = library.Scanner(compiler.build())
    scanner.scan(b"")  # what it needs of the system, it asks for now
    return scanner


def hold_modules() -> tuple[str, ...]:
    """Keep this package and what it builds on in memory; the names of the scanners' modules."""
    scanning = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
    library = os.path.dirname(os.__file__)  # noqa: PTH120
    for package in _LIBRARY:
        late.hold(package, f"{library}/{package}")
    late.hold("assay.core", f"{scanning}/../core")
    held = late.hold("assay.scanning", scanning)
    return tuple(name for name in held if name.startswith(_ON_DEMAND))


def _import_all(names: tuple[str, ...]) -> bool:
    """Whether every scanner can be imported now that no file can be opened."""
    try:
        for name in names:
            importlib.import_module(name)
    except (ImportError, OSError):
        return False
    return True


def lock_down(limits: ScanLimits) -> dict[str, Any]:
    """Give up what a scan does not need; what each lock says about itself."""
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds * _CPU_MARGIN),
    ):
        resource.setrlimit(kind, (value, value))
    privileges = seccomp.no_new_privileges()
    paths = landlock.deny_everything() if privileges else 0
    return {
        "isolated": bool(sys.flags.isolated and sys.flags.no_site),
        "limits": True,
        "no_new_privs": privileges,
        "landlock": paths,
        "seccomp": seccomp.restrict_calls() if privileges else False,
    }


def probe() -> dict[str, bool]:
    """Try what must fail; true where it did."""
    return {
        "no_files": _fails(lambda: os.open("/", os.O_RDONLY)),
        "no_sockets": _fails(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
        "no_exec": _fails(lambda: os.execv("/bin/true", ["true"])),  # noqa: S606 - must fail
        "no_processes": _fails(os.fork),
    }


def _fails(attempt: Any) -> bool:
    try:
        got = attempt()
    except OSError:
        return True
    if got == 0:  # a fork that worked: this is the copy
        os._exit(0)
    return False


Reading = Callable[[int, int, Subject], dict[str, Any]]


def serve(requests: socket.socket, blank: Subject, reading: Reading) -> None:
    """Answer request after request; retire when the next might not have its CPU time.

    Args:
        requests: Where they come from.
        blank: A subject without a file, with all that is the same for every one.
        reading: What to do with a file.
    """
    limits = blank.limits
    while True:
        received = _receive(requests)
        if received is None:
            return
        request, descriptor = received
        if time.process_time() > limits.cpu_seconds * (_CPU_MARGIN - 1):
            _answer({"retired": True})
            return
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds)
        subject = replace(
            blank, path=request["path"], title=request["title"], spent=type(blank.spent)()
        )
        try:
            answer = reading(descriptor, request["size"], subject)
        except MemoryError:
            _answer(_unread(subject, f"needs over {limits.memory_bytes} bytes of memory"))
            _answer({"retired": True})
            return
        finally:
            os.close(descriptor)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _answer(answer)


def _receive(requests: socket.socket) -> tuple[dict[str, Any], int] | None:
    descriptors = array.array("i")
    data, ancillary, _, _ = requests.recvmsg(
        REQUEST_BYTES, socket.CMSG_LEN(descriptors.itemsize), socket.MSG_CMSG_CLOEXEC
    )
    if not data:
        return None
    for _, _, content in ancillary:
        descriptors.frombytes(content[: descriptors.itemsize])
    return json.loads(data), descriptors[0]


def _judged(descriptor: int, size: int, subject: Subject) -> dict[str, Any]:
    data = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) if size else b""
    try:
        form, answer = inspect(data, subject)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - a mistake in a scanner is an answer, too
        return _unread(subject, f"the scanner failed on it: {type(error).__name__}: {error}")
    finally:
        # A view of the file that somebody still holds keeps the map; it goes with the view.
        if isinstance(data, mmap.mmap):
            with suppress(BufferError):
                data.close()
    return {
        "family": form.family,
        "findings": [finding.to_json() for finding in answer.findings],
        "unread": [item.to_json() for item in answer.unread_parts],
        "notes": [note.to_json() for note in answer.notes],
    }


def _planned(descriptor: int, size: int, subject: Subject) -> dict[str, Any]:
    """Where the tensors of a PyTorch file lie; the subject's title is the part wanted."""
    from assay.scanning.conversion.source import plan
    from assay.scanning.conversion.tensor_pickle import NotTensorsError

    try:
        with mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) as data:
            found = plan(data, subject.title)
    except NotTensorsError as error:
        return {"refused": str(error)[:400]}
    return {"tensors": [tensor.to_json() for tensor in found]}


def _unread(subject: Subject, reason: str) -> dict[str, Any]:
    row = {"path": subject.path, "reason": reason[:400]}
    return {"family": "unknown", "findings": [], "unread": [row]}


def _answer(document: dict[str, Any]) -> None:
    line = json.dumps(document).encode("ascii") + b"\n"
    while line:
        line = line[os.write(_OUT, line) :]
