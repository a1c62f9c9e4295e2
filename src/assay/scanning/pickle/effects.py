"""What known callables do besides returning: construct, call, import, load, make code.

A policy row says which argument takes which part; here the part is played, so that what a
library's own function is made to do is judged like what the stream does itself.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass

from assay.scanning.pickle.carried import Carried
from assay.scanning.pickle.judgement import Judgement, Safety
from assay.scanning.pickle.ledger import Ledger
from assay.scanning.pickle.reading import constant
from assay.scanning.pickle.shapes import ENCODED, value_kind
from assay.scanning.pickle.sources import Sources
from assay.scanning.pickle.values import (
    Global,
    Instance,
    Mapping,
    New,
    Tuple,
    Value,
    int_of,
    tuple_of,
)

_LONGEST_TEXT = 1024

Called = Callable[[Value, Value, int, str], Value]
"""Plays a call inside a call: callee, arguments, offset and how; what it gives."""

Load = Callable[[int], bool]
"""Reads the bytes or text of the constant at an offset as pickles; whether they are."""

Open = Callable[[int], bool]
"""Has the bytes of the constant at an offset judged by their own format; whether they are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call was judged, why, and what it gives."""

    safety: Safety
    reason: str
    value: Value


Play = Callable[[Global, Tuple, int], Outcome]


class Effects:
    """Plays the effects of calls that fit what a library writes."""

    def __init__(self, ledger: Ledger, called: Called, load: Load, unpack: Open) -> None:
        self._ledger = ledger
        self._data = ledger.data
        self._called = called
        self._load = load
        self._unpack = unpack
        self._carried = Carried(ledger.data)
        self._sources = Sources()
        self._plays: dict[str, Play] = {
            "constructs": self._constructs,
            "applies": self._applies,
            "resolves": self._resolves,
            "attribute": self._attribute,
            "types": self._types,
            "module": self._module,
            "loads": self._loads,
            "archive": self._archive,
            "source": self._source,
            "keeps": self._keeps,
        }

    def of(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        """Play what `callee` does with arguments that fit one of its shapes."""
        play = self._plays.get(callee.judgement.effect)
        return play(callee, given, offset) if play is not None else _plain(callee)

    def code(self, callee: Global, arguments: Value) -> Outcome:
        """A code object is made of arguments."""
        reason = self._carried.code(arguments)
        if reason:
            return Outcome(Safety.DANGEROUS, reason, callee.made())
        return Outcome(Safety.REVIEW, callee.judgement.why, callee.made())

    def _constructs(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        judgement = callee.judgement
        place = judgement.constructs or 0
        cls = given.items[place]
        if not isinstance(cls, (Global, Instance)):
            return _plain(callee)
        after = list(given.items[place + 1 :]) if judgement.forwards else []
        made = self._called(cls, tuple_of(after), offset, "NEWOBJ")
        return Outcome(judgement.safety, judgement.why, made)

    def _applies(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        function, inner = _chosen(given, callee.judgement.applies)
        made = self._called(function, inner, offset, "REDUCE")
        return Outcome(callee.judgement.safety, callee.judgement.why, made)

    def _resolves(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        module, name = (self._text(item) for item in _chosen(given, callee.judgement.resolves))
        found = self._ledger.imported(module, name, offset, 4)
        if callee.judgement.makes and found.judgement.safety is not Safety.DANGEROUS:
            return _plain(callee)
        if found.judgement.safety is Safety.ALLOWED or found.judgement.library:
            return Outcome(callee.judgement.safety, callee.judgement.why, found)
        return Outcome(Safety.DANGEROUS, f"imports {found.dotted}", found)

    def _attribute(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        """The same as importing the dotted name, and judged like that."""
        owner, item = _chosen(given, callee.judgement.attribute)
        name = self._text(item)
        if isinstance(owner, Instance) and (owner.makes or owner.product):
            made: Value = New(owner) if name == "__new__" else callee.made()
            return Outcome(Safety.ALLOWED, "", made)
        origin = owner.origin if isinstance(owner, Instance) else owner
        if (kind := value_kind(self._data, owner)) is not None:
            origin = self._ledger.imported("builtins", kind, offset, 4)
        if not isinstance(origin, Global):
            why = "takes an attribute of what could not be followed"
            return Outcome(Safety.DANGEROUS, why, callee.made())
        if name == "__new__":
            return Outcome(callee.judgement.safety, "", New(origin))
        inside = f"{origin.name}.{name}" if origin.name else name
        found = self._ledger.imported(origin.module, inside, offset, 4)
        return Outcome(callee.judgement.safety, callee.judgement.why, found)

    def _types(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        name = self._text(given.items[callee.judgement.types or 0])
        module = "builtins" if hasattr(builtins, name) else "types"
        module, name = _TYPES.get(name, (module, name))
        return Outcome(Safety.ALLOWED, "", self._ledger.imported(module, name, offset, 4))

    def _module(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        name = self._text(given.items[callee.judgement.module or 0])
        found = self._ledger.imported(name, "", offset, 4)
        if reason := self._carried.module(name):
            return Outcome(Safety.DANGEROUS, reason, found)
        if found.judgement.safety is Safety.ALLOWED:
            return Outcome(Safety.ALLOWED, "", found)
        return Outcome(Safety.REVIEW, f"gives the module {name}", found)

    def _loads(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        del offset
        if self._read(given.items[callee.judgement.loads or 0]):
            return _plain(callee)
        why = "loads bytes that are not a pickle that could be read"
        return Outcome(Safety.DANGEROUS, why, callee.made())

    def _read(self, value: Value) -> bool:
        """Read what is loaded, or what bytes were encoded from."""
        if isinstance(value, Instance) and isinstance(value.arguments, Tuple):
            value = value.arguments.items[0]
        return type(value) is int and self._load(value)

    def _archive(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        """A file in memory is loaded by its own format."""
        del offset
        file = given.items[callee.judgement.archive or 0]
        state = file.state if isinstance(file, Instance) else None
        content = state.items[0] if isinstance(state, Tuple) and state.items else None
        if isinstance(content, Instance) and isinstance(content.arguments, Tuple):
            content = content.arguments.items[0]
        if type(content) is int and self._unpack(content):
            return _plain(callee)
        return Outcome(Safety.DANGEROUS, "loads what could not be read", callee.made())

    def _source(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        """Source that the file carries is run while it is loaded."""
        del offset
        body, imports = _chosen(given, callee.judgement.source)
        texts = [*self._texts_of(body), self._whole(imports)]
        for text in texts:
            if reason := self._sources.judge(text):
                return Outcome(Safety.DANGEROUS, reason, callee.made())
        return Outcome(callee.judgement.safety, callee.judgement.why, callee.made())

    def _texts_of(self, body: Value) -> list[str]:
        if not isinstance(body, Mapping) or not body.whole:
            return ["?"]
        pairs = zip(body.pairs[::2], body.pairs[1::2], strict=False)
        return [
            self._whole(value)
            for key, value in pairs
            if type(key) is int and self._text(key) in _SOURCES
        ]

    def _whole(self, value: Value) -> str:
        """A text; what no source begins with where it is none."""
        text = constant(self._data, value, _LONGEST_SOURCE) if type(value) is int else None
        return text if isinstance(text, str) else "?"

    def _keeps(self, callee: Global, given: Tuple, offset: int) -> Outcome:
        del offset
        made = Instance(callee, given)
        if callee.dotted == ENCODED and given.items:
            self._read(made)
        return Outcome(callee.judgement.safety, callee.judgement.why, made)

    def _text(self, value: Value) -> str:
        return str(constant(self._data, int_of(value), _LONGEST_TEXT))


_LONGEST_SOURCE = 4 << 20
_SOURCES = ("_code", "code")
_TYPES = {
    "PartialType": ("functools", "partial"),
    "ItemGetterType": ("operator", "itemgetter"),
    "AttrGetterType": ("operator", "attrgetter"),
    "SuperType": ("builtins", "super"),
    "NoneType": ("types", "NoneType"),
    "SlotWrapperType": ("types", "WrapperDescriptorType"),
    "NumpyUfuncType": ("numpy", "ufunc"),
    "NumpyArrayType": ("numpy", "ndarray"),
}
"""What dill calls types that are neither in `builtins` nor by that name in `types`."""


def _plain(callee: Global) -> Outcome:
    judgement: Judgement = callee.judgement
    return Outcome(judgement.safety, judgement.why, callee.made())


def _chosen(given: Tuple, places: tuple[int, int] | None) -> tuple[Value, Value]:
    first, second = places or (0, 0)
    return given.items[first], given.items[second]
