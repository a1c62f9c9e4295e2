"""Persistent ids: objects that a stream asks its loader for."""

from __future__ import annotations

from assay.scanning.pickle.ledger import Ledger
from assay.scanning.pickle.reading import constant
from assay.scanning.pickle.result import PersistentIdRule
from assay.scanning.pickle.shapes import fits, preview
from assay.scanning.pickle.values import Global, Opaque, Tuple, Value, int_of

_LONGEST_ID = 1024
_STORAGE = ("='storage'", "class|callable", "str", "str", "int")
_STORAGE_IDS = (_STORAGE, (*_STORAGE, "none"), (*_STORAGE, "tuple"))
_MODULE_ID = ("='module'", "class", "str|none", "str|none")


class Persistence:
    """Judges persistent ids by what the loader of the container does with them.

    Attributes:
        storages: PyTorch storages asked of the loader: key to (class, number of elements).
    """

    def __init__(self, ledger: Ledger, rule: PersistentIdRule) -> None:
        self.storages: dict[str, tuple[str, int]] = {}
        self._ledger = ledger
        self._data = ledger.data
        self._rule = rule

    def asked(self, identity: Value, offset: int) -> Value:
        """BINPERSID; PyTorch's old files name classes so, and get the class itself."""
        known = self._rule is not PersistentIdRule.FORBIDDEN
        if known and isinstance(identity, Tuple):
            if self._is_storage(identity):
                return Opaque.PERSISTENT
            if fits(self._data, identity.items, _MODULE_ID):
                return identity.items[1]
        self._ledger.report("pickle.persistent-id", offset, preview(self._data, identity))
        return Opaque.PERSISTENT

    def _is_storage(self, identity: Tuple) -> bool:
        """`('storage', class, key, location, count)`, with a view's triple in old files."""
        if any(fits(self._data, identity.items, shape) for shape in _STORAGE_IDS):
            self._add_storage(identity)
            return True
        return False

    def _add_storage(self, identity: Tuple) -> None:
        kind, key, count = identity.items[1], identity.items[2], identity.items[4]
        number = constant(self._data, int_of(count), 16)
        if isinstance(kind, Global) and isinstance(number, int):
            name = str(constant(self._data, int_of(key), _LONGEST_ID))
            self.storages[name] = (kind.name, number)
