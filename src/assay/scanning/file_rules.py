"""Rules about files as such: what they are, against what they claim to be."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import (
    DISAGREEMENT,
    DO_NOT_LOAD,
    HIDDEN_CODE,
    TRAVERSAL,
)
from assay.scanning.rules import Rule, table

TITLE = "Files"
RULES = table(
    (
        Rule(
            "file.executable",
            "A program beside weights",
            Severity.HIGH,
            Confidence.HIGH,
            "The file is a native program or library. A model's weights need none; a loader or a "
            "person who opens the folder may run it.",
            "Remove it, or ship programs as packages that are reviewed as such.",
            HIDDEN_CODE,
        ),
        Rule(
            "file.disguised",
            "Not what its name says",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The name ends like a format that holds only data, but the content is one that can "
            "run code or hold other files. Programs that go by the content, and people who go "
            "by the name, are misled.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "file.other-format",
            "Another format than its name says",
            Severity.LOW,
            Confidence.HIGH,
            "The name ends like one format and the content is another, both of which hold data.",
            "Rename the file after what it is.",
            DISAGREEMENT,
        ),
        Rule(
            "file.polyglot",
            "Two formats in one file",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The file can be read as two formats at once. Which of the two a program sees depends "
            "on the program, so what was checked need not be what is loaded.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "file.link",
            "A link out of the folder",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The folder holds a symbolic link that is not one of a Hub cache. What it leads to is "
            "not part of the model, and differs from one machine to the next.",
            "Replace the link by the file it should stand for.",
            TRAVERSAL,
        ),
        Rule(
            "file.more-findings",
            "More findings than are listed",
            Severity.INFO,
            Confidence.HIGH,
            "The file has more findings than a report lists; the worst are listed.",
            "Raise the limit of findings per file to see them all.",
        ),
    )
)
