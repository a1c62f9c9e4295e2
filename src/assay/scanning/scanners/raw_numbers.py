"""Numbers without a header, which a file beside them explains: OpenVINO, ncnn, ONNX and others.

Nobody runs them. Bytes count as numbers where the file's name says so and, nearly everywhere,
they are floating point numbers of the sizes weights have; what is packed or encrypted is not.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from assay.core.finding import Confidence, Severity
from assay.scanning.formats import old_pickle
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.embedded import programs
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Raw numbers"
RULES = table(
    (
        Rule(
            "raw-numbers.executable",
            "A program among numbers",
            Severity.HIGH,
            Confidence.HIGH,
            "A file of weights holds a native program or library.",
            "Do not load the model; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
_NAMED = re.compile(
    r"(?:.*/)?[^/]*(?:\.bin|\.data|\.dat|\.onnx_data(?:_\d+)?|\.onnx[._]data|\.weights?|\.raw|\.f16|"
    r"\.f32|\.tnnmodel)\Z",
    re.IGNORECASE,
)
_EXTERNAL = re.compile(
    r"(?:.*/)?(?:openvino[\w-]*\.bin|[^/]*\.onnx_data(?:_\d+)?|[^/]*\.onnx[._]data)\Z",
    re.IGNORECASE,
)
_WINDOW_BYTES = 16 * 1024
_WINDOWS = 64
_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of numbers: its code, its bytes, and between what weights lie."""

    code: str
    size: int
    least: float
    most: float


_WHOLE = 1e-37
"""Below it are zero and, read as numbers of single precision, small whole numbers."""
_FORMS = (_Form("f", 4, 1e-12, 1e8), _Form("e", 2, 0, 64))


def is_numbers(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are numbers by their name, and look like it."""
    name = subject.name
    if not _NAMED.match(name) or old_pickle(data, subject) is not None:
        return False
    return _EXTERNAL.match(name) is not None or _looks_so(data)


def _looks_so(data: Buffer) -> bool:
    """Whether windows over the whole file are numbers of single or half precision."""
    return any(_share(data, form) >= _SHARE for form in _FORMS)


def _share(data: Buffer, form: _Form) -> float:
    """How many of the numbers are of the sizes weights have; of random bytes few are."""
    good = count = 0
    step = max(_WINDOW_BYTES, len(data) // _WINDOWS // 8 * 8)
    for at in range(0, len(data), step):
        window = bytes(data[at : at + _WINDOW_BYTES])
        values = struct.unpack(
            f"<{len(window) // form.size}{form.code}",
            window[: len(window) // form.size * form.size],
        )
        good += sum(form.least < abs(value) < form.most or abs(value) < _WHOLE for value in values)
        count += len(values)
    return good / count if count else 0


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Numbers, unless one of them is a program."""
    del subject
    for found in programs(data):
        answer.find(RULES["raw-numbers.executable"], found.kind, offset=found.offset)
