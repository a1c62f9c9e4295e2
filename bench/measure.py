"""What the benchmarks share: CPU time and memory of a function in a child, and how a row is shown."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """One finished child: CPU and elapsed seconds, peak resident memory in MiB."""

    cpu: float
    wall: float
    peak: float
    out: str
    code: int


def run(command: Sequence[str], **options: Any) -> Run:
    """Run a command to its end under the system's own accounting."""
    code = (
        "import json,resource,subprocess,sys,time;a=time.perf_counter();"
        "d=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE,stderr=subprocess.STDOUT);"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([u.ru_utime+u.ru_stime,time.perf_counter()-a,u.ru_maxrss/1024,"
        "d.stdout.decode(errors='replace'),d.returncode]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        capture_output=True,
        text=True,
        check=True,
        **options,
    )
    return Run(*json.loads(done.stdout))


def median(runs: Sequence[Run], of: str = "cpu") -> float:
    """The median of one figure."""
    return statistics.median(getattr(one, of) for one in runs)


def alternate(rounds: int, **work: Callable[[], Run]) -> dict[str, list[Run]]:
    """Run each in turn, `rounds` times over, so that a machine's drift meets all alike."""
    found: dict[str, list[Run]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, one in work.items():
            found[name].append(one())
    return found


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Elapsed seconds of a call, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def row(what: str, figure: str, bar: str, *, holds: bool | None = None) -> None:
    """One line of the report."""
    mark = "" if holds is None else ("ok  " if holds else "MISS")
    print(f"{mark:4} {what:58} {figure:34} bar: {bar}", flush=True)
