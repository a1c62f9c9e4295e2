"""Console sessions: a random cookie, kept as a hash, twelve hours, with a secret against forgery."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

import sqlalchemy as sa

from assay.access.principals import Identity, covers, grants_of
from assay.access.secrets import new_secret
from assay.core.digest import Digest
from assay.core.errors import RefusedError
from assay.store import audit, roles, sessions, tokens
from assay.store.principals import Principal
from assay.store.sessions import Session

LIFE = timedelta(hours=12)


def begin(
    connection: sa.Connection,
    principal: Principal,
    *,
    now: datetime,
    until: datetime | None = None,
) -> tuple[str, str]:
    """Begin a session of a person; returns the cookie and the secret its forms carry (CSRF).

    Args:
        connection: One that writes.
        principal: Whose. How it proved who it is was the caller's business.
        now: The present moment.
        until: When it ends at the latest, where that is before twelve hours have passed.

    Raises:
        RefusedError: a robot's or an agent's, or it is disabled.
    """
    if principal.kind != "person" or principal.disabled_at is not None:
        raise RefusedError("only a person can use the console")
    cookie, digest = new_secret()
    csrf, _ = new_secret()
    expires = min(now + LIFE, until or now + LIFE)
    sessions.begin(
        connection, hash=digest, principal_id=principal.id, csrf=csrf, now=now, expires=expires
    )
    audit.append(
        connection, action="session.begin", subject=principal.id, now=now, principal_id=principal.id
    )
    return cookie, csrf


def begin_with_token(
    connection: sa.Connection, identity: Identity, *, now: datetime
) -> tuple[str, str]:
    """Begin a session for whoever showed a token; it ends with the token at the latest.

    A session has all of its person's roles, so a token that carries fewer does not begin one.

    Raises:
        RefusedError: the token carries less than its owner's roles, or is not a person's.
    """
    held = grants_of(roles.of_principal(connection, identity.id))
    if not all(covers(identity.grants, grant) for grant in held):
        raise RefusedError(
            "this token carries less than its owner's roles, and the console would give all of them",
            remedy="use a token that carries all your roles in all your namespaces",
        )
    until = tokens.get(connection, identity.credential).expires
    return begin(connection, identity.principal, now=now, until=until)


def end(connection: sa.Connection, cookie: str) -> None:
    """End the session of this cookie; nothing happens if there is none."""
    sessions.end(connection, Digest.of(cookie.encode()))


def check_csrf(session: Session, given: str) -> None:
    """Return if a form carries the session's secret.

    Raises:
        RefusedError: it does not.
    """
    if not hmac.compare_digest(session.csrf.encode(), given.encode("utf-8", "replace")):
        raise RefusedError(
            "the form does not belong to this session", remedy="load the page again and repeat"
        )
