"""Tells the story at a terminal and keeps the server up afterwards when asked."""

from __future__ import annotations

import shutil
import signal
import tempfile
import textwrap
import threading
from collections import Counter
from pathlib import Path

from assay.config import Config
from assay.core.errors import AssayError
from assay.core.ids import new_ulid
from assay.tour.stage import Stage, free_port
from assay.tour.story import Step, Story

PEOPLE = {
    "ana": ("publisher", "reviewer"),
    "ben": ("reviewer",),
    "sam": ("security",),
    "app": ("reader",),
}
NOT_YET = (
    ("training data", "row-provable manifests, diffs and the poisoning audit"),
    ("frameworks and dependencies", "AI-BOM, advisories, look-alike packages"),
    ("deployment pipeline", "checks of workflows, notebooks and training code; provenance of runs"),
    ("cloud and serving infrastructure", "endpoint agent, event intake, detections, incidents"),
)
WIDTH = 100


def tell(config: Config, *, keep: bool) -> int:
    """Play the story; 0 only if every step ended as expected.

    With `keep` the installation is the user's own and its server stays up until SIGINT or
    SIGTERM; without, everything happens in a temporary folder on a free port and is removed.
    """
    if keep:
        with tempfile.TemporaryDirectory(prefix="assay-tour-") as work:
            return _tell(Stage(config, Path(work)), keep=True)
    with tempfile.TemporaryDirectory(prefix="assay-tour-") as work:
        port = free_port(config.host)
        own = Config(home=Path(work) / "home", host=config.host, port=port)
        return _tell(Stage(own, Path(work)), keep=False)


def _tell(stage: Stage, *, keep: bool) -> int:
    steps: list[Step] = []
    try:
        _say(f"Data folder {stage.config.home}, server {stage.config.url}")
        stage.initialise()
        stage.start()
        namespace = f"tour-{new_ulid()}"
        stage.make_people(namespace, PEOPLE)
        _say(f"Namespace {namespace}; ana publishes, ben reviews, sam guards, app deploys\n")
        for number, step in enumerate(Story(stage, namespace).steps(), 1):
            steps.append(step)
            _print_step(number, step)
        code = _summary(steps)
        if keep:
            _wait(stage)
        return code
    finally:
        stage.stop()
        shutil.rmtree(stage.work / "hf-home", ignore_errors=True)


def _print_step(number: int, step: Step) -> None:
    mark = "ok" if step.expected else "NOT AS EXPECTED"
    _say(f"{number:2}. [{step.part}] {step.tried}")
    wrapped = textwrap.wrap(step.outcome, WIDTH - 6) or [""]
    _say("\n".join(f"      {line}" for line in wrapped))
    _say(f"      -> {mark}\n")


def _summary(steps: list[Step]) -> int:
    """What each part of the supply chain saw, and what is still to come."""
    _say("What was shown, by part of the supply chain")
    shown = Counter(step.part for step in steps)
    for part, count in shown.items():
        failed = sum(not step.expected for step in steps if step.part == part)
        _say(f"  {part:36} {count} steps" + (f", {failed} not as expected" if failed else ""))
    for part, text in NOT_YET:
        _say(f"  {part:36} not yet: {text}")
    failed = sum(not step.expected for step in steps)
    _say(f"\n{len(steps)} steps, {len(steps) - failed} as expected, {failed} not")
    return 1 if failed else 0


def _wait(stage: Stage) -> None:
    """Keep serving until the user, or the system, says stop; exit code 0 either way."""
    link = stage.assay("admin", "first-link").out.strip()
    _say(f"\nConsole: {stage.config.url}/console")
    _say(f"Become the first administrator: {link}" if link else "")
    _say("The server stays up; Ctrl-C stops it.")
    stopped = threading.Event()
    previous = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        while not stopped.wait(1.0):
            if stage.server is not None and stage.server.poll() is not None:
                raise AssayError("the server ended", subject=str(stage.config.home / "server.log"))
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the story is the command's output
