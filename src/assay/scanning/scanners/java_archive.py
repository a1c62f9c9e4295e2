"""Java archives and Android packages: compiled code that is not judged."""

from __future__ import annotations

import re

from assay.scanning.archives.contents import Contents
from assay.scanning.formats import is_text
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.archive_rules import RULES

_CODE = (b"\xca\xfe\xba\xbe", b"dex\n0")
_NOTES = re.compile(r"META-INF/.*\.(MF|SF|TXT|LIST)|META-INF/[A-Z_-]+", re.IGNORECASE)
_NOTE_BYTES = 16 << 20


def scan_archive(contents: Contents) -> None:
    """Report compiled code once, and judge what else there is."""
    code = 0
    native = 0
    for item in contents.items:
        head = contents.head(item)
        if head.startswith(_CODE):
            code += 1
        elif executable(head):
            native += 1
        elif _NOTES.fullmatch(item.name) and item.size <= _NOTE_BYTES:
            body = contents.read(item)
            if body is not None and not is_text(body):
                contents.judge(item)
        else:
            contents.judge(item)
    if native:
        contents.answer.find(RULES["archive.native-code"], f"{native} programs or libraries")
    if code:
        contents.answer.find(RULES["archive.java-code"], f"{code} compiled files")
