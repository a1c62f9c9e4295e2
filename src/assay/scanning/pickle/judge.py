"""Judges what a stream does: every import, call, change and question to the loader."""

from __future__ import annotations

from collections.abc import Callable

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.imports import ImportPolicy, Safety, renamed
from assay.scanning.pickle.reading import MalformedError, constant
from assay.scanning.pickle.result import Buffer, PersistentIdRule
from assay.scanning.pickle.shapes import (
    ENCODED,
    fits,
    preview,
)
from assay.scanning.pickle.unknown import unknown
from assay.scanning.pickle.values import (
    Call,
    Global,
    Instance,
    Mapping,
    Opaque,
    Tuple,
    Value,
    tuple_of,
)
from assay.scanning.pickle.verdicts import Verdict

_CALLS_KEPT = 4
_IMPORTS_KEPT = 100_000
_REPORTS_KEPT = 1_000
_LONGEST_ID = 1024

OVERRIDES = frozenset(
    "__class__ __setstate__ __reduce__ __reduce_ex__ __getattribute__ __getattr__ __setattr__ "
    "__globals__ __code__ __call__ __builtins__ __init__ __new__ __del__ __wrapped__ __getstate__ "
    "__subclasshook__ __bases__ __mro__ __closure__ __defaults__ __kwdefaults__ __func__".split()
)

Load = Callable[[int], bool]
"""Reads the bytes or text of the constant at an offset as pickles; whether they are."""


class ImportLimitError(Exception):
    """More different imports than are kept."""


