"""`assay convert`: a PyTorch file that holds only tensors, as a safetensors file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.digest import Digest
from assay.core.errors import DataError, UnavailableError, UsageError
from assay.core.folder import shown
from assay.core.hashing import Progress, silent
from assay.core.limits import MIB, ArchiveLimits, ScanLimits
from assay.scanning.conversion.layout import changed, copies
from assay.scanning.conversion.placing import destination, is_regular, replacing
from assay.scanning.conversion.plan import TensorPlan, printable
from assay.scanning.conversion.writing import write
from assay.scanning.isolation.budgets import as_options
from assay.scanning.isolation.process import Child, DeadError

SCHEMA = "assay.convert/1"
_START_SECONDS = 60
_SELECT_CHARACTERS = 4096
_GROWTH = 16
_ALLOWANCE = 64 * MIB
"""Tensors that overlap may take this many times the source, and this much more."""
_MOST_COPIES = 5_000_000
_PERMISSIONS = 0o666
_REMEDY = "only a file with tensors and nothing else can be converted; assay scan says what it does"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was converted.

    Attributes:
        source: The file read.
        target: The file written.
        tensors: Number of tensors.
        size: Bytes of the file written.
        digest: Of the file written.
    """

    source: Path
    target: Path
    tensors: int
    size: int
    digest: Digest

    def to_json(self) -> dict[str, Any]:
        """The document `assay convert --format json` prints."""
        return {
            "schema": SCHEMA,
            "source": shown(str(self.source)),
            "target": shown(str(self.target)),
            "tensors": self.tensors,
            "size": self.size,
            "digest": str(self.digest),
        }


def convert(
    model: str | Path,
    target: str | Path | None = None,
    *,
    select: str = "",
    force: bool = False,
    limits: ScanLimits | None = None,
    progress: Progress = silent,
) -> Conversion:
    """Convert a tensor-only PyTorch file to safetensors without unpickling it.

    Args:
        model: A file `torch.save` wrote, of either format.
        target: Where to write; beside the model, with the ending `.safetensors`, by default.
        select: A dotted key of the checkpoint whose tensors are wanted, such as `state_dict`.
        force: Replace the target if it is there.
        limits: Budgets of reading the pickle.
        progress: Told the bytes of tensors written.

    Raises:
        UsageError: there is no such file, the target is the model or no regular file, or the
            part wanted has too long a name.
        ConflictError: the target is there.
        DataError: the file holds something else than tensors, is damaged, or changed.
        UnavailableError: a file cannot be read or written, or the sandbox not be started.
    """
    source = Path(model)
    if len(select) > _SELECT_CHARACTERS:
        raise UsageError(f"--select is over {_SELECT_CHARACTERS} characters")
    if not is_regular(source):
        raise UsageError("is not a file", subject=shown(str(source)))
    written = Path(target) if target else source.with_suffix(".safetensors")
    try:
        with _opened(source) as descriptor:
            before = os.fstat(descriptor)
            place = destination(written, before, force=force)
            if not before.st_size:
                raise DataError("is empty", subject=shown(str(source)))
            plans = _planned(descriptor, source, before.st_size, select, limits or ScanLimits())
            with replacing(place, before.st_mode & _PERMISSIONS) as file:
                size, digest = write(plans, descriptor, file, progress)
                if _version(os.fstat(descriptor)) != _version(before):
                    raise changed()
    except OSError as error:
        raise UnavailableError(
            f"cannot be converted: {error.strerror}", subject=shown(str(error.filename or source))
        ) from None
    return Conversion(source, written, len(plans), size, digest)


@contextmanager
def _opened(source: Path) -> Iterator[int]:
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _planned(
    descriptor: int, source: Path, size: int, select: str, limits: ScanLimits
) -> list[TensorPlan]:
    """The plan the sandboxed child makes, every number checked."""
    options = {**as_options(limits, ArchiveLimits()), "allow": [], "task": "tensors"}
    child = Child(options)
    try:
        if not child.wait_ready(_START_SECONDS):
            raise UnavailableError("the sandboxed reader does not start")
        child.send({"path": source.name, "title": select, "size": size}, descriptor)
        answer = child.answer(limits.wall_seconds)
    except DeadError as death:
        raise DataError(str(death), subject=shown(str(source))) from None
    finally:
        child.end()
    rows = _rows(answer, source)
    return _bounded([TensorPlan.from_json(row).check(size) for row in rows], size)


def _bounded(plans: list[TensorPlan], size: int) -> list[TensorPlan]:
    """The plans, if writing them takes an effort in proportion to the source of `size` bytes.

    Raises:
        DataError: it does not.
    """
    total = runs = 0
    for plan in plans:
        total += plan.size
        if total > size * _GROWTH + _ALLOWANCE:
            raise DataError("would be far larger than the file it is in", subject=plan.shown)
        if not plan.contiguous:
            runs += copies(plan)
        if runs > _MOST_COPIES:
            raise DataError("is scattered over too many places", subject=plan.shown)
    return plans


def _rows(answer: Mapping[str, Any] | None, source: Path) -> Sequence[Mapping[str, Any]]:
    if answer is None:
        raise DataError("was not read within its time", subject=shown(str(source)))
    rows = answer.get("tensors")
    if not isinstance(rows, list):
        reason = printable(str(answer.get("refused", "could not be read")))
        raise DataError(
            f"cannot be converted: {reason}", subject=shown(str(source)), remedy=_REMEDY
        )
    return rows
