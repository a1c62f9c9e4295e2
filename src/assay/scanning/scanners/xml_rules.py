"""Rules about XML as such, whatever a document describes."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import DO_NOT_LOAD, EXHAUSTION, LOADS_CODE
from assay.scanning.rules import Rule, table

_FETCHED = References(
    atlas=("AML.T0011.000",),
    attack=("T1204", "T1005"),
    cwe=("CWE-611", "CWE-918"),
    owasp=("LLM03:2025",),
)

TITLE = "XML"
RULES = table(
    (
        Rule(
            "xml.external-entity",
            "An entity that is read from elsewhere",
            Severity.HIGH,
            Confidence.HIGH,
            "The document declares an entity whose text a reader fetches from a file or an "
            "address. A reader that does so hands out files of the machine it runs on.",
            DO_NOT_LOAD,
            _FETCHED,
        ),
        Rule(
            "xml.entity-expansion",
            "Entities made of entities",
            Severity.HIGH,
            Confidence.HIGH,
            "The document declares entities that refer to each other, so that a few bytes grow "
            "into more than a reader's memory.",
            DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "xml.depth",
            "Elements nested without end",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The document nests its elements deeper than any writer does. A reader that follows "
            "them by recursion runs out of its stack.",
            DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "xml.external-definitions",
            "Definitions that are read from elsewhere",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The document type declaration names a file or an address that a validating reader "
            "fetches.",
            "Remove the declaration; no model needs it.",
            _FETCHED,
        ),
        Rule(
            "xml.inclusion",
            "Another document is included",
            Severity.MEDIUM,
            Confidence.HIGH,
            "An XInclude element makes a reader put another file or address in its place.",
            "Remove the element, or put the text there itself.",
            _FETCHED,
        ),
        Rule(
            "xml.stylesheet",
            "A style sheet from elsewhere",
            Severity.LOW,
            Confidence.HIGH,
            "An instruction names a style sheet that a browser fetches when it shows the document.",
            "Remove the instruction.",
            _FETCHED,
        ),
        Rule(
            "xml.runs-code",
            "XML that a program acts upon",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The document is of a kind, or holds an element, by which the program that reads it "
            "makes objects or starts commands.",
            "Do not open the document with such a program before it was read.",
            LOADS_CODE,
        ),
        Rule(
            "xml.acting-text",
            "Text in a document that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "An attribute or a text of the document holds a command or code.",
            "Read the text, and find out what uses it.",
            LOADS_CODE,
        ),
    )
)
