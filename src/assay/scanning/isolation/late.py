"""Modules kept in memory, to be imported after the files can no longer be opened.

Importing every scanner costs more than reading a small model, so the sandboxed child reads
their compiled code before it is locked and runs what it needs when it needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import cache_from_source, spec_from_file_location
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_HEADER_BYTES = 16
_PACKAGE = "__init__.py"
_COMPILED = "__pycache__"


class _Held(SourceFileLoader):
    """Loads a module from what was read before."""

    def __init__(self, name: str, path: str, content: dict[str, bytes]) -> None:
        super().__init__(name, path)
        self._content = content

    def get_data(self, path: str) -> bytes:
        if path not in self._content:
            raise FileNotFoundError(path)
        return self._content[path]

    def path_stats(self, path: str) -> Mapping[str, float]:
        source = self._content.get(path)
        compiled = self._content.get(cache_from_source(path), b"")
        if len(compiled) >= _HEADER_BYTES:
            # Compared with the source's own when they were read.
            mtime = int.from_bytes(compiled[8:12], "little")
            return {"mtime": mtime, "size": int.from_bytes(compiled[12:16], "little")}
        return {"mtime": 0, "size": len(source or b"")}

    def set_data(self, path: str, data: Buffer, *, _mode: int = 0o666) -> None:
        """Nothing can be written."""


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self.modules: dict[str, tuple[str, dict[str, bytes]]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if name not in self.modules:
            return None
        file, content = self.modules[name]
        folder, _, base = file.rpartition("/")
        return spec_from_file_location(
            name,
            file,
            loader=_Held(name, file, content),
            submodule_search_locations=[folder] if base == _PACKAGE else None,
        )


def hold(package: str, folder: str) -> tuple[str, ...]:
    """Read every module below a package's folder; they are imported from memory from now on.

    It is done for hundreds of files before the first one is scanned, so by system calls and
    not by paths.

    Args:
        package: Its dotted name.
        folder: Where it lies.

    Returns:
        The names of the modules.
    """
    finder = _Finder()
    waiting = [(package, folder)]
    while waiting:
        name, place = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    module = name if entry.name == _PACKAGE else f"{name}.{entry.name[:-3]}"
                    finder.modules[module] = (entry.path, _content(entry))
                elif entry.name.isidentifier() and entry.name != _COMPILED and entry.is_dir():
                    waiting.append((f"{name}.{entry.name}", entry.path))
    sys.meta_path.insert(0, finder)
    return tuple(sorted(finder.modules))


def _content(entry: os.DirEntry[str]) -> dict[str, bytes]:
    """The compiled code where it is current, else the source."""
    compiled = cache_from_source(entry.path)
    status = entry.stat()
    try:
        code = _read(compiled)
    except OSError:
        code = b""
    written = (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    if len(code) > _HEADER_BYTES and code[4:8] == bytes(4):
        noted = (int.from_bytes(code[8:12], "little"), int.from_bytes(code[12:16], "little"))
        if noted == written:
            return {compiled: code}
    return {entry.path: _read(entry.path)}


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs as much as the read
        return file.read()
