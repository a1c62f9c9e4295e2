"""How a namespace is governed: changed in one transaction with what must know of it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Final

import sqlalchemy as sa

from assay.access.naming import check_namespace
from assay.core.errors import DataError
from assay.store import audit, epochs, namespaces
from assay.store.namespaces import Namespace
from assay.store.roles import EVERYWHERE
from assay.store.tables.registry import MODES


class _Unchanged(Enum):
    TOKEN = 0


UNCHANGED: Final = _Unchanged.TOKEN


def govern(
    connection: sa.Connection,
    name: str,
    *,
    now: datetime,
    by: str | None,
    mode: str | None = None,
    trust_rule: Any = UNCHANGED,
) -> Namespace:
    """Set how a namespace is governed; it is made if there is none.

    The global epoch grows, so that no answer kept anywhere outlives the change.

    Args:
        connection: One that writes.
        name: The namespace.
        now: The present moment.
        by: Id of the administrator; None for the host's.
        mode: `observe`, `warn` or `enforce`; None leaves it as it is.
        trust_rule: Whose signatures are demanded, `{"keys": [PEM, ...]}`; None demands none.

    Raises:
        DataError: not a namespace, not a mode.
    """
    if check_namespace(name) == EVERYWHERE:
        raise DataError("is not one namespace", subject=name)
    if mode is not None and mode not in MODES:
        raise DataError("is not a mode", subject=mode[:80], remedy=f"modes are: {', '.join(MODES)}")
    found = namespaces.ensure(connection, name, now=now)
    rule = found.trust_rule if trust_rule is UNCHANGED else trust_rule
    changed = namespaces.change(connection, name, mode=mode or found.mode, trust_rule=rule)
    if (changed.mode, changed.trust_rule) != (found.mode, found.trust_rule):
        epochs.bump_global(connection)
    audit.append(
        connection,
        action="namespace.set",
        subject=changed.folded,
        now=now,
        principal_id=by,
        detail={
            "mode": changed.mode,
            "mode_before": found.mode,
            "trust_rule": changed.trust_rule,
        },
    )
    return changed
