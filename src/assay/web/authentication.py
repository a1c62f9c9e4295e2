"""Who sent a request: the Authorization header, looked up at most every 250 ms per token."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import Scope

from assay.access.login import authenticate_token
from assay.access.principals import Identity
from assay.releases.installation import Installation
from assay.web.bearer import bearer_secret
from assay.web.guard import access_of
from assay.web.problems import Unauthenticated

FRESH_SECONDS = 0.25
"""How long a token that was just found good is not looked up again, seconds."""

MAX_KNOWN = 4096


@dataclass(frozen=True, slots=True)
class _Seen:
    identity: Identity
    at: float


class Authenticator:
    """Turns requests into identities. One per server; safe to use from any number of threads.

    Only good tokens are remembered, by their hash, so a token that is not good is looked up
    every time it is shown.
    """

    def __init__(self, inst: Installation) -> None:
        self._inst = inst
        self._known: OrderedDict[bytes, _Seen] = OrderedDict()
        self._lock = threading.Lock()
        self._fresh_after = 0.0

    async def identity(self, scope: Scope, *, basic: bool = False) -> Identity | None:
        """Who sent the request; None where it carries no credential.

        Args:
            scope: The request's ASGI scope; its row in the access log gets the name.
            basic: Whether the password of HTTP Basic is taken as a token too.

        Raises:
            Unauthenticated: there is a credential, and it is malformed or of another kind.
            BadCredentialError: the token is not good.
            UnavailableError: the database did not answer.
        """
        headers = Headers(scope=scope)
        if len(headers.getlist("authorization")) > 1:
            raise Unauthenticated("there is more than one Authorization header")
        secret = bearer_secret(headers, basic=basic)
        if secret is None:
            return None
        key = hashlib.sha256(secret.encode()).digest()
        found = self._remembered(key)
        if found is None:
            found = await run_sync(self._looked_up, key, secret)
        access_of(scope).principal = found.name
        return found

    def forget(self) -> None:
        """Look every token up again: this process has just changed people, roles or tokens."""
        with self._lock:
            self._known.clear()
            self._fresh_after = time.monotonic()

    def _remembered(self, key: bytes) -> Identity | None:
        with self._lock:
            seen = self._known.get(key)
        if seen is None or time.monotonic() - seen.at > FRESH_SECONDS:
            return None
        return seen.identity

    def _looked_up(self, key: bytes, secret: str) -> Identity:
        began = time.monotonic()
        found = authenticate_token(self._inst.store, secret, now=self._inst.clock.now())
        with self._lock:
            if began > self._fresh_after:
                self._known[key] = _Seen(found, began)
                self._known.move_to_end(key)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found
