"""One release, whole: what it is, what was found, what was decided, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.access.roles import ADMINISTER, PUBLISH, REVIEW, SECURE
from assay.console.evidence_rows import evidence_rows, signature_checks
from assay.console.pages.models import model_name
from assay.console.visiting import Visit
from assay.core.finding import Severity
from assay.core.names import ModelName
from assay.releases import documents, lookup
from assay.releases.standing import reasons_against
from assay.releases.state import SERVABLE, State
from assay.store import artifacts, principals
from assay.store.models import Model
from assay.store.releases import Release

MAX_FILES = 500
"""Files shown; the manifest has them all."""

MAX_FINDINGS = 1000


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done with a release.

    Attributes:
        rights: Any of these lets one do it.
        states: From these states only.
        says: On the button.
        tells: What it means, in a sentence.
        final: Whether it cannot be taken back.
    """

    name: str
    rights: tuple[str, ...]
    states: frozenset[State]
    says: str
    tells: str
    final: bool = False


ACTIONS = (
    Action(
        "approve",
        (REVIEW,),
        frozenset({State.EVALUATED, State.HELD}),
        "Approve",
        "Says that it may be used. Policy decides again with your word.",
    ),
    Action(
        "reject",
        (REVIEW,),
        frozenset({State.EVALUATED}),
        "Reject",
        "Ends its way to approval.",
    ),
    Action(
        "promote",
        (REVIEW, ADMINISTER),
        SERVABLE,
        "Promote",
        "Points an alias such as production here.",
    ),
    Action(
        "hold",
        (SECURE,),
        SERVABLE,
        "Hold",
        "Stops serving it for now. It can be resumed.",
    ),
    Action(
        "resume",
        (SECURE,),
        frozenset({State.HELD}),
        "Resume",
        "Serves it again, if policy allows it now.",
    ),
    Action(
        "deprecate",
        (PUBLISH, REVIEW),
        frozenset({State.APPROVED}),
        "Deprecate",
        "Marks it as superseded. It is still served, with a warning.",
    ),
    Action(
        "undeprecate",
        (PUBLISH, REVIEW),
        frozenset({State.DEPRECATED}),
        "Take the deprecation back",
        "Serves it without a warning again.",
    ),
    Action(
        "revoke",
        (SECURE, ADMINISTER),
        frozenset(State) - {State.REVOKED},
        "Revoke",
        "Withdraws it for good and tells every client that holds it.",
        final=True,
    ),
)
DONE = {
    "approve": "Your approval is recorded.",
    "reject": "The release is rejected.",
    "promote": "The alias points here.",
    "hold": "The release is held.",
    "resume": "The release is served again.",
    "deprecate": "The release is deprecated.",
    "undeprecate": "The deprecation is taken back.",
    "revoke": "The release is revoked.",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """An action that was not done, to be shown with what was typed.

    Attributes:
        action: Its name.
        message: Why not.
    """

    action: str
    message: str
    remedy: str | None
    reason: str
    alias: str
    acknowledged: frozenset[str]


def show(visit: Visit) -> Response:
    """The page of a release."""
    return release_page(visit)


def release_page(
    visit: Visit, *, attempt: Attempt | None = None, status: int = HTTPStatus.OK
) -> Response:
    """The page, with what kept an action from being done where there was one."""
    inst = visit.inst
    with inst.store.read() as connection:
        model, release = named(visit, connection)
        document = documents.release_document(inst, connection, release)
        entries = artifacts.entries(connection, release.tree)
        values = {
            "release": document,
            "model": str(model.full_name),
            "files": entries[:MAX_FILES],
            "files_left": max(0, len(entries) - MAX_FILES),
            "findings": _worst_first(document["findings"])[:MAX_FINDINGS],
            "findings_left": max(0, len(document["findings"]) - MAX_FINDINGS),
            "against": against_of(document),
            "evidence": evidence_rows(connection, release),
            "signatures": signature_checks(connection, release),
            "actions": _actions(visit, model, release),
            "own": _is_own(visit, connection, release),
        }
    done = DONE.get(visit.request.query_params.get("done", ""))
    return visit.page("release.html", {**values, "attempt": attempt, "done": done}, status=status)


def named(visit: Visit, connection: sa.Connection) -> tuple[Model, Release]:
    """The release the address names.

    Raises:
        NotFoundError: there is none, or the visitor may not read it.
    """
    model = lookup.model_named(visit.inst, connection, visit.me, model_name(visit))
    version = visit.request.path_params["version"]
    return model, lookup.resolve(visit.inst, connection, visit.me, model, version)


def address(model: ModelName | str, version: str) -> str:
    """The path of a release's page."""
    return f"/models/{model}/releases/{version}"


def against_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The reasons that keep a release from being allowed."""
    decision = document["decision"]
    return [] if decision is None else reasons_against(decision["reasons"])


def _worst_first(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(findings, key=lambda row: -Severity(row["severity"]).rank)


def _actions(visit: Visit, model: Model, release: Release) -> list[Action]:
    """What the visitor may do now; the domain checks each again when it is done."""
    return [
        action
        for action in ACTIONS
        if State(release.state) in action.states
        and any(
            visit.inst.authorizer.allows(visit.me, right, model.namespace)
            for right in action.rights
        )
    ]


def _is_own(visit: Visit, connection: sa.Connection, release: Release) -> bool:
    """Whether the visitor answers for the publisher, and so cannot approve."""
    publisher = principals.get(connection, release.publisher_id)
    return principals.answerable(connection, publisher).id == visit.me.person_id
