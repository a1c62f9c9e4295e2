"""Names in archives: the folders they lie below, and where a link leads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.manifest import MAX_PATH_PARTS

LONGEST_TARGET = 4096
"""Bytes of a target that are looked at."""
_DRIVE = re.compile(r"[A-Za-z]:")


def folders_above(name: str) -> Iterator[str]:
    """The folders a name lies below, outermost first; of too many, as many as a name may have."""
    at = name.find("/")
    for _ in range(MAX_PATH_PARTS):
        if at < 1:
            return
        yield name[:at]
        at = name.find("/", at + 1)


def leads_out(folder: str, target: str) -> bool:
    """Whether a link leads out of its archive, or could by way of another link.

    Args:
        folder: The folder its target is relative to; "" is the archive's own.
        target: As the archive has it.
    """
    path = target.replace("\\", "/")
    if not path or path.startswith("/") or _DRIVE.match(path) or "\0" in path:
        return True
    depth = sum(part not in ("", ".") for part in folder.split("/"))
    below = False
    for part in path.split("/"):
        if part == "..":
            # Behind a name, which may be a link itself, upwards can be anywhere.
            if below or depth == 0:
                return True
            depth -= 1
        elif part not in ("", "."):
            below = True
    return False
