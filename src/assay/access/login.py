"""From a secret to an identity: tokens and session cookies.

Secrets are 256 random bits and looked up by their SHA-256, so neither the database nor the time
an answer takes gives a part of one away.
"""

from __future__ import annotations

import hmac
import re
from contextlib import suppress
from datetime import datetime, timedelta

import sqlalchemy as sa

from assay.access.errors import BadCredentialError
from assay.access.principals import Grant, Identity, identify
from assay.core.digest import Digest
from assay.core.errors import ConflictError, UnavailableError
from assay.store import sessions, tokens
from assay.store.engine import Store
from assay.store.sessions import Session
from assay.store.tokens import Token

TOKEN_PREFIX = "assay_"  # noqa: S105 - the prefix, which is no secret
TOUCH_EVERY = timedelta(minutes=1)
"""How often the use of a token is noted: it is a write."""

TOUCH_PATIENCE_SECONDS = 0.05
"""How long a request waits to note that; a later one notes it then."""

_TOKEN_FORM = re.compile(r"assay_[A-Za-z0-9_-]{43}\Z")
_COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def authenticate_token(store: Store, secret: str, *, now: datetime) -> Identity:
    """The identity a token stands for.

    Raises:
        BadCredentialError: it is unknown, expired or revoked, or its principal or one that
            answers for it is disabled.
        UnavailableError: the database did not answer.
    """
    if not _TOKEN_FORM.match(secret):
        raise BadCredentialError
    digest = Digest.of(secret.encode())
    with store.read() as connection:
        token = tokens.by_hash(connection, digest)
        if token is None or not _same(token.hash, digest) or not token.is_live(now):
            raise BadCredentialError
        identity = token_identity(connection, token, now=now)
    if token.last_used is None or now - token.last_used >= TOUCH_EVERY:
        _touch(store, token.id, now)
    return identity


def authenticate_session(store: Store, cookie: str, *, now: datetime) -> tuple[Identity, Session]:
    """The identity a session cookie stands for, and the session.

    Raises:
        BadCredentialError: there is no such session, it has expired, or its principal is disabled.
        UnavailableError: the database did not answer.
    """
    if not _COOKIE_FORM.match(cookie):
        raise BadCredentialError
    digest = Digest.of(cookie.encode())
    with store.read() as connection:
        session = sessions.live(connection, digest, now=now)
        if session is None or not _same(session.hash, digest):
            raise BadCredentialError
        identity = identify(
            connection, session.principal_id, how="session", credential="session", now=now
        )
    return identity, session


def token_identity(connection: sa.Connection, token: Token, *, now: datetime) -> Identity:
    """What a live token stands for.

    Raises:
        BadCredentialError: its principal, or one that answers for it, is disabled.
    """
    scopes = [Grant(role, namespace) for role in token.roles for namespace in token.namespaces]
    return identify(
        connection, token.principal_id, how="token", credential=token.id, now=now, scopes=scopes
    )


def _same(kept: Digest, given: Digest) -> bool:
    return hmac.compare_digest(kept.raw, given.raw)


def _touch(store: Store, token_id: str, now: datetime) -> None:
    # That it could not be noted is no reason to refuse a good token, or to keep it waiting.
    with (
        suppress(UnavailableError, ConflictError),
        store.write(patience=TOUCH_PATIENCE_SECONDS) as connection,
    ):
        tokens.touch(connection, token_id, now=now)
