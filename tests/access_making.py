"""People, roles and tokens with as little said as possible."""

from __future__ import annotations

from datetime import UTC, datetime

from assay.access import granting, people
from assay.access.principals import Grant, Identity
from assay.access.tokens import make_token
from assay.store.principals import Principal

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def person(store, name="ada", *roles, now=NOW, **more):
    """A principal with roles given as `role@namespace`."""
    with store.write() as connection:
        made = people.add(connection, name=name, now=now, by=None, **more)
        for text in roles:
            role, _, namespace = text.partition("@")
            granting.give(connection, made, role=role, namespace=namespace, now=now, by=None)
    return made


def token_of(store, owner, *, roles=(), namespaces=(), days=30, now=NOW, **more):
    """A token's secret and its row."""
    with store.write() as connection:
        return make_token(
            connection,
            owner=owner,
            name="test",
            roles=roles,
            namespaces=namespaces,
            days=days,
            by=None,
            now=now,
            **more,
        )


def identity(*grants, kind="person"):
    """An identity with grants given as `role@namespace`, from nowhere."""
    principal = Principal("01", kind, "ada", None, NOW, None)
    found = tuple(Grant(*text.split("@")) for text in grants)
    return Identity(principal, "01", found, "token", "t", young=False)
