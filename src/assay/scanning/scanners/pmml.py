"""PMML: a model as XML. Its own functions only compute; some readers call classes by name.

Sources: "PMML 4.4 - General Structure", "Built-in Functions"; JPMML-Evaluator, which makes the
Java class that a function's name is.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.xml_document import End, Event, Start, Text, root_of
from assay.scanning.references import LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.file_places import Place, place_of
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
        Rule(
            "pmml.table-path",
            "A table that is read from elsewhere",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An extension says where a table of the model lies, by a path that leads out of the "
            "model's folder or to another machine. A reader that knows the extension opens it.",
            "Ask the publisher for a model with its tables inside.",
            TRAVERSAL,
        ),
    )
)
_CLASS = re.compile(r"(?:[a-z_]\w*\.)+[A-Z]\w*(?:[.#:$]+\w+)*(?:\(\))?\Z")
_DANGEROUS = re.compile(
    r"java\.(?:lang\.(?:Runtime|Process\w*|System|Class\w*|reflect\.)|net\.|io\.|nio\.|rmi\.)|"
    r"javax\.(?:script|naming|management)\.|sun\.|org\.(?:codehaus\.groovy|python|mozilla)\."
)
_SCRIPT_WORDS = re.compile(
    r"\b(?:javascript|groovy|jython|beanshell|rscript|script|exec)\b", re.IGNORECASE
)
_JAVA_CALLS = re.compile(
    r"\bRuntime\s*\.\s*getRuntime\s*\(|\bnew\s+(?:java\.lang\.)?ProcessBuilder\s*\(|"
    r"\bJava\s*\.\s*type\s*\(|\bClass\s*\.\s*forName\s*\(|\bPackages\s*\.\s*java\b|"
    r"\brequire\s*\(\s*['\"](?:node:)?child_process|\.execute\s*\(\s*\)\s*\.\s*text\b"
)
_SHOWN = 120


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

    extensions = Extensions(answer)

    def judge(event: Event) -> None:
        extensions.take(event)
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

    read(data, answer, judge, model=True)
    for name, line in applied.items():
        dangerous = _DANGEROUS.match(name) is not None
        if name not in defined and (dangerous or _CLASS.match(name)):
            severity = Severity.HIGH if dangerous else None
            answer.find(RULES["pmml.class-function"], name, line=line, severity=severity)


def _extension(event: Start, answer: Answer) -> None:
    words = " ".join(event.attributes.get(key, "") for key in ("name", "extender"))
    if _SCRIPT_WORDS.search(words):
        shown = f"{words}: {event.attributes.get('value', '')[:120]}"
        answer.find(RULES["pmml.script"], shown, line=event.line)


class Extensions:
    """What stands in extensions, which only readers that know them act upon.

    Args:
        answer: Where findings go.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._depths: list[int] = []
        self._tables: list[int] = []

    def take(self, event: Event) -> None:
        """Judge an event by whether it is in an extension or a script."""
        match event:
            case Start():
                if event.name == "Extension" or event.name.lower() == "script":
                    self._depths.append(event.depth)
                if event.name == "TableLocator":
                    self._tables.append(event.depth)
                for value in event.attributes.values() if self._depths else ():
                    self._script(value, event.line)
                    self._place(value, event.line)
            case End():
                for depths in (self._depths, self._tables):
                    if depths and depths[-1] == event.depth:
                        depths.pop()
            case Text() if self._depths:
                self._script(event.text, event.line)
                self._place(event.text, event.line)
            case _:
                pass

    def _script(self, text: str, line: int) -> None:
        """A call of the system, where an extension gives text to its reader."""
        if _JAVA_CALLS.search(text) or acting(text.encode("utf-8", "replace")):
            shown = text.strip()[:_SHOWN]
            self._answer.find(RULES["pmml.script"], shown, line=line, severity=Severity.HIGH)

    def _place(self, text: str, line: int) -> None:
        place = place_of(text) if self._tables else Place.NOWHERE
        if place.rank > Place.RELATIVE.rank:
            far = place in (Place.WEB, Place.STORE)
            severity = Severity.MEDIUM if far else Severity.HIGH
            shown = text.strip()[:_SHOWN]
            self._answer.find(RULES["pmml.table-path"], shown, line=line, severity=severity)
