"""Request bodies: small ones whole and bounded, large ones piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anyio.from_thread
from starlette.requests import ClientDisconnect, Request

from assay.core.errors import DataError, UnavailableError
from assay.core.limits import MIB

PIECE_BYTES = 1 * MIB
"""Pieces handed to the writer are at least this long, the last one excepted."""


class TooLargeError(DataError):
    """The body is larger than this address takes (status 413)."""

    code = "too-large"


async def small_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        TooLargeError: it is larger than `limit` bytes.
    """
    _check_length(request, limit)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise TooLargeError(f"the body is larger than {limit} bytes")
    return bytes(body)


def body_pieces(request: Request, limit: int) -> Iterator[bytes]:
    """The body, read from a worker thread while the event loop goes on receiving.

    Memory stays near one piece: the sender is held back while the writer is busy.

    Raises:
        TooLargeError: it is larger than `limit` bytes.
        UnavailableError: the sender went away before the end.
    """
    _check_length(request, limit)
    arriving = request.stream()
    left = limit
    while piece := anyio.from_thread.run(_gather, arriving):
        left -= len(piece)
        if left < 0:
            raise TooLargeError(f"the body is larger than {limit} bytes")
        yield piece


async def _gather(arriving: AsyncIterator[bytes]) -> bytes:
    gathered = bytearray()
    try:
        async for piece in arriving:
            gathered += piece
            if len(gathered) >= PIECE_BYTES:
                break
    except ClientDisconnect:
        raise UnavailableError("the sender went away before the end of the body") from None
    return bytes(gathered)


def _check_length(request: Request, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLargeError(f"the body is larger than {limit} bytes")
