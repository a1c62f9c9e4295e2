"""Which dotted names bytecode loads, as `os.system` of `import os as o` and `o.system`.

A reading in one pass and in order: a name that is stored keeps what it was given last, so
that imports under other names are seen through. It follows no jumps and no calls. Numbers
of instructions: `Lib/opcode.py` and, from 3.13 on, `Include/opcode_ids.h` of each version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assay.scanning.parsers.marshalled import PYTHON_2, SINCE_30, SINCE_38, SINCE_311, Code

_MOST_VALUES = 8
_MOST_NAMES = 50_000
_LONGEST = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One version's instructions, as far as names are concerned.

    Attributes:
        wide: Instructions of three bytes where they have an argument, one where not.
        roots: Load a name: global, built-in or of a module; with the bits its argument is
            shifted by.
        imports: Imports a module.
        members: Take an attribute; with the bits their argument is shifted by.
        froms: Takes a name from the module that was imported.
        stores: Put a value under one of the names.
        local_loads: Load a local variable.
        local_stores: Store one.
        cell_loads: Load a variable shared between functions.
        cell_stores: Store one.
        extended: Gives the next argument its higher bits.
        quiet: Stand between a name and its attribute without a meaning.
    """

    roots: dict[int, int]
    imports: int
    members: dict[int, int]
    froms: int
    stores: frozenset[int]
    local_loads: frozenset[int]
    local_stores: frozenset[int]
    cell_loads: frozenset[int]
    cell_stores: frozenset[int]
    extended: int
    quiet: frozenset[int]
    wide: bool = False
    star: int = 84


def _old(extended: int, *, wide: bool) -> _Table:
    return _Table(
        roots={101: 0, 116: 0},
        imports=108,
        members={106: 0, 160: 0},
        froms=109,
        stores=frozenset({90, 97}),
        local_loads=frozenset({124}),
        local_stores=frozenset({125}),
        cell_loads=frozenset({136, 148}),
        cell_stores=frozenset({137}),
        extended=extended,
        quiet=frozenset({9}),
        wide=wide,
    )


def _middle(shift: int) -> _Table:
    return _Table(
        roots={101: 0, 116: 1, 175: 0},
        imports=108,
        members={106: shift, 160: 0, 141: 2},
        froms=109,
        stores=frozenset({90, 97}),
        local_loads=frozenset({124, 127, 137, 143, 148}),
        local_stores=frozenset({125, 138}),
        cell_loads=frozenset(),
        cell_stores=frozenset(),
        extended=144,
        quiet=frozenset({0, 2, 9}),
    )


