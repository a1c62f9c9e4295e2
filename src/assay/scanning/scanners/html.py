"""HTML: a page beside a model, which runs in the browser of whoever opens it.

A browser keeps scripts off the machine, so scripts are remarked upon. What reaches past that is
Windows' script host, an HTML application, or a page written to hide what it does.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, References, Severity
from assay.scanning.parsers.xml_document import root_of
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer, Subject

_BROWSER = References(attack=("T1204", "T1059.007"), cwe=("CWE-79",))
_MACHINE = References(attack=("T1204", "T1218.005", "T1059.005"), cwe=("CWE-506",))

TITLE = "HTML"
RULES = table(
    (
        Rule(
            "html.script",
            "A page with scripts",
            Severity.LOW,
            Confidence.HIGH,
            "The page runs scripts in the browser of whoever opens it.",
            "Open it only if its publisher is trusted.",
            _BROWSER,
        ),
        Rule(
            "html.remote-script",
            "A script from an address of its own",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The page loads a script from a host that is none of those that publish libraries for "
            "everybody. What it does is decided there, each time the page is opened.",
            "Open the page without a network, or not at all.",
            _BROWSER,
        ),
        Rule(
            "html.hiding-script",
            "A script that hides what it does",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A script on the page unpacks text and runs it, saves a file it carries, or sends "
            "what the browser keeps to another address.",
            "Do not open the page.",
            _BROWSER,
        ),
        Rule(
            "html.machine-script",
            "A page that reaches the machine",
            Severity.HIGH,
            Confidence.HIGH,
            "The page uses Windows' script host or is an HTML application, whose scripts have all "
            "rights of the user.",
            "Do not open the page.",
            _MACHINE,
        ),
    )
)
_PAGE = re.compile(
    rb"\s*(?:<!--.{0,4096}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_SCRIPT = re.compile(
    rb"<script\b|\bon(?:load|error|click|mouseover|focus)\s*=|javascript:", re.IGNORECASE
)
_MACHINE_SCRIPT = re.compile(
    rb"\bActiveXObject\s*\(|\bWScript\.Shell\b|\bShell\.Application\b|<hta:application\b|"
    rb"\bScripting\.FileSystemObject\b|<script[^>]{0,80}\bvbscript\b|\bms-msdt:|search-ms:query",
    re.IGNORECASE,
)
_HIDING = re.compile(
    rb"\b(?:eval|Function|document\.write)\s*\(\s*(?:window\.)?(?:atob|unescape|decodeURIComponent|"
    rb"String\.fromCharCode)\s*\(|\bmsSaveOrOpenBlob\s*\(|"
    rb"(?:fetch|sendBeacon|\.src\s*=|XMLHttpRequest)[^;]{0,200}document\.cookie|"
    rb"<meta[^>]{0,80}http-equiv\s*=\s*[\"']?refresh[^>]{0,80}url\s*=\s*[\"']?(?:data|javascript):",
    re.IGNORECASE,
)
_XHTML = "http://www.w3.org/1999/xhtml"


def is_html(data: Buffer, subject: Subject) -> bool:
    """Whether a text begins as a page."""
    head = bytes(data[:8192]).removeprefix(b"\xef\xbb\xbf")
    named = subject.name.lower().endswith((".html", ".htm", ".hta"))
    if _PAGE.match(head) or (named and head.lstrip()[:1] == b"<"):
        return True
    root = root_of(data) if head.lstrip()[:1] == b"<" else None
    return root is not None and root.namespace == _XHTML


_REMOTE = re.compile(
    rb"<script\b[^>]{0,400}?\bsrc\s*=\s*[\"']?\s*(?:https?:)?//([^/\"'\s>]{1,200})", re.IGNORECASE
)
_PUBLISHERS = re.compile(
    rb"(?:[\w-]+\.)*(?:jsdelivr\.net|cloudflare\.com|unpkg\.com|googleapis\.com|gstatic\.com|"
    rb"google\.com|googletagmanager\.com|google-analytics\.com|plot\.ly|plotly\.com|pydata\.org|"
    rb"jquery\.com|bootstrapcdn\.com|mathjax\.org|huggingface\.co|hf\.space|gradio\.app|"
    rb"bokeh\.org|skypack\.dev|esm\.sh|d3js\.org|readthedocs\.(?:io|org)|rtfd\.org|github\.io|"
    rb"githubusercontent\.com|aspnetcdn\.com|tensorflow\.org|microsoft\.com|fontawesome\.com|"
    rb"vega\.github\.io|twitter\.com|wandb\.ai|cloudfront\.net|python\.org)\Z",
    re.IGNORECASE,
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a page."""
    for pattern, rule in (
        (_MACHINE_SCRIPT, "html.machine-script"),
        (_HIDING, "html.hiding-script"),
        (_SCRIPT, "html.script"),
    ):
        found = pattern.search(data)
        if found is not None:
            shown = bytes(data[found.start() : found.start() + 120]).decode("utf-8", "replace")
            answer.find(RULES[rule], shown, offset=found.start())
    for found in _REMOTE.finditer(data):
        if not _PUBLISHERS.match(found.group(1)):
            shown = found.group().decode("utf-8", "replace")
            answer.find(RULES["html.remote-script"], shown, offset=found.start())
            break
    if subject.name.lower().endswith(".hta"):
        answer.find(RULES["html.machine-script"], "an HTML application", offset=0)
