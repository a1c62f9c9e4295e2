"""Request bodies."""

from __future__ import annotations

import anyio
import pytest
from anyio.to_thread import run_sync
from starlette.requests import Request

from assay.core.errors import UnavailableError
from assay.web.body import PIECE_BYTES, TooLargeError, body_pieces, small_body


def request_of(*pieces: bytes, broken: bool = False, length: int | None = None) -> Request:
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    end = {"type": "http.disconnect"} if broken else {"type": "http.request", "body": b""}
    messages.append(end)

    async def receive():
        return messages.pop(0)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return Request({"type": "http", "method": "PUT", "headers": headers}, receive)


def read(request: Request, limit: int) -> list[bytes]:
    async def main():
        return await run_sync(lambda: list(body_pieces(request, limit)))

    return anyio.run(main)


def test_small_network_pieces_arrive_as_large_ones():
    piece = b"x" * (PIECE_BYTES // 4)
    found = read(request_of(*[piece] * 9), PIECE_BYTES * 9)
    assert [len(one) for one in found] == [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES // 4]


def test_an_empty_body_has_no_piece():
    assert read(request_of(), 10) == []


def test_a_body_over_the_limit_is_refused_whether_it_says_so_or_not():
    with pytest.raises(TooLargeError):
        read(request_of(b"12345", length=5), 4)
    with pytest.raises(TooLargeError):
        read(request_of(b"123", b"45"), 4)
    assert b"".join(read(request_of(b"123", b"4"), 4)) == b"1234"


def test_a_sender_that_goes_away_is_an_error_and_not_the_end():
    with pytest.raises(UnavailableError):
        read(request_of(b"123", broken=True), 100)


def test_a_sender_of_a_small_body_that_goes_away_is_no_bug():
    with pytest.raises(UnavailableError):
        anyio.run(small_body, request_of(b"12", broken=True), 30)


def test_a_sender_that_falls_silent_does_not_hold_its_place(monkeypatch):
    monkeypatch.setattr("assay.web.body.SILENT_SECONDS", 0.05)

    async def receive():
        await anyio.sleep(20)

    request = Request({"type": "http", "method": "PUT", "headers": []}, receive)
    with pytest.raises(UnavailableError, match="silent"):
        read(request, 100)
    with pytest.raises(UnavailableError, match="silent"):
        anyio.run(small_body, request, 100)


def test_a_small_body_is_bounded_too():
    assert anyio.run(small_body, request_of(b"12", b"3"), 3) == b"123"
    with pytest.raises(TooLargeError):
        anyio.run(small_body, request_of(b"12", b"34"), 3)
    with pytest.raises(TooLargeError):
        anyio.run(small_body, request_of(length=99), 3)
