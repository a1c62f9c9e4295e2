"""Following files: what a program fetched into one, and then runs or loads."""

from __future__ import annotations

import ast
import re

from assay.core.finding import Severity
from assay.scanning.scanners.known_names import (
    DESTROYS,
    DOWNLOADS,
    LOADS,
    NATIVE,
    RUNS_FILES,
    SHELLS,
)
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.sources import fragments, words
from assay.scanning.scanners.python_code.state import Call
from assay.scanning.scanners.python_code.values import NETWORK, UNKNOWN, Value, taints_of

_RUNS = RUNS_FILES | NATIVE | SHELLS | {"importlib.util.spec_from_file_location", "os.chmod"}
_SHORTEST = 4


class Destroys:
    """Whether a program goes through a home or the whole disk, and removes or encrypts files."""

    def __init__(self) -> None:
        self._walks = False

    def judge(self, call: Call, deeds: Deeds) -> None:
        """Note the call that removes or encrypts what was gone through."""
        if call.name in _WALKS:
            path = fragments(call.argument(0, "top"))
            self._walks = self._walks or _HOMES.match(path) is not None
        elif (self._walks and _is_end(call.name)) or (call.name == _FORK and call.place.unasked):
            deeds.add("code.destroys", call.line, shown(call), call.place)


def _is_end(name: str) -> bool:
    return name in DESTROYS or _ENCRYPTS.search(name) is not None or name.endswith(_OVERWRITES)


_WALKS = frozenset({"os.walk", "glob.glob", "os.listdir", "os.scandir", "glob.iglob"})
_HOMES = re.compile(
    r"(?:~|/|/(?:home|root|Users|etc|var|mnt|media|data)|[A-Z]:[\\/]?)"
    r"(?:/?\*+)*(?:/?\*?\.(?:\*|\w{1,5}))?/?\Z"
)
_OVERWRITES = (".write_bytes", ".write_text", ".unlink")
_FORK = "os.fork"
_ENCRYPTS = re.compile(r"(?:Fernet|AES|Cipher|ChaCha\w*|RSA|PKCS1_OAEP)\S*\.encrypt\w*\Z")


class Fetched:
    """Files of one program that hold what came from another machine."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._names: set[str] = set()
        self._opened = ""

    def judge(self, call: Call, deeds: Deeds) -> None:
        """Note a file that is fetched, or one that was and is run now."""
        self._follow(call)
        if not self._texts and not self._names:
            return
        runs = call.name in _RUNS or LOADS.get(call.name) == "pickle"
        if runs and self._is_fetched(call):
            severity = Severity.HIGH if call.name in LOADS else None
            deeds.add("code.downloads-and-runs", call.line, shown(call), call.place, severity)

    def _follow(self, call: Call) -> None:
        if call.name in DOWNLOADS:
            index = DOWNLOADS[call.name]
            self._keep(call.argument(index, "filename"), _expression(call, index))
        elif call.name.endswith((".write", ".write_bytes", ".write_text")):
            receiver = call.callee.receiver
            if receiver is None or NETWORK not in taints_of(*call.arguments):
                return
            is_path = receiver.name.startswith("pathlib.Path")
            self._keep(receiver if is_path else receiver.items.get(0, UNKNOWN), self._opened)
        elif call.name in ("builtins.open", "io.open"):
            self._opened = _expression(call, 0)
        elif call.name == "shutil.copyfileobj" and NETWORK in call.argument(0).taints:
            self._keep(call.argument(1).items.get(0, UNKNOWN), self._opened)

    def _keep(self, path: Value, name: str) -> None:
        text = fragments(path)
        if len(text) >= _SHORTEST and "…" not in text:
            self._texts.add(text)
        if name and not text.endswith((".pt", ".pth", ".bin", ".safetensors")):
            self._names.add(name)

    def _is_fetched(self, call: Call) -> bool:
        index = 1 if call.name.endswith("spec_from_file_location") else 0
        text = words(call.argument(index, "location"))
        if any(path in text for path in self._texts):
            return True
        return _expression(call, index) in self._names


def _expression(call: Call, index: int) -> str:
    """An argument as it is written, where that is a plain name."""
    if not isinstance(call.node, ast.Call) or len(call.node.args) <= index:
        return ""
    argument = call.node.args[index]
    return argument.id if isinstance(argument, ast.Name) else ""
