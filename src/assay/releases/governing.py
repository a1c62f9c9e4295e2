"""What administrators set: policy, namespaces, the block list. People: `staffing`.

Each changes rows and writes its audit row in one transaction. What was admitted is judged again
by the caller through `workflows.recall.redecide`, for the trees named in each docstring; until
then serving refuses what rests on an older policy or trust rule, and asks the block list itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from assay.access.governing import govern
from assay.access.naming import check_namespace
from assay.access.principals import Identity
from assay.access.roles import ADMINISTER, SECURE
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.policy.bundle import Policy
from assay.policy.selftest import run_tests
from assay.releases import deciding
from assay.releases.installation import Installation
from assay.releases.recording import note, queue
from assay.releases.staffing import (
    add_principal,
    disable_principal,
    enable_principal,
    give_role,
    make_token,
    revoke_token,
    take_role,
)
from assay.releases.state import SERVABLE
from assay.releases.transition import check_reason
from assay.signing.keys import parse_public
from assay.store import (
    blobs,
    epochs,
    models,
    namespaces,
    policies,
    releases,
    revocations,
)
from assay.store.namespaces import Namespace
from assay.store.releases import Release
from assay.store.roles import EVERYWHERE

__all__ = [
    "activate_policy",
    "add_principal",
    "block_digest",
    "check_trust_rule",
    "disable_principal",
    "enable_principal",
    "give_role",
    "make_token",
    "revoke_token",
    "set_namespace",
    "take_role",
    "trees_in",
]

KEYS = "keys"
"""The one field of a trust rule: public keys in PEM, any of which may have signed."""

_PAGE = 500


def set_namespace(
    inst: Installation, who: Identity, namespace: str, mode: str, trust_rule: Any
) -> Namespace:
    """Set how strict a namespace is, and whose signatures it demands. Needs `administer` there.

    A changed trust rule ends what was decided there: redecide `trees_in` the namespace.

    Args:
        inst: The installation.
        who: The administrator.
        namespace: In any case; made if there is none.
        mode: `observe`, `warn` or `enforce`.
        trust_rule: `{"keys": [PEM, ...]}`, or None where no signature is demanded.

    Raises:
        RefusedError: the caller may not.
        DataError: not a namespace, a mode or a trust rule.
    """
    folded = check_namespace(namespace)
    inst.authorizer.require(who, ADMINISTER, folded, subject=namespace)
    rule = check_trust_rule(trust_rule)

    def work(connection: sa.Connection) -> Namespace:
        now = inst.clock.now()
        before = namespaces.ensure(connection, namespace, now=now)
        if before.trust_rule != rule:
            epochs.bump_trees(connection, trees_in(connection, folded))
        return govern(connection, namespace, mode=mode, trust_rule=rule, now=now, by=who.id)

    changed = inst.store.transact(work)
    inst.cache.look_again()
    return changed


def check_trust_rule(value: Any) -> Any:
    """`value`, if it is a trust rule: `{"keys": [PEM, ...]}` or None.

    Raises:
        DataError: it is not; the key is named by its place.
    """
    if value is None:
        return None
    keys = value.get(KEYS) if isinstance(value, dict) else None
    if not isinstance(keys, list) or not keys or set(value) != {KEYS}:
        raise DataError(
            "a trust rule lists public keys",
            subject="trust_rule",
            remedy='write {"keys": ["-----BEGIN PUBLIC KEY-----..."]}, or null',
        )
    for number, text in enumerate(keys, 1):
        subject = f"trust_rule: key {number}"
        if not isinstance(text, str):
            raise DataError("is not text", subject=subject)
        parse_public(text.encode(), subject)
    return value


def trees_in(connection: sa.Connection, namespace: str) -> list[Digest]:
    """The trees of a namespace's served releases: what a changed trust rule is about."""
    found: set[Digest] = set()
    after = ""
    while page := models.listed(connection, namespace=namespace, after=after, limit=_PAGE):
        for model in page:
            found |= {row.tree for row in _served(connection, model.id)}
        after = page[-1].folded
    return sorted(found)


def _served(connection: sa.Connection, model_id: str) -> Iterable[Release]:
    before: int | None = None
    while page := releases.listed(
        connection, model_id, states=SERVABLE, before=before, limit=_PAGE
    ):
        yield from page
        before = page[-1].seq


def activate_policy(inst: Installation, who: Identity, source: str) -> policies.Policy:
    """Put a policy in force. Needs `administer` of the whole installation.

    Its own tests must pass. What was decided by another policy no longer counts: redecide
    everything.

    Raises:
        RefusedError: the caller may not.
        DataError: not a policy, or one of its tests fails.
        ConflictError: another one was put in force at the same time.
    """
    inst.authorizer.require(who, ADMINISTER, EVERYWHERE, subject="policy")
    policy = Policy.parse(source)
    failed = [result for result in run_tests(policy) if not result.passed]
    if failed:
        raise DataError(
            f"its test {failed[0].name!r} fails: {failed[0].detail}",
            subject=f"policy {policy.name} {policy.version}",
            remedy="run: assay policy test FILE",
        )

    def work(connection: sa.Connection) -> policies.Policy:
        now = inst.clock.now()
        before = deciding.active_policy(inst, connection)
        policies.record(
            connection,
            digest=policy.digest,
            name=policy.name,
            version=policy.version,
            source=source,
            created_by=who.id,
            now=now,
        )
        row = policies.activate(connection, policy.digest)
        epochs.bump_global(connection)
        queue(connection, "policy", policy.digest, tree=None, now=now)
        detail: dict[str, object] = {
            "name": policy.name,
            "version": policy.version,
            "before": str(before.digest),
        }
        note(inst, connection, "policy.activate", str(policy.digest), by=who.id, detail=detail)
        return row

    active = inst.store.transact(work)
    inst.cache.look_again()
    return active


def block_digest(
    inst: Installation, who: Identity, digest: Digest, *, reason: str
) -> list[Release]:
    """Refuse a file or a tree everywhere. Needs `secure` in the whole installation.

    Every served release that holds it is decided again in the same transaction.

    Returns:
        The releases that hold it, as they are now.

    Raises:
        RefusedError: the caller may not.
        DataError: no reason is given.
    """
    inst.authorizer.require(who, SECURE, EVERYWHERE, subject=str(digest))
    text = check_reason(reason)

    def work(connection: sa.Connection) -> list[Release]:
        now = inst.clock.now()
        blobs.block(connection, digest, reason=text, now=now)
        found = {row.id: row for row in releases.with_file(connection, digest)}
        found |= {row.id: row for row in releases.of_trees(connection, [digest])}
        epochs.bump_global(connection)
        trees = {row.tree for row in found.values()}
        deciding.refresh(inst, connection, trees, cause="block", by=who.id)
        revocations.record(
            connection,
            kind=revocations.DIGEST,
            subject=str(digest),
            reason=text,
            by=who.id,
            now=now,
        )
        queue(connection, "block", digest, tree=None, now=now)
        detail: dict[str, object] = {"reason": text, "releases": len(found)}
        note(inst, connection, "digest.block", str(digest), by=who.id, detail=detail)
        return [releases.get(connection, release_id) for release_id in sorted(found)]

    held = inst.store.transact(work)
    inst.cache.look_again()
    return held
