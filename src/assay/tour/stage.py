"""Where the story plays: a data folder, a running server, people with tokens, the command line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.config import Config
from assay.core.errors import UnavailableError, UsageError

START_SECONDS = 60
STOP_SECONDS = 30
COMMAND_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command answered."""

    command: str
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return f"{self.out}\n{self.err}".strip()

    def json(self) -> Any:
        """Its standard output as JSON.

        Raises:
            UnavailableError: it printed something else.
        """
        try:
            return json.loads(self.out)
        except ValueError:
            raise UnavailableError(f"{self.command}: {self.text[-400:]}") from None


@dataclass(slots=True)
class Stage:
    """One installation under `config.home`, driven the way a person would drive it."""

    config: Config
    work: Path
    tokens: dict[str, str] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None

    def assay(self, *arguments: str, who: str | None = None) -> Ran:
        """Run `assay ...` as one of the people, or as the host's administrator."""
        env = self._environment()
        if who is not None:
            env |= {"ASSAY_URL": self.config.url, "ASSAY_TOKEN": self.tokens[who]}
        return run([sys.executable, "-m", "assay", *arguments], env, f"assay {' '.join(arguments)}")

    def hub(self, script: str, who: str, *arguments: str, cache: str = "hf-home") -> Ran:
        """Run a script that uses the unmodified huggingface_hub client against this server.

        The client looks into its cache before it asks the server; `cache` names which one.
        """
        env = self._environment() | {
            "HF_ENDPOINT": self.config.url,
            "HF_TOKEN": self.tokens[who],
            "HF_HOME": str(self.work / cache),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        return run([sys.executable, "-c", script, *arguments], env, "huggingface_hub")

    def make_people(self, namespace: str, people: Mapping[str, Sequence[str]]) -> None:
        """Create people with their roles in a namespace, and a token for each."""
        for name, roles in people.items():
            login = f"{name}-{namespace[-6:].lower()}"
            self._must("admin", "user", "add", login)
            wanted = [option for role in roles for option in ("--role", role)]
            for role in roles:
                self._must("admin", "role", "add", login, role, "--namespace", namespace)
            made = self._must(
                *("admin", "token", "add", login, "--name", "tour", "--format", "json"),
                *(*wanted, "--namespace", namespace),
            )
            self.tokens[name] = made.json()["token"]

    def initialise(self) -> None:
        """Make keys and database, or bring an existing installation up to date."""
        self._must("admin", "init", "--if-missing")
        self._must("admin", "upgrade")

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            UsageError: the port is taken; says by whom where the system tells.
            UnavailableError: the server ended or did not answer in time.
        """
        if not port_is_free(self.config.host, self.config.port):
            raise UsageError(
                f"port {self.config.port} is taken{port_holder(self.config.port)}",
                remedy="stop that program, or set ASSAY_PORT",
            )
        self.config.home.mkdir(parents=True, exist_ok=True)
        with (self.config.home / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "assay", "serve"],
                env=self._environment(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._await_ready(self.server)

    def stop(self) -> int:
        """Stop the server as an operator would; returns its exit code."""
        if self.server is None:
            return 0
        self.server.send_signal(signal.SIGTERM)
        try:
            code = self.server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.server.kill()
            code = self.server.wait()
        self.server = None
        return code

    def _await_ready(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        log = self.config.home / "server.log"
        while time.monotonic() < until:
            if server.poll() is not None:
                tail = log.read_text(errors="replace").strip().splitlines()[-1:]
                raise UnavailableError(f"the server ended: {' '.join(tail)}", subject=str(log))
            with suppress(OSError):
                address = f"{self.config.url}/readyz"
                with closing(urllib.request.urlopen(address, timeout=2)) as answer:  # noqa: S310 - our own address
                    if answer.status == 200:  # noqa: PLR2004 - HTTP's own number
                        return
            time.sleep(0.1)
        raise UnavailableError("the server did not become ready", subject=str(log))

    def _must(self, *arguments: str) -> Ran:
        ran = self.assay(*arguments)
        if ran.code != 0:
            raise UnavailableError(f"{ran.command}: {ran.text[-400:]}")
        return ran

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ASSAY_", "HF_"))}
        passphrase = os.environ.get("ASSAY_KEY_PASSPHRASE_FILE")
        return kept | {
            "ASSAY_HOME": str(self.config.home),
            "ASSAY_PORT": str(self.config.port),
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "XDG_CONFIG_HOME": str(self.work / "config"),
            **({"ASSAY_KEY_PASSPHRASE_FILE": passphrase} if passphrase else {}),
        }


def run(command: list[str], env: dict[str, str], shown: str) -> Ran:
    """Run a command to its end, whatever it answers."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, arguments as a list
        command,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=COMMAND_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(shown, done.returncode, done.stdout, done.stderr)


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on just now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_holder(port: int) -> str:
    """` by NAME (pid N)` where /proc tells who listens on a TCP port, else nothing."""
    wanted = f":{port:04X}"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                cells = line.split()
                if cells[1].endswith(wanted) and cells[3] == "0A":
                    inodes.add(f"socket:[{cells[9]}]")
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(entry.readlink()) in inodes:
                pid = entry.parts[2]
                name = Path(f"/proc/{pid}/comm").read_text().strip()
                return f" by {name} (pid {pid})"
    return ""
