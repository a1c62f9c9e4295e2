"""R's serialization, walked without building an object: what of it is code, and where.

Source: "R Internals", sections 1.1 and 1.8, and `src/main/serialize.c` of R; versions 2 and 3,
as XDR, in the machine's own order, and as text.
"""

from assay.scanning.parsers.r_serialization.values import (
    CALL,
    CLOSURE,
    PROMISE,
    BudgetError,
    Region,
    RError,
)
from assay.scanning.parsers.r_serialization.walk import MAGICS, Walk

__all__ = ["CALL", "CLOSURE", "MAGICS", "PROMISE", "BudgetError", "RError", "Region", "Walk"]
