"""Python code: read by its syntax tree, never run.

Names are resolved through imports, aliases, attributes and look-ups by text; constants are
worked out; calls are followed into functions of the same file. What a call does is judged by
what it calls, what it is given and when it runs: a command in a script that somebody starts is
another thing than one that runs when a model is loaded.
"""

from assay.scanning.scanners.python_code.judging import (
    is_encoded_python,
    is_python,
    judge_source,
    scan,
    scan_start_file,
)
from assay.scanning.scanners.python_code.rules import RULES, TITLE

__all__ = [
    "RULES",
    "TITLE",
    "is_encoded_python",
    "is_python",
    "judge_source",
    "scan",
    "scan_start_file",
]
