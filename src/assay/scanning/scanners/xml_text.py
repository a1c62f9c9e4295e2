"""XML that is no format of its own here: inert, unless it says otherwise.

What makes it act is what the programs around XML act upon: Java's `XMLDecoder`, XAML, build
files, Spring's beans, XSLT with scripts.
"""

from __future__ import annotations

from assay.core.finding import Severity
from assay.scanning.parsers.xml_document import Event, Start, root_of
from assay.scanning.scanners.xml_reading import read
from assay.scanning.scanners.xml_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_BEGINNINGS = (b"<?xml ", b"<!DOCTYPE ")
_ENDINGS = (".xml", ".xhtml", ".xsl", ".xslt", ".xsd", ".plist", ".urdf", ".rdf")
_XSLT = "http://www.w3.org/1999/XSL/Transform"
_JAVA = "java"
_BEANS = "http://www.springframework.org/schema/beans"
_RUNS = {
    "ObjectDataProvider": Severity.HIGH,
    "exec": Severity.MEDIUM,
    "Exec": Severity.MEDIUM,
    "UsingTask": Severity.MEDIUM,
    "invokeMethod": Severity.MEDIUM,
}
_DANGEROUS = ("java.lang.Runtime", "java.lang.ProcessBuilder", "javax.script.", "java.net.URL")


def is_xml(data: Buffer, subject: Subject) -> bool:
    """Whether a text is a document by its first tag, or by its name and its root.

    A list of tokens may begin like an element: `<unk>`.
    """
    head = bytes(data[:256]).removeprefix(b"\xef\xbb\xbf").lstrip()
    named = subject.name.lower().endswith(_ENDINGS)
    if not head.startswith(_BEGINNINGS) and not named:
        return False
    # The root may be what cannot be read: an entity in one of its attributes is refused.
    return head.startswith(b"<?xml ") or root_of(data) is not None


def is_wide_xml(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a document in UTF-16."""
    del subject
    head = bytes(data[:4])
    marked = head in (b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"<\x00?\x00", b"\x00<\x00?")
    return marked and root_of(data) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a document."""
    del subject
    root: list[Start] = []

    def judge(event: Event) -> None:
        if isinstance(event, Start):
            root.extend([event] if not root else [])
            _judge(event, root[0], answer)

    read(data, answer, judge)


def _judge(event: Start, root: Start, answer: Answer) -> None:
    """An element a program acts upon."""
    severity: Severity | None = None
    if root.name == _JAVA and "class" in event.attributes:
        named = event.attributes["class"]
        severity = Severity.HIGH if event is not root else Severity.MEDIUM
        if event is root and "XMLDecoder" not in named:
            severity = None
    elif event.namespace == _BEANS and event.name == "bean":
        named = event.attributes.get("class", "")
        severity = Severity.HIGH if named.startswith(_DANGEROUS) else Severity.MEDIUM
    elif event.name == "script" and (root.namespace == _XSLT or "xslt" in event.namespace):
        severity = Severity.HIGH
    elif event.name in _RUNS:
        severity = _RUNS[event.name]
    if severity is not None:
        shown = f"{event.name} {' '.join(list(event.attributes.values())[:3])[:120]}"
        answer.find(RULES["xml.runs-code"], shown, line=event.line, severity=severity)
