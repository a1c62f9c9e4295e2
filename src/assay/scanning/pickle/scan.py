"""Scanning a buffer: every stream in it, one after another, and the pickles inside."""

from __future__ import annotations

from assay.core.limits import ScanLimits
from assay.scanning.pickle.collector import Collector
from assay.scanning.pickle.context import Context, Inside
from assay.scanning.pickle.imports import ImportPolicy, builtin_policy
from assay.scanning.pickle.result import Buffer, PersistentIdRule, PickleResult
from assay.scanning.pickle.streams import Streams


def scan_pickle(
    data: Buffer,
    *,
    path: str,
    member: str | None = None,
    base_offset: int = 0,
    limits: ScanLimits | None = None,
    policy: ImportPolicy | None = None,
    persistent_ids: PersistentIdRule = PersistentIdRule.UNKNOWN,
    inside: Inside | None = None,
) -> PickleResult:
    """Read every pickle in a buffer without loading any.

    Args:
        data: `bytes`, a map of the file or a `memoryview` into one. Memory does not grow
            with the size of a map: its pages are given back while the scan goes on.
        path: The file, as findings name it.
        member: The member of an archive the buffer is.
        base_offset: Offset of the buffer's first byte in the file, added to every offset.
        limits: Budgets; `depth`, `memo_entries`, `stack_items` and `max_findings` are held.
        policy: Judges imports; the built-in policy when absent.
        persistent_ids: What the loader does with persistent ids.
        inside: Judges archives that a call in the pickle opens; without it they are unread.

    Returns:
        Findings and imports, worst findings first. What a loader would not read either is
        no reason for `unread`; what it would read and the scan could not, is.
    """
    budgets = limits or ScanLimits()
    collector = Collector(path, member, budgets.max_findings)
    judging = policy or builtin_policy()
    streams = Streams(
        data, base_offset, Context(collector, budgets, judging, persistent_ids, inside)
    )
    streams.scan()
    return collector.result(streams.complete, base_offset + streams.end)
