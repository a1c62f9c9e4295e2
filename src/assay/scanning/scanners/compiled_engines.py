"""Models compiled for one device: TensorRT's engines, RKNN's models.

What the device runs is machine code by design and no outsider can read it. What can be seen is
what the processor beside it would run: native libraries an engine carries, and the
names of libraries it asks for. Sources: TensorRT's developer guide, "Version Compatibility" and
"Plugins"; the header of RKNN models as Rockchip's toolkit writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from assay.core.finding import Confidence, Severity
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import programs
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Compiled models"
RULES = table(
    (
        Rule(
            "compiled.host-code",
            "An engine that carries a native library",
            Severity.HIGH,
            Confidence.HIGH,
            "The engine holds a program for the processor, as an engine with its own runtime or "
            "its plugins does. A runtime that allows it runs it with all rights of the user.",
            "Build the engine from the model it was made of, on the machine that runs it.",
            HIDDEN_CODE,
        ),
        Rule(
            "compiled.library-path",
            "An engine that names a library",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The engine holds the path of a native library, which a program may load for it.",
            "Find out what loads the library, and where it comes from.",
            LOADS_CODE,
        ),
        Rule(
            "compiled.acting-text",
            "Text in an engine that is written to be run",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The engine holds a command or code as text.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "compiled.opaque",
            "Machine code for a device",
            Severity.LOW,
            Confidence.HIGH,
            "The model is compiled for one kind of device. What it computes cannot be seen here.",
            "Build it from the model it was made of, if that is at hand.",
            HIDDEN_CODE,
        ),
    )
)
_LIBRARY = re.compile(
    rb"\.(?:so(?:\.\d{1,4}){0,4}|dll|dylib)(?=[\x00-\x1f\x7f-\xff\s\"':;,]|\Z)", re.IGNORECASE
)
_PATH = re.compile(rb"[\w./\\:@~+-]*[\w-]\Z")
_OWN = re.compile(
    r"(?:lib)?(?:nv(?:infer|onnx|rtc|jitlink|parsers)|cu(?:da|dnn|blas|fft|solver|sparse|rand)|"
    r"tensorrt|rknn|c\.so|m\.so|dl\.so|stdc\+\+|pthread|gcc_s|gomp)",
    re.IGNORECASE,
)
_PATH_BYTES = 200
_MOST_HINTS = 10_000
_MOST_CANDIDATES = 100_000
_MOST_LIBRARIES = 8
_SEARCHED_BYTES = 256 * 1024 * 1024
_HINT = re.compile(
    rb"/bin/|/dev/tcp|curl |wget |powershell|cmd(?:\.exe)? /c|os\.system|subprocess|__import__|"
    rb"import os|eval\(|exec\(|base64"
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look for what the processor beside the device would run."""
    del subject
    answer.find(RULES["compiled.opaque"], bytes(data[:4]).decode("ascii", "replace"), offset=0)
    for found in programs(data, accelerators=False):
        answer.find(RULES["compiled.host-code"], found.kind, offset=found.offset)
    end = min(len(data), _SEARCHED_BYTES)
    for shown, offset in islice(_libraries(data, end), _MOST_LIBRARIES):
        severity = Severity.HIGH if _leads_out(shown) else None
        answer.find(RULES["compiled.library-path"], shown, offset=offset, severity=severity)
    for place in islice(_HINT.finditer(data, 0, end), _MOST_HINTS):
        begin = max(0, place.start() - 64)
        text = acting(data, begin, min(end, place.end() + 512))
        if text:
            answer.find(RULES["compiled.acting-text"], text, offset=begin)
            break


def _leads_out(path: str) -> bool:
    """Whether a library lies at a fixed place of its own, and is none of the runtime's."""
    folder, _, name = path.replace("\\", "/").rpartition("/")
    if not folder or _OWN.match(name):
        return False
    return place_of(f"{folder}/x").rank > Place.RELATIVE.rank


def _libraries(data: Buffer, end: int) -> Iterator[tuple[str, int]]:
    """Paths that end like a library's, and where they begin."""
    for found in islice(_LIBRARY.finditer(data, 0, end), _MOST_CANDIDATES):
        before = bytes(data[max(0, found.start() - _PATH_BYTES) : found.start()])
        path = _PATH.search(before)
        if path is not None:
            whole = path.group() + found.group()
            yield whole.decode("ascii", "replace"), found.start() - len(path.group())
