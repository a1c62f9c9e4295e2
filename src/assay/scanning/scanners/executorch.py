"""ExecuTorch programs (`.pte`): operators, delegates to backends, and segments of data.

A FlatBuffer, with an extended header that says where the segments behind it begin. Tensors
saved alone (`.ptd`) and programs with tests (`.bpte`) are built alike. Source:
`schema/program.fbs`, `schema/extended_header.cpp`, `extension/flat_tensor/serialize/`,
`devtools/bundled_program/schema/` in ExecuTorch 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.core.finding import Confidence, Severity
from assay.scanning.inspection import inspect_inside
from assay.scanning.parsers.flatbuffers import FlatError, Table, root
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.embedded import programs
from assay.scanning.scanners.torch_operators import Reach, reach_of
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "ExecuTorch"
RULES = table(
    (
        Rule(
            "executorch.bounds",
            "Data outside the file, or twice in it",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The header or a segment leads past the end of the file, or two segments share "
            "bytes. A runtime that trusts it reads memory that is not the model's.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "executorch.native-code",
            "A native library inside the program",
            Severity.HIGH,
            Confidence.HIGH,
            "The file holds a native program or library. Backends that compile to one load it "
            "with all rights of the process; of a library that AOTInductor compiled the "
            "confidence is low, since it is one by design.",
            "Load it only if you compiled it yourself.",
            HIDDEN_CODE,
        ),
        Rule(
            "executorch.custom-operator",
            "An operator of nobody known",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The program calls an operator that neither ExecuTorch nor a known library has. "
            "Whoever runs it has to link native code that brings it.",
            "Find out which code it is, and review it as a program.",
            LOADS_CODE,
        ),
        Rule(
            "executorch.reaching-operator",
            "An operator that touches files or other machines",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The program calls an operator that, by its name, reads or writes files or talks to "
            "other processes.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "executorch.custom-backend",
            "A delegate to a backend of nobody known",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A part of the program is handed to a backend that is not one of ExecuTorch's. What "
            "it does with its part cannot be seen.",
            "Find out which backend it is.",
            LOADS_CODE,
        ),
        Rule(
            "executorch.hidden-data",
            "Data behind the program",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Bytes follow the last segment. No exporter writes them, and they can hold anything.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
    )
)
_BACKENDS = frozenset(
    "XnnpackBackend CoreMLBackend CoreAIBackend MPSBackend MetalBackend QnnBackend VulkanBackend "
    "VgfBackend EthosUBackend TOSABackend NeuropilotBackend EnnBackend OpenvinoBackend CudaBackend "
    "AotiBackend MLXBackend NeutronBackend CadenceBackend CadenceExecutorchBackend TensorRTBackend "
    "ExecutorBackend NativeBackend WebGPUBackend".split()
)
_HEADER = b"eh00"
_HEADER_AT = 8
_WITH_SIZE = 32
"""Length of a header that says how long the segments are together."""
_ALIGNMENT = 4096
_FAR = 1000
"""What is so many times the file's size away was not lost in a download."""

_PLANS, _SEGMENTS = 1, 4
_OPERATORS, _DELEGATES = 6, 7
_ENTRY = b"AOTInductorModelContainerCreate"
_RULES = {
    Reach.REACHING: "executorch.reaching-operator",
    Reach.UNKNOWN: "executorch.custom-operator",
}


@dataclass(frozen=True, slots=True)
class Header:
    """The extended header.

    Attributes:
        program: Bytes of the FlatBuffer, from the start of the file.
        base: Offset of the first segment; 0 without any.
        segments: Bytes of all segments together; 0 where an older header does not say.
    """

    program: int
    base: int
    segments: int


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a program: where its data lies, what it calls, which programs are in it."""
    del subject
    _find_programs(data, answer)
    start = int.from_bytes(data[:4], "little")
    if start > _FAR * len(data):
        answer.find(RULES["executorch.bounds"], f"the program: byte {start}", offset=0)
    try:
        whole = root(data)
        _check_segments(_header(data), whole, len(data), answer)
        for plan in whole.tables(_PLANS):
            _judge_plan(plan, answer)
    except FlatError as error:
        answer.unread(f"not a whole program: {error}, at byte {error.offset}")


def scan_tensors(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge tensors saved alone."""
    del subject
    _find_programs(data, answer)
    try:
        root(data)
    except FlatError as error:
        answer.unread(f"not a whole file: {error}, at byte {error.offset}")


