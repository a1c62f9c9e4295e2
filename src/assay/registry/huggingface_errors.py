"""Errors as a Hub client reads them: two headers, and the same text as JSON.

| condition | answer | what the client raises |
|---|---|---|
| model absent, or not for this caller | 404 RepoNotFound (401 without a token) | RepositoryNotFoundError |
| revision absent, or withdrawn after it was served | 404 RevisionNotFound | RevisionNotFoundError |
| file absent | 404 EntryNotFound with X-Repo-Commit | RemoteEntryNotFoundError |
| token not valid | 401 with one exact text | HfHubHTTPError |
| not approved, or policy says no | 403 GatedRepo | GatedRepoError |
| the same of `main`, where a release before it was withdrawn | 404 RevisionNotFound | RevisionNotFoundError |

RevisionNotFound is the only answer that keeps a client from quietly going on with a cached
copy, so it is what withdrawal means here. EntryNotFound is never said for policy: loaders
take a missing file for an optional one and go on with part of a model.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.responses import JSONResponse

from assay.core.errors import AssayError, UnavailableError
from assay.web.headers import header_text
from assay.web.problems import public_text, status_of

LOGGER = logging.getLogger("assay.registry")
BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105 - the client compares it
REPO = "RepoNotFound"
REVISION = "RevisionNotFound"
ENTRY = "EntryNotFound"
GATED = "GatedRepo"


class HubError(Exception):
    """An answer of the table above.

    Attributes:
        code: `X-Error-Code`; empty where the client looks at the status alone.
        commit: `X-Repo-Commit`, which must be there when a file is missing.
    """

    def __init__(self, status: int, code: str, message: str, commit: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.commit = commit

    def response(self) -> JSONResponse:
        """The answer: headers for HEAD, which is all that arrives there, and JSON."""
        headers = {"X-Error-Message": header_text(self.message)}
        if self.code:
            headers["X-Error-Code"] = self.code
        if self.commit:
            headers["X-Repo-Commit"] = self.commit
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="assay"'
        return JSONResponse({"error": self.message}, status_code=self.status, headers=headers)


def bad_token() -> HubError:
    """A credential was sent and is not valid."""
    return HubError(HTTPStatus.UNAUTHORIZED, "", BAD_TOKEN)


def repo_not_found(model: str, *, anonymous: bool) -> HubError:
    """There is no such model, or the caller may not know of it: the same words for both."""
    if anonymous:
        return HubError(
            HTTPStatus.UNAUTHORIZED, REPO, f"{model} was not found, or needs a token (HF_TOKEN)"
        )
    return HubError(HTTPStatus.NOT_FOUND, REPO, f"{model} was not found")


def revision_not_found(model: str, revision: str) -> HubError:
    """The model has no such revision."""
    return HubError(HTTPStatus.NOT_FOUND, REVISION, f"{model} has no revision {revision!r}")


def entry_not_found(path: str, commit: str) -> HubError:
    """The revision has no such file."""
    return HubError(HTTPStatus.NOT_FOUND, ENTRY, f"{path!r} is not in {commit}", commit)


def gated(message: str) -> HubError:
    """Not approved yet, or refused by policy: the reason is shown to the user."""
    return HubError(HTTPStatus.FORBIDDEN, GATED, message)


def withdrawn(message: str) -> HubError:
    """Served once, not any more."""
    return HubError(HTTPStatus.NOT_FOUND, REVISION, message)


def other(error: AssayError) -> HubError:
    """Any other error of ours. Never 429 or 5xx for a decision: the client repeats those."""
    said = public_text(error)
    if isinstance(error, UnavailableError):
        LOGGER.warning("could not answer: %s", error)
    return HubError(status_of(error), "", f"{said}\n  {error.remedy}" if error.remedy else said)
