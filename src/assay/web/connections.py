"""Connections: how many at once, and how long one may take to say what it wants.

Neither needs a token, so without bounds anyone could take every descriptor of the process and
keep it from accepting, or even from opening its database.
"""

from __future__ import annotations

import asyncio
import resource
from functools import cache

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 30.0
"""How long the head of a request may take to arrive, seconds."""

MOST_DESCRIPTORS = 65_536
SHARE = 2
"""One of so many descriptors is for connections; the rest is for files and the database."""


def raise_limit() -> None:
    """Let the process have as many descriptors as the system allows it, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@cache
def most_connections() -> int:
    """How many connections are kept at once; one more is closed as it comes."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft) // SHARE


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own, with both bounds. Between requests uvicorn closes by itself."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the connection if there is room, and wait for a request on it."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the rest of the head."""
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there: from here on each address sees to its body itself."""
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
