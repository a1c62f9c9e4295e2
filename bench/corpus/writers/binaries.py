"""Executables that begin like real ones and do nothing: ELF, PE, Mach-O, class files."""

from __future__ import annotations

import struct


def elf(*names: bytes, shared: bool = True) -> bytes:
    """A 64-bit x86 ELF with one program header; `names` stand where strings would."""
    kind = 3 if shared else 2
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = ident + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0x1000, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    program = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0x200, 0x200, 0x1000)
    text = b"\x31\xff\xb8\x3c\x00\x00\x00\x0f\x05"
    body = head + program + text + b"\0".join((b"", *names, b""))
    return body + bytes(max(0, 512 - len(body)))


def pe(*names: bytes, library: bool = True) -> bytes:
    """A 64-bit PE with one section."""
    stub = b"\x0e\x1f\xba\x0e\0\xb4\x09\xcd!\xb8\x01L\xcd!This program cannot be run in DOS mode.\r\r\n$"
    dos = b"MZ\x90\0" + bytes(56) + struct.pack("<I", 0x80)
    dos = (dos + stub).ljust(0x80, b"\0")
    coff = struct.pack(
        "<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 240, 0x2022 if library else 0x22
    )
    optional = struct.pack("<HBBIII", 0x20B, 14, 0, 0x200, 0, 0).ljust(240, b"\0")
    section = b".text\0\0\0" + struct.pack("<IIII", 9, 0x1000, 0x200, 0x200) + bytes(16)
    body = (dos + coff + optional + section).ljust(0x200, b"\0")
    return body + b"\x31\xc0\xc3" + b"\0".join((b"", *names, b"")).ljust(509, b"\0")


def macho() -> bytes:
    """A 64-bit Mach-O dynamic library with one segment."""
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x01000007, 3, 6, 1, 72, 0x85, 0)
    segment = struct.pack("<II16sQQQQIIII", 0x19, 72, b"__TEXT", 0, 4096, 0, 4096, 5, 5, 0, 0)
    return (head + segment).ljust(4096, b"\0")


def java_class() -> bytes:
    """A class file's beginning, Java 8."""
    pool = b"\x01\x00\x05Build\x07\x00\x01\x01\x00\x10java/lang/Object\x07\x00\x03"
    return (
        struct.pack(">IHHH", 0xCAFEBABE, 0, 52, 5)
        + pool
        + struct.pack(">HHHHHHH", 33, 2, 4, 0, 0, 0, 0)
    )
