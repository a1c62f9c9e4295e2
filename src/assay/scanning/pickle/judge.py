"""Judges what a stream does: every import, call, change and question to the loader."""

from __future__ import annotations

from assay.scanning.pickle.changes import Changes
from assay.scanning.pickle.effects import Effects, Load, Open, Outcome
from assay.scanning.pickle.imports import ImportPolicy
from assay.scanning.pickle.judgement import Safety, Shape
from assay.scanning.pickle.ledger import ImportLimitError, Ledger
from assay.scanning.pickle.persistence import Persistence
from assay.scanning.pickle.reading import MalformedError, constant
from assay.scanning.pickle.result import Buffer, PersistentIdRule
from assay.scanning.pickle.shapes import fits, preview
from assay.scanning.pickle.unknown import unknown
from assay.scanning.pickle.values import (
    EMPTY,
    Global,
    Instance,
    New,
    Opaque,
    Tuple,
    Value,
    Wide,
    int_of,
    tuple_of,
)
from assay.scanning.pickle.verdicts import Verdict

__all__ = ["ImportLimitError", "Judge"]

_LONGEST_TEXT = 1024
_ROOM = 1_000_000
"""Arguments of wide calls looked at in one stream."""
_PARTIAL = "functools.partial"
_CONSTRUCTING = ("NEWOBJ", "NEWOBJ_EX")


