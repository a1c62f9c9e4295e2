"""Every check in order, and what all of them say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assay.config import Config
from assay.core.errors import UsageError
from assay.doctor import database, files, log, machine, network
from assay.doctor.interface import Check, Line, Status, fail

SCHEMA = "assay.doctor/1"

_DATABASE = "start the database, or mend database_url"
_REPORT = "report what this says"

CHECKS = (
    Check("python", machine.python, _REPORT, needs_installation=False),
    Check("platform", machine.system, _REPORT, needs_installation=False),
    Check("libraries", machine.libraries, _REPORT, needs_installation=False),
    Check("sandbox", machine.sandbox, _REPORT, needs_installation=False),
    Check("configuration", files.configuration, "mend the option", needs_installation=False),
    Check("address", network.exposure, "mend host or public_url", needs_installation=False),
    Check("port", network.port, "mend host or port", needs_installation=False),
    Check("data folder", files.data_folder, "mend its permissions or its disk"),
    Check("keys", files.keys, "restore the keys' folder from a backup"),
    Check("database", database.rows, _DATABASE),
    Check("jobs", database.jobs, _DATABASE),
    Check("worker", database.worker, _DATABASE),
    Check("intakes", database.intakes, _DATABASE),
    Check(
        "log", log.log, "restore the log's folder from a backup, with the database's of that time"
    ),
    Check("intelligence", files.intelligence, "mend the feed or its key"),
    Check("blobs", files.blobs, "mend its permissions or its disk"),
    Check("clock", machine.clock, "set the clock; use NTP"),
    Check("times", database.dates, _DATABASE),
)


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found.

    Attributes:
        home: The data folder.
        set_up: Whether there is an installation.
    """

    home: str
    set_up: bool
    lines: tuple[Line, ...]

    @property
    def exit_code(self) -> int:
        """0 where nothing failed, 1 where something did, 2 where nothing is set up."""
        if not self.set_up:
            return UsageError.exit_code
        return int(any(line.status is Status.FAIL for line in self.lines))

    @property
    def counts(self) -> dict[str, int]:
        """How many lines of each status."""
        found = Counter(line.status for line in self.lines)
        return {status.value: found[status] for status in Status}

    def to_json(self) -> dict[str, Any]:
        """The document `assay.doctor/1`."""
        return {
            "schema": SCHEMA,
            "home": self.home,
            "set_up": self.set_up,
            "lines": [line.to_json() for line in self.lines],
            "summary": self.counts,
        }


def examine(config: Config, *, told: Callable[[Line], None] = lambda _: None) -> Examination:
    """Look at everything. Nothing is changed.

    Args:
        config: How the installation runs.
        told: Called with each line as it is found.
    """
    lines: list[Line] = []

    def tell(line: Line) -> None:
        lines.append(line)
        told(line)

    absent: UsageError | None = None
    try:
        files.require_installation(config)
    except UsageError as error:
        absent = error
    for check in CHECKS:
        if absent is None or not check.needs_installation:
            for line in check.lines(config):
                tell(line)
    if absent is not None:
        tell(fail("installation", str(absent), absent.remedy or ""))
    return Examination(str(config.home), absent is None, tuple(lines))
