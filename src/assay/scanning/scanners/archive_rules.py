"""Rules about archives and packed files of every kind."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DO_NOT_LOAD, EXHAUSTION, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table

TITLE = "Archives and packed files"
RULES = table(
    (
        Rule(
            "archive.bomb",
            "A file that unpacks to very much",
            Severity.HIGH,
            Confidence.HIGH,
            "The file unpacks to far more than its size, by itself or through archives inside it. "
            "Unpacking it fills memory or disk, and no library writes such files.",
            "Do not unpack the file.",
            EXHAUSTION,
        ),
        Rule(
            "archive.nesting",
            "Archives in archives in archives",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The file is an archive within so many others that tools stop looking. No library "
            "packs a model like that.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "archive.native-code",
            "A native library in a package",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The package holds a library of machine code, as many packages do. What it does when "
            "it is imported cannot be told from here.",
            "Install the package only from where its publisher builds it.",
            LOADS_CODE,
        ),
        Rule(
            "archive.java-code",
            "Compiled Java or Android code",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The archive holds compiled code, which is not judged. A model needs none.",
            "Review the archive as a program, or remove it.",
            HIDDEN_CODE,
        ),
        Rule(
            "archive.trailing-data",
            "Data behind a compressed file",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Bytes follow the end of the compressed data. Some programs pass over them and some "
            "refuse the file; they can hold anything.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
    )
)
