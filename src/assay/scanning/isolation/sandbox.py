"""The sandbox: one child process per batch that reads untrusted bytes and can do nothing else.

The child is started by exec (`python -I -S`), never forked from a running program, and is
handed open descriptors. If it dies or takes too long, only the file it was reading stays
unread; a new child reads the rest. See docs/adr/0005-sandbox.md.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assay.core.errors import UnavailableError
from assay.core.finding import Finding, Unread
from assay.core.limits import ArchiveLimits, ScanLimits
from assay.scanning.isolation.budgets import as_options
from assay.scanning.isolation.process import Child, DeadError
from assay.scanning.notes import Note
from assay.scanning.notes import from_json as note_from_json

if TYPE_CHECKING:
    from assay.scanning.yara_rules import YaraRules

WINDOW = 64
"""Files handed to the child before its first answer is awaited."""
_START_SECONDS = 60
_BEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FileResult:
    """What the child says about one file.

    Attributes:
        family: A format's name or `unknown`.
        notes: What the file says about others of its folder.
    """

    family: str
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    notes: tuple[Note, ...] = ()

    @classmethod
    def failed(cls, path: str, reason: str) -> Self:
        """No answer: the file stays unread."""
        return cls("unknown", (), (Unread(path, reason),))


@dataclass(frozen=True, slots=True)
class _Job:
    path: str
    title: str
    descriptor: int
    size: int
    done: Callable[[FileResult], None]


class Sandbox:
    """Files in, results out, in the order they were handed in; a context manager.

    Args:
        limits: Budgets; the child holds itself to them, and this side to the elapsed time.
        archives: Budgets of archives.
        allow: Imports a user vouches for, checked before.
        yara: The user's own YARA rules.
        beat: Called about every second while an answer is awaited; what it raises ends the wait.

    Raises:
        UnavailableError: the child cannot be started at all (from any method).
    """

    def __init__(
        self,
        limits: ScanLimits | None = None,
        archives: ArchiveLimits | None = None,
        allow: Iterable[str] = (),
        beat: Callable[[], None] = lambda: None,
        yara: YaraRules | None = None,
    ) -> None:
        self.limits = limits or ScanLimits()
        self._archives = archives or ArchiveLimits()
        self._allow = tuple(allow)
        self._beat = beat
        self._yara = yara
        self._waiting: deque[_Job] = deque()
        self._sent = 0
        self._child: Child | None = None
        self._since = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """Files handed over that have no result yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Start the child now, so that it gets ready while the caller does other things."""
        if self._child is None:
            self._child = Child(self._options())

    def submit(
        self,
        path: str,
        descriptor: int,
        size: int,
        done: Callable[[FileResult], None],
        *,
        title: str = "",
    ) -> None:
        """Hand a file over; `done` is called with its result, now or in a later call.

        Args:
            path: As findings name it.
            descriptor: Open for reading; the caller's, and open until `done` is called.
            size: Bytes to read.
            done: Takes the result.
            title: The name that says what the file claims to be; the path when empty.
        """
        self._waiting.append(_Job(path, title, descriptor, size, done))
        self._send()
        self._collect(block=False)
        while len(self._waiting) >= WINDOW:
            self._collect(block=True)

    def finish(self) -> None:
        """Wait until every file handed over has its result."""
        while self._waiting:
            self._collect(block=True)

    def close(self) -> None:
        """End the child. Files without a result get none."""
        self._waiting.clear()
        if self._child is not None:
            self._child.end()
            self._child = None

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            **as_options(self.limits, self._archives),
            "allow": list(self._allow),
        }
        if self._yara is not None:
            options["yara"] = {"source": self._yara.source, "library": self._yara.library}
        return options

    def _send(self) -> None:
        """Hand over what waits and was not sent to this child yet."""
        self.start()
        child = self._child
        while child is not None and self._sent < len(self._waiting):
            job = self._waiting[self._sent]
            try:
                child.send({"path": job.path, "title": job.title, "size": job.size}, job.descriptor)
            except OSError:
                return  # it is gone; reading its answers says so
            if self._sent == 0:
                self._since = time.monotonic()
            self._sent += 1

    def _collect(self, *, block: bool) -> None:
        """Take the answers that are there; with `block`, wait for one."""
        while self._waiting and self._child is not None:
            child = self._child
            try:
                if not self._is_ready(child, block=block):
                    return
                left = self._since + self.limits.wall_seconds - time.monotonic()
                answer = self._wait(child, max(0.0, left) if block else 0.0)
            except DeadError as death:
                self._replace(str(death))
                return
            if answer is None:
                if block or left < 0:
                    self._replace(f"not read within {self.limits.wall_seconds} seconds")
                return
            if "retired" in answer:
                self._replace(None if child.answers else "the scanner gave up without an answer")
                return
            child.answers += 1
            self._settle(_result(self._waiting[0].path, answer))
            block = False

    def _wait(self, child: Child, seconds: float) -> dict[str, Any] | None:
        """The next answer, with a sign of life to the caller every second until it is there."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            answer = child.answer(max(0.0, min(left, _BEAT_SECONDS)))
            if answer is not None or left <= _BEAT_SECONDS:
                return answer
            self._beat()

    def _is_ready(self, child: Child, *, block: bool) -> bool:
        """Whether the child reads already; the clock of its first file starts when it does."""
        if child.is_ready:
            return True
        if child.wait_ready(_START_SECONDS if block else 0):
            self._since = time.monotonic()
            return True
        if block:
            raise DeadError(f"it said nothing for {_START_SECONDS} seconds")
        return False

    def _settle(self, result: FileResult) -> None:
        job = self._waiting.popleft()
        self._sent -= 1
        self._since = time.monotonic()
        job.done(result)

    def _replace(self, reason: str | None) -> None:
        """Start a new child for what waits; the file being read is unread if a reason is given."""
        child = self._child
        self._child = None
        ready = child is not None and child.is_ready
        if child is not None:
            child.end()
        if reason is not None and not ready:
            raise UnavailableError(
                f"the sandboxed scanner does not start: {reason}",
                remedy="run assay doctor, which says what is missing",
            )
        if reason is not None and self._waiting:
            self._settle(FileResult.failed(self._waiting[0].path, reason))
        self._sent = 0
        if self._waiting:
            self._send()


