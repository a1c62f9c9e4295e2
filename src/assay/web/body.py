"""Request bodies: small ones whole and bounded, large ones piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anyio
import anyio.from_thread
from starlette.requests import ClientDisconnect, Request

from assay.core.errors import DataError, UnavailableError
from assay.core.limits import MIB

PIECE_BYTES = 1 * MIB
"""Pieces handed to the writer are at least this long, the last one excepted."""

SILENT_SECONDS = 60.0
"""How long a sender may say nothing in the middle of a body, seconds. A machine that is gone
without a word would keep its place among those that are received at once for good."""


class TooLargeError(DataError):
    """The body is larger than this address takes (status 413)."""

    code = "too-large"


async def small_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        TooLargeError: it is larger than `limit` bytes.
        UnavailableError: the sender went away, or fell silent, before the end.
    """
    _check_length(request, limit)
    body = bytearray()
    arriving = request.stream()
    while piece := await _gather(arriving):
        body += piece
        if len(body) > limit:
            raise TooLargeError(f"the body is larger than {limit} bytes")
    return bytes(body)


def body_pieces(request: Request, limit: int) -> Iterator[bytes]:
    """The body, read from a worker thread while the event loop goes on receiving.

    Memory stays near one piece: the sender is held back while the writer is busy.

    Raises:
        TooLargeError: it is larger than `limit` bytes.
        UnavailableError: the sender went away, or fell silent, before the end.
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
        while len(gathered) < PIECE_BYTES:
            with anyio.fail_after(SILENT_SECONDS):
                piece = await anext(arriving, None)
            if piece is None:
                break
            gathered += piece
    except ClientDisconnect:
        raise UnavailableError("the sender went away before the end of the body") from None
    except TimeoutError:
        raise UnavailableError(f"the sender was silent for {SILENT_SECONDS:g} seconds") from None
    return bytes(gathered)


def _check_length(request: Request, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLargeError(f"the body is larger than {limit} bytes")
