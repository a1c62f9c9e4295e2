"""`assay convert`: a PyTorch file that holds only tensors, as a safetensors file."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, UnavailableError, UsageError
from assay.core.folder import file_digest, shown
from assay.core.hashing import Progress, silent
from assay.core.limits import ArchiveLimits, ScanLimits
from assay.scanning.conversion.plan import TensorPlan
from assay.scanning.isolation.budgets import as_options
from assay.scanning.isolation.process import Child, DeadError

SCHEMA = "assay.convert/1"
_START_SECONDS = 60
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
        UsageError: there is no such file.
        ConflictError: the target is there.
        DataError: the file holds something else than tensors, or is damaged.
        UnavailableError: a file cannot be read or written, or the sandbox not be started.
    """
    source = Path(model)
    written = Path(target) if target else source.with_suffix(".safetensors")
    if not source.is_file():
        raise UsageError("is not a file", subject=shown(str(source)))
    if written.exists() and not force:
        raise ConflictError(
            "exists already", subject=shown(str(written)), remedy="name another, or --force"
        )
    try:
        with source.open("rb") as file, _mapped(file.fileno(), source) as data:
            plans = _planned(file.fileno(), source, len(data), select, limits or ScanLimits())
            size = _write(plans, data, written, progress)
    except OSError as error:
        raise UnavailableError(
            f"cannot be converted: {error.strerror}", subject=shown(str(error.filename or source))
        ) from None
    digest = Digest.from_raw(file_digest(written).digest)
    return Conversion(source, written, len(plans), size, digest)


def _mapped(descriptor: int, source: Path) -> mmap.mmap:
    try:
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise DataError("is empty", subject=shown(str(source))) from None


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
    return [TensorPlan.from_json(row).check(size) for row in rows]


def _rows(answer: Mapping[str, Any] | None, source: Path) -> Sequence[Mapping[str, Any]]:
    if answer is None:
        raise DataError("was not read within its time", subject=shown(str(source)))
    rows = answer.get("tensors")
    if not isinstance(rows, list):
        reason = str(answer.get("refused", "could not be read"))
        raise DataError(
            f"cannot be converted: {reason}", subject=shown(str(source)), remedy=_REMEDY
        )
    return rows


def _write(plans: list[TensorPlan], data: mmap.mmap, target: Path, progress: Progress) -> int:
    """Write beside the target and put in place when whole."""
    from assay.scanning.conversion.writing import write

    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = write(plans, data, file, progress)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return size
