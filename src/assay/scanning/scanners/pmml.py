"""PMML: a model as XML. Its own functions only compute; some readers call classes by name.

Sources: "PMML 4.4 - General Structure", "Built-in Functions"; JPMML-Evaluator, which makes the
Java class that a function's name is.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.xml_document import Event, Start, root_of
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.xml_reading import read
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "PMML"
RULES = table(
    (
        Rule(
            "pmml.class-function",
            "A function that is a class of the reader",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model applies a function by the name of a Java class, which some readers load "
            "and call. What it does cannot be seen here.",
            "Ask the publisher which class is meant, and look at it.",
            LOADS_CODE,
        ),
        Rule(
            "pmml.script",
            "A script inside the model",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "An extension of the model holds a script. PMML has none; a reader that knows the "
            "extension runs it.",
            "Ask the publisher for a model without it.",
            LOADS_CODE,
        ),
    )
)
_CLASS = re.compile(r"(?:[a-z_]\w*\.)+[A-Z]\w*\Z")
_DANGEROUS = re.compile(
    r"java\.(?:lang\.(?:Runtime|Process\w*|System|Class\w*|reflect\.)|net\.|io\.|nio\.|rmi\.)|"
    r"javax\.(?:script|naming|management)\.|sun\.|org\.(?:codehaus\.groovy|python|mozilla)\."
)
_SCRIPT_WORDS = re.compile(
    r"\b(?:javascript|groovy|jython|beanshell|rscript|script|exec)\b", re.IGNORECASE
)


def is_pmml(data: Buffer, subject: Subject) -> bool:
    """Whether the root is a model's, or a text with tags is named as one."""
    root = root_of(data)
    named = subject.name.lower().endswith(".pmml") and bytes(data[:64]).lstrip()[:1] == b"<"
    return named if root is None else root.name == "PMML"


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a model."""
    del subject
    applied: dict[str, int] = {}
    defined: set[str] = set()

    def judge(event: Event) -> None:
        if not isinstance(event, Start):
            return
        if event.name == "Apply":
            applied.setdefault(event.attributes.get("function", ""), event.line)
        elif event.name == "DefineFunction":
            defined.add(event.attributes.get("name", ""))
        elif event.name.lower() == "script":
            answer.find(RULES["pmml.script"], event.name, line=event.line)
        elif event.name == "Extension":
            _extension(event, answer)

    read(data, answer, judge)
    for name, line in applied.items():
        if name not in defined and _CLASS.match(name):
            severity = Severity.HIGH if _DANGEROUS.match(name) else None
            answer.find(RULES["pmml.class-function"], name, line=line, severity=severity)


def _extension(event: Start, answer: Answer) -> None:
    words = " ".join(event.attributes.get(key, "") for key in ("name", "extender"))
    if _SCRIPT_WORDS.search(words):
        shown = f"{words}: {event.attributes.get('value', '')[:120]}"
        answer.find(RULES["pmml.script"], shown, line=event.line)
