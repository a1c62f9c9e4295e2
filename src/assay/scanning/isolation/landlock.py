"""Landlock: the kernel refuses the scanning child every path, port and signal.

A second lock behind the system-call filter. Source: `linux/landlock.h` and the kernel's
`userspace-api/landlock`; the rights that exist depend on the version of the interface.
"""

from __future__ import annotations

import ctypes
import os
import sys
from struct import pack

_CREATE, _RESTRICT = 444, 446
_VERSION_FLAG = 1
_RIGHTS_BY_VERSION = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From this version on, so many rights on files are known."""
_NETWORK_SINCE, _NETWORK = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11


def version() -> int:
    """The version of Landlock the running kernel has; 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE, None, 0, _VERSION_FLAG))


def deny_everything() -> int:
    """Refuse this process every path, port and outside signal; the version, or 0 for none.

    `no_new_privs` must hold already. Descriptors that are open stay usable.
    """
    have = version()
    if not have:
        return 0
    rights = max(bits for since, bits in _RIGHTS_BY_VERSION if since <= have)
    attributes = pack("=Q", (1 << rights) - 1)
    if have >= _NETWORK_SINCE:
        attributes += pack("=Q", _NETWORK)
    if have >= _SCOPES_SINCE:
        attributes += pack("=Q", _SCOPES)
    ruleset = _call(_CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        return 0
    try:
        return have if _restrict(ruleset) == 0 else 0
    finally:
        os.close(ruleset)


def _restrict(ruleset: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    return int(library.syscall(ctypes.c_long(_RESTRICT), ctypes.c_int(ruleset), ctypes.c_uint(0)))


def _call(number: int, attributes: bytes | None, size: int, flags: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    return int(
        library.syscall(
            ctypes.c_long(number), attributes, ctypes.c_size_t(size), ctypes.c_uint(flags)
        )
    )
