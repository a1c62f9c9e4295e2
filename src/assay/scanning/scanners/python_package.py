"""Python wheels and source distributions: code by design, each file of it judged by itself."""

from __future__ import annotations

import re

from assay.scanning.archives.contents import Contents, Item
from assay.scanning.formats import is_text
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.archive_rules import RULES

_METADATA = re.compile(r"(.*/)?[^/]+\.(dist|egg)-info/[^/]+|[^/]+/PKG-INFO", re.DOTALL)
_METADATA_BYTES = 16 << 20


def scan_archive(contents: Contents) -> None:
    """Judge each file; native code is usual in a package, and still cannot be judged."""
    for item in contents.items:
        program = executable(contents.head(item))
        if program:
            where = contents.inside(item).member
            rule = RULES["archive.native-code"]
            contents.answer.find(rule, program, offset=item.offset, member=where)
        elif not _is_metadata(contents, item):
            contents.judge(item)


def _is_metadata(contents: Contents, item: Item) -> bool:
    """Whether a file is one of the texts installers keep about a package."""
    if not _METADATA.fullmatch(item.name):
        return False
    if item.size > _METADATA_BYTES:
        return False
    body = contents.read(item)
    return body is not None and is_text(body)
