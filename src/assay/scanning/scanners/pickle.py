"""Pickles as files: every protocol, several streams, and PyTorch's format before 1.6."""

from __future__ import annotations

from assay.scanning.inspection import inspect_inside
from assay.scanning.pickle import PersistentIdRule, scan_pickle
from assay.scanning.pickle.torch_legacy import MAGIC
from assay.scanning.scanners.weights_only import note
from assay.scanning.subject import Answer, Buffer, Subject

_UNREAD = ("unknown", "empty", "text")
"""What no call would load as an archive."""


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every stream in the file by the pickle engine."""
    torch = bytes(data[: len(MAGIC)]) == MAGIC
    scan_as(data, subject, answer, PersistentIdRule.TORCH if torch else PersistentIdRule.UNKNOWN)


def scan_as(data: Buffer, subject: Subject, answer: Answer, ids: PersistentIdRule) -> None:
    """Judge every stream, with what the loader of the container does with persistent ids."""

    def inside(content: Buffer, offset: int) -> bool:
        """Judge an archive that a call in the pickle opens."""
        part = subject.inside(f"bytes at {offset}", offset)
        return inspect_inside(content, part, answer).family not in _UNREAD

    result = scan_pickle(
        data,
        path=subject.path,
        member=subject.member,
        base_offset=subject.base,
        limits=subject.limits,
        policy=subject.policy,
        persistent_ids=ids,
        inside=inside,
    )
    answer.take(result.findings, result.unread)
    if ids is PersistentIdRule.TORCH and result.imports:
        note(result.imports, answer)
