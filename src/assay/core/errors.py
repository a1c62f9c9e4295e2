"""One root for every error Assay raises on purpose.

Two questions are kept apart throughout: *the data is bad* (`DataError`) and
*I could not look* (`UnavailableError`). The first is an answer, the second is not.

Exit codes are those of docs/cli.md: 0 yes, 1 no, 2 usage, 3 could not decide,
4 a bug, 130 interrupted.
"""

from __future__ import annotations

from typing import ClassVar


class AssayError(Exception):
    """Root of the tree. Says what happened, to what, and what to do next.

    Args:
        message: What happened, one sentence, without a trailing full stop.
        subject: The file, field, release or address it happened to.
        remedy: The next step for the user.
        cause: What the system said, which may name hosts, files and tables: for the terminal and
            the log of whoever runs it, and never in an answer over the network.
    """

    exit_code: ClassVar[int] = 4
    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        remedy: str | None = None,
        cause: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.remedy = remedy
        self.cause = cause

    def __str__(self) -> str:
        said = f"{self.message} ({self.cause})" if self.cause else self.message
        return f"{self.subject}: {said}" if self.subject else said

    def diagnostics(self) -> str:
        """What happened and what to do next, for a terminal."""
        return f"{self}\n  {self.remedy}" if self.remedy else str(self)


class UsageError(AssayError):
    """The command, option or configuration is wrong (exit code 2)."""

    exit_code = 2
    code = "usage"


class DataError(AssayError):
    """The data was read and is bad: a broken bundle, an invalid name, a digest that differs."""

    exit_code = 1
    code = "bad-data"


class TamperedError(DataError):
    """Kept data is no longer what was kept: a blob's chunk, a row of the audit's chain."""

    code = "tampered"


class UnavailableError(AssayError):
    """The question could not be put: unreadable file, absent service, exhausted budget."""

    exit_code = 3
    code = "unavailable"


class RefusedError(AssayError):
    """The answer is no: policy, access or state forbids it."""

    exit_code = 1
    code = "refused"


class ConflictError(AssayError):
    """Another change came first, or the thing exists already."""

    exit_code = 1
    code = "conflict"


class NotFoundError(AssayError):
    """There is no such thing, or the caller may not know that there is."""

    exit_code = 1
    code = "not-found"
