"""Ollama's Modelfile: which weights and adapters a model is made of, and what it is told.

Source: "Modelfile Reference" in Ollama's documentation. Its templates are Go's, which reach
nothing outside themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.finding import Confidence, Severity
from assay.scanning.references import HIDDEN_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.jinja_template.wording import hostile
from assay.scanning.subject import Answer, Buffer, Subject

_NAMED = re.compile(r"(?:.*/)?(?:[\w.-]+\.)?modelfile(?:\.[\w-]+)?\Z", re.IGNORECASE)
_INSTRUCTION = re.compile(
    r"\s*(FROM|ADAPTER|TEMPLATE|SYSTEM|MESSAGE|PARAMETER|LICENSE|REQUIRES)\s+(.*)", re.IGNORECASE
)
_QUOTES = '"""'
_LEAVES = re.compile(r"[\"']?(?:/|~|[A-Za-z]:[\\/]|\w+://)|.*(?:^|[\\/])\.\.[\\/]")
_FILES = frozenset({"FROM", "ADAPTER"})
_SAYS = frozenset({"SYSTEM", "MESSAGE", "TEMPLATE"})

TITLE = "Modelfile (Ollama)"
RULES = table(
    (
        Rule(
            "modelfile.path",
            "Weights from outside the folder",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The model is made of weights at an absolute path, an address, or outside the "
            "folder. What is there differs from one machine to the next and was not judged.",
            "Name a file in the folder.",
            TRAVERSAL,
        ),
        Rule(
            "modelfile.instructions",
            "Instructions against the person it serves",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The model is told to disregard what it is told, to hide something from the person "
            "it talks to, to pass on what they write, or to write harmful code.",
            "Do not create the model from this file.",
            HIDDEN_CODE,
        ),
    )
)


def is_modelfile(data: Buffer, subject: Subject) -> bool:
    """Whether the name says so and it names what the model is made of."""
    if not _NAMED.match(subject.name):
        return False
    head = bytes(data[:65536]).decode("utf-8", "replace")
    return any(word == "FROM" for word, _ in _instructions(head))


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the places it takes files from, and what it tells the model."""
    del subject
    for word, value in _instructions(bytes(data).decode("utf-8", "replace")):
        if word in _FILES and _LEAVES.match(value):
            answer.find(RULES["modelfile.path"], f"{word} {value[:160]}")
        elif word in _SAYS:
            said = hostile(value, sometimes=False)
            if said and said.sure:
                answer.find(RULES["modelfile.instructions"], f"{word}: {said.shown}")


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Words with their values, which go on to the next three quotes if they begin with three."""
    lines = iter(text.splitlines())
    for line in lines:
        found = _INSTRUCTION.match(line)
        if found is None:
            continue
        value = [found[2]]
        if found[2].startswith(_QUOTES) and found[2].count(_QUOTES) == 1:
            for following in lines:
                value.append(following)
                if _QUOTES in following:
                    break
        yield found[1].upper(), "\n".join(value).strip()
