"""Safetensors: a header of JSON, then tensors that lie end to end.

Source: the format's description and `safetensors::tensor::Metadata::validate`. What the
library refuses is a finding too: another reader may take it, and no writer makes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.formats import SAFETENSORS_HEADER_BYTES
from assay.scanning.references import DISAGREEMENT, EXHAUSTION, HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.secrets import judge_text
from assay.scanning.scanners.tensor_bytes import encoded_pickle, judge_tensor
from assay.scanning.subject import Answer, Buffer, Subject

_REWRITE = "Do not load the file. Ask its publisher for one the safetensors library wrote."
_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}
_FIELDS = {"dtype", "shape", "data_offsets"}
_METADATA = "__metadata__"
_MOST_DIMENSIONS = 64
_MOST_REPEATED = 8
Span = tuple[int, int, str]
"""Begin and end of a tensor, counted from the end of the header, and its name."""

TITLE = "Safetensors"
RULES = table(
    (
        Rule(
            "safetensors.header",
            "A header no library writes",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The header breaks the format's rules. Readers disagree about such a file, so what "
            "was checked need not be what is loaded.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "safetensors.duplicate-key",
            "The same key twice in the header",
            Severity.HIGH,
            Confidence.HIGH,
            "The header names something twice. One reader takes the first, another the last.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "safetensors.header-size",
            "A header of unreasonable size",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The header claims to be longer than the file or than the library accepts; a reader "
            "that trusts the number runs out of memory.",
            _REWRITE,
            EXHAUSTION,
        ),
        Rule(
            "safetensors.bounds",
            "A tensor outside the file",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor's offsets are out of order or reach past the end of the file.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "safetensors.size-mismatch",
            "A tensor whose size is not that of its shape",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor's offsets cover another number of bytes than its type and shape need.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "safetensors.overlap",
            "Tensors that share bytes",
            Severity.HIGH,
            Confidence.HIGH,
            "Two tensors cover the same bytes. The format forbids it, since changing one would "
            "change the other.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "safetensors.hole",
            "Bytes that belong to no tensor",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Bytes lie between or behind the tensors. The format forbids it, since they can hold "
            "anything.",
            _REWRITE,
            HIDDEN_CODE,
        ),
        Rule(
            "safetensors.metadata",
            "Metadata that is not text",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The metadata holds something else than texts. The format forbids it, since a "
            "program might interpret it.",
            _REWRITE,
            DISAGREEMENT,
        ),
        Rule(
            "safetensors.acting-metadata",
            "Metadata that is written to be run",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A text in the metadata is a command or a call. Nothing in the format runs it, but a "
            "program that passes metadata on, or a person who copies it, does.",
            "Do not use the file; ask its publisher what the text is for.",
            HIDDEN_CODE,
        ),
    )
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check the header and that the tensors cover the rest of the file exactly once."""
    length = int.from_bytes(data[:8], "little")
    if len(data) >= 8 and length > min(SAFETENSORS_HEADER_BYTES, subject.limits.json_bytes):
        answer.find(RULES["safetensors.header-size"], f"{length} bytes announced", offset=0)
        answer.unread("the header is over the budget")
        return
    if len(data) < 8 or length > len(data) - 8:
        answer.unread("the file is cut off inside its header")
        return
    header = _header(bytes(data[8 : 8 + length]), answer)
    if header is None:
        return
    _check_metadata(header.pop(_METADATA, {}), subject, answer)
    start = 8 + length
    spans = sorted(_spans(header, answer))
    _check_end(spans, answer, len(data) - start)
    _check_cover(spans, answer, start, len(data))
    for begin, end, name in spans:
        span = (start + begin, min(start + end, len(data)))
        judge_tensor(data, span, header[name]["dtype"], name, subject, answer)