class Judge:
    """Collects what one stream does; `changes` and `persistence` judge their part of it."""

    def __init__(
        self,
        data: Buffer,
        policy: ImportPolicy,
        persistent_ids: PersistentIdRule,
        load: Load,
        unpack: Open,
    ) -> None:
        self.data = data
        self._ledger = Ledger(data, policy)
        self._effects = Effects(self._ledger, self.called, load, unpack)
        self.changes = Changes(self._ledger)
        self.persistence = Persistence(self._ledger, persistent_ids)
        self._room = _ROOM
        self._extensions: dict[int, tuple[str, str]] = {}

    @property
    def imports(self) -> dict[tuple[str, str], Global]:
        """Every imported name once, with its uses."""
        return self._ledger.imports

    @property
    def reports(self) -> list[Verdict]:
        """Findings other than those about what was done with an import."""
        return self._ledger.reports

    # Imports

    def imported(self, module: str, name: str, offset: int, protocol: int) -> Global:
        """See `Ledger.imported`."""
        return self._ledger.imported(module, name, offset, protocol)

    def computed_import(self, module: str | None, name: str | None, offset: int) -> Instance:
        """STACK_GLOBAL with a module or name that is not a constant."""
        shown = f"{module or '<computed>'}.{name or '<computed>'}"
        self._ledger.report("pickle.computed-import", offset, shown)
        return self.imported(module or "<computed>", name or "<computed>", offset, 4).made()

    def extension(self, code: int, offset: int, protocol: int) -> Value:
        """EXT1, EXT2 or EXT4."""
        registered = self._extensions.get(code)
        if registered is None:
            shown = f"code {code}, registered elsewhere"
            self._ledger.report("pickle.extension-code", offset, shown)
            return Opaque.PERSISTENT
        shown = f"code {code}, registered as {'.'.join(registered)}"
        self._ledger.report("pickle.extension-code", offset, shown)
        return self.imported(*registered, offset, protocol)

    def persistent_text(self, identity: str, offset: int) -> None:
        """PERSID: an id of protocol 0, never one of a storage."""
        self._ledger.report("pickle.persistent-id", offset, identity)

    # Calls

    def called(self, callee: Value, arguments: Value, offset: int, how: str) -> Value:
        """REDUCE, OBJ, INST, NEWOBJ or NEWOBJ_EX; what the call leaves.

        Raises:
            MalformedError: what is called is a constant or a container.
        """
        if isinstance(callee, Global):
            return self._call(callee, arguments, offset, how)
        if isinstance(callee, Instance) and callee.makes == "class":
            return callee.origin.produced()
        if (new := _new_of(callee)) is not None:
            return self._construct(new, callee, arguments, offset)
        if isinstance(callee, Instance) or callee is Opaque.PERSISTENT:
            shown = f"{preview(self.data, callee)} called with {preview(self.data, arguments)}"
            self._ledger.report("pickle.computed-call", offset, shown)
            return callee
        raise MalformedError(offset, "a call of what cannot be called")

    def _construct(self, new: New, callee: Value, arguments: Value, offset: int) -> Value:
        """A class's `__new__`, or a `partial` of one: the class is its first argument."""
        given = _bound(callee) + (arguments.items if isinstance(arguments, Tuple) else ())
        cls = given[0] if given and isinstance(given[0], (Global, Instance)) else new.cls
        return self.called(cls, tuple_of(list(given[1:])), offset, "NEWOBJ")

    def _call(self, callee: Global, arguments: Value, offset: int, how: str) -> Value:
        constructs = how in _CONSTRUCTING
        callee.uses.add("constructed" if constructs else "called")
        callee.count += 1
        outcome = self._outcome(callee, arguments, offset, constructs=constructs)
        self._ledger.keep(callee, arguments, offset, how, outcome.safety, outcome.reason)
        return outcome.value

    def _outcome(
        self, callee: Global, arguments: Value, offset: int, *, constructs: bool
    ) -> Outcome:
        judgement = callee.judgement
        made = Instance(callee, arguments) if judgement.keeps else callee.made()
        if judgement.safety is Safety.DANGEROUS:
            self._registers(callee, arguments)
            return Outcome(Safety.DANGEROUS, judgement.why, made)
        if judgement.safety is Safety.UNKNOWN:
            return Outcome(*unknown(self.data, callee, arguments, constructs=constructs), made)
        if constructs and judgement.kind == "class" and not judgement.strict:
            return Outcome(judgement.safety, "", made)
        if judgement.kind == "reference":
            return Outcome(Safety.UNKNOWN, "called, though libraries only pass it on", made)
        if judgement.makes == "code":
            return self._effects.code(callee, arguments)
        return self._by_shape(callee, arguments, offset) or Outcome(
            *self._unfitting(callee, arguments), made
        )

    def _by_shape(self, callee: Global, arguments: Value, offset: int) -> Outcome | None:
        """The outcome of arguments a library gives, or nothing."""
        shapes = callee.judgement.shapes
        if not isinstance(arguments, Tuple):
            if shapes is None or (
                isinstance(arguments, Wide) and self._fits_wide(arguments, shapes)
            ):
                return Outcome(callee.judgement.safety, "", callee.made())
            return None
        if shapes is None or self._fits(arguments, shapes):
            return self._effects.of(callee, arguments, offset)
        if self._fits(arguments, callee.judgement.doubtful):
            found = self._effects.of(callee, arguments, offset)
            worse = max(found.safety, Safety.REVIEW, key=lambda safety: safety.rank)
            return Outcome(worse, found.reason or _UNUSUAL, found.value)
        return None

    def _fits(self, arguments: Tuple, shapes: tuple[Shape, ...]) -> bool:
        return any(fits(self.data, arguments.items, shape) for shape in shapes)

    def _fits_wide(self, arguments: Wide, shapes: tuple[Shape, ...]) -> bool:
        """Whether so many arguments fit; a hostile stream gives the same again and again."""
        self._room -= len(arguments.items)
        if self._room < 0:
            return False
        return any(fits(self.data, arguments.items, shape) for shape in shapes)

    def _unfitting(self, callee: Global, arguments: Value) -> tuple[Safety, str]:
        judgement = callee.judgement
        if judgement.library and not judgement.strict:
            return unknown(self.data, callee, arguments, constructs=False)
        reason = _UNUSUAL if isinstance(arguments, Tuple) else _UNFOLLOWED
        return judgement.otherwise, reason

    def _registers(self, callee: Global, arguments: Value) -> None:
        """Remember `copyreg.add_extension(module, name, code)`."""
        if callee.name != "add_extension" or not isinstance(arguments, Tuple):
            return
        if not fits(self.data, arguments.items, ("str", "str", "int")):
            return
        module, name = (str(self._constant(item)) for item in arguments.items[:2])
        code = self._constant(arguments.items[2])
        if isinstance(code, int):
            self._extensions[code] = (module, name)

    def _constant(self, value: Value) -> object:
        return constant(self.data, int_of(value), _LONGEST_TEXT)


_UNUSUAL = "called with arguments the library does not give it"
_UNFOLLOWED = "called with arguments that could not be followed"


def _new_of(callee: Value) -> New | None:
    """The `__new__` that is called, itself or by a `partial`; None where it is something else."""
    if isinstance(callee, New):
        return callee
    if not isinstance(callee, Instance) or callee.origin.dotted != _PARTIAL:
        return None
    for given in (callee.state, callee.arguments):
        if isinstance(given, Tuple) and given.items:
            return given.items[0] if isinstance(given.items[0], New) else None
    return None


def _bound(callee: Value) -> tuple[Value, ...]:
    """What a `partial` gives before all else."""
    state = callee.state if isinstance(callee, Instance) else None
    inner = state.items[1] if isinstance(state, Tuple) and len(state.items) > 1 else EMPTY
    return inner.items if isinstance(inner, Tuple) else ()