def allowed(policy_files: Iterable[Path]) -> tuple[str, ...]:
    """The imports that allow files vouch for.

    Raises:
        UsageError: a file cannot be used, or names what is dangerous.
    """
    files = tuple(policy_files)
    if not files:
        return ()
    from assay.scanning.allowing import read_allow_file

    return tuple(name for file in files for name in read_allow_file(file))


def capabilities() -> dict[str, bool | str]:
    """Which of the sandbox's locks hold on this machine, each tried in a real child."""
    options = {**as_options(ScanLimits(), ArchiveLimits()), "allow": [], "probe": True}
    child = Child(options)
    try:
        if not child.wait_ready(_START_SECONDS):
            return {"starts": f"no: it said nothing for {_START_SECONDS} seconds"}
    except DeadError as death:
        return {"starts": f"no: {death}"}
    finally:
        child.end()
    found = dict(child.ready or {})
    paths = found.pop("landlock", 0)
    return {"starts": True, **found, "landlock": f"version {paths}" if paths else False}


def _result(path: str, answer: dict[str, Any]) -> FileResult:
    try:
        findings = tuple(Finding.from_json(row) for row in answer["findings"])
        unread = tuple(Unread(row["path"], row["reason"]) for row in answer["unread"])
        notes = tuple(note_from_json(row) for row in answer.get("notes", ()))
        return FileResult(str(answer["family"]), findings, unread, notes)
    except (KeyError, TypeError, ValueError, IndexError):
        return FileResult.failed(path, "the scanner's answer could not be understood")
