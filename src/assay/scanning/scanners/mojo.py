"""H2O's MOJO: an archive of settings, domains and trees, which H2O's own library computes.

Nothing in it runs. Source: H2O's documentation, "Saving, Loading, Downloading, and Uploading
Models", and `hex.genmodel.MojoModel`.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.pickle.executables import executable
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table

TITLE = "H2O MOJO"
RULES = table(
    (
        Rule(
            "mojo.unknown-member",
            "A member no MOJO has",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The archive holds a file that is none of those a model of this kind is made of.",
            "Find out what it is for before the archive is unpacked.",
            HIDDEN_CODE,
        ),
        Rule(
            "mojo.executable",
            "A program inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "A member of the archive is a native program or library, or Java code.",
            "Do not load the model; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
_SETTINGS = "model.ini"
_BINARY = re.compile(r"(?:trees/t\d+_\d+(?:_aux)?\.bin|.*\.bin|vectors|.*/vectors|word_vectors)\Z")
_TEXT = re.compile(
    r"(?:domains/d\d+\.txt|.*/domains/d\d+\.txt|.*model\.ini|vocabulary|vocab|coefs|"
    r"feature_engineering/.*|.*\.txt|.*\.csv|.*\.tsv)\Z"
)
_LINE = re.compile(r"\s*(?:\[\w+\]|[\w.\- ]+\s*=.*|\d+\s*:\s*\d+\s+\S+.*|.{0,400})\s*\Z")
_JAVA = (b"\xca\xfe\xba\xbe", b"PK\x03\x04")
_LONGEST_TEXT = 64 * 1024 * 1024


def scan_archive(contents: Contents) -> None:
    """Judge every member."""
    for item in contents.items:
        head = contents.head(item)
        program = executable(head) or ("Java code" if head.startswith(_JAVA) else None)
        if program:
            shown = f"{item.name}: {program}"
            contents.answer.find(RULES["mojo.executable"], shown, offset=item.offset)
        elif _TEXT.match(item.name):
            _text(item, contents)
        elif not _BINARY.match(item.name):
            contents.judge(item)


def _text(item: Item, contents: Contents) -> None:
    """Settings and lists of values; nothing but lines."""
    body = contents.read(item, _LONGEST_TEXT)
    if body is not None and b"\x00" in bytes(body):
        contents.answer.find(RULES["mojo.unknown-member"], item.name, offset=item.offset)
