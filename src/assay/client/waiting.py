"""Waiting for the server to judge a release."""

from __future__ import annotations

import time
from typing import Any

from assay.client.session import Session, model_path
from assay.core.errors import UnavailableError

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
DENIED = 1
UNDECIDED = 3


def wait_until_judged(
    session: Session, model: str, version: str, *, seconds: float = 3600.0
) -> dict[str, Any]:
    """The release document once its intake has ended, well or badly.

    Raises:
        UnavailableError: the intake did not end within `seconds`.
    """
    pause, until = FIRST_PAUSE_SECONDS, time.monotonic() + seconds
    path = model_path(model, "releases", version)
    while time.monotonic() < until:
        release: dict[str, Any] = session.json("GET", path)
        if release["intake"]["state"] in ("done", "failed"):
            return release
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    raise UnavailableError(
        "has not been judged yet",
        subject=f"{model}@{version}",
        remedy="is the worker running? assay doctor",
    )


def exit_code(release: dict[str, Any]) -> int:
    """0 unless denied (1) or not judged (3)."""
    if release["intake"]["state"] == "failed" or release.get("decision") is None:
        return UNDECIDED
    return DENIED if release["decision"]["outcome"] == "deny" else 0
