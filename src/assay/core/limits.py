"""Every budget in one place, each with its unit. Exceeding one is `unknown`, never clean."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

CHUNK_BYTES = 4 * MIB
"""Bytes per chunk digest kept at intake and checked before serving."""


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """Budgets of one scan.

    Attributes:
        cpu_seconds: CPU time of one sandboxed child per file it is given.
        wall_seconds: Elapsed time per file before the child is ended.
        memory_bytes: Data segment of the child (RLIMIT_DATA).
        file_bytes: Largest file that is opened for parsing, bytes.
        max_findings: Findings kept per file; the rest are counted.
        text_bytes: Bytes of a text companion read to recognise it.
        json_bytes: Largest JSON document parsed, bytes.
        depth: Nesting of containers and of pickles inside pickles.
        memo_entries: Distinct memo slots a pickle may use.
        stack_items: Height of the interpreted pickle stack.
    """

    cpu_seconds: int = 300
    wall_seconds: int = 600
    memory_bytes: int = 1 * GIB
    file_bytes: int = 1024 * GIB
    max_findings: int = 200
    text_bytes: int = 64 * MIB
    json_bytes: int = 256 * MIB
    depth: int = 8
    memo_entries: int = 50_000_000
    stack_items: int = 10_000_000


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Budgets of reading one archive.

    Attributes:
        members: Number of entries.
        member_bytes: Decompressed size of one member.
        total_bytes: Decompressed size of all members.
        unpacked_bytes: What one file may be unpacked to, all containers inside it together.
        held_bytes: Unpacked bytes held in memory at once, all containers together.
        ratio: Decompressed over compressed size of a member above `ratio_floor_bytes`, and of
            a file as a whole above `bomb_floor_bytes`.
        ratio_floor_bytes: Members smaller than this, decompressed, are not held to the ratio.
        bomb_floor_bytes: The same for a file as a whole, its nested containers included.
        stream_ratio: The same, of a file, an archive or a stream that was unpacked so far,
            above `stream_floor_bytes` or beyond the room in memory.
        stream_floor_bytes: Up to here they are not held to that ratio.
        empty_members: Members without content, where they are most of an archive.
        depth: Archives inside archives.
        name_bytes: Length of a member's name.
    """

    members: int = 100_000
    member_bytes: int = 64 * GIB
    total_bytes: int = 256 * GIB
    unpacked_bytes: int = 8 * GIB
    held_bytes: int = 384 * MIB
    ratio: int = 1_000
    ratio_floor_bytes: int = 32 * MIB
    bomb_floor_bytes: int = 32 * MIB
    stream_ratio: int = 500
    stream_floor_bytes: int = 128 * MIB
    empty_members: int = 10_000
    depth: int = 6
    name_bytes: int = 4096
