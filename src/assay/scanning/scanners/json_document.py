"""JSON documents: read strictly where programs disagree, leniently where they all agree.

A document runs nothing by itself; which of its keys a loader acts upon is judged by
`configuration`, and what a whole document is of by the scanner of that kind.
"""

from __future__ import annotations

import codecs
import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.kinds import by_family, by_keys
from assay.scanning.notes import Declared
from assay.scanning.references import DISAGREEMENT
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.configuration import judge_document, objects
from assay.scanning.scanners.safetensors import repeated
from assay.scanning.scanners.serialized_json import judge_serialized
from assay.scanning.scanners.text_names import is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "JSON"
RULES = table(
    (
        Rule(
            "json.duplicate-key",
            "The same key twice",
            Severity.MEDIUM,
            Confidence.HIGH,
            "One reader takes the first value, another the last, so what was checked need not be "
            "what is used.",
            "Remove one of the two.",
            DISAGREEMENT,
        ),
        Rule(
            "json.constant",
            "A number JSON does not have",
            Severity.LOW,
            Confidence.HIGH,
            "The document holds NaN or an infinity, as Python writes them. Other programs refuse "
            "it, or read something else.",
            "Write null, or a number, where other programs read the file.",
            DISAGREEMENT,
        ),
    )
)
_NOTHING = object()
_VERSIONS = {
    "keras_version": "keras",
    "skops_version": "skops",
    "_skops_version": "skops",
    "transformers_version": "transformers",
    "tensorflow_version": "tensorflow",
    "torch_version": "torch",
    "pytorch-lightning_version": "pytorch-lightning",
}
"""Keys by which files declare the framework that wrote them."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_COMMENT = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|(//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)|(,)(?=\s*(?:[}\]]|//|/\*))'
)
_COMMENTED = (".jsonc", ".json5", ".code-workspace")
_COMMENTED_NAMES = frozenset(
    "tsconfig.json jsconfig.json devcontainer.json settings.json tasks.json launch.json "
    "extensions.json .eslintrc.json deno.json".split()
)


def is_json(data: Buffer, subject: Subject) -> bool:
    """Whether the name says so, or it begins as an object or a list does."""
    name = subject.name
    if is_inert_name(name):
        return False
    if name.lower().endswith((".json", ".ipynb", *_COMMENTED)):
        return True
    return _BEGINS.match(bytes(data[:256]).removeprefix(codecs.BOM_UTF8)) is not None


_BEGINS = re.compile(rb"\s*(?:\{\s*(?:[\"}]|\Z)|\[\s*(?:[\[{\"\d\]-]|null|true|false|\Z))")


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge one document."""
    if len(data) > subject.limits.json_bytes:
        answer.unread(f"JSON over {subject.limits.json_bytes} bytes")
        return
    text = _decoded(bytes(data), answer)
    if text is None:
        return
    if _is_lines(text):
        _judge_lines(text, subject, answer)
        return
    document = _parsed(text, subject, answer)
    if document is not _NOTHING:
        _judge(document, subject, answer, None)


def scan_lines(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a document per line."""
    if len(data) > subject.limits.json_bytes:
        answer.unread(f"JSON over {subject.limits.json_bytes} bytes")
        return
    text = _decoded(bytes(data), answer)
    if text is not None:
        _judge_lines(text, subject, answer)


def _is_lines(text: str) -> bool:
    """Whether it is a document per line, by any name: the first line is one, and so the second."""
    end = text.find("\n", 0, _LONGEST_LINE)
    first = text[: max(end, 0)].strip()
    if first[:1] + first[-1:] not in ("{}", "[]"):
        return False
    second = _NEXT_LINE.match(text, end, end + _LONGEST_LINE)
    return second is not None and _is_document(first) and _is_document(second.group(1))


_LONGEST_LINE = 1_000_000
_NEXT_LINE = re.compile(r"\s*([\[{][^\n]*)")


def _is_document(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _judge_lines(text: str, subject: Subject, answer: Answer) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            document = _parsed(line, subject, answer, number)
            if document is _NOTHING:
                return
            _judge(document, subject, answer, number)


def _decoded(raw: bytes, answer: Answer) -> str | None:
    """The text, by its byte order mark where it has one."""
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "")
    if not encoding:
        encoding = "utf-16-le" if raw[1:2] == b"\0" else "utf-8"
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        answer.unread(f"not text: {error.reason}")
        return None


def _parsed(text: str, subject: Subject, answer: Answer, line: int | None = None) -> Any:
    """The document, or `_NOTHING` with the reason said."""
    constants: list[str] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            for key in repeated(pairs):
                answer.find(RULES["json.duplicate-key"], key, line=line)
        return found

    def constant(text: str) -> float:
        constants.append(text)
        return float(text.lower().removesuffix("inity"))

    where = f" in line {line}" if line else ""
    problem = ""
    for variant in _variants(text, subject.name):
        try:
            with _no_collection():
                document = json.loads(variant, object_pairs_hook=gather, parse_constant=constant)
        except RecursionError:
            answer.unread(f"JSON nested too deep{where}")
            return _NOTHING
        except ValueError as error:
            problem = problem or str(error)[:120]
            continue
        if constants:
            shown = ", ".join(sorted(set(constants)))
            answer.find(RULES["json.constant"], f"{len(constants)} times: {shown}", line=line)
        return document
    answer.unread(f"not valid JSON{where}: {problem}")
    return _NOTHING


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without looks for garbage, of which a document makes none: half of the time it takes."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _variants(text: str, name: str) -> Iterator[str]:
    """The text, then without comments and trailing commas where its kind may have them."""
    yield text
    base = name.rsplit("/", 1)[-1].lower()
    commented = base.endswith(_COMMENTED) or base in _COMMENTED_NAMES
    if commented or text.lstrip().startswith(("//", "/*")):
        bare = _COMMENT.sub(lambda found: "" if found.group(1) else found.group(), text)
        yield _without_trailing(bare)


def _without_trailing(text: str) -> str:
    return _COMMENT.sub(
        lambda found: "" if found.group(2) and _closes(text, found.end()) else found.group(), text
    )


_CLOSING = re.compile(r"\s*[}\]]")


def _closes(text: str, at: int) -> bool:
    return _CLOSING.match(text, at) is not None


def _judge(document: Any, subject: Subject, answer: Answer, line: int | None) -> None:
    if isinstance(document, dict):
        _declare(document, subject, answer)
        _judge_kind(document, subject, answer)
    judge_document(document, subject, answer, line=line)
    judge_serialized(objects(document), subject, answer)


def _declare(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Note the versions of frameworks a document says it was written by."""
    for key, framework in _VERSIONS.items():
        version = document.get(key)
        if isinstance(version, str):
            answer.note(Declared(subject.path, framework, version))


def _judge_kind(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Have the scanner of a kind that is known by its keys judge the document."""
    kind = by_keys(document)
    if kind is not None:
        kind.call("scan_json", document, subject, answer)
    elif _holds_keras(document):
        by_family()["keras-config"].call("scan_json", document, subject, answer)


def _holds_keras(document: dict[str, Any]) -> bool:
    """Whether a Keras configuration stands further inside."""
    return any("class_name" in found and "config" in found for found in objects(document))
