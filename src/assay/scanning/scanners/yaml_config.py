"""YAML: tags that make a loader build objects, and keys that loaders act upon.

Source: the tags of PyYAML's loaders (`tag:yaml.org,2002:python/...`), and of ruamel.yaml. They
act with `yaml.load` of old, `unsafe_load` and loaders made from them; keys act with any loader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.yaml import Node, YamlError, as_plain, expanded_size, parse
from assay.scanning.references import DISAGREEMENT, EXHAUSTION, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.configuration import judge_document
from assay.scanning.scanners.configuration.imports import Reach, reach
from assay.scanning.scanners.configuration.interpolation import acting_resolvers
from assay.scanning.scanners.configuration.rules import RULES as CONFIGURATION
from assay.scanning.scanners.text_names import is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

_SAFE = "Load the file with yaml.safe_load, and ask its publisher for one without such tags."

TITLE = "YAML"
RULES = table(
    (
        Rule(
            "yaml.runs-code",
            "A tag that calls what it names",
            Severity.HIGH,
            Confidence.HIGH,
            "A loader that knows the tag imports the name in it and calls it with what follows. "
            "The name can run code, touch files or reach the network.",
            _SAFE,
            LOADS_CODE,
        ),
        Rule(
            "yaml.builds-object",
            "A tag that builds a Python object",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A loader that knows the tag imports the class or function in it and calls it. It is "
            "not one of the libraries models are made of.",
            _SAFE,
            LOADS_CODE,
        ),
        Rule(
            "yaml.library-object",
            "A tag that builds an object of a known library",
            Severity.LOW,
            Confidence.HIGH,
            "The file holds an object of a library for models, which needs a loader that builds "
            "any object.",
            _SAFE,
            LOADS_CODE,
        ),
        Rule(
            "yaml.include",
            "A tag that reads another file",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A loader with an include tag reads the file it names, which lies outside of the "
            "folder.",
            "Keep included files in the folder of the model.",
            TRAVERSAL,
        ),
        Rule(
            "yaml.alias-bomb",
            "Aliases that stand for a huge document",
            Severity.HIGH,
            Confidence.HIGH,
            "Anchors and aliases repeat each other, so that a program that walks the document "
            "meets millions of values.",
            "Do not load the file.",
            EXHAUSTION,
        ),
        Rule(
            "yaml.duplicate-key",
            "The same key twice",
            Severity.LOW,
            Confidence.HIGH,
            "One reader takes the first value, another the last, a third refuses the file.",
            "Remove one of the two.",
            DISAGREEMENT,
        ),
    )
)
MOST_BYTES = 8 * 1024 * 1024
_TRIED = 64 * 1024
_MOST_EXPANDED = 1_000_000
_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n([\s\S]{0,1000000}?)\n---[ \t]*(?:\r?\n|\Z)")
_PYTHON = re.compile(r"tag:yaml\.org,2002:python/(?P<what>[\w/]+)(?::(?P<name>.*))?\Z")
_OTHER = re.compile(r"(?:tag:yaml\.org,2002:|!)(?:python|ruby|perl|java)/\w+")
_CALLS = re.compile(r"object/(?:apply|new)\Z")
_PLAIN_TAGS = frozenset(
    "tuple none bool str unicode bytes int long float complex list dict".split()
)
_ANY_TAG = re.compile(
    rb"(?:!!|tag:yaml\.org,2002:|!<[^>]{0,60}|!py[^\s]{0,10}!|!)python/(?:object(?:/apply|/new)?|name|module)"
    rb"[:/][\w.:]{0,120}|!<?!?(?:ruby|java)/object"
)
_DATA_MODULES = frozenset(
    "abc array bisect collections copy dataclasses datetime decimal enum fractions functools heapq "
    "itertools json math numbers operator random re statistics string time typing uuid".split()
)
"""Modules of the standard library that only hold and compute data."""
_LOCAL_CALLS = re.compile(
    r"!(?:apply|new|call|exec|eval|import|module|func|function|name|obj|object|py|python|pyexec|"
    r"lambda|code|cmd|shell|sh|command)(?::(?P<name>[\w.]+))?\Z",
    re.IGNORECASE,
)
_INCLUDES = re.compile(
    r"!(?:include|inc|import_file|load|file|read|import|extends)(?:_\w+)?\Z", re.IGNORECASE
)
_NAMES = frozenset({"mlmodel", ".clang-format", ".pre-commit-config", "citation.cff", "dvc.lock"})
_BEGINS = re.compile(
    rb"(?:%YAML[ \t][\d.]+|---)(?:[ \t\r\n]|\Z)|(?:#[^\n]*\n|\s*\n)*[\w.\"'-]{1,80}[ \t]*:[ \t]*(?:[^\n]*)\n"
    rb"(?:[ \t]*(?:#[^\n]*)?\n)*(?:[ \t]+|- |[\w.\"'-]{1,80}[ \t]*:(?:[ \t]|\n|\r))"
)


def is_yaml(data: Buffer, subject: Subject) -> bool:
    """Whether the name says so, or the text has a tag of Python's, or begins as YAML does."""
    name = subject.name.rsplit("/", 1)[-1].lower()
    if name.endswith((".yaml", ".yml", ".dvc")) or name in _NAMES:
        return True
    head = bytes(data[:_TRIED])
    if _ANY_TAG.search(head):
        return True
    if "." in name or is_inert_name(name) or not _BEGINS.match(head):
        return False
    try:
        return bool(parse(head[: head.rfind(b"\n") + 1].decode("utf-8", "replace")))
    except (YamlError, RecursionError):
        return False


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the documents of a file."""
    if len(data) > MOST_BYTES:
        _judge_lines(bytes(data), subject, answer)
        answer.unread(f"YAML over {MOST_BYTES} bytes")
        return
    judge_yaml(bytes(data).decode("utf-8", "replace"), subject, answer)


def judge_yaml(text: str, subject: Subject, answer: Answer, *, first_line: int = 1) -> None:
    """Judge YAML wherever it was found, such as before the text of a model card."""
    try:
        documents = parse(text)
    except (YamlError, RecursionError) as error:
        _judge_lines(text.encode("utf-8", "replace"), subject, answer)
        answer.unread(f"YAML: {error}"[:200])
        return
    for shown in acting_resolvers(text):
        answer.find(CONFIGURATION["config.dangerous-import"], shown)
    for document in documents:
        if expanded_size(document, _MOST_EXPANDED) > _MOST_EXPANDED:
            shown = f"over {_MOST_EXPANDED} values"
            answer.find(RULES["yaml.alias-bomb"], shown, line=document.line + first_line - 1)
        for node in _nodes(document):
            if node.tag:
                _tag(node, subject, answer, first_line - 1)
            if node.pairs:
                _keys(node, answer, first_line - 1)
        judge_document(as_plain(document), subject, answer)


def judge_front_matter(text: str, subject: Subject, answer: Answer) -> None:
    """Judge the YAML before the text of a model card, where there is any that can be read."""
    found = _FRONT.match(text)
    if found is None:
        return
    part = Answer(subject)
    judge_yaml(found.group(1), subject, part, first_line=2)
    answer.take(part.findings, ())


def _nodes(root: Node) -> Iterator[Node]:
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        yield node
        for child in node.children:
            if id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)


def _keys(node: Node, answer: Answer, before: int) -> None:
    seen: set[str] = set()
    for key, _ in node.pairs or ():
        if key.items is None and key.pairs is None and key.text != "<<":
            if key.text in seen:
                answer.find(RULES["yaml.duplicate-key"], key.text[:80], line=key.line + before)
            seen.add(key.text)


def _tag(node: Node, subject: Subject, answer: Answer, before: int) -> None:
    line = node.line + before
    found = _PYTHON.match(node.tag)
    if found is None:
        _local_tag(node, subject, answer, line)
        return
    what, name = found.group("what"), found.group("name") or ""
    if what in _PLAIN_TAGS:
        return
    shown = f"!!python/{what}:{name} {_brief(node)}".strip()
    _python_tag(what, name, shown, subject, answer, line)


def _python_tag(
    what: str, name: str, shown: str, subject: Subject, answer: Answer, line: int
) -> None:
    if what == "module":
        _module(name, shown, subject, answer, line)
        return
    reached = reach(name, subject.policy)
    if _CALLS.match(what) and reach(f"builtins.{name}", subject.policy) is not Reach.UNKNOWN:
        reached = Reach.DANGEROUS if "." not in name else reached
    if reached is Reach.DANGEROUS:
        answer.find(RULES["yaml.runs-code"], shown, line=line)
    elif reached is Reach.LIBRARY:
        answer.find(RULES["yaml.library-object"], shown, line=line)
    else:
        severity = Severity.HIGH if reached is Reach.REVIEW and _CALLS.match(what) else None
        answer.find(RULES["yaml.builds-object"], shown, line=line, severity=severity)


def _module(name: str, shown: str, subject: Subject, answer: Answer, line: int) -> None:
    """A module is imported as soon as the tag is met: its own code runs, whatever it is for."""
    if name.partition(".")[0] in _DATA_MODULES:
        answer.find(RULES["yaml.builds-object"], shown, line=line)
    elif reach(f"{name}.x", subject.policy) is Reach.LIBRARY:
        answer.find(RULES["yaml.library-object"], shown, line=line)
    else:
        answer.find(RULES["yaml.builds-object"], shown, line=line, severity=Severity.HIGH)


def _local_tag(node: Node, subject: Subject, answer: Answer, line: int) -> None:
    """Tags of loaders people write themselves: they mean what their names say."""
    if _OTHER.match(node.tag):
        answer.find(RULES["yaml.builds-object"], node.tag[:160], line=line)
        return
    if _INCLUDES.match(node.tag):
        path = node.text
        if path.startswith(("/", "~")) or ".." in path.split("/") or "://" in path:
            answer.find(RULES["yaml.include"], f"{node.tag} {path[:160]}", line=line)
            return
    found = _LOCAL_CALLS.match(node.tag)
    if found is None:
        return
    name = found.group("name") or node.text
    shown = f"{node.tag} {_brief(node)}"
    if "." in name and reach(name.split("(")[0].strip(), subject.policy) is Reach.DANGEROUS:
        answer.find(RULES["yaml.runs-code"], shown, line=line)
    elif _ACTS.search(node.text):
        answer.find(RULES["yaml.runs-code"], shown, line=line, confidence=Confidence.MEDIUM)


_ACTS = re.compile(
    r"__import__|\bos\.system|\bsubprocess\b|\beval\(|\bexec\(|\bopen\(|\bcurl\b|\bwget\b"
)


def _judge_lines(raw: bytes, subject: Subject, answer: Answer) -> None:
    """What cannot be parsed here another loader may parse: its tags are found as text."""
    for number, found in enumerate(_ANY_TAG.finditer(raw)):
        if number == 100:
            break
        tag = found.group().decode("ascii", "replace")
        name = tag.rpartition(":")[2].rpartition("/")[2]
        line = raw.count(b"\n", 0, found.start()) + 1
        grave = reach(name, subject.policy) is Reach.DANGEROUS if "." in name else True
        rule = "yaml.runs-code" if grave else "yaml.builds-object"
        answer.find(RULES[rule], tag, line=line)


def _brief(node: Node) -> str:
    if node.text:
        return node.text[:80]
    return " ".join(child.text for child in node.children[:4])[:120]
