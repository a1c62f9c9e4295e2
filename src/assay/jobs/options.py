"""The options of a worker, each with its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works.

    Attributes:
        version: Version of the set of workflows; unfinished jobs of another are adopted at start.
        concurrency: Jobs run at once.
        poll_seconds: How often the queue is looked at, seconds.
        lease_seconds: How long after its last sign of life a worker counts as dead, seconds.
        max_deaths: Deaths of the worker at one step of a job after which the job is failed.
        busy_seconds: How long one statement waits for SQLite's write lock, seconds.
    """

    version: str = "1"
    concurrency: int = 4
    poll_seconds: float = 0.2
    lease_seconds: float = 15.0
    max_deaths: int = 3
    busy_seconds: float = 30.0
