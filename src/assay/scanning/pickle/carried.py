"""Code that a file carries: judged by the names and texts it refers to, its bytecode unread.

dill and cloudpickle write functions and classes that a program defines itself with their
code, as the arguments of a code object: `types.CodeType(..., code, constants, names, ...)`
(CPython `Objects/codeobject.c`). Such code acts when it is called. What it can reach, it
reaches by a name, so that names tell harmless code from code that cannot be.
"""

from __future__ import annotations

import re

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.names import ACTING
from assay.scanning.pickle.reading import constant
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.shapes import ENCODED
from assay.scanning.pickle.values import Global, Instance, Opaque, Tuple, Value, Wide

_ROOM = 1_000_000
"""Values looked at in one stream; a hostile one may use the same tuple again and again."""
_LONGEST_TEXT = 64 << 10
_DEEPEST = 16

_BY_NAME = frozenset("getattr vars globals locals attrgetter methodcaller __dict__".split())
"""What takes an attribute by a name that is a text."""

_GATES = frozenset("os sys nt builtins importlib shutil pickle".split())
"""Modules that programs use harmlessly as well; not, however, by names that are texts."""

_HARM = {
    "os": frozenset("remove unlink rename chmod chown kill killpg symlink truncate mkfifo".split()),
    "shutil": frozenset(("rmtree", "move", "chown")),
    "pickle": frozenset(("loads",)),
}
"""Attributes that are harm in such a module, and ordinary words elsewhere."""

_COMMAND = re.compile(
    r"os\.system|subprocess|__import__|/bin/(?:ba|z)?sh\b|\b(?:curl|wget)\s+\S*[/-]|bash -[ci]|"
    r"powershell|cmd(?:\.exe)? /c|\bnc -|/dev/tcp|\b(?:eval|exec)\(|\.ssh/|authorized_keys|"
    r"/etc/(?:passwd|shadow|cron)|base64 -d|\bimport (?:os|socket|subprocess|pty)\b|chmod \+x|"
    r"\brm -rf|LD_PRELOAD|\.bashrc",
)
_GLOBAL_LOADS = frozenset((116, 101, 91, 92))
"""LOAD_GLOBAL and LOAD_NAME in CPython 3.6 to 3.14."""


class Carried:
    """What the code in one stream refers to, gathered until something cannot be harmless."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._room = _ROOM
        self._modules: set[str] = set()
        self._takes_by_name = False

    def module(self, name: str) -> str:
        """A module that carried code is given; why that is no harmless one, or ""."""
        root = name.split(".", 1)[0]
        self._modules.add(root)
        if root in ACTING:
            return f"given the module {name}"
        return self._together()

    def code(self, arguments: Value) -> str:
        """Look through a code object's arguments; why it is no harmless code, or ""."""
        if not isinstance(arguments, (Tuple, Wide)):
            return "code whose names could not be followed"
        self._room -= len(arguments.items)
        if self._room < 0:
            return "more code than is looked through"
        parts = [item for item in arguments.items if isinstance(item, (Tuple, Wide))]
        if len(parts) < 2 or any(map(_is_hidden, arguments.items)):
            return "code whose names are not written in the file"
        names: set[str] = set()
        for part in parts[1:]:
            texts = self._texts(part, strict=True)
            if texts is None:
                return "code whose names could not be followed"
            names |= texts
        texts = self._texts(parts[0], strict=False)
        if texts is None:
            return "code whose constants could not be followed"
        return self._judge(names, texts, arguments.items)

    def _texts(self, part: Tuple | Wide, *, strict: bool) -> set[str] | None:
        """Every text in a tuple and the tuples in it; None where they cannot be told."""
        found: set[str] = set()
        waiting = [(part, 0)]
        while waiting:
            current, depth = waiting.pop()
            self._room -= len(current.items)
            if self._room < 0 or depth > _DEEPEST:
                return None
            for item in current.items:
                if isinstance(item, (Tuple, Wide)):
                    waiting.append((item, depth + 1))
                elif type(item) is int and self._data[item] in op.TEXT_CONSTANTS:
                    found.add(str(constant(self._data, item, _LONGEST_TEXT)))
                elif strict or item is Opaque.TUPLE:
                    return None
        return found

    def _judge(self, names: set[str], texts: set[str], arguments: tuple[Value, ...]) -> str:
        parts = {part for name in names for part in name.split(".")}
        if "system" in parts and "platform" in parts and not parts & _GATES:
            parts.discard("system")
        if acting := sorted(parts & ACTING):
            return f"code that uses {', '.join(acting[:4])}"
        for module, attributes in _HARM.items():
            if module in parts and (acting := sorted(parts & attributes)):
                return f"code that uses {module} and {', '.join(acting[:4])}"
        if "eval" in parts and self._loads_globally("eval", arguments):
            return "code that uses eval"
        for text in texts:
            if (command := _COMMAND.search(text)) is not None:
                return f"code with the text {command.group()!r}"
        self._modules |= parts & _GATES
        if parts & _BY_NAME:
            self._takes_by_name = True
            if acting := sorted(texts & (ACTING | _GATES)):
                return f"code that takes {', '.join(acting[:4])} by name"
        return self._together()

    def _together(self) -> str:
        gates = sorted(self._modules & _GATES)
        return (
            f"code that takes attributes of {gates[0]} by name"
            if gates and self._takes_by_name
            else ""
        )

    def _loads_globally(self, name: str, arguments: tuple[Value, ...]) -> bool:
        """Whether bytecode may load a name as a global, and not as an attribute of something.

        Every instruction is two bytes; the argument is the name's index, since 3.11 doubled.
        True where bytecode cannot be seen.
        """
        parts = [item for item in arguments if isinstance(item, (Tuple, Wide))]
        indexes = {at for part in parts[1:] for at, item in enumerate(part.items)
                   if type(item) is int and constant(self._data, item, 16) == name}  # fmt: skip
        wanted = {value & 0xFF for at in indexes for value in (at, at * 2, at * 2 + 1)}
        codes = [constant(self._data, item, _LONGEST_TEXT) for item in arguments
                 if type(item) is int and self._data[item] in op.BYTES_CONSTANTS]  # fmt: skip
        longest = max((code for code in codes if isinstance(code, bytes)), key=len, default=b"")
        if not longest or not wanted:
            return True
        pairs = zip(longest[::2], longest[1::2], strict=False)
        return any(code in _GLOBAL_LOADS and given in wanted for code, given in pairs)


def _is_hidden(value: Value) -> bool:
    """Whether an argument of a code object is neither a constant, a tuple nor encoded bytes."""
    if isinstance(value, Instance):
        return value.origin.dotted not in (ENCODED, "builtins.bytes")
    return isinstance(value, (Global, Opaque))
