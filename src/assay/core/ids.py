"""ULIDs: 26 characters of Crockford base 32, sortable by time (github.com/ulid/spec)."""

from __future__ import annotations

import os
import re
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORM = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")
_RANDOM_BITS = 80
_STEP_BYTES = 8

_lock = threading.Lock()
_last = 0


def new_ulid(milliseconds: int | None = None) -> str:
    """A new id: 48 bits of Unix milliseconds, 80 random bits.

    Ids made by one process for the present moment ascend, also within a millisecond and when
    the clock steps back, so that the order of ids is the order of making. The step is random:
    a forked process does not make its parent's ids.
    """
    if milliseconds is not None:
        return _encoded(_fresh(milliseconds))
    global _last  # noqa: PLW0603 - the order of ids is a property of the process
    with _lock:
        number = _fresh(time.time_ns() // 1_000_000)
        if number >> _RANDOM_BITS <= _last >> _RANDOM_BITS:
            number = _last + 1 + int.from_bytes(os.urandom(_STEP_BYTES), "big")
        _last = number
    return _encoded(number)


def is_ulid(text: str) -> bool:
    """Whether `text` has the form of a ULID."""
    return _FORM.match(text) is not None


def _fresh(milliseconds: int) -> int:
    return (milliseconds << _RANDOM_BITS) | int.from_bytes(os.urandom(10), "big")


def _encoded(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
