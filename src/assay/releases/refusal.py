"""The ways serving says no: refused with a reason, or no such model, revision or file."""

from __future__ import annotations

from typing import Literal

from assay.core.errors import NotFoundError, RefusedError
from assay.store.releases import Release

ReasonCode = Literal[
    "not-approved",
    "held",
    "revoked",
    "rejected",
    "blocked",
    "denied",
    "expired",
    "not-readable",
    "quarantined",
]


class Refused(RefusedError):  # noqa: N818 - the answer, not a failure
    """A release is not served, and why.

    Args:
        message: What keeps it from being served, for people.
        reason: The stable word for it.
        release: The release; None where it is not known which.
        was_served: Whether it has been served before, so that clients may hold copies.
        copies: Whether clients may hold copies of another release, which was withdrawn, under the
            name that was asked for.
        subject: `namespace/name@version`.
        remedy: What would make it pass.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: ReasonCode,
        release: Release | None = None,
        was_served: bool = False,
        copies: bool = False,
        subject: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, subject=subject, remedy=remedy)
        self.reason = reason
        self.release = release
        self.was_served = was_served
        self.copies = copies


class ModelNotFoundError(NotFoundError):
    """There is no such model, or the caller may not know that there is; the text is the same."""


class RevisionNotFoundError(NotFoundError):
    """The model has no such version, alias or branch."""


class FileNotInReleaseError(NotFoundError):
    """The release's manifest has no such file.

    Args:
        path: The file that was asked for.
        release: The release; clients want its version named in the answer.
    """

    def __init__(self, path: str, release: Release) -> None:
        super().__init__("there is no such file in this release", subject=path)
        self.release = release
