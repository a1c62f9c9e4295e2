"""Office documents (OOXML): XML that shows text, and the parts of them that can act.

Source: ECMA-376, part 2 (Open Packaging Conventions).
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table

TITLE = "Office documents"
RULES = table(
    (
        Rule(
            "office.macros",
            "A document with macros or embedded objects",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The document holds macros, controls or objects of other programs, which can run when "
            "it is opened.",
            "Open the document only where macros are off, or ask for one without them.",
            HIDDEN_CODE,
        ),
        Rule(
            "office.outside-content",
            "A document that fetches content",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The document refers to a template or object elsewhere, which is fetched when it is "
            "opened and can run.",
            "Do not open the document with an office program.",
            LOADS_CODE,
        ),
    )
)
_PART_BYTES = 64 << 20
_XML = re.compile(r".*\.(xml|rels|vml)", re.IGNORECASE | re.DOTALL)
_ACTS = re.compile(r".*(vbaProject\.bin|/activeX/.*|/embeddings/.*\.bin)", re.DOTALL)
_SETTINGS = re.compile(r".*/printerSettings/[^/]*\.bin", re.DOTALL)
_RELATION = re.compile(rb"<Relationship\b[^>]{0,4000}>")
_OUTSIDE = re.compile(rb"TargetMode\s*=\s*[\"']External[\"']")
_TYPE = re.compile(rb"Type\s*=\s*[\"'][^\"']*/(hyperlink|image|externalLinkPath)[\"']")
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


def scan_archive(contents: Contents) -> None:
    """Look for macros and for what is fetched; the XML itself only shows text."""
    for item in contents.items:
        if _XML.fullmatch(item.name):
            _read_part(contents, item)
        elif _ACTS.fullmatch(item.name):
            where = contents.inside(item).member
            rule = RULES["office.macros"]
            contents.answer.find(rule, item.name, offset=item.offset, member=where)
        elif not _SETTINGS.fullmatch(item.name):
            contents.judge(item)


def _read_part(contents: Contents, item: Item) -> None:
    body = contents.read(item, _PART_BYTES)
    if body is None:
        return
    where = contents.inside(item).member
    text = bytes(body)
    if not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        contents.judge(item)
    elif _DECLARES.search(text):
        contents.answer.unread("XML with declarations of its own", member=where)
    elif item.name.endswith(".rels"):
        for found in _RELATION.finditer(text):
            if _OUTSIDE.search(found[0]) and not _TYPE.search(found[0]):
                shown = found[0].decode("utf-8", "replace")
                rule = RULES["office.outside-content"]
                contents.answer.find(rule, shown, offset=item.offset, member=where)
