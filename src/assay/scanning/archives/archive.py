"""One bounded reader of archives: regular files, normalised names, budgets, no surprises.

An archive that two readers could understand differently is refused as a whole; so are
links, devices, names that leave the folder, and names that are one on some machines.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from assay.core.errors import ConflictError, DataError, NotFoundError, UnavailableError
from assay.core.limits import ArchiveLimits
from assay.core.manifest import check_path
from assay.scanning.archives.unpacking import pieces
from assay.scanning.archives.zip_reading import read_zip
from assay.scanning.archives.zip_values import ENCRYPTED, STRONG, Member, ZipError

_HARMLESS = frozenset({"zip.comment"})


class Archive:
    """An archive opened for reading; a context manager.

    Args:
        path: A zip archive (a wheel is one).
        limits: Budgets.

    Raises:
        UnavailableError: the file cannot be read.
        DataError: not an archive, over a budget, or one readers would disagree about.
    """

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self._path = path
        self._limits = limits or ArchiveLimits()
        self._data = _mapped(path)
        try:
            self.members = self._read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._data.close()

    def read(self, member: Member) -> Iterator[bytes]:
        """A member's bytes in pieces; the last comes only if the checksum held.

        Raises:
            DataError: damaged or encrypted data, a wrong size or checksum.
        """
        if member.flags & (ENCRYPTED | STRONG):
            raise DataError("is encrypted", subject=f"{self._path}: {member.name}")
        crc = 0
        held = b""
        for piece in pieces(self._data, member, self._limits):
            crc = zlib.crc32(piece, crc)
            if held:
                yield held
            held = piece
        if crc != member.crc:
            raise DataError("has a wrong checksum", subject=f"{self._path}: {member.name}")
        if held:
            yield held

    def _read(self) -> tuple[Member, ...]:
        try:
            found = read_zip(self._data, self._limits)
        except ZipError as error:
            raise DataError(str(error), subject=str(self._path)) from None
        for problem in found.problems:
            if problem.rule not in _HARMLESS:
                where = f"{self._path}: {problem.member}" if problem.member else str(self._path)
                raise DataError(f"{problem.rule}: {problem.evidence}", subject=where)
        return found.members


def unpack(
    archive: Path, inside: str, destination: Path, *, limits: ArchiveLimits | None = None
) -> None:
    """Unpack the regular files below `inside` into `destination`, which appears when whole.

    Args:
        archive: A zip archive or wheel.
        inside: A folder within it; "" is everything.
        destination: Must not exist, or be an empty folder.
        limits: Budgets.

    Raises:
        UnavailableError: the archive cannot be read or the folder not be written.
        DataError: see `Archive`; a damaged member.
        NotFoundError: nothing lies below `inside`.
        ConflictError: the destination holds files already.
    """
    prefix = f"{inside.rstrip('/')}/" if inside.rstrip("/") else ""
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise ConflictError("holds files already", subject=str(destination))
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
        part.chmod(0o755)
        try:
            _unpack_into(archive, prefix, part, limits)
            part.rename(destination)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise UnavailableError(
            f"cannot be unpacked: {error.strerror}", subject=str(destination)
        ) from None


def _unpack_into(archive: Path, prefix: str, part: Path, limits: ArchiveLimits | None) -> None:
    with Archive(archive, limits) as opened:
        wanted = [m for m in opened.members if m.name.startswith(prefix) and not m.is_folder]
        if not wanted:
            raise NotFoundError(f"holds nothing below {prefix!r}", subject=str(archive))
        for member in wanted:
            target = part.joinpath(*check_path(member.name.removeprefix(prefix)).split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for piece in opened.read(member):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UnavailableError(f"cannot be read: {error.strerror}", subject=str(path)) from None
    except ValueError:
        raise DataError("is empty", subject=str(path)) from None
