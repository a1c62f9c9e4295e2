"""Judging what a program loads: pickles, native libraries, code of other repositories."""

from __future__ import annotations

import re

from assay.core.finding import Severity
from assay.scanning.scanners.known_names import BUILDS_NATIVE, LOADS, MEMORY, NATIVE
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.sources import fragments
from assay.scanning.scanners.python_code.state import Call
from assay.scanning.scanners.python_code.values import (
    DECODED,
    HUB,
    NETWORK,
    UNKNOWN,
    taints_of,
)

_STARTS_PROGRAMS = re.compile(
    r"\b(?:system|popen|exec[lv]p?e?|posix_spawnp?|WinExec|CreateProcess\w?|connect|socket)\s*\("
)
_SAFE_LOADERS = ("SafeLoader", "CSafeLoader", "BaseLoader")
_SYSTEM_LIBRARY = re.compile(
    r"^(?:lib(?:c|m|cuda|cudart|cudnn|nccl|gomp|omp|dl|pthread|stdc\+\+|rt|espeak|sndfile|hip\w*|"
    r"iomp5|nvrtc|nvToolsExt|mkl_rt|GL|EGL)[\w.-]*|kernel32|user32|msvcrt|ntdll|cudart\w*)"
    r"(?:\.(?:so[\d.]*|dylib|dll))?\Z",
    re.IGNORECASE,
)


def judge(call: Call, deeds: Deeds) -> None:
    """Note what a call loads."""
    name = call.name
    if name in LOADS:
        _loaded(call, LOADS[name], deeds)
    elif name in NATIVE:
        _native(call, deeds)
    elif name in BUILDS_NATIVE:
        _built(call, deeds)
    elif (
        MEMORY.match(name)
        or _runs_memory(call)
        or (name.startswith("ctypes.CFUNCTYPE()") and _is_bytes(call))
    ):
        deeds.add("code.native-memory", call.line, shown(call), call.place)
    elif call.named.get("trust_remote_code", UNKNOWN).constant is True:
        deeds.add("code.remote-code", call.line, shown(call), call.place)


def _runs_memory(call: Call) -> bool:
    """Memory that may be executed, or a function made of an address."""
    if call.name == "mmap.mmap":
        rights = call.argument(3, "prot").constant
        return isinstance(rights, int) and bool(rights & _EXECUTABLE)
    if call.name.startswith("ctypes.CFUNCTYPE()"):
        return call.argument(0).name.startswith(("ctypes.addressof", "ctypes.cast"))
    native = call.name.startswith(("ctypes.CDLL()", "ctypes.cdll", "ctypes.PyDLL()"))
    return native and call.name.endswith((".mprotect", ".memfd_create", ".ptrace"))


_EXECUTABLE = 4
"""`PROT_EXEC`."""


def _built(call: Call, deeds: Deeds) -> None:
    """Sources that are compiled and loaded: those written in the call are looked at."""
    sources = "\n".join(fragments(value) for value in call.values)
    severity = Severity.LOW
    if _STARTS_PROGRAMS.search(sources):
        severity = Severity.HIGH if call.place.unasked else Severity.MEDIUM
    deeds.add("code.native-load", call.line, shown(call), call.place, severity)


def _is_bytes(call: Call) -> bool:
    return isinstance(call.argument(0).constant, bytes) or DECODED in taints_of(*call.arguments)


def _loaded(call: Call, kind: str, deeds: Deeds) -> None:
    if not kind or _is_restrained(call, kind):
        return
    taints = taints_of(*call.values)
    if kind == "pickle" and DECODED in taints:
        deeds.add("code.executes-decoded", call.line, shown(call), call.place)
    elif kind == "pickle" and taints & {NETWORK, HUB}:
        by_hand = call.name.partition(".")[0] in ("pickle", "dill", "cloudpickle")
        grave = NETWORK in taints or (call.place.unasked and by_hand)
        severity = Severity.HIGH if grave else Severity.MEDIUM
        deeds.add("code.downloads-and-runs", call.line, shown(call), call.place, severity)
    elif kind == "code":
        deeds.add("code.remote-code", call.line, shown(call), call.place)
    else:
        severity = _of_file(call, kind, taints)
        deeds.add("code.unsafe-load", call.line, shown(call), call.place, severity)


def _of_file(call: Call, kind: str, taints: frozenset[str]) -> Severity:
    """How grave it is to load a file: one that was fetched, and with every guard off, most."""
    if call.hidden:
        return Severity.HIGH
    fetched = bool(taints & {NETWORK, HUB})
    unguarded = kind == "torch" and call.named.get("weights_only", UNKNOWN).constant is False
    if fetched and unguarded and NETWORK in taints:
        return Severity.HIGH if call.place.unasked else Severity.MEDIUM
    return Severity.MEDIUM if fetched and kind == "keras" else Severity.LOW


def _is_restrained(call: Call, kind: str) -> bool:
    """Whether the call says that nothing may run."""
    if kind == "torch":
        return call.named.get("weights_only", UNKNOWN).constant is True
    if kind == "numpy":
        return call.named.get("allow_pickle", UNKNOWN).constant is not True
    if kind == "keras":
        return call.named.get("safe_mode", UNKNOWN).constant is not False
    if kind == "yaml" and "unsafe" not in call.name:
        loader = call.argument(1, "Loader").name
        return loader.endswith(_SAFE_LOADERS)
    return False


def _native(call: Call, deeds: Deeds) -> None:
    path = call.argument(0, "name")
    taints = taints_of(path)
    if NETWORK in taints:
        deeds.add("code.downloads-and-runs", call.line, shown(call), call.place)
        return
    text = fragments(path)
    system = path.constant is None or _SYSTEM_LIBRARY.match(text.rsplit("/", 1)[-1])
    named = path.name.startswith("ctypes.util.find_library")
    severity = Severity.LOW if system or named else Severity.MEDIUM
    if not path.is_constant and not call.place.unasked:
        severity = Severity.LOW
    if call.hidden or text.startswith(("/tmp", "/dev/shm", "/var/tmp")):  # noqa: S108 - compared
        severity = Severity.HIGH
    deeds.add("code.native-load", call.line, shown(call), call.place, severity)
