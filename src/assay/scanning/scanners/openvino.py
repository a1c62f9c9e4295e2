"""OpenVINO's intermediate representation: layers as XML, their constants in a file beside it.

Layers of the runtime's own operator sets only compute. Source: "OpenVINO IR format" and
"Operation Sets" in the OpenVINO documentation.
"""

from __future__ import annotations

import re
from math import prod

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.xml_document import Event, Start, root_of
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.xml_reading import read
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "OpenVINO"
RULES = table(
    (
        Rule(
            "openvino.custom-layer",
            "A layer the runtime does not have",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model runs only where a native extension with this layer is loaded first. What "
            "it does cannot be seen here.",
            "Ask the publisher which extension is needed, and look at it.",
            LOADS_CODE,
        ),
        Rule(
            "openvino.known-extension",
            "A layer of a known extension",
            Severity.LOW,
            Confidence.HIGH,
            "The model needs a well known extension beside the runtime, such as OpenVINO "
            "Tokenizers.",
            "Take the extension from its own publisher.",
            LOADS_CODE,
        ),
        Rule(
            "openvino.library",
            "A library the model names",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The model names a native library for a layer. No writer does; a program that acts "
            "upon it runs the library's code.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "openvino.path",
            "A file outside the model's folder",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A layer names a file by a path that leads out of the model's folder.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "openvino.bounds",
            "A constant that cannot be in its file",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The place or the size of a constant is no number a file can have, or not the one its "
            "type and shape need.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
    )
)
_OPERATOR_SET = re.compile(r"opset\d{1,3}\Z|experimental\Z|util\Z|ie_internal_opset\Z")
_OLD_VERSIONS = frozenset({"", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
_KNOWN = re.compile(
    r"StringTensor(?:Pack|Unpack)|Ragged\w*|FuzeRagged|CombineSegments|\w*Tokenizer|"
    r"\w*Detokenizer|Regex\w+|CaseFold\w*|NormalizeUnicode|CharsToBytes|BytesToChars|"
    r"VocabDecoder|VocabEncoder|UTF8Validate|CharsMapNormalization|SpecialTokensSplit|Truncate|"
    r"PagedAttentionExtension|StringToHashBucket|EqualStr|StringToTensor|TrieTokenizer|MulticlassNms\w*|FFT|DFT\Z"
)
_LIBRARY = re.compile(
    r"librar(?:y|ies)\Z|(?:custom_op|extension|plugin)_(?:library|path)\Z", re.IGNORECASE
)
_LIBRARY_FILE = re.compile(r"\.(?:so(?:\.\d+)*|dll|dylib)\s*\Z", re.IGNORECASE)
_NAMING = frozenset("data layer blobs net Source Kernel".split())
_PATHS = frozenset("path file filename bin_path weights_path source location".split())
_MOST_BYTES = 2**44
_WIDEST_GAP = 2**32
"""Constants follow on each other; a hole of this size between them no writer leaves."""
_BITS = {
    **dict.fromkeys(("f64", "i64", "u64"), 64),
    **dict.fromkeys(("f32", "i32", "u32"), 32),
    **dict.fromkeys(("f16", "bf16", "i16", "u16"), 16),
    **dict.fromkeys(("i8", "u8", "boolean", "f8e4m3", "f8e5m2", "f8e8m0"), 8),
    **dict.fromkeys(("i4", "u4", "nf4", "f4e2m1"), 4),
    "u1": 1,
}
_SHAPE = re.compile(r"\d{1,18}(?:\s*,\s*\d{1,18}){0,63}\Z")


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether the root is a network's, or that of a list of kernels for a device."""
    del subject
    root = root_of(data)
    if root is None:
        return False
    kernel = root.name == "CustomLayer" and "type" in root.attributes
    return kernel or (root.name == "net" and "version" in root.attributes)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a model."""
    del subject
    version, kind = "", ""
    spans: set[tuple[int, int]] = set()

    def judge(event: Event) -> None:
        nonlocal version, kind
        if not isinstance(event, Start):
            return
        if event.depth == 1:
            version = event.attributes.get("version", "")
        _attributes(event, answer)
        if event.name == "layer":
            kind = event.attributes.get("type", "")
            if kind and version not in _OLD_VERSIONS:
                _layer(event, answer)
        elif event.name == "data" and "offset" in event.attributes and _holds(kind, event):
            _constant(event, spans, answer)

    read(data, answer, judge, model=True)
    end = max((begin + size for begin, size in spans), default=0)
    if end - sum(size for _, size in spans) > _WIDEST_GAP:
        answer.find(RULES["openvino.bounds"], f"constants that end at byte {end}")


def _holds(kind: str, event: Start) -> bool:
    """Whether an `offset` is a place in the file; that of a prior box is not."""
    return kind == "Const" or "size" in event.attributes


def _layer(event: Start, answer: Answer) -> None:
    version = event.attributes.get("version", "")
    kind = event.attributes["type"]
    if _OPERATOR_SET.match(version):
        return
    rule = "openvino.known-extension" if _KNOWN.fullmatch(kind) else "openvino.custom-layer"
    answer.find(RULES[rule], f"{kind}, version {version or 'none'}", line=event.line)


def _constant(event: Start, spans: set[tuple[int, int]], answer: Answer) -> None:
    numbers: list[int] = []
    for key in ("offset", "size"):
        value = event.attributes.get(key, "0")
        if value.isascii() and value.isdecimal() and int(value[:20]) < _MOST_BYTES:
            numbers.append(int(value[:20]))
        else:
            shown = f"{key} {value[:40]}"
            answer.find(RULES["openvino.bounds"], shown, line=event.line)
    if len(numbers) == 2:
        spans.add((numbers[0], numbers[1]))
    shape = event.attributes.get("shape", "").strip()
    bits = _BITS.get(event.attributes.get("element_type", ""))
    if bits and (not shape or _SHAPE.match(shape)):
        wanted = -(-prod(int(size) for size in shape.split(",") if shape) * bits // 8)
        if event.attributes.get("size") not in (None, str(wanted)):
            shown = f"size {event.attributes['size'][:40]} for {wanted} bytes"
            answer.find(RULES["openvino.bounds"], shown, line=event.line)


def _attributes(event: Start, answer: Answer) -> None:
    inside_information = event.name in ("rt_info", "conversion_parameters", "meta_data")
    for key, value in event.attributes.items():
        shown = f"{event.name} {key}={value[:120]}"
        if _LIBRARY.search(key) or (_LIBRARY_FILE.search(value) and not inside_information):
            answer.find(RULES["openvino.library"], shown, line=event.line)
        elif key in _PATHS and event.name in _NAMING:
            place = place_of(value)
            if place.rank > Place.RELATIVE.rank and place is not Place.STORE:
                answer.find(RULES["openvino.path"], shown, line=event.line)
