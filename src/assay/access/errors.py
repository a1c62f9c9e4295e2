"""The one answer to a credential that is not good, whatever is wrong with it."""

from __future__ import annotations

from assay.core.errors import RefusedError


class BadCredentialError(RefusedError):
    """A token or cookie that is unknown, expired, revoked, or whose principal is disabled.

    Its text is the same in every case: what is wrong would say what exists.
    """

    code = "unauthenticated"

    def __init__(self) -> None:
        super().__init__(
            "the credential is not valid",
            remedy="log in again, or ask an administrator for a new token",
        )
