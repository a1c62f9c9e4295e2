"""One walk over an XML document: what every scanner of one must look at, and its own part."""

from __future__ import annotations

import re
from collections.abc import Callable

from assay.core.finding import Severity
from assay.scanning.parsers.xml_document import (
    DepthError,
    Doctype,
    Entity,
    Event,
    Instruction,
    Start,
    Text,
    XmlError,
    events,
)
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.xml_rules import RULES
from assay.scanning.subject import Answer, Buffer

_INCLUDE = "http://www.w3.org/2001/XInclude"
_LONGEST_ENTITY = 4096
_PUBLISHED = re.compile(
    r"https?://(?:www\.)?(?:w3\.org|apple\.com|dmg\.org|mathml\.org|docbook\.org|java\.sun\.com|"
    r"openmicroscopy\.org|oasis-open\.org)/",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"[&%](?!#|amp;|lt;|gt;|quot;|apos;)[\w:.-]+;")
_HREF = re.compile(r"""\bhref\s*=\s*["']([^"']*)["']""")
_LOOKUP = re.compile(r"\$\{[^{}]{0,40}(?:jndi|\$\{)[^{}]{0,20}:", re.IGNORECASE)
_FAR = (Place.WEB, Place.STORE, Place.ABSOLUTE, Place.ESCAPING, Place.SENSITIVE)
_SHORTEST_TEXT = 8
_SHORTEST_CODE = 64
_WORD = re.compile(r"[\w.,+:;\s-]*\Z")
"""A name or numbers, of which large documents are made."""


def read(
    data: Buffer,
    answer: Answer,
    judge: Callable[[Event], None] | None = None,
    *,
    model: bool = False,
) -> bool:
    """Walk a document; what every document may do wrong is reported, the rest is `judge`'s.

    Args:
        data: The document.
        answer: Where findings go.
        judge: What else to do with each event.
        model: Whether it is a model, which has no use for definitions on another host.

    Returns:
        Whether it was read to its end.
    """
    try:
        for event in events(data):
            _common(event, answer, model=model)
            if judge is not None:
                judge(event)
    except DepthError as error:
        answer.find(RULES["xml.depth"], str(error))
        answer.unread(str(error))
        return False
    except XmlError as error:
        answer.unread(f"XML that cannot be read: {error}")
        return False
    return True


def judge_text(text: str, where: str, line: int, answer: Answer) -> None:
    """Report a text that is written to be run."""
    if len(text) < _SHORTEST_TEXT or (len(text) < _SHORTEST_CODE and _WORD.match(text)):
        return
    found = acting(text.encode("utf-8", "replace"))
    if found:
        answer.find(RULES["xml.acting-text"], f"{where}: {found}", line=line)
    elif "${" in text and _LOOKUP.search(text):
        shown = f"{where}: {text[:120]}"
        answer.find(RULES["xml.runs-code"], shown, line=line, severity=Severity.HIGH)


def _common(event: Event, answer: Answer, *, model: bool) -> None:
    match event:
        case Doctype():
            _doctype(event, answer, model=model)
        case Entity():
            _entity(event, answer)
        case Instruction():
            _instruction(event, answer)
        case Start(name="include", namespace=namespace) if namespace == _INCLUDE:
            _inclusion(event, answer)
        case Start():
            for name, value in event.attributes.items():
                judge_text(value, f"{event.name} {name}", event.line, answer)
        case Text():
            judge_text(event.text, "text", event.line, answer)
        case _:
            pass


def _doctype(event: Doctype, answer: Answer, *, model: bool) -> None:
    """Published definitions are what writers name; a file or another host is what they do not."""
    system = event.system
    if not system or _PUBLISHED.match(system):
        return
    place = place_of(system)
    if place is Place.RELATIVE:
        severity = Severity.LOW
    elif system.lower().startswith(("http://", "https://")) and not model:
        severity = Severity.LOW if event.public else Severity.MEDIUM
    else:
        severity = Severity.HIGH
    answer.find(RULES["xml.external-definitions"], system, line=event.line, severity=severity)


def _entity(event: Entity, answer: Answer) -> None:
    if event.value is None:
        shown = f"{event.name}: {event.system}"
        published = Severity.LOW if _PUBLISHED.match(event.system) else None
        answer.find(RULES["xml.external-entity"], shown, line=event.line, severity=published)
    elif _REFERENCE.search(event.value) or len(event.value) > _LONGEST_ENTITY:
        shown = f"{event.name}: {event.value[:80]}"
        answer.find(RULES["xml.entity-expansion"], shown, line=event.line)


def _instruction(event: Instruction, answer: Answer) -> None:
    if event.target.lower().startswith("php"):
        answer.find(RULES["xml.runs-code"], f"PHP: {event.text[:80]}", line=event.line)
    elif event.target == "xml-stylesheet":
        found = _HREF.search(event.text)
        place = place_of(found.group(1)) if found else Place.NOWHERE
        severity = Severity.MEDIUM if place in _FAR else Severity.LOW
        answer.find(RULES["xml.stylesheet"], event.text, line=event.line, severity=severity)


def _inclusion(event: Start, answer: Answer) -> None:
    href = event.attributes.get("href", "")
    severity = Severity.HIGH if place_of(href) in _FAR else Severity.MEDIUM
    answer.find(RULES["xml.inclusion"], href, line=event.line, severity=severity)
