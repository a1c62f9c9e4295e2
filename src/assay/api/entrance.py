"""What every request to the API passes before the framework reads any of it: token, then size.

The framework reads and parses a body before it asks who sent it, so both are settled here.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.core.limits import MIB
from assay.web.authentication import Authenticator
from assay.web.problems import Unauthenticated

CALLER = "assay.caller"
"""Where the caller's identity lies in the ASGI scope."""

SMALL_BYTES = 1 * MIB
UPLOAD_BYTES = 64 * MIB
"""A manifest of 100,000 files with long names, or signature bundles over as many, in base64."""

_PREFIX = "/api/v1"
_OPEN = frozenset({f"{_PREFIX}/trust", f"{_PREFIX}/openapi.json"})
"""Addresses that need no token."""

_BLOB = re.compile(rf"{_PREFIX}/uploads/[^/]+/blobs/[^/]+\Z")
"""The one address whose body is a file: only there is it counted elsewhere."""


class Entrance:
    """Lets in whoever shows a good token, with a body no longer than its address takes."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self.app = app
        self.authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on.

        Raises:
            Unauthenticated: it shows no token where one is needed, or a malformed one.
            BadCredentialError: the token is not good.
        """
        if scope["path"] not in _OPEN:
            identity = await self.authenticator.identity(scope)
            if identity is None:
                raise Unauthenticated(
                    "this address needs a token", remedy="send: Authorization: Bearer TOKEN"
                )
            scope[CALLER] = identity
        limit = _limit(scope["method"], scope["path"])
        await self.app(scope, receive if limit is None else _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Receive:
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise HTTPException(status, f"the body is larger than {limit} bytes")
        return message

    return counted


def _limit(method: str, path: str) -> int | None:
    """Bytes of body an address takes; None where the address itself counts them."""
    if method == "PUT" and _BLOB.match(path):
        return None
    return UPLOAD_BYTES if path.startswith(f"{_PREFIX}/uploads") else SMALL_BYTES
