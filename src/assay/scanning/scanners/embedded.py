"""Native programs anywhere in bytes that are only numbers to their readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assay.core.limits import ScanLimits
from assay.scanning.inspection import inspect_inside
from assay.scanning.pickle import PersistentIdRule, scan_pickle
from assay.scanning.pickle.executables import executable
from assay.scanning.subject import Answer, Buffer, Subject

_HEAD_BYTES = 4096
_MOST = 8
_ELF, _DOS = b"\x7fELF", b"MZ"
_MARKS = (
    re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01"),
    re.compile(rb"MZ[\s\S]{58}[\x40-\xfc][\x00-\x0f]\x00\x00"),
    re.compile(rb"[\xce\xcf]\xfa\xed\xfe[\x07\x0c\x12]\x00\x00[\x00-\x02]"),
)
"""Beginnings of programs for Linux, Windows and macOS, as far as a pattern tells them."""
_MACH_O_PROCESSORS = frozenset({7, 0x01000007, 12, 0x0100000C, 0x0200000C, 18, 0x01000012})
_ELF_TYPES = range(1, 5)
_ELF_HEADERS = {1: 52, 2: 64}
_PROTO, _PROTOCOLS = b"\x80", (b"\x02", b"\x03", b"\x04", b"\x05")
_PROBE = ScanLimits(max_findings=20, memo_entries=1_000_000, stack_items=1_000_000)
_MOST_HIDDEN_BYTES = 256 * 1024 * 1024
CUDA = 190
"""The machine number of code for NVIDIA's graphics processors (`EM_CUDA`)."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program.

    Attributes:
        offset: Of its first byte.
        kind: What it is, in words.
        machine: The number ELF gives the processor it is for; 0 for other formats.
    """

    offset: int
    kind: str
    machine: int = 0


def programs(
    data: Buffer, begin: int = 0, end: int | None = None, *, accelerators: bool = True
) -> Iterator[Program]:
    """The first few native programs.

    Four bytes are there by chance in every few gigabytes of numbers, so a header has to hold
    together: sizes, versions and types as the formats have them.

    Args:
        data: Any bytes.
        begin: Offset of the first.
        end: Offset behind the last.
        accelerators: Whether code for a graphics processor counts.
    """
    end = len(data) if end is None else end
    found = 0
    for mark in _MARKS:
        place = mark.search(data, begin, end)
        while place is not None and found < _MOST:
            at = place.start()
            program = _program(bytes(data[at : min(end, at + _HEAD_BYTES)]), at)
            if program is not None and (accelerators or program.machine != CUDA):
                found += 1
                yield program
            place = mark.search(data, at + 1, end)


class Hidden:
    """Pickles inside tensors and attributes: bytes no reader of the format unpickles.

    Args:
        subject: The file.
        answer: Where findings go.
    """

    def __init__(self, subject: Subject, answer: Answer) -> None:
        self._subject = subject
        self._answer = answer
        self._left = _MOST_HIDDEN_BYTES

    def judge(self, data: Buffer, begin: int, end: int, name: str) -> None:
        """Judge the bytes between two offsets, if an unpickler would import something.

        Args:
            data: The buffer they are in.
            begin: Offset of the first.
            end: Offset behind the last.
            name: What they are called in findings.
        """
        head = bytes(data[begin : min(end, begin + 2)])
        if head[:1] != _PROTO or head[1:] not in _PROTOCOLS:
            return
        self._left -= end - begin
        if self._left < 0:
            self._answer.unread(f"{name} may be a pickle, and is over the budget")
            return
        piece = bytes(data[begin:end])
        inner = self._subject.inside(name, self._subject.base + begin)
        if imports_as_pickle(piece, inner):
            inspect_inside(piece, inner, self._answer)


def imports_as_pickle(data: Buffer, subject: Subject) -> bool:
    """Whether an unpickler that is given these bytes would import something."""
    result = scan_pickle(
        data,
        path=subject.path,
        member=subject.member,
        base_offset=subject.base,
        limits=_PROBE,
        policy=subject.policy,
        persistent_ids=PersistentIdRule.UNKNOWN,
    )
    return bool(result.imports)


def _program(head: bytes, offset: int) -> Program | None:
    kind = executable(head)
    if kind is None:
        return None
    if head.startswith(_ELF):
        machine = _elf_machine(head)
        return Program(offset, kind, machine) if machine else None
    whole = _is_dos(head) if head.startswith(_DOS) else _is_mach_o(head)
    return Program(offset, kind) if whole else None


def _elf_machine(head: bytes) -> int:
    """The machine of a header with a version, a type and the size its class has; else 0."""
    if len(head) < 64 or head[6] != 1:
        return 0
    size_at = 52 if head[4] == 2 else 40

    def number(at: int) -> int:
        return int.from_bytes(head[at : at + 2], "little" if head[5] == 1 else "big")

    whole = number(16) in _ELF_TYPES and number(size_at) == _ELF_HEADERS[head[4]]
    return number(18) if whole else 0


def _is_mach_o(head: bytes) -> bool:
    """Whether the processor is one macOS has, and the commands are as many as a program has."""
    processor, commands, size = (int.from_bytes(head[at : at + 4], "little") for at in (4, 16, 20))
    return processor in _MACH_O_PROCESSORS and commands < 10_000 and size < 2**24


def _is_dos(head: bytes) -> bool:
    """Whether the Windows header is where a linker puts it."""
    start = int.from_bytes(head[60:64], "little")
    return 64 <= start <= len(head) - 4 and start % 4 == 0
