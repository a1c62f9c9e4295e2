"""Headers of native programs, checked beyond their first bytes."""

from __future__ import annotations

_MACH_O = {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"}
_MACH_O_TYPES = range(1, 13)
_FAT = b"\xca\xfe\xba\xbe"
_JAVA = range(45, 100)
"""Major versions of class files; the number in the same place of a fat Mach-O is smaller."""
_MOST_PROCESSORS = 20


def executable(head: bytes) -> str | None:
    """What program the first kilobyte of some bytes begins, or None.

    Sources: System V ABI (ELF header), Microsoft PE/COFF specification, Mach-O `loader.h`.
    """
    if head[:4] == b"\x7fELF" and len(head) >= 20 and head[4] in (1, 2) and head[5] in (1, 2):
        return "ELF program or library"
    if head[:2] == b"MZ" and len(head) >= 64:
        start = int.from_bytes(head[60:64], "little")
        if head[start : start + 4] == b"PE\0\0":
            return "Windows program or library"
    if head[:4] in _MACH_O and len(head) >= 16:
        kind = head[12:16] if head[0] == 0xFE else head[15:11:-1]
        if int.from_bytes(kind, "big") in _MACH_O_TYPES:
            return "macOS program or library"
    return _of_a_machine(head)


def _of_a_machine(head: bytes) -> str | None:
    """Code for several processors or for a virtual machine.

    Sources: Mach-O `fat.h`, the Java Virtual Machine specification (4.1), Android's "Dalvik
    executable format", the WebAssembly core specification (5.5.16).
    """
    if head[:4] == _FAT and len(head) >= 8:
        number = int.from_bytes(head[4:8], "big")
        if number in _JAVA:
            return "Java class"
        return "macOS program or library" if 0 < number < _MOST_PROCESSORS else None
    if head[:4] == b"dex\n" and head[4:7].isdigit() and head[7:8] == b"\0":
        return "Android program"
    return "WebAssembly program" if head[:8] == b"\0asm\x01\0\0\0" else None
