"""The first administrator: a link that makes one, once, for half an hour."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import sqlalchemy as sa

from assay.access import granting, people
from assay.access.people import ADMIN, has_administrator
from assay.access.secrets import new_secret
from assay.core.digest import Digest
from assay.core.errors import RefusedError
from assay.store import audit, roles, sessions
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE

LIFE = timedelta(minutes=30)
PATH = "/console/first/"

_FORM = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def offer(connection: sa.Connection, now: datetime) -> str:
    """Make a link's secret; older ones end. Only while there is no administrator.

    Raises:
        RefusedError: there is an administrator.
    """
    roles.lock(connection)
    _refuse_second(connection)
    secret, digest = new_secret()
    sessions.offer_first_admin(connection, digest, expires=now + LIFE)
    audit.append(connection, action="admin.first-link", subject="installation", now=now)
    return secret


def spend(connection: sa.Connection, secret: str, name: str, now: datetime) -> Principal:
    """Use the link up and make a person of this name administrator of everything.

    It happens in the transaction of `connection`, so a failure leaves the link as it was. Of two
    at once one succeeds.

    Raises:
        RefusedError: there is no such link, it has expired or was used, or there is an
            administrator.
        DataError: not a name.
        ConflictError: the name is taken.
    """
    roles.lock(connection)
    digest = Digest.of(secret.encode() if _FORM.match(secret) else b"")
    sessions.spend_first_admin(connection, digest, now=now)
    _refuse_second(connection)
    made = people.add(connection, name=name, now=now, by=None)
    granting.give(connection, made, role=ADMIN, namespace=EVERYWHERE, now=now, by=None)
    audit.append(connection, action="admin.first", subject=made.id, now=now, principal_id=made.id)
    return made


def link(url: str, secret: str) -> str:
    """The address to open: `URL/console/first/SECRET`."""
    return f"{url.rstrip('/')}{PATH}{secret}"


def _refuse_second(connection: sa.Connection) -> None:
    if has_administrator(connection):
        raise RefusedError(
            "there is an administrator already",
            remedy="they add people; on the host, `assay admin role add` does too",
        )
