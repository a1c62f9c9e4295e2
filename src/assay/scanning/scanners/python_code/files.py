"""Judging the files a program reads, writes and removes."""

from __future__ import annotations

import re

from assay.core.finding import Severity
from assay.scanning.scanners.known_names import (
    COPIES,
    DESTROYS,
    DOWNLOADS,
    LISTENS,
    OPENS,
    PRIVATE_PATH,
    STARTUP_PATH,
)
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.sources import fragments
from assay.scanning.scanners.python_code.state import Call
from assay.scanning.scanners.python_code.values import Value

_WRITING = re.compile(r"[wax+]")
_EVERYTHING = re.compile(
    r"(?:~|/|/\*|~/\*|\$HOME|/(?:home|etc|usr|var|root|boot|bin|lib)(?:/\*?)?|[A-Z]:[\\/])/?\Z"
)


def judge(call: Call, deeds: Deeds) -> None:
    """Note which file a call is about."""
    name = call.name
    if name in LISTENS:
        severity = Severity.HIGH if call.place.unasked else Severity.MEDIUM
        deeds.add("code.private-file", call.line, shown(call), call.place, severity)
    elif name in COPIES:
        _copied(call, deeds)
    elif name in DESTROYS:
        _removed(call, deeds)
    elif name in DOWNLOADS:
        _written(call, call.argument(DOWNLOADS[name], "filename"), deeds)
    elif name in OPENS or name.startswith("pathlib.Path()."):
        _opened(call, deeds)
    elif name.startswith("winreg.") and name.endswith(("SetValueEx", "SetValue", "CreateKey")):
        text = " ".join(fragments(value) for value in call.values)
        if STARTUP_PATH.search(text):
            deeds.add("code.persistence", call.line, shown(call), call.place)
    elif name in ("os.chmod", "os.chown") and STARTUP_PATH.search(fragments(call.argument(0))):
        deeds.add("code.persistence", call.line, shown(call), call.place, Severity.MEDIUM)


def path_of(call: Call) -> Value:
    """The path a call is about."""
    receiver = call.callee.receiver
    if receiver is not None and receiver.name.startswith("pathlib.Path"):
        return receiver
    return call.argument(0, "file")


def _opened(call: Call, deeds: Deeds) -> None:
    method = call.name.rpartition(".")[2]
    if method.startswith("write_"):
        _written(call, path_of(call), deeds)
        return
    on_path = call.callee.receiver is not None and call.name.startswith("pathlib.Path()")
    mode = call.argument(0 if on_path else 1, "mode").text or ""
    if method in ("open", "FileIO") and _WRITING.search(mode):
        _written(call, path_of(call), deeds)
    elif method not in ("exists", "is_file", "is_dir", "mkdir", "parent", "joinpath"):
        path = fragments(path_of(call))
        if PRIVATE_PATH.search(path) and not call.name.startswith("dotenv."):
            severity = Severity.HIGH if call.place.unasked else Severity.MEDIUM
            if "/etc/passwd" in path or "huggingface" in path:
                severity = Severity.MEDIUM
            deeds.add(
                "code.private-file", call.line, f"{path}: {shown(call)}", call.place, severity
            )


def _written(call: Call, path: Value, deeds: Deeds) -> None:
    text = fragments(path)
    if STARTUP_PATH.search(text):
        deeds.add("code.persistence", call.line, f"{text}: {shown(call)}", call.place)


def _copied(call: Call, deeds: Deeds) -> None:
    _written(call, call.argument(1, "dst"), deeds)
    path = fragments(call.argument(0, "src"))
    if PRIVATE_PATH.search(path):
        severity = Severity.HIGH if call.place.unasked else Severity.MEDIUM
        deeds.add("code.private-file", call.line, f"{path}: {shown(call)}", call.place, severity)


def _removed(call: Call, deeds: Deeds) -> None:
    path = call.argument(0, "path")
    home = path.name == "pathlib.Path.home()"
    if _EVERYTHING.match(path.text or "") or home:
        deeds.add("code.destroys", call.line, shown(call), call.place)
