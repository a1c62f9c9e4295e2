"""Time as a port: the system's clock in production, a set one in tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the present moment."""

    def now(self) -> datetime:
        """Now, in UTC, aware."""
        ...


class SystemClock:
    """The system's clock."""

    def now(self) -> datetime:
        """Now, in UTC, aware."""
        return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T01:02:03Z`, or with six digits of a second where they are not zero."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parse_rfc3339(text: str) -> datetime:
    """The inverse of `rfc3339`.

    Raises:
        ValueError: not such a time, or one without a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"outside the calendar: {text!r}") from None