def _header(raw: bytes, answer: Answer) -> dict[str, Any] | None:
    """The header's object; what no parser agrees on is reported, what none reads is unread."""
    twice: list[str] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice.extend(repeated(pairs))
        return found

    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=gather)
    except (ValueError, RecursionError) as error:
        answer.find(RULES["safetensors.header"], f"not JSON: {error}", offset=8)
        answer.unread("the header is not JSON")
        return None
    for name in twice:
        answer.find(RULES["safetensors.duplicate-key"], name, offset=8)
    if not isinstance(header, dict):
        answer.find(RULES["safetensors.header"], "not a JSON object", offset=8)
        answer.unread("the header is not an object")
        return None
    if raw[:1] != b"{":
        answer.find(RULES["safetensors.header"], f"begins with {raw[:1]!r}", offset=8)
    return header


def repeated(pairs: list[tuple[str, Any]]) -> list[str]:
    """The first few keys that occur more than once."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for key, _ in pairs:
        if key in seen:
            twice[key] = None
        seen.add(key)
    return list(twice)[:_MOST_REPEATED]


def _check_metadata(metadata: Any, subject: Subject, answer: Answer) -> None:
    if not isinstance(metadata, dict):
        answer.find(RULES["safetensors.metadata"], f"a {type(metadata).__name__}", offset=8)
        return
    for key, value in metadata.items():
        if not isinstance(value, str):
            answer.find(RULES["safetensors.metadata"], f"{key} is no text", offset=8)
            continue
        text = value.encode("utf-8", "replace")
        judge_text(text, replace(subject, base=8), answer)
        if script := acting(text):
            answer.find(RULES["safetensors.acting-metadata"], f"{key}: {script}", offset=8)
        elif encoded_pickle(value, subject):
            shown = f"{key}: a pickle in Base64"
            answer.find(RULES["safetensors.acting-metadata"], shown, offset=8)


def _spans(header: Mapping[str, Any], answer: Answer) -> Iterator[Span]:
    """Begin, end and name of each tensor that has them in order; the others are reported."""
    for name, entry in header.items():
        mistake = _mistake(entry)
        if mistake:
            answer.find(RULES["safetensors.header"], f"{name}: {mistake}", offset=8)
            answer.unread(f"tensor {name[:80]!r} is not described as one")
            continue
        begin, end = entry["data_offsets"]
        if begin > end:
            answer.find(RULES["safetensors.bounds"], f"{name}: bytes {begin} to {end}", offset=8)
            continue
        if _tensor_bits(entry) != (end - begin) * 8:
            shown = f"{name}: {end - begin} bytes for {entry['dtype']} {entry['shape'][:8]}"
            answer.find(RULES["safetensors.size-mismatch"], shown, offset=8)
        yield begin, end, name


def _mistake(entry: Any) -> str:
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        return "needs exactly dtype, shape and data_offsets"
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _BITS:
        return f"dtype {str(entry['dtype'])[:40]!r}"
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _are_sizes(shape) or len(shape) > _MOST_DIMENSIONS:
        return "a shape that is no list of sizes"
    return "" if _are_sizes(offsets) and len(offsets) == 2 else "offsets that are no pair"


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _tensor_bits(entry: Mapping[str, Any]) -> int:
    shape: list[int] = entry["shape"]
    return _BITS[entry["dtype"]] * math.prod(shape)


def _check_end(spans: list[Span], answer: Answer, room: int) -> None:
    """Tensors past the end: of a whole layout they mean a cut-off file, else a made-up one."""
    beyond = [span for span in spans if span[1] > room]
    if not beyond:
        return
    ends = [0, *(end for _, end, _ in spans)]
    if all(begin == before for (begin, _, _), before in zip(spans, ends, strict=False)):
        answer.unread(f"the file is cut off: {max(ends) - room} bytes are missing")
        return
    for begin, end, name in beyond:
        shown = f"{name}: bytes {begin} to {end} of {room}"
        answer.find(RULES["safetensors.bounds"], shown, offset=8)


def _check_cover(spans: list[Span], answer: Answer, start: int, size: int) -> None:
    at = 0
    for begin, end, name in spans:
        if begin < at:
            answer.find(RULES["safetensors.overlap"], name, offset=start + begin)
        elif begin > at:
            shown = f"{begin - at} bytes before {name}"
            answer.find(RULES["safetensors.hole"], shown, offset=start + at)
        at = max(at, end)
    if start + at < size:
        shown = f"{size - start - at} bytes behind the last tensor"
        answer.find(RULES["safetensors.hole"], shown, offset=start + at)
