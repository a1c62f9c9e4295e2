"""The bytes of a release as an answer: checked chunk by chunk, cut when a check fails.

Nothing is buffered beyond one chunk. The first chunk is read before the status line goes
out, so that a refusal or a damaged first chunk is still told in words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assay.core.errors import AssayError
from assay.web.guard import CutError
from assay.web.headers import bytes_headers
from assay.web.ranges import ByteRange, requested_range

LOGGER = logging.getLogger("assay.web")

Chunks = Callable[[int, int], Iterator[bytes]]
"""Gives the checked bytes from `start` up to, not including, `end`."""


class ByteAnswer(Response):
    """Sends one file, or one range of it, as it comes out of the check."""

    def __init__(
        self, pieces: Iterator[bytes], first: bytes, *, status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(None, status, headers=None)
        self.pieces = pieces
        self.first = first
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it.

        Raises:
            CutError: a later chunk failed its check, or the release was withdrawn.
        """
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        request = Request(scope, receive)
        piece: bytes | None = self.first
        while piece is not None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if await request.is_disconnected():
                return
            piece = await run_sync(_next_or_cut, self.pieces)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _next_or_cut(pieces: Iterator[bytes]) -> bytes | None:
    try:
        return next(pieces, None)
    except AssayError as error:
        raise CutError(str(error)) from error
    except Exception as error:
        LOGGER.exception("a file broke off while it was sent")
        raise CutError(type(error).__name__) from error


def byte_answer(
    request: Request,
    *,
    path: str,
    size: int,
    chunks: Chunks,
    headers: Mapping[str, str],
    etag: str | None = None,
) -> Response:
    """The answer to a HEAD or GET for a file the caller may have; call it in a worker thread.

    Raises:
        RangeError: the range starts past the end.
        AssayError: the first chunk was refused or is damaged.
    """
    shared = {**bytes_headers(path.rsplit("/", 1)[-1]), "Accept-Ranges": "bytes", **headers}
    if etag is not None:
        shared["ETag"] = f'"{etag}"'
    if request.method == "HEAD":
        return _headers_only(size, shared)
    part = requested_range(_range_header(request, etag), size)
    wanted = part or ByteRange(0, size, size)
    shared["Content-Length"] = str(wanted.length)
    if part is not None:
        shared["Content-Range"] = part.content_range
    pieces = chunks(wanted.start, wanted.end)
    status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
    return ByteAnswer(pieces, next(pieces, b""), status=status, headers=shared)


def _headers_only(size: int, headers: Mapping[str, str]) -> Response:
    response = Response(None, HTTPStatus.OK)
    response.init_headers({**headers, "Content-Length": str(size)})
    return response


def _range_header(request: Request, etag: str | None) -> str | None:
    """The `Range` header, unless `If-Range` names other bytes than these."""
    condition = request.headers.get("if-range")
    if condition is not None and condition != f'"{etag}"':
        return None
    return request.headers.get("range")
