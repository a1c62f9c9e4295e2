"""The walk over an object, with a stack of what is still to be read.

R itself reads by recursion; here no depth is too much.
"""

from __future__ import annotations

from collections.abc import Callable

from assay.scanning.parsers.r_serialization import values as r
from assay.scanning.parsers.r_serialization.bytecode import Bytecode
from assay.scanning.parsers.r_serialization.encoding import WIDTHS, Encoding
from assay.scanning.parsers.r_serialization.values import BudgetError, Region, RError, Tag, Task
from assay.scanning.subject import Buffer

MAGICS = (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"RDB2\n", b"RDB3\n")
"""Of a workspace, as `save` writes it; what follows is one pairlist."""

_MOST_ITEMS = 30_000_000
_MOST_REGIONS = _MOST_NAMES = 2_000
_MOST_TEXTS = 20
_ROLES = {
    "top": ("top", "top"),
    "attributes": ("attribute", "attributes"),
    "frame": ("binding", "frame"),
    "binding": ("binding", "frame"),
    "called": ("called", "arguments"),
}
"""What the first and the second part of a pair are, by what the pair is."""
_PLACES = {"binding": "environment", "frame": "environment"}


class Walk:
    """One serialized object.

    Attributes:
        encoding: Its bytes.
        version: 2 or 3.
        regions: Its code.
        names: The objects of a workspace, and the type of each.
        deepest: How deep things are in one another, rows of pairs not counted.
    """

    def __init__(self, data: Buffer) -> None:
        self.encoding = Encoding(data)
        self.version = 0
        self.regions: list[Region] = []
        self.names: dict[str, int] = {}
        self.deepest = 0
        self._workspace = bytes(data[:5]) in MAGICS
        self._left = _MOST_ITEMS
        self._references: list[str] = []
        self._waiting: list[Task] = []
        self._compiled = Bytecode(self)
        self._by_type: dict[int, Callable[[Task, int], None]] = {
            r.SYMBOL: self._symbol,
            **dict.fromkeys((r.PAIRS, r.CALL, r.DOTS, r.CLOSURE, r.PROMISE), self._pair),
            **dict.fromkeys((r.ATTRIBUTED_LIST, r.ATTRIBUTED_CALL), self._pair),
            r.ENVIRONMENT: self._environment,
            **dict.fromkeys((r.SPECIAL, r.BUILTIN), self._builtin),
            r.CHARACTERS: self._characters,
            **dict.fromkeys(WIDTHS, self._vector),
            r.TEXTS: self._texts,
            **dict.fromkeys((r.LIST, r.EXPRESSIONS), self._list),
            r.BYTECODE: self._bytecode,
            r.POINTER: self._pointer,
            r.WEAK: self._weak,
            r.RAW: self._raw,
            r.S4: self._attributes,
            r.ALTERNATIVE: self._alternative,
            **dict.fromkeys((r.PERSISTENT, r.PACKAGE, r.NAMESPACE), self._named),
            r.REFERENCE: self._reference,
        }

    @property
    def end(self) -> int:
        """Offset behind the last byte that was read."""
        return self.encoding.end

    def read(self) -> None:
        """Walk the object to its end.

        Raises:
            BudgetError: it is over a budget.
            RError: it is no serialization, or is cut off; what came before is kept.
        """
        encoding = self.encoding
        encoding.begin(5 if self._workspace else 0)
        self.version = encoding.integer()
        if self.version not in (2, 3):
            raise RError(f"version {self.version}", encoding.end)
        encoding.integer()
        encoding.integer()
        if self.version == 3:
            encoding.text()
        self.push(Task(self.item, "top", None, 0))
        while self._waiting:
            task = self._waiting.pop()
            self._spend(1)
            task.read(task)

    def push(self, task: Task) -> None:
        """Read this next."""
        self._waiting.append(task)

    def item(self, task: Task) -> None:
        """Read an item.

        Raises:
            RError: it is none.
        """
        flags = self.encoding.integer()
        kind = flags & 0xFF
        self.deepest = max(self.deepest, task.depth)
        if task.role == "top" and task.tag is not None and len(self.names) < _MOST_NAMES:
            self.names[task.tag.name] = kind
        if kind in r.NOTHING:
            return
        read = self._by_type.get(kind)
        if read is None:
            raise RError(f"an item of type {kind}", self.end)
        read(task, flags)

    def _spend(self, items: int) -> None:
        self._left -= items
        if self._left < 0:
            raise BudgetError("more items than the budget allows", self.end)

    def _next(
        self, task: Task, role: str, *, region: Region | None = None, tag: Tag | None = None
    ) -> Task:
        """An item inside the one that is being read."""
        return Task(self.item, role, region or task.region, task.depth + 1, tag)

    # Names.

    def _is_called(self, task: Task, name: str) -> None:
        if task.role == "tag" and task.tag is not None:
            task.tag.name = name
        elif (
            task.role == "called"
            and task.region is not None
            and len(task.region.names) < _MOST_NAMES
        ):
            task.region.names[name] = None

    def _character_item(self) -> str:
        if self.encoding.integer() & 0xFF != r.CHARACTERS:
            raise RError("a text that is none", self.end)
        return self.encoding.text()

    def _symbol(self, task: Task, flags: int) -> None:
        del flags
        name = self._character_item()
        self._references.append(name)
        self._is_called(task, name)

    def _reference(self, task: Task, flags: int) -> None:
        index = (flags >> 8) or self.encoding.integer()
        if not 0 < index <= len(self._references):
            raise RError(f"a reference to item {index}", self.end)
        self._is_called(task, self._references[index - 1])

    def _builtin(self, task: Task, flags: int) -> None:
        del flags
        self._is_called(task, self.encoding.text())

    def _named(self, task: Task, flags: int) -> None:
        """A package or a namespace, by its name and version."""
        del task, flags
        if self.encoding.integer() != 0:
            raise RError("names in a list of names", self.end)
        for _ in range(self.encoding.length()):
            self._character_item()
        self._references.append("")

    # Pairs and code.

    def _region(self, kind: int, task: Task) -> Region:
        name = task.tag.name if task.tag is not None and task.role != "tag" else ""
        region = Region(kind, _PLACES.get(task.role, task.role), name, self.end)
        region.active = task.tag is not None and task.tag.active
        if len(self.regions) < _MOST_REGIONS:
            self.regions.append(region)
        return region

    def _pair(self, task: Task, flags: int) -> None:
        """A pair, a call, a function or a promise: attributes, tag, first and second part."""
        kind = flags & 0xFF
        attributed = bool(flags & r.HAS_ATTRIBUTES) or kind in (
            r.ATTRIBUTED_LIST,
            r.ATTRIBUTED_CALL,
        )
        kind = {r.ATTRIBUTED_LIST: r.PAIRS, r.ATTRIBUTED_CALL: r.CALL}.get(kind, kind)
        tag = Tag()
        tag.active = bool(flags & r.ACTIVE) and task.role == "frame"
        # What is pushed last is read first.
        for part in self._parts(task, kind, tag):
            self.push(part)
        if flags & r.HAS_TAG:
            role = "tag" if kind in (r.PAIRS, r.CALL, r.DOTS) else "environment"
            self.push(self._next(task, role, tag=tag))
        if attributed:
            self.push(self._next(task, "attributes"))

    def _parts(self, task: Task, kind: int, tag: Tag) -> tuple[Task, Task]:
        """The second part and the first, as what holds them takes them."""
        if kind == r.PROMISE:
            region = self._region(kind, task)
            value = self._next(task, "value", region=region)
            return self._next(task, "called", region=region), value._replace(read=self._promised)
        if kind in (r.CLOSURE, r.CALL):
            region = task.region or self._region(kind, task)
            roles = ("called", "argument") if kind == r.CLOSURE else ("arguments", "called")
            second = self._next(task, roles[0], region=region)
            if kind == r.CALL:
                second = second._replace(depth=task.depth)
            return second, self._next(task, roles[1], region=region)
        first, rest = _ROLES.get(task.role, ("argument", task.role))
        if task.role == "top" and not self._workspace:
            first, rest = "element", "arguments"
        return (
            self._next(task, rest)._replace(depth=task.depth),
            self._next(task, first, tag=tag),
        )

    def _promised(self, task: Task) -> None:
        """A promise's value: where it has none its code is still to be run."""
        at = self.encoding.end
        kind = self.encoding.integer() & 0xFF
        if task.region is not None:
            task.region.waits = kind in r.NO_VALUE
        if kind not in r.NOTHING:
            self.encoding.end = at
            self.item(task)

    def _bytecode(self, task: Task, flags: int) -> None:
        region = task.region or self._region(r.CALL, task)
        self._attributes(task, flags)
        self.encoding.integer()
        self.push(Task(self._compiled.code, "called", region, task.depth))

    # Containers.

    def _attributes(self, task: Task, flags: int) -> None:
        if flags & r.HAS_ATTRIBUTES:
            self.push(self._next(task, "attributes"))

    def _environment(self, task: Task, flags: int) -> None:
        del flags
        self.encoding.integer()
        self._references.append("")
        outside = task._replace(region=None)
        for role in ("attributes", "frame", "frame", "environment"):
            self.push(self._next(outside, role))

    def _characters(self, task: Task, flags: int) -> None:
        self._keep(task, self.encoding.text())
        self._attributes(task, flags)

    @staticmethod
    def _keep(task: Task, text: str) -> None:
        if task.region is not None and len(task.region.texts) < _MOST_TEXTS:
            task.region.texts.append(text)

    def _vector(self, task: Task, flags: int) -> None:
        count = self.encoding.length()
        self.encoding.past_vector(count, flags & 0xFF)
        self._attributes(task, flags)

    def _raw(self, task: Task, flags: int) -> None:
        self.encoding.past_bytes(self.encoding.length())
        self._attributes(task, flags)

    def _texts(self, task: Task, flags: int) -> None:
        self._attributes(task, flags)
        count = self.encoding.length()
        self._spend(count)
        for _ in range(count):
            self._keep(task, self._character_item())

    def _list(self, task: Task, flags: int) -> None:
        count = self.encoding.length()
        if self.end + count > self.encoding.size:
            raise RError("the data is cut off", self.end)
        self._attributes(task, flags)
        if count:
            role = "frame" if task.role == "frame" else "element"
            self.push(task._replace(read=self._element, role=role, tag=None, number=count))

    def _element(self, task: Task) -> None:
        """The next of so many elements."""
        if task.number > 1:
            self.push(task._replace(number=task.number - 1))
        self.push(self._next(task, task.role))

    def _pointer(self, task: Task, flags: int) -> None:
        self._references.append("")
        self._attributes(task, flags)
        self.push(self._next(task, "element"))
        self.push(self._next(task, "element"))

    def _weak(self, task: Task, flags: int) -> None:
        self._references.append("")
        self._attributes(task, flags)

    def _alternative(self, task: Task, flags: int) -> None:
        """A compact form of a vector: its class, its state and its attributes."""
        del flags
        for role in ("attributes", "element", "argument"):
            self.push(self._next(task, role))
