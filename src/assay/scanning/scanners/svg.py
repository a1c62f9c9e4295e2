"""SVG: a drawing, which a browser treats as a page: scripts and all.

Source: "Scalable Vector Graphics (SVG) 2", the chapters on scripting and linking.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, References, Severity
from assay.scanning.parsers.xml_document import Event, Start, root_of
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.xml_reading import read
from assay.scanning.subject import Answer, Buffer, Subject

_BROWSER = References(attack=("T1204", "T1059.007"), cwe=("CWE-79",))

TITLE = "SVG"
RULES = table(
    (
        Rule(
            "svg.script",
            "A drawing that runs code",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The drawing holds a script, or a handler of events. A browser that opens it on its "
            "own runs it.",
            "Show the drawing as an image only, or remove the script.",
            _BROWSER,
        ),
        Rule(
            "svg.page",
            "A page inside a drawing",
            Severity.LOW,
            Confidence.HIGH,
            "The drawing holds HTML, or takes a part of itself from another address. Drawing "
            "programs do so for text; a browser treats it as a page.",
            "Show the drawing as an image only.",
            _BROWSER,
        ),
    )
)
_NAMESPACE = "http://www.w3.org/2000/svg"
_SCRIPTS = re.compile(
    r"\s*(?:javascript|vbscript|data:text/(?:html|xml)|data:image/svg)", re.IGNORECASE
)
_FRAMES = frozenset("iframe embed object applet frame link meta base form".split())
_LINKS = ("href", "http://www.w3.org/1999/xlink href", "src", "to", "values", "from", "action")
_ADDRESS = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_OUTSIDE = frozenset({"use", "image", "feImage"})


def is_svg(data: Buffer, subject: Subject) -> bool:
    """Whether the root is a drawing."""
    root = root_of(data)
    if root is None or root.name != "svg":
        return False
    return root.namespace == _NAMESPACE or subject.name.lower().endswith(".svg")


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a drawing."""
    del subject

    def judge(event: Event) -> None:
        if isinstance(event, Start):
            _element(event, answer)

    read(data, answer, judge)


def _element(event: Start, answer: Answer) -> None:
    name = event.name.lower()
    if name == "script" or name in _FRAMES:
        shown = f"{event.name} {' '.join(event.attributes.values())[:120]}"
        answer.find(RULES["svg.script"], shown, line=event.line)
    elif name == "foreignobject":
        answer.find(RULES["svg.page"], event.name, line=event.line)
    for key, value in event.attributes.items():
        shown = f"{event.name} {key}={value[:120]}"
        if (key.lower().startswith("on") and value.strip()) or (
            key in _LINKS and _SCRIPTS.match(value) and not _is_picture(event, value)
        ):
            answer.find(RULES["svg.script"], shown, line=event.line)
        elif key in _LINKS and event.name in _OUTSIDE and _ADDRESS.match(value):
            answer.find(RULES["svg.page"], shown, line=event.line)


def _is_picture(event: Start, value: str) -> bool:
    """Whether it is a drawing shown as an image, in which browsers run nothing."""
    return event.name in ("image", "feImage") and value.lstrip()[:14].lower() == "data:image/svg"