class Judge:
    """Collects what one stream does.

    Attributes:
        imports: Every imported name once, with its uses.
        reports: Findings other than those about what was done with an import.
        storages: PyTorch storages asked of the loader: key to (class, number of elements).
    """

    def __init__(
        self,
        data: Buffer,
        policy: ImportPolicy,
        persistent_ids: PersistentIdRule,
        load: Load,
    ) -> None:
        self.data = data
        self.imports: dict[tuple[str, str], Global] = {}
        self.storages: dict[str, tuple[str, int]] = {}
        self._policy = policy
        self._persistent_ids = persistent_ids
        self.reports: list[Verdict] = []
        self._load = load
        self._extensions: dict[int, tuple[str, str]] = {}

    # Imports

    def imported(self, module: str, name: str, offset: int, protocol: int) -> Global:
        """A name is imported; the worse of what is written and what it is renamed to counts."""
        actual = renamed(module, name, protocol)
        found = self.imports.get(actual)
        if found is not None:
            return found
        if len(self.imports) >= _IMPORTS_KEPT:
            raise ImportLimitError
        judgement = self._policy.judge(*actual)
        if actual != (module, name):
            written = self._policy.judge(module, name)
            renaming = judgement.safety in (Safety.ALLOWED, Safety.REVIEW)
            if written.why and written.safety is Safety.DANGEROUS and not renaming:
                judgement = written
        made = Global(*actual, offset, judgement)
        self.imports[actual] = made
        return made

    def computed_import(self, module: str | None, name: str | None, offset: int) -> Instance:
        """STACK_GLOBAL with a module or name that is not a constant."""
        shown = f"{module or '<computed>'}.{name or '<computed>'}"
        self._report("pickle.computed-import", offset, shown)
        return self.imported(module or "<computed>", name or "<computed>", offset, 4).made()

    def extension(self, code: int, offset: int, protocol: int) -> Value:
        """EXT1, EXT2 or EXT4."""
        registered = self._extensions.get(code)
        if registered is None:
            self._report("pickle.extension-code", offset, f"code {code}, registered elsewhere")
            return Opaque.PERSISTENT
        shown = ".".join(registered)
        self._report("pickle.extension-code", offset, f"code {code}, registered as {shown}")
        return self.imported(*registered, offset, protocol)

    # Calls

    def called(self, callee: Value, arguments: Value, offset: int, how: str) -> Value:
        """REDUCE, OBJ, INST, NEWOBJ or NEWOBJ_EX.

        Raises:
            MalformedError: what is called is a constant or a container.
        """
        if isinstance(callee, Global):
            return self._call(callee, arguments, offset, how)
        if isinstance(callee, Instance) or callee is Opaque.PERSISTENT:
            shown = f"{preview(self.data, callee)} called with {preview(self.data, arguments)}"
            self._report("pickle.computed-call", offset, shown)
            return callee
        raise MalformedError(offset, "a call of what cannot be called")

    def _call(self, callee: Global, arguments: Value, offset: int, how: str) -> Value:
        constructs = how in ("NEWOBJ", "NEWOBJ_EX")
        callee.uses.add("constructed" if constructs else "called")
        callee.count += 1
        safety, reason = self._judged(callee, arguments, offset, constructs=constructs)
        self._keep(callee, arguments, offset, how, safety, reason)
        return self._result(callee, arguments, offset)

    def _keep(
        self, callee: Global, arguments: Value, offset: int, how: str, safety: Safety, reason: str
    ) -> None:
        if len(callee.calls) < _CALLS_KEPT or safety.rank > callee.worst:
            callee.worst = max(callee.worst, safety.rank)
            shown = preview(self.data, arguments)
            callee.calls.append(Call(offset, how, shown, safety, reason))

    def _judged(
        self, callee: Global, arguments: Value, offset: int, *, constructs: bool
    ) -> tuple[Safety, str]:
        judgement = callee.judgement
        if judgement.safety is Safety.DANGEROUS:
            self._registers(callee, arguments)
            return Safety.DANGEROUS, judgement.why
        if judgement.safety is Safety.UNKNOWN:
            return unknown(self.data, callee, arguments, constructs=constructs)
        if constructs and judgement.kind == "class" and not judgement.strict:
            return judgement.safety, ""
        if judgement.kind == "reference":
            return Safety.UNKNOWN, "called, though libraries only pass it on"
        return self._judge_shape(callee, arguments, offset)

    def _judge_shape(self, callee: Global, arguments: Value, offset: int) -> tuple[Safety, str]:
        judgement = callee.judgement
        if judgement.shapes is None:
            return judgement.safety, ""
        if not isinstance(arguments, Tuple):
            if callee.judgement.otherwise is Safety.DANGEROUS:
                return Safety.DANGEROUS, "called with arguments that could not be followed"
            return Safety.REVIEW, "called with arguments that could not be followed"
        if not any(fits(self.data, arguments.items, shape) for shape in judgement.shapes):
            return judgement.otherwise, "called with arguments the library does not give it"
        return self._judge_effects(callee, arguments, offset)

    def _judge_effects(self, callee: Global, given: Tuple, offset: int) -> tuple[Safety, str]:
        judgement, items = callee.judgement, given.items
        if judgement.constructs is not None and isinstance(items[judgement.constructs], Global):
            after = list(items[judgement.constructs + 1 :]) if judgement.forwards else []
            self.called(items[judgement.constructs], tuple_of(after), offset, "NEWOBJ")
        if judgement.applies is not None:
            function, inner = (items[index] for index in judgement.applies)
            self.called(function, inner, offset, "REDUCE")
        if judgement.resolves is not None:
            module, name = (self._text(items[index]) for index in judgement.resolves)
            resolved = self.imported(module, name, offset, 4)
            if resolved.judgement.safety is not Safety.ALLOWED:
                return Safety.DANGEROUS, f"imports {resolved.dotted}"
        if judgement.attribute is not None and self._attribute(callee, given, offset) is None:
            return Safety.DANGEROUS, "takes an attribute of what could not be followed"
        if judgement.loads is not None and not self._loads(items[judgement.loads]):
            return Safety.DANGEROUS, "loads bytes that are not a pickle that could be read"
        return judgement.safety, judgement.why

    def _attribute(self, callee: Global, given: Value, offset: int) -> Global | None:
        """What `getattr` gives: the same as importing the dotted name, and judged like that."""
        shape, places = callee.judgement.shapes, callee.judgement.attribute
        fitting = isinstance(given, Tuple) and any(
            fits(self.data, given.items, one) for one in shape or ()
        )
        if places is None or not fitting or not isinstance(given, Tuple):
            return None
        owner, name = (given.items[index] for index in places)
        origin = owner.origin if isinstance(owner, Instance) else owner
        if not isinstance(origin, Global):
            return None
        return self.imported(origin.module, f"{origin.name}.{self._text(name)}", offset, 4)

    def _result(self, callee: Global, arguments: Value, offset: int) -> Value:
        judgement = callee.judgement
        if judgement.attribute is not None:
            return self._attribute(callee, arguments, offset) or callee.made()
        if judgement.constructs is not None and isinstance(arguments, Tuple) and arguments.items:
            built = arguments.items[min(judgement.constructs, len(arguments.items) - 1)]
            if isinstance(built, Global):
                return built.made()
        if judgement.keeps:
            return self._kept(callee, arguments)
        return callee.made()

    def _kept(self, callee: Global, arguments: Value) -> Instance:
        made = Instance(callee, arguments)
        if callee.dotted == ENCODED and isinstance(arguments, Tuple) and arguments.items:
            self._loads(made)
        return made

    def _loads(self, value: Value) -> bool:
        """Read what is loaded, or what bytes were encoded from."""
        if isinstance(value, Instance) and isinstance(value.arguments, Tuple):
            value = value.arguments.items[0]
        return type(value) is int and self._load(value)

    def _registers(self, callee: Global, arguments: Value) -> None:
        """Remember `copyreg.add_extension(module, name, code)`."""
        if callee.name != "add_extension" or not isinstance(arguments, Tuple):
            return
        if not fits(self.data, arguments.items, ("str", "str", "int")):
            return
        module, name = self._text(arguments.items[0]), self._text(arguments.items[1])
        code = constant(self.data, int_of(arguments.items[2]), 8)
        if isinstance(code, int):
            self._extensions[code] = (module, name)

    def _text(self, value: Value) -> str:
        return str(constant(self.data, int_of(value), _LONGEST_ID))

    # Changes

    def built(self, target: Value, state: Value, offset: int) -> None:
        """BUILD.

        Raises:
            MalformedError: the target can have no state.
        """
        if isinstance(target, Global):
            target.uses.add("modified")
            shown = f"{target.dotted} given {preview(self.data, state)}"
            self._report("pickle.modifies-import", offset, shown)
        elif isinstance(target, Instance):
            self._built(target, state, offset)
        elif target is not Opaque.PERSISTENT and not _is_nothing(self.data, state):
            raise MalformedError(offset, "a state for what has none")

    def _built(self, target: Instance, state: Value, offset: int) -> None:
        origin = target.origin
        origin.uses.add("built")
        if origin.judgement.keeps:
            target.state = state
        if state is Opaque.DICT:
            self._report("pickle.opaque-state", offset, origin.dotted)
        self._overrides(state, offset)
        shapes = origin.judgement.state
        given = state.items if isinstance(state, Tuple) else (state,)
        if shapes is not None and not any(fits(self.data, given, shape) for shape in shapes):
            call = Call(offset, "BUILD", preview(self.data, state), Safety.DANGEROUS)
            call.reason = "given a state the library does not write"
            origin.calls.append(call)

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
            text = constant(self.data, key, 64)
            if text in OVERRIDES:
                shown = f"{text} = {preview(self.data, value)}"
                self._report("pickle.overrides-behaviour", offset, shown)

    def changed(self, target: Value, items: list[Value], offset: int, how: str) -> None:
        """APPEND, APPENDS, ADDITEMS, SETITEM or SETITEMS on what is not a plain container.

        Raises:
            MalformedError: the target has no such method.
        """
        if isinstance(target, Global):
            target.uses.add("modified")
            shown = f"{target.dotted}: {how} {preview(self.data, items[0])}"
            self._report("pickle.modifies-import", offset, shown)
        elif isinstance(target, Instance):
            target.origin.uses.add("built")
        elif type(target) is int and self.data[target] == op.BYTEARRAY8:
            # It can be changed byte by byte, so what was read of it says nothing any more.
            shown = f"{how}: bytes changed after they were written"
            grave = Severity.HIGH, Confidence.MEDIUM
            self._note(Verdict("pickle.opaque-state", offset, shown, *grave))
        elif type(target) is int or isinstance(target, Tuple):
            raise MalformedError(offset, "items for what can hold none")

    def _report(self, rule: str, offset: int, evidence: str) -> None:
        self._note(Verdict(rule, offset, evidence))

    def _note(self, found: Verdict) -> None:
        if len(self.reports) < _REPORTS_KEPT:
            self.reports.append(found)

    # The loader

    def persistent_text(self, identity: str, offset: int) -> None:
        """PERSID: an id of protocol 0, never one of a storage."""
        self._report("pickle.persistent-id", offset, identity)

    def persistent(self, identity: Value, offset: int) -> Value:
        """BINPERSID; PyTorch's old files name classes so, and get the class itself."""
        known = self._persistent_ids is not PersistentIdRule.FORBIDDEN
        if known and isinstance(identity, Tuple):
            if self._is_storage(identity):
                return Opaque.PERSISTENT
            if fits(self.data, identity.items, _MODULE_ID):
                return identity.items[1]
        self._report("pickle.persistent-id", offset, preview(self.data, identity))
        return Opaque.PERSISTENT

    def _is_storage(self, identity: Tuple) -> bool:
        """`('storage', class, key, location, count)`, with a view's triple in old files."""
        if any(fits(self.data, identity.items, shape) for shape in _STORAGE_IDS):
            self._add_storage(identity)
            return True
        return False

    def _add_storage(self, identity: Tuple) -> None:
        kind, key, count = identity.items[1], identity.items[2], identity.items[4]
        number = constant(self.data, int_of(count), 16)
        if isinstance(kind, Global) and isinstance(number, int):
            self.storages[self._text(key)] = (kind.name, number)


_STORAGE = ("='storage'", "class|callable", "str", "str", "int")
_STORAGE_IDS = (_STORAGE, (*_STORAGE, "none"), (*_STORAGE, "tuple"))
_MODULE_ID = ("='module'", "class", "str|none", "str|none")


def int_of(value: Value) -> int:
    """The offset of a constant that a shape has been checked for."""
    return value if type(value) is int else 0


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
