"""The Hugging Face Hub protocol, for reading: what `HF_ENDPOINT` can point at.

Plain ASGI, since model loaders come through here. It translates and decides nothing: whether a
release is served is said by `releases.serving`, for every request.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assay.access.principals import Identity
from assay.core.errors import AssayError, RefusedError
from assay.core.limits import MIB
from assay.registry.huggingface_errors import HubError, bad_token
from assay.registry.huggingface_paths import Operation, Wanted, segments, wanted
from assay.registry.huggingface_reading import Asking, answer
from assay.registry.huggingface_snapshot import Snapshots
from assay.registry.huggingface_view import hub_error
from assay.releases.installation import Installation
from assay.web.authentication import Authenticator
from assay.web.body import small_body
from assay.web.ranges import RangeError

FORM_BYTES = 1 * MIB
MAX_FIELDS = 2000
PUSH = "releases are uploaded with the command: assay push FOLDER NAMESPACE/NAME"

_OPEN = frozenset({Operation.HARNESSES, Operation.TELEMETRY})
"""Asked without a thought, before anything else; answered without looking at the token."""

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class HubApp:
    """Answers Hub requests. One per server.

    Args:
        inst: The installation.
        authenticator: Says who sends a request.
    """

    def __init__(self, inst: Installation, authenticator: Authenticator) -> None:
        self.inst = inst
        self.authenticator = authenticator
        self.snapshots = Snapshots()

    def matches(self, method: str, raw_path: bytes) -> bool:
        """Whether a request is of this protocol: what it reads, and what it would write."""
        if raw_path.startswith(b"/api/"):
            return True
        return wanted(method, raw_path) is not None or _is_git(raw_path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        asked = wanted(request.method, scope.get("raw_path") or scope["path"].encode())
        who: Identity | None = None
        response: Response
        try:
            if asked is None:
                raise _not_read(request)
            if asked.operation not in _OPEN:
                who = await self._identity(scope)
            response = await self._answer(request, asked, who)
        except HubError as error:
            response = error.response()
        except AssayError as error:
            absent = Wanted(Operation.ABSENT)
            response = hub_error(error, asked or absent, anonymous=who is None).response()
            if isinstance(error, RangeError):
                response.headers["Content-Range"] = f"bytes */{error.size}"
        await response(scope, receive, send)

    async def _identity(self, scope: Scope) -> Identity | None:
        try:
            return await self.authenticator.identity(scope)
        except RefusedError:
            raise bad_token() from None

    async def _answer(self, request: Request, asked: Wanted, who: Identity | None) -> Response:
        body: dict[str, list[str]] = {}
        if asked.operation is Operation.PATHS_INFO:
            body = _form(await small_body(request, FORM_BYTES))
        asking = Asking(self.inst, self.snapshots, who, asked, request, body)
        return await run_sync(answer, asking)


def _form(data: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(data.decode(), max_num_fields=MAX_FIELDS, keep_blank_values=True)
    except ValueError:
        raise HubError(HTTPStatus.BAD_REQUEST, "", "the form is not valid") from None


def _is_git(raw_path: bytes) -> bool:
    """Whether it is one of git's or Git LFS's addresses: `ns/name.git/...`."""
    parts = segments(raw_path) or []
    return any(part.endswith(".git") for part in parts[:3]) and len(parts) > 1


def _not_read(request: Request) -> HubError:
    if request.method in _WRITES or _is_git(request.scope["path"].encode()):
        return HubError(HTTPStatus.FORBIDDEN, "", f"this server takes no Hub uploads: {PUSH}")
    return HubError(HTTPStatus.NOT_FOUND, "", "there is nothing at this address")
