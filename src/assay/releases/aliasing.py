"""Aliases: moving a protected pointer such as `production`, and taking one away."""

from __future__ import annotations

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.access.roles import ADMINISTER, REVIEW
from assay.core.errors import DataError, NotFoundError, RefusedError
from assay.core.names import ModelName, check_alias
from assay.releases import lookup, standing
from assay.releases.explaining import explained
from assay.releases.installation import Installation
from assay.releases.recording import keep, note, release_name
from assay.releases.refusal import Refused
from assay.releases.state import SERVABLE
from assay.releases.statements import about, alias_statement
from assay.releases.transition import check_reason
from assay.store import aliases, releases
from assay.store.models import Model
from assay.store.releases import Release

ALIAS = "alias"


def promote(
    inst: Installation,
    who: Identity,
    model: ModelName,
    alias: str,
    release_id: str,
    *,
    reason: str,
) -> Release:
    """Point an alias at a release that may be served. Needs `review` or `administer`.

    A release that is revoked later keeps its aliases; they answer with the refusal, never with
    an older release.

    Raises:
        NotFoundError: there is no such model or release, or the caller may not read it.
        Refused: the release may not be served.
        RefusedError: the caller may not move aliases there.
        DataError: not the name of an alias, a release of another model, no reason.
    """
    check_alias(alias)
    text = check_reason(reason)

    def work(connection: sa.Connection) -> Release:
        found = _governed(inst, connection, who, model, alias)
        release = releases.lock(connection, release_id)
        if release.model_id != found.id:
            raise DataError("is not a release of this model", subject=f"{model}: {release_id}")
        _require_servable(inst, connection, release)
        before = aliases.find(connection, found.id, alias)
        now = inst.clock.now()
        aliases.point(
            connection, model_id=found.id, name=alias, release_id=release.id, by=who.id, now=now
        )
        statement = alias_statement(
            about(release_name(found, release), release.tree),
            alias=alias,
            by=who.name,
            reason=text,
            at=now,
        )
        keep(
            connection,
            statement,
            tree=release.tree,
            kind=ALIAS,
            signer=inst.signers.release_index,
            now=now,
            verification={"release": release.id},
        )
        old = None if before is None else releases.get(connection, before.release_id).version
        detail: dict[str, object] = {"alias": alias, "reason": text, "before": old}
        subject = release_name(found, release)
        note(inst, connection, "alias.promote", subject, by=who.id, detail=detail)
        return release

    moved = inst.store.transact(work)
    inst.cache.look_again()
    return moved


def withdraw(
    inst: Installation, who: Identity, model: ModelName, alias: str, *, reason: str
) -> None:
    """Take an alias away. Needs `review` or `administer`.

    Raises:
        NotFoundError: there is no such model or alias, or the caller may not read it.
        RefusedError: the caller may not move aliases there.
        DataError: no reason is given.
    """
    text = check_reason(reason)

    def work(connection: sa.Connection) -> None:
        found = _governed(inst, connection, who, model, alias)
        if "\0" in alias:
            raise NotFoundError("there is no such alias", subject=repr(alias[:80]))
        gone = aliases.remove(connection, found.id, alias)
        subject = release_name(found, releases.get(connection, gone.release_id))
        detail: dict[str, object] = {"alias": alias, "reason": text}
        note(inst, connection, "alias.withdraw", subject, by=who.id, detail=detail)

    inst.store.transact(work)
    inst.cache.look_again()


def _governed(
    inst: Installation, connection: sa.Connection, who: Identity, name: ModelName, alias: str
) -> Model:
    """The model, if the caller may move its aliases."""
    model = lookup.model_named(inst, connection, who, name)
    if not any(
        inst.authorizer.allows(who, right, model.namespace) for right in (REVIEW, ADMINISTER)
    ):
        raise RefusedError(
            f"you may not move aliases in the namespace {model.namespace}",
            subject=f"{model.full_name}@{alias[:80]}",
            remedy="that takes the role reviewer or admin",
        )
    return model


def _require_servable(inst: Installation, connection: sa.Connection, release: Release) -> None:
    """Stricter than serving: no mode lets an alias name what was not approved."""
    found = standing.load(connection, release.id)
    try:
        standing.answer(found, inst.clock.now())
        if release.state not in SERVABLE:
            raise standing.refused(found, "not-approved", "nobody has approved it")
    except Refused as error:
        raise explained(connection, found, error) from None