def scan_bundle(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the program inside one with tests."""
    try:
        span = root(data).span(2)
    except FlatError as error:
        answer.unread(f"not a whole file: {error}, at byte {error.offset}")
        return
    if span is None:
        answer.unread("a bundle without a program")
        return
    with memoryview(data) as whole, whole[span.begin : span.begin + span.count] as part:
        inspect_inside(part, subject.inside("program", subject.base + span.begin), answer)


def _header(data: Buffer) -> Header | None:
    head = bytes(data[_HEADER_AT : _HEADER_AT + _WITH_SIZE])
    length = int.from_bytes(head[4:8], "little")
    if head[:4] != _HEADER or len(head) < _WITH_SIZE - 8 or length < _WITH_SIZE - 8:
        return None
    said = [int.from_bytes(head[at : at + 8], "little") for at in (8, 16, 24)]
    return Header(said[0], said[1], said[2] if length >= _WITH_SIZE else 0)


def _check_segments(header: Header | None, whole: Table, size: int, answer: Answer) -> None:
    """The program and its segments lie in the file, one behind the other."""
    segments = [(one.number(0, 8), one.number(1, 8)) for one in whole.tables(_SEGMENTS)]
    used = [(begin, begin + length) for begin, length in segments if length]
    if header is None:
        if used:
            shown = "segments without a header that says where they begin"
            answer.find(RULES["executorch.bounds"], shown, offset=whole.at)
        return
    room = header.segments or max((end for _, end in used), default=0)
    last = max(0, header.program - header.base) if header.base else 0
    for begin, end in sorted(used):
        if begin < last or end > room:
            shown = f"a segment at bytes {begin} to {end} of {room}"
            answer.find(RULES["executorch.bounds"], shown, offset=whole.at)
        last = max(last, end)
    _check_end(max(header.program, header.base + room if used else 0), size, answer)


def _check_end(end: int, size: int, answer: Answer) -> None:
    """A file that is too short was cut off, unless what it says is far from what it is."""
    if end > max(_FAR * size, 2**48):
        answer.find(RULES["executorch.bounds"], f"bytes up to {end} of {size}", offset=_HEADER_AT)
    elif end > size:
        answer.unread(f"the file is cut off: {end - size} bytes are missing")
    elif size - end >= _ALIGNMENT:
        answer.find(RULES["executorch.hidden-data"], f"{size - end} bytes", offset=end)


def _judge_plan(plan: Table, answer: Answer) -> None:
    for operator in plan.tables(_OPERATORS):
        name = operator.text(0)
        rule = _RULES.get(reach_of(name))
        if rule:
            answer.find(RULES[rule], name, offset=operator.at)
    for delegate in plan.tables(_DELEGATES):
        name = delegate.text(0)
        if name not in _BACKENDS:
            answer.find(RULES["executorch.custom-backend"], name, offset=delegate.at)


def _find_programs(data: Buffer, answer: Answer) -> None:
    for program in programs(data, accelerators=False):
        known = _is_compiled(data, program.offset)
        shown = f"{program.kind}{', compiled by AOTInductor' if known else ''}"
        confidence = Confidence.LOW if known else None
        rule = RULES["executorch.native-code"]
        answer.find(rule, shown, offset=program.offset, confidence=confidence)


def _is_compiled(data: Buffer, offset: int) -> bool:
    """Whether a library behind an offset exports what AOTInductor's libraries do."""
    return any(_mentions(data, offset))


def _mentions(data: Buffer, offset: int) -> Iterator[bool]:
    step = 1 << 20
    for at in range(offset, len(data), step):
        yield _ENTRY in bytes(data[at : at + step + len(_ENTRY)])
