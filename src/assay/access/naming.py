"""Names as an administrator types them: checked, and folded where they are compared."""

from __future__ import annotations

import sqlalchemy as sa

from assay.core.errors import DataError
from assay.core.names import ModelName
from assay.store import principals
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE
from assay.store.tables.people import ROLES

MAX_LABEL = 80
"""Longest name of a token, characters."""


def principal_named(connection: sa.Connection, name: str) -> Principal:
    """The principal of this name, in any case; for administrators, who may know who exists.

    Raises:
        NotFoundError: there is none.
    """
    found = principals.find(connection, name)
    return principals.get(connection, name) if found is None else found


def check_namespace(text: str) -> str:
    """The folded form of a namespace, or `*`.

    Raises:
        DataError: it cannot name one, or is reserved.
    """
    if text == EVERYWHERE:
        return text
    try:
        return ModelName.parse(f"{text}/name").namespace.lower()
    except DataError as error:
        reason = error.message if "reserved" in error.message else "is not a namespace"
        raise DataError(
            reason,
            subject=text[:80],
            remedy="a namespace has letters, digits, '-' and '_'; '*' stands for all of them",
        ) from None


def check_role(text: str) -> str:
    """`text`, if it is a role.

    Raises:
        DataError: it is not.
    """
    if text not in ROLES:
        raise DataError("is not a role", subject=text[:80], remedy=f"roles are: {', '.join(ROLES)}")
    return text


def check_label(text: str) -> str:
    """`text`, if a token can be called so.

    Raises:
        DataError: it is empty, too long or has characters that do not print.
    """
    if not text.strip() or len(text) > MAX_LABEL or not text.isprintable():
        raise DataError(
            f"a token's name has 1 to {MAX_LABEL} printable characters", subject=repr(text[:80])
        )
    return text
