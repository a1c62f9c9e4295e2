"""The rules for GGUF."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE
from assay.scanning.rules import Rule, table

_REWRITE = "Do not load the file. Ask its publisher for one the library wrote."
_MEMORY = References(
    atlas=("AML.T0011.000", "AML.T0010.003"),
    attack=("T1203",),
    cwe=("CWE-190", "CWE-122", "CWE-125"),
    owasp=("LLM03:2025",),
)
"""Numbers a reader written in C computes addresses and sizes from (such as CVE-2024-21802)."""

TITLE = "GGUF"
RULES = table(
    (
        Rule(
            "gguf.header",
            "A header no library writes",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The header, the metadata or the tensor table breaks the format's rules. Readers "
            "written in C have been taken over by such numbers.",
            _REWRITE,
            _MEMORY,
        ),
        Rule(
            "gguf.duplicate",
            "The same name twice",
            Severity.HIGH,
            Confidence.HIGH,
            "A key of the metadata or a tensor is there twice. One reader takes the first, "
            "another the last.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "gguf.size",
            "A tensor whose size cannot be",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor's dimensions multiply to more than a number can hold, or do not fit its "
            "type. A reader that multiplies them gets too small a buffer.",
            _REWRITE,
            _MEMORY,
        ),
        Rule(
            "gguf.bounds",
            "A tensor outside the file",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor begins where no tensor can, or reaches past the end of the file.",
            _REWRITE,
            _MEMORY,
        ),
        Rule(
            "gguf.overlap",
            "Tensors that share bytes",
            Severity.HIGH,
            Confidence.HIGH,
            "Two tensors cover the same bytes. No library writes that; a check of one is no "
            "check of the other.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "gguf.hole",
            "Bytes that belong to no tensor",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Bytes that are not zero lie between or behind the tensors. No library writes that; "
            "they can hold anything.",
            _REWRITE,
            HIDDEN_CODE,
        ),
        Rule(
            "gguf.executable",
            "A program inside the file",
            Severity.HIGH,
            Confidence.HIGH,
            "A value of the metadata, or what lies between tensors, begins with the header of a "
            "native program or library.",
            "Do not load the file; find out who put the program there.",
            HIDDEN_CODE,
        ),
        Rule(
            "gguf.hidden-pickle",
            "A pickle inside the metadata",
            Severity.HIGH,
            Confidence.HIGH,
            "A value of the metadata is a pickle that imports what no model needs.",
            "Do not load the file; find out who put the pickle there.",
            HIDDEN_CODE,
        ),
        Rule(
            "gguf.program-text",
            "Text written to be run in the metadata",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text of the metadata is a command or a script. Nothing runs it by itself; a "
            "program or a person that trusts the metadata might.",
            "Ask the publisher what the text is for.",
            HIDDEN_CODE,
        ),
        Rule(
            "gguf.vocabulary",
            "Tables of the vocabulary that do not fit one another",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The vocabulary has fewer scores or types than tokens. A reader that takes one for "
            "every token reads past their end.",
            _REWRITE,
            _MEMORY,
        ),
        Rule(
            "gguf.type",
            "A value of another type than its key has",
            Severity.MEDIUM,
            Confidence.HIGH,
            "A key that every reader knows has a value of a type it never has. Readers stop, or "
            "read it as what it is not.",
            _REWRITE,
            DISAGREEMENT,
        ),
    )
)
