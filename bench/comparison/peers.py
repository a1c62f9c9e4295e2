"""The peers: how each is installed, asked and understood.

A peer is asked by its own command at its default gate, one unit at a time and offline. What it
means is its exit code, as its own documentation gives it: found something, found nothing, or
no answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.comparison.score import Answer

SECONDS = 120
"""Elapsed time a peer has for one unit."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One scanner.

    Attributes:
        name: As people call it.
        requirements: What pip installs; the first is the peer.
        command: Its arguments; `{}` is the unit.
        meaning: Exit code to answer; any other code is no answer.
        folders: Whether it takes folders; where not, every file of one is asked about.
        settings: Environment it needs to stay offline or quiet.
    """

    name: str
    requirements: tuple[str, ...]
    command: tuple[str, ...]
    meaning: Mapping[int, Answer]
    folders: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


_USUAL = {0: Answer.PASSED, 1: Answer.FLAGGED}
PEERS = (
    Peer("picklescan", ("picklescan==1.0.5",), ("picklescan", "-p", "{}"), _USUAL),
    Peer(
        "modelscan",
        ("modelscan==0.8.8",),
        ("modelscan", "scan", "-p", "{}"),
        {**_USUAL, 3: Answer.NONE},
    ),
    Peer(
        "fickling",
        ("fickling==0.1.12", "typing-extensions"),
        ("fickling", "--check-safety", "{}"),
        _USUAL,
        folders=False,
    ),
    Peer(
        "modelaudit",
        ("modelaudit==0.2.54",),
        ("modelaudit", "scan", "{}"),
        _USUAL,
        settings={"NO_ANALYTICS": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1"},
    ),
    Peer("modelwarden", ("modelwarden==0.5.0",), ("modelwarden", "scan", "{}"), _USUAL),
    Peer("purser", ("purser==0.3.0",), ("purser", "scan", "{}"), {**_USUAL, 2: Answer.FLAGGED}),
    Peer("veritensor", ("veritensor==1.9.4",), ("veritensor", "scan", "{}"), _USUAL),
    Peer(
        "aisbom",
        ("aisbom-cli==1.7.0",),
        ("aisbom", "scan", "{}"),
        {0: Answer.PASSED, 2: Answer.FLAGGED},
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking cost: seconds of CPU and resident MiB at most."""

    answer: Answer
    cpu: float
    memory: float
    code: int


class InstallError(Exception):
    """A peer cannot be installed here; says why."""


def install(peer: Peer, folder: Path) -> Path:
    """An environment of the peer's own; the folder of its programs.

    Raises:
        InstallError: pip says no.
    """
    home = folder / peer.name
    programs = home / "bin"
    if not (home / ".ready").is_file():
        venv.create(home, with_pip=True, clear=True)
        command = [str(programs / "python"), "-m", "pip", "install", "--quiet", *peer.requirements]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise InstallError(lines[-1] if lines else "pip failed")
        (home / ".ready").touch()
    return programs


def ask(peer: Peer, programs: Path, unit: Path) -> Asked:
    """Ask a peer about a unit; about each of its files where it takes no folders."""
    if peer.folders or unit.is_file():
        return _ask(peer, programs, unit)
    told = [_ask(peer, programs, path) for path in sorted(unit.rglob("*")) if path.is_file()]
    answers = [one.answer for one in told]
    ordered = (Answer.FLAGGED, Answer.NONE, Answer.PASSED)
    answer = next((word for word in ordered if word in answers), Answer.NONE)
    memory = max((one.memory for one in told), default=0.0)
    return Asked(
        answer, sum(one.cpu for one in told), memory, max((o.code for o in told), default=0)
    )


def ask_assay(unit: Path) -> Asked:
    """Ask Assay by its command, as the peers are asked."""
    meaning = {0: Answer.PASSED, 1: Answer.FLAGGED, 3: Answer.NONE}
    peer = Peer("assay", (), ("assay", "scan", "{}"), meaning)
    return _ask(peer, Path(sys.executable).parent, unit)


def _ask(peer: Peer, programs: Path, unit: Path) -> Asked:
    command = [str(programs / peer.command[0])]
    command += [str(unit) if word == "{}" else word for word in peer.command[1:]]
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(programs.parent),
        "LANG": "C.UTF-8",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        **peer.settings,
    }
    child = subprocess.Popen(
        command,
        env=environment,
        cwd=programs.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + SECONDS
    while True:
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > end:
            child.kill()
            _, status, usage = os.wait4(child.pid, 0)
            break
        time.sleep(0.01)
    code = os.waitstatus_to_exitcode(status)
    child.returncode = code
    answer = peer.meaning.get(code, Answer.NONE)
    return Asked(answer, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code)
