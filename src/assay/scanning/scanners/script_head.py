"""Files that begin as a script and go on as something else, such as self-extracting archives."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.subject import Answer, Buffer, Subject

_SHEBANG = re.compile(rb"#!\s*/[\x20-\x7e]{1,120}\r?\n")
_SCRIPT_BYTES = 64 * 1024

TITLE = "Scripts with data behind them"
RULES = table(
    (
        Rule(
            "script.with-data",
            "A script with data behind it",
            Severity.HIGH,
            Confidence.HIGH,
            "The file begins as a script that a system runs when the file is started, and goes "
            "on as something that is no text. A model needs no script.",
            "Remove it, or ship programs as packages that are reviewed as such.",
            HIDDEN_CODE,
        ),
    )
)


def is_script(data: Buffer, subject: Subject) -> bool:
    """Whether bytes that are no text begin with the line by which a system finds what runs them."""
    del subject
    return _SHEBANG.match(bytes(data[:256])) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Such a file is no part of a model, whatever the script does."""
    del subject
    first = bytes(data[:256]).split(b"\n", 1)[0].decode("ascii", "replace")
    found = acting(data, 0, min(len(data), _SCRIPT_BYTES))
    shown = f"{first}: {found}" if found else first
    answer.find(RULES["script.with-data"], shown, offset=0)
