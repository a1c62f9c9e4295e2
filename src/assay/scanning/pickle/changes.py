"""Changes of objects: states that BUILD gives, items and attributes that are set."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.judgement import Safety
from assay.scanning.pickle.ledger import Ledger
from assay.scanning.pickle.reading import MalformedError, constant
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.shapes import fits, preview
from assay.scanning.pickle.values import (
    Call,
    Global,
    Instance,
    Mapping,
    Opaque,
    Tuple,
    Value,
    Wide,
)
from assay.scanning.pickle.verdicts import Verdict

OVERRIDES = frozenset(
    "__class__ __setstate__ __reduce__ __reduce_ex__ __getattribute__ __getattr__ __setattr__ "
    "__globals__ __code__ __call__ __builtins__ __init__ __new__ __del__ __wrapped__ __getstate__ "
    "__subclasshook__ __bases__ __mro__ __closure__ __defaults__ __kwdefaults__ __func__".split()
)


class Changes:
    """Judges what a stream changes in objects that it made or imported."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._data = ledger.data

    def built(self, target: Value, state: Value, offset: int) -> None:
        """BUILD.

        Raises:
            MalformedError: the target can have no state.
        """
        if isinstance(target, Global):
            target.uses.add("modified")
            shown = f"{target.dotted} given {preview(self._data, state)}"
            self._ledger.report("pickle.modifies-import", offset, shown)
        elif isinstance(target, Instance):
            self._built(target, state, offset)
        elif target is not Opaque.PERSISTENT and not _is_nothing(self._data, state):
            raise MalformedError(offset, "a state for what has none")

    def _built(self, target: Instance, state: Value, offset: int) -> None:
        origin = target.origin
        origin.uses.add("built")
        if origin.judgement.keeps:
            target.state = state
        if target.makes:
            return
        if state is Opaque.DICT and not target.product:
            self._ledger.report("pickle.opaque-state", offset, origin.dotted)
        self._overrides(state, offset)
        shown = preview(self._data, state)
        if not self._is_written_so(target, state):
            why = "given a state the library does not write"
            origin.calls.append(Call(offset, "BUILD", shown, Safety.DANGEROUS, why))
        if (key := origin.judgement.expects_none) and not self._is_none(state, key):
            origin.calls.append(Call(offset, "BUILD", shown, Safety.REVIEW, f"given a {key}"))

    def _is_none(self, state: Value, wanted: str) -> bool:
        """Whether a state sets a key to None."""
        pairs = state.pairs if isinstance(state, Mapping) and state.whole else []
        return any(
            type(key) is int
            and constant(self._data, key, 64) == wanted
            and type(value) is int
            and constant(self._data, value, 8) is None
            for key, value in zip(pairs[::2], pairs[1::2], strict=False)
        )

    def _is_written_so(self, target: Instance, state: Value) -> bool:
        shapes = target.origin.judgement.state
        if shapes is None or target.product:
            return True
        given = state.items if isinstance(state, Tuple) else (state,)
        first = target.arguments.items[:1] if isinstance(target.arguments, Tuple) else ()
        if first and given[:1] == first:  # judged already, when the instance was made
            shapes, given = tuple(shape[1:] for shape in shapes), given[1:]
        return any(fits(self._data, given, shape) for shape in shapes)

    def _overrides(self, state: Value, offset: int) -> None:
        """Report a state that names attributes which decide behaviour."""
        parts = state.items if isinstance(state, Tuple) and len(state.items) == 2 else (state,)
        for part in parts:
            if isinstance(part, Mapping):
                self.check_keys(part.pairs, offset)

    def check_keys(self, pairs: list[Value], offset: int) -> None:
        """Look through keys and values in turn."""
        for key, value in zip(pairs[::2], pairs[1::2], strict=False):
            if type(key) is not int or not isinstance(value, (Global, Instance)):
                continue
            text = constant(self._data, key, 64)
            if text in OVERRIDES:
                shown = f"{text} = {preview(self._data, value)}"
                self._ledger.report("pickle.overrides-behaviour", offset, shown)

    def changed(self, target: Value, items: list[Value], offset: int, how: str) -> None:
        """APPEND, APPENDS, ADDITEMS, SETITEM or SETITEMS on what is not a plain container.

        Raises:
            MalformedError: the target has no such method.
        """
        if isinstance(target, Global):
            target.uses.add("modified")
            shown = f"{target.dotted}: {how} {preview(self._data, items[0])}"
            self._ledger.report("pickle.modifies-import", offset, shown)
        elif isinstance(target, Instance):
            target.origin.uses.add("built")
        elif type(target) is int and self._data[target] == op.BYTEARRAY8:
            # It can be changed byte by byte, so what was read of it says nothing any more.
            shown = f"{how}: bytes changed after they were written"
            grave = Severity.HIGH, Confidence.MEDIUM
            self._ledger.note(Verdict("pickle.opaque-state", offset, shown, *grave))
        elif type(target) is int or isinstance(target, (Tuple, Wide)):
            raise MalformedError(offset, "items for what can hold none")


def _is_nothing(data: Buffer, state: Value) -> bool:
    """Whether a state may be one that sets nothing, which every object takes.

    The C unpickler passes over `None` alone, the one written in Python over all that is empty.
    """
    if type(state) is int:
        return not constant(data, state, 8)
    if isinstance(state, Tuple):
        pair = len(state.items) == 2 and _is_nothing(data, state.items[0])
        return pair or not state.items
    return not isinstance(state, Mapping) or not state.pairs