_PYTHON_2 = _old(145, wide=True)
_PYTHON_30 = _old(144, wide=True)
_PYTHON_36 = _old(144, wide=False)
_PYTHON_311 = _middle(0)
_PYTHON_312 = _middle(1)
_PYTHON_313 = _Table(
    roots={92: 0, 91: 1, 90: 0},
    imports=75,
    members={82: 1, 93: 2},
    froms=74,
    stores=frozenset({113, 114}),
    local_loads=frozenset({84, 85, 86, 87}),
    local_stores=frozenset({109, 110}),
    cell_loads=frozenset(),
    cell_stores=frozenset(),
    extended=71,
    quiet=frozenset({0, 30, 34}),
    star=-1,
)
_PYTHON_314 = _Table(
    roots={93: 0, 92: 1, 91: 0},
    imports=73,
    members={80: 1, 96: 2},
    froms=72,
    stores=frozenset({115, 116}),
    local_loads=frozenset({83, 84, 85, 86, 88}),
    local_stores=frozenset({111, 112}),
    cell_loads=frozenset(),
    cell_stores=frozenset(),
    extended=69,
    quiet=frozenset({0, 27, 33}),
    star=-1,
)
_TABLES = {
    PYTHON_2: (_PYTHON_2,),
    SINCE_30: (_PYTHON_36, _PYTHON_30),
    SINCE_38: (_PYTHON_36,),
    SINCE_311: (_PYTHON_311, _PYTHON_312, _PYTHON_313, _PYTHON_314),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Names that code objects load.

    Attributes:
        dotted: Modules and built-in or global names with the attributes taken from them.
        modules: Modules that are imported.
        stars: Modules of which every name is imported.
        complete: Whether there were no more than are kept.
    """

    dotted: frozenset[str]
    modules: frozenset[str]
    stars: frozenset[str]
    complete: bool = True


def loaded(codes: Iterable[Code]) -> Loaded:
    """What code objects of one tree load, read as every version that could have made them."""
    known = tuple(codes)
    tables = {table: None for code in known for table in _TABLES[code.layout]}
    every = [_found(known, table) for table in tables]
    return Loaded(
        frozenset().union(*(found.dotted for found in every)),
        frozenset().union(*(found.modules for found in every)),
        frozenset().union(*(found.stars for found in every)),
        all(len(found.dotted) < _MOST_NAMES for found in every),
    )


def _found(codes: Iterable[Code], table: _Table) -> _Found:
    found = _Found()
    for _ in range(2):  # a function may stand before the import it uses
        for code in codes:
            if table in _TABLES[code.layout]:
                _Pass(code, table, found).run()
    return found


class _Found:
    """What all passes over one tree of code share."""

    def __init__(self) -> None:
        self.dotted: set[str] = set()
        self.modules: set[str] = set()
        self.stars: set[str] = set()
        self.names: dict[str, tuple[str, ...]] = {}

    def store(self, name: str, values: tuple[str, ...]) -> None:
        before = self.names.get(name, ())
        fresh = tuple(value for value in values if value not in before)
        if fresh:
            self.names[name] = (*before, *fresh)[:_MOST_VALUES]


class _Pass:
    """One code object read by one table."""

    def __init__(self, code: Code, table: _Table, found: _Found) -> None:
        self._code = code
        self._table = table
        self._found = found
        self._last: tuple[str, ...] = ()
        self._module = ""

    def run(self) -> None:
        """Follow the instructions once."""
        for operation, argument in _instructions(self._code.code, self._table):
            if operation not in self._table.quiet:
                self._last = self._step(operation, argument)
                if len(self._found.dotted) < _MOST_NAMES:
                    self._found.dotted.update(self._last)

    def _step(self, operation: int, argument: int) -> tuple[str, ...]:
        """What is on top of the stack afterwards, where that is a name."""
        table, code = self._table, self._code
        if operation in table.roots:
            name = _at(code.names, argument >> table.roots[operation])
            return self._found.names.get(name) or ((name,) if name else ())
        if operation in table.members:
            return self._member(_at(code.names, argument >> table.members[operation]))
        if operation == table.imports:
            return self._import(_at(code.names, argument))
        if operation == table.froms and self._module:
            return (f"{self._module}.{_at(code.names, argument)}",)
        if operation == table.star and self._module:
            self._found.stars.add(self._module)
        return self._variable(operation, argument)

    def _member(self, name: str) -> tuple[str, ...]:
        longer = (f"{value}.{name}" for value in self._last if name)
        return tuple(value for value in longer if len(value) <= _LONGEST)

    def _import(self, name: str) -> tuple[str, ...]:
        self._module = name
        self._found.modules.add(name)
        root = name.split(".", 1)[0]
        return (name,) if root == name else (name, root)

    def _variable(self, operation: int, argument: int) -> tuple[str, ...]:
        table, code = self._table, self._code
        if operation in table.local_loads:
            return self._found.names.get(_at(code.locals, argument), ())
        if operation in table.cell_loads:
            return self._found.names.get(_at(code.cells, argument), ())
        if not self._last:
            return ()
        if operation in table.stores:
            self._found.store(_at(code.names, argument), self._last)
        elif operation in table.local_stores:
            self._found.store(_at(code.locals, argument), self._last)
        elif operation in table.cell_stores:
            self._found.store(_at(code.cells, argument), self._last)
        return ()


def _instructions(code: bytes, table: _Table) -> Iterator[tuple[int, int]]:
    """Number and argument of each instruction."""
    at, higher = 0, 0
    while at < len(code):
        operation = code[at]
        if table.wide and operation < 90:
            size, argument = 1, 0
        else:
            size = 3 if table.wide else 2
            argument = int.from_bytes(code[at + 1 : at + size], "little") | higher
        at += size
        if operation == table.extended:
            higher = (argument << (16 if table.wide else 8)) & 0xFFFFFFFF
            continue
        higher = 0
        yield operation, argument


def _at(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else ""
