"""Finding models and releases: never revealing one that the caller may not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.access.roles import ADMINISTER, PUBLISH, READ, REVIEW, SECURE
from assay.core.decision import Outcome
from assay.core.names import COMMIT, ModelName
from assay.policy.engine import Serving, effective
from assay.releases.installation import Installation
from assay.releases.refusal import ModelNotFoundError, RevisionNotFoundError
from assay.releases.state import SERVABLE, State
from assay.store import aliases, namespaces
from assay.store import models as model_rows
from assay.store import releases as release_rows
from assay.store.models import Model
from assay.store.releases import Release

MAIN = "main"
MIN_PREFIX = 7
"""Digits of a version that may stand for it."""

_PREFIX = re.compile(r"[0-9a-f]{7,39}\Z")
_PAGE = 200
_WRITERS = (PUBLISH, REVIEW, SECURE, ADMINISTER)
_PUBLIC_STATES = SERVABLE | {State.HELD, State.REVOKED}
"""What a mere reader sees listed: what is, or once was, served."""


def may_read(inst: Installation, who: Identity | None, namespace: str) -> bool:
    """Whether the caller may read what is in a namespace."""
    return inst.authorizer.allows(who, READ, namespace)


def may_see_unserved(inst: Installation, who: Identity | None, namespace: str) -> bool:
    """Whether the caller sees releases that are not served yet: whoever does more than read."""
    return any(inst.authorizer.allows(who, action, namespace) for action in _WRITERS)


def models(
    inst: Installation,
    connection: sa.Connection,
    who: Identity | None,
    *,
    search: str = "",
    namespace: str | None = None,
    after: str = "",
    limit: int = 100,
) -> list[Model]:
    """The models the caller may read, by name.

    Args:
        inst: The installation.
        connection: Any.
        who: The caller.
        search: Text the name holds, in any case.
        namespace: Only this one.
        after: Only names after this `namespace/name`.
        limit: Most rows.
    """
    found: list[Model] = []
    for model in _all_models(connection, search, namespace, after):
        if len(found) == limit:
            break
        if may_read(inst, who, model.namespace):
            found.append(model)
    return found


def _all_models(
    connection: sa.Connection, search: str, namespace: str | None, after: str
) -> Iterator[Model]:
    while True:
        page = model_rows.listed(
            connection, search=search, namespace=namespace, after=after, limit=_PAGE
        )
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].folded


def model_named(
    inst: Installation, connection: sa.Connection, who: Identity | None, name: ModelName
) -> Model:
    """The model of this name, in any case.

    Raises:
        ModelNotFoundError: there is none, or the caller may not read it.
    """
    found = model_rows.find(connection, name) if may_read(inst, who, name.namespace) else None
    if found is None:
        raise no_such_model(name)
    return found


def no_such_model(name: ModelName) -> ModelNotFoundError:
    """The one answer for a model that is not there and for one that may not be read."""
    return ModelNotFoundError(
        "there is no such model, or you may not read it",
        subject=str(name),
        remedy="see the models you may read: assay list",
    )


def release_named(
    inst: Installation, connection: sa.Connection, who: Identity | None, release_id: str
) -> tuple[Model, Release]:
    """The release with this id and its model.

    Raises:
        NotFoundError: there is none, or the caller may not read it.
    """
    release = release_rows.get(connection, release_id)
    model = model_rows.get(connection, release.model_id)
    if not may_read(inst, who, model.namespace):
        raise RevisionNotFoundError("there is no such release", subject=release_id)
    return model, release


def releases(
    inst: Installation,
    connection: sa.Connection,
    who: Identity | None,
    model: Model,
    *,
    before: int | None = None,
    limit: int = 100,
) -> list[Release]:
    """A model's releases the caller sees, newest first: for readers, those that were served."""
    states = (
        None
        if may_see_unserved(inst, who, model.namespace)
        else _PUBLIC_STATES | served_states(connection, model)
    )
    return release_rows.listed(connection, model.id, states=states, before=before, limit=limit)


def newest(
    inst: Installation, connection: sa.Connection, who: Identity | None, model: Model
) -> Release | None:
    """The newest release the caller sees in lists; None where there is none."""
    return next(iter(releases(inst, connection, who, model, limit=1)), None)


def resolve(
    inst: Installation,
    connection: sa.Connection,
    who: Identity | None,
    model: Model,
    revision: str,
) -> Release:
    """The release a revision names: a version, the start of one, an alias, or `main`.

    `main` is the newest release for those who do more than read. For everyone else it is the
    newest that is served; where none is, the newest of all, so that serving can say why not.

    Raises:
        RevisionNotFoundError: it names none, or a start names several.
    """
    heads = may_see_unserved(inst, who, model.namespace)
    found = resolve_as(connection, model, revision, heads=heads)
    if found is None:
        raise no_such_revision(model, revision)
    return found


def resolve_as(
    connection: sa.Connection, model: Model, revision: str, *, heads: bool
) -> Release | None:
    """As `resolve`, for one who sees the newest release or who does not; None if there is none."""
    if revision == MAIN:
        served = None if heads else served_states(connection, model)
        found = release_rows.newest(connection, model.id, states=served)
        return found or release_rows.newest(connection, model.id)
    if COMMIT.match(revision):
        return release_rows.find(connection, model.id, revision)
    alias = aliases.find(connection, model.id, revision) if "\0" not in revision else None
    if alias is not None:
        return release_rows.get(connection, alias.release_id)
    return _by_prefix(connection, model, revision) if _PREFIX.match(revision) else None


def _by_prefix(connection: sa.Connection, model: Model, revision: str) -> Release | None:
    found = release_rows.with_prefix(connection, model.id, revision)
    if len(found) > 1:
        raise RevisionNotFoundError(
            "several versions start so",
            subject=f"{model.full_name}@{revision}",
            remedy="give more digits",
        )
    return found[0] if found else None


def no_such_revision(model: Model, revision: str) -> RevisionNotFoundError:
    """The answer for a revision that names nothing."""
    return RevisionNotFoundError(
        "there is no such version, alias or branch",
        subject=f"{model.full_name}@{revision[:80]}",
        remedy=f"see: assay list {model.full_name}",
    )


def served_states(connection: sa.Connection, model: Model) -> frozenset[State]:
    """The states that may be served there: where policy does not block, judged ones too."""
    mode = namespaces.get(connection, model.namespace).mode
    if effective(Outcome.DENY, mode) is Serving.REFUSE:
        return SERVABLE
    return SERVABLE | {State.EVALUATED}
