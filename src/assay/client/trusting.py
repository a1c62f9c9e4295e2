"""Whether a server's word on a release is signed by the keys pinned for it.

What a release holds is believed because its signed decision names the tree digest, not because the
connection says so: a server that was taken over has not the decision key of the pinned root.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from assay.access import pinning
from assay.client.session import Session
from assay.core.attestation import Envelope
from assay.core.decision import Outcome
from assay.core.errors import DataError, NotFoundError, RefusedError
from assay.evidence.decision import StatedDecision
from assay.evidence.kinds import DECISION, KINDS
from assay.evidence.verify import CLOCK_SKEW
from assay.signing.dsse import verify_envelope
from assay.signing.trust import TrustRoot

TRUST_FOLDER = "trust"


def pinned_root(url: str, config: Path) -> TrustRoot:
    """The root pinned for a server; one on this machine is pinned when it is first used.

    Args:
        url: The server.
        config: The user's configuration folder.

    Raises:
        NotFoundError: nothing is pinned, and the server is on another machine.
        DataError: the file is damaged, or the server's document is.
        UnavailableError: the file cannot be read, or the server did not answer.
    """
    folder = config / TRUST_FOLDER
    try:
        return pinning.pinned(folder, url).root
    except NotFoundError:
        if not pinning.is_loopback(url):
            raise
        return pinning.add(folder, url, None).root


def trusted_decision(
    session: Session,
    root: TrustRoot,
    release: Mapping[str, Any],
    *,
    now: datetime,
    enforced: bool = True,
) -> StatedDecision:
    """The newest signed decision on a release, if it may be relied on now.

    Args:
        session: The server.
        root: The root pinned for it.
        release: The release document: `model`, `version`, `tree`.
        now: The present moment.
        enforced: Whether anything but `allow` is refused.

    Raises:
        NotFoundError: the server has no decision on it.
        DataError: not signed by the pinned decision key, or about something else.
        RefusedError: it has ended, or does not allow the release.
    """
    name = f"{release['model']}@{release['version']}"
    answer = session.json("GET", f"/api/v1/decisions/{release['tree']}")
    envelope = _envelope(answer, release, name)
    try:
        verify_envelope(envelope, [root.decision])
    except DataError as error:
        raise DataError(
            f"its decision is not signed by the server's pinned key: {error.message}",
            subject=name,
            remedy="if the server was set up anew, pin its new root: assay trust add URL "
            "--fingerprint F; otherwise do not use what it serves",
        ) from None
    statement = envelope.statement()
    if statement.predicate_type != KINDS[DECISION].predicate:
        raise DataError(f"is a {statement.predicate_type[:100]}, no decision", subject=name)
    found = StatedDecision.read(statement, subject=name)
    if str(found.tree) != release["tree"] or found.release != name:
        raise DataError(f"its decision is about {found.release}, {found.tree}", subject=name)
    if found.issued > now + CLOCK_SKEW or now > found.not_after:
        raise RefusedError(
            f"its decision holds from {found.issued:%F %T} to {found.not_after:%F %T} UTC",
            subject=name,
            remedy="the server's worker renews decisions; is it running, and is this clock right?",
        )
    if enforced and found.outcome is not Outcome.ALLOW:
        raise RefusedError(
            f"its policy does not allow it: {'; '.join(found.reasons)}",
            subject=name,
            remedy="its namespace only observes or warns; to take it all the same: --not-enforced",
        )
    return found


def _envelope(answer: Any, release: Mapping[str, Any], name: str) -> Envelope:
    """The decision on this release among those on its tree."""
    try:
        rows = [
            row["envelope"]
            for row in answer["decisions"]
            if (row["model"], row["version"]) == (release["model"], release["version"])
        ]
    except (KeyError, TypeError):
        raise DataError("the server did not answer with decisions", subject=name) from None
    if rows and rows[0] is not None:
        return Envelope.from_json(rows[0], subject=f"decision on {name}")
    raise NotFoundError("there is no signed decision on it", subject=name)
