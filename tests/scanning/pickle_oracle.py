"""The C unpickler as an oracle: what a real loader imports and where it stops, in a child.

Every import is a harmless stand-in, so nothing a stream asks for happens. The child has limits of
its own, and is started again when a stream kills it.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import Self

CHILD = r"""
import io, json, pickle, resource, struct, sys
resource.setrlimit(resource.RLIMIT_DATA, (1 << 29, 1 << 29))

class Stand:
    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)
    def __init__(self, *args, **kwargs):
        pass
    def __call__(self, *args, **kwargs):
        return Stand()
    def __setstate__(self, state):
        pass
    def __setitem__(self, key, value):
        pass
    def append(self, item):
        pass
    def extend(self, items):
        pass
    def add(self, item):
        pass
    def __hash__(self):
        return 1

class Oracle(pickle.Unpickler):
    def __init__(self, file):
        super().__init__(file, encoding="latin1")
        self.seen = []
    def find_class(self, module, name):
        self.seen.append([module, name])
        return type("Stand", (Stand,), {})
    def persistent_load(self, identity):
        return Stand()

source, out = sys.stdin.buffer, sys.stdout
while True:
    head = source.read(4)
    if len(head) < 4:
        break
    data = source.read(struct.unpack("<I", head)[0])
    file = io.BytesIO(data)
    oracle = Oracle(file)
    error = ""
    try:
        oracle.load()
    except BaseException as caught:
        error = type(caught).__name__ + ": " + str(caught)[:120]
    end = None if error else file.tell()
    out.write(json.dumps({"seen": oracle.seen, "error": error, "end": end}) + "\n")
    out.flush()
"""


@dataclass(frozen=True)
class Loaded:
    """What the loader did: names asked for in order, and the end, None where it failed."""

    seen: tuple[tuple[str, str], ...]
    error: str
    end: int | None


class Oracle:
    """One child that loads one stream after another."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def load(self, data: bytes) -> Loaded | None:
        """What the loader does with `data`; None if it took the child down."""
        child = self._running()
        try:
            child.stdin.write(struct.pack("<I", len(data)) + data)
            child.stdin.flush()
            line = child.stdout.readline()
        except OSError:
            line = b""
        if not line:
            self._end()
            return None
        answer = json.loads(line)
        seen = tuple((module, name) for module, name in answer["seen"])
        return Loaded(seen, answer["error"], answer["end"])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
