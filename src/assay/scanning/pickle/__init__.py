"""The pickle engine: what a pickle would import, call and change if it were loaded.

Nothing is loaded. A stream is read exactly as CPython's C unpickler reads it
(`Modules/_pickle.c`, 3.11 to 3.13) and interpreted over abstract values, so that every
import and every call is seen with what it is given.
"""

from assay.scanning.pickle.imports import ImportPolicy, Safety
from assay.scanning.pickle.result import Import, PersistentIdRule, PickleResult
from assay.scanning.pickle.rules import RULES
from assay.scanning.pickle.scan import scan_pickle

__all__ = [
    "RULES",
    "Import",
    "ImportPolicy",
    "PersistentIdRule",
    "PickleResult",
    "Safety",
    "scan_pickle",
]
