"""Compiled R code: instructions, then constants, among them the calls they were made of."""

from __future__ import annotations

from typing import Protocol

from assay.scanning.parsers.r_serialization.encoding import Encoding
from assay.scanning.parsers.r_serialization.values import (
    ATTRIBUTED_CALL,
    ATTRIBUTED_LIST,
    BYTECODE,
    CALL,
    PAIRS,
    REPEATABLE,
    REPEATED,
    RError,
    Tag,
    Task,
)

_CALLS = frozenset({CALL, PAIRS, REPEATABLE, REPEATED, ATTRIBUTED_CALL, ATTRIBUTED_LIST})


class Walking(Protocol):
    """The walk that meets compiled code."""

    encoding: Encoding

    def push(self, task: Task) -> None:
        """Read this next."""

    def item(self, task: Task) -> None:
        """Read an item."""


class Bytecode:
    """Reads compiled code for a walk."""

    def __init__(self, walk: Walking) -> None:
        self._walk = walk

    def code(self, task: Task) -> None:
        """Instructions, then their constants."""
        deeper = task._replace(depth=task.depth + 1, tag=None)
        self._walk.push(deeper._replace(read=self._constants, role="called"))
        self._walk.push(deeper._replace(read=self._walk.item, role="argument"))

    def _constants(self, task: Task) -> None:
        encoding = self._walk.encoding
        count = encoding.integer()
        if count < 0 or encoding.end + count > encoding.size:
            raise RError("the data is cut off", encoding.end)
        if count:
            self._walk.push(task._replace(read=self._constant, number=count))

    def _constant(self, task: Task) -> None:
        """A constant; a symbol among them is what an instruction calls or looks up."""
        if task.number > 1:
            self._walk.push(task._replace(number=task.number - 1))
        kind = self._walk.encoding.integer()
        if kind == BYTECODE:
            self._walk.push(task._replace(read=self.code, number=0))
        elif kind in _CALLS:
            self._call(task, kind)
        else:
            self._walk.push(task._replace(read=self._walk.item, depth=task.depth + 1))

    def _part(self, task: Task) -> None:
        """A part of a call."""
        kind = self._walk.encoding.integer()
        if kind in _CALLS:
            self._call(task, kind)
        else:
            self._walk.push(task._replace(read=self._walk.item))

    def _call(self, task: Task, kind: int) -> None:
        encoding = self._walk.encoding
        if kind == REPEATED:
            encoding.integer()
            return
        if kind == REPEATABLE:
            encoding.integer()
            kind = encoding.integer()
        first = "called" if kind in (CALL, ATTRIBUTED_CALL) else "argument"
        part = task._replace(read=self._part, tag=None, number=0)
        self._walk.push(part._replace(role="arguments"))
        self._walk.push(part._replace(role=first, depth=task.depth + 1))
        whole = part._replace(read=self._walk.item, depth=task.depth + 1)
        self._walk.push(whole._replace(role="tag", tag=Tag()))
        if kind in (ATTRIBUTED_CALL, ATTRIBUTED_LIST):
            self._walk.push(whole._replace(role="attributes"))
