"""The rules for templates."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import DISAGREEMENT, EXHAUSTION, TRAVERSAL
from assay.scanning.rules import Rule, table

_INJECTION = References(
    atlas=("AML.T0011.000", "AML.T0010.003"),
    attack=("T1059.006", "T1027"),
    cwe=("CWE-1336", "CWE-94"),
    owasp=("LLM03:2025",),
)
_BACKDOOR = References(
    atlas=("AML.T0051.001", "AML.T0018.002", "AML.T0010.003"),
    cwe=("CWE-506",),
    owasp=("LLM01:2025", "LLM03:2025", "LLM04:2025"),
)
_DO_NOT_RENDER = (
    "Do not load the model's template. Take the template of the model it was derived from, or "
    "write one."
)
_READ_IT = "Read the template, or replace it by that of the model it was derived from."

TITLE = "Templates (Jinja)"
RULES = table(
    (
        Rule(
            "jinja.internals",
            "Reaches into Python's internals",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The template takes an attribute by which it gets from any value to Python's classes, "
            "functions' globals and modules, and from there runs commands. A program that renders "
            "it outside a sandbox runs them.",
            _DO_NOT_RENDER,
            _INJECTION,
        ),
        Rule(
            "jinja.dangerous-call",
            "Calls what runs code or opens files",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The template calls a function that runs commands or code, imports modules or opens "
            "files. No chat template needs one.",
            _DO_NOT_RENDER,
            _INJECTION,
        ),
        Rule(
            "jinja.hidden-name",
            "Puts together the name of an internal attribute",
            Severity.HIGH,
            Confidence.HIGH,
            "A name such as __class__ is put together from pieces or written with escapes. That "
            "serves only to keep it from being found.",
            _DO_NOT_RENDER,
            _INJECTION,
        ),
        Rule(
            "jinja.computed-name",
            "Takes an attribute whose name is computed",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The template takes an attribute by a name that it computes, so what it reaches is "
            "known only when it is rendered.",
            _READ_IT,
            _INJECTION,
        ),
        Rule(
            "jinja.private-attribute",
            "Takes a private attribute",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The template takes an attribute that begins with an underscore. A sandbox refuses "
            "it, and no message has one.",
            _READ_IT,
            _INJECTION,
        ),
        Rule(
            "jinja.web-object",
            "Uses an object of a web framework",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The template uses an object that exists where a web server renders it, and leads to "
            "the server's settings and code.",
            _READ_IT,
            _INJECTION,
        ),
        Rule(
            "jinja.other-template",
            "Loads another template",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The template includes, imports or extends another file. What that file holds was "
            "not judged as a part of this one.",
            "Use a template that is complete in itself.",
            TRAVERSAL,
        ),
        Rule(
            "jinja.conditional-instructions",
            "Adds instructions for some conversations only",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The template adds text to the prompt only if a message, the date or chance meets a "
            "condition. The person who talks to the model does not see it, and tests without the "
            "trigger do not either.",
            _READ_IT,
            _BACKDOOR,
        ),
        Rule(
            "jinja.hostile-instructions",
            "Adds instructions against the person it serves",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The template adds text to the prompt that tells the model to disregard what it was "
            "told, to hide something from the person it talks to, to pass on what they write, or "
            "to write harmful code.",
            _DO_NOT_RENDER,
            _BACKDOOR,
        ),
        Rule(
            "jinja.address",
            "Adds an address to the prompt",
            Severity.LOW,
            Confidence.MEDIUM,
            "The template adds the address of a server to what the model reads. The model may "
            "repeat it, as a link or an image.",
            _READ_IT,
            _BACKDOOR,
        ),
        Rule(
            "jinja.altered-message",
            "Changes what a message says",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The template replaces words in messages by others, or emits nothing of them, so that "
            "the model answers to something else than what was written.",
            _READ_IT,
            _BACKDOOR,
        ),
        Rule(
            "jinja.hidden-text",
            "Text that nobody sees",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The template holds characters that are invisible or change the order in which text "
            "is shown. A person who reads it sees something else than the model.",
            _READ_IT,
            DISAGREEMENT,
        ),
        Rule(
            "jinja.exhaustion",
            "Costs much time or memory to render",
            Severity.MEDIUM,
            Confidence.HIGH,
            "A loop, a repetition or a width in the template is so large that a program that "
            "renders it stops answering.",
            _READ_IT,
            EXHAUSTION,
        ),
    )
)
