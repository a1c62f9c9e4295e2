"""What the server counts about itself, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from assay import __version__
from assay.releases.installation import Installation
from assay.store import log_queue
from assay.store.tables import intake, release

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Family:
    """One metric with its samples by label."""

    name: str
    kind: str
    help: str
    samples: Iterable[tuple[Mapping[str, str], float]]

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in self.samples:
            inner = ",".join(f'{key}="{text}"' for key, text in labels.items())
            yield f"{self.name}{{{inner}}} {value:g}" if inner else f"{self.name} {value:g}"


class Metrics:
    """Counts requests by entry and status. Safe to use from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: dict[str, float] = {}
        self._started = time.time()

    def count(self, entry: str, status: int, seconds: float) -> None:
        """Count one answered request.

        Args:
            entry: `api`, `hub`, `console`, `log` or `other`.
            status: The answer's; 0 where there was none.
            seconds: Until its end.
        """
        with self._lock:
            self._requests[entry, status] += 1
            self._seconds[entry] = self._seconds.get(entry, 0.0) + seconds

    def text(self, inst: Installation) -> str:
        """Every metric now.

        Raises:
            UnavailableError: the database did not answer.
        """
        with self._lock:
            requests, seconds = dict(self._requests), dict(self._seconds)
        with inst.store.read() as connection:
            families = [*_own(self._started, requests, seconds), *_rows(connection)]
        return "\n".join(line for family in families for line in family.lines()) + "\n"


def _own(
    started: float, requests: Mapping[tuple[str, int], int], seconds: Mapping[str, float]
) -> Iterable[_Family]:
    return (
        _Family("assay_build_info", "gauge", "The program.", [({"version": __version__}, 1)]),
        _Family("assay_start_time_seconds", "gauge", "When it started.", [({}, started)]),
        _Family(
            "assay_http_requests_total",
            "counter",
            "Requests answered.",
            [
                ({"entry": entry, "status": str(status)}, count)
                for (entry, status), count in sorted(requests.items())
            ],
        ),
        _Family(
            "assay_http_request_seconds_total",
            "counter",
            "Time until the end of the answers.",
            [({"entry": entry}, value) for entry, value in sorted(seconds.items())],
        ),
    )


def _rows(connection: sa.Connection) -> Iterable[_Family]:
    def by_state(table: sa.Table) -> list[tuple[Mapping[str, str], float]]:
        query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        return [({"state": state}, count) for state, count in sorted(connection.execute(query))]

    return (
        _Family("assay_releases", "gauge", "Releases by state.", by_state(release)),
        _Family("assay_intakes", "gauge", "Intakes by state.", by_state(intake)),
        _Family(
            "assay_log_queue",
            "gauge",
            "Entries promised to the transparency log and not in it yet.",
            [({}, log_queue.depth(connection))],
        ),
    )
