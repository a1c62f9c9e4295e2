"""The child process of the sandbox as this side sees it: two channels and an end."""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import rfc8785

from assay.core.errors import UnavailableError
from assay.core.limits import MIB

_LINE_BYTES = 64 * MIB
_PIECE = 256 * 1024
_BOOTSTRAP = (
    "import sys; sys.path[:0] = sys.argv[2:]\n"
    "from assay.scanning.isolation.child import main\n"
    "main(int(sys.argv[1]))"
)


class DeadError(Exception):
    """The child ended; says how."""


class Child:
    """One process and the two channels to it."""

    def __init__(self, options: dict[str, Any]) -> None:
        if not sys.executable:
            raise UnavailableError("this Python does not know its own program")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Options are read from a file without a name: rules can be longer than an argument.
        with theirs, tempfile.TemporaryFile() as told:
            told.write(json.dumps(options).encode())
            told.seek(0)
            arguments = (str(theirs.fileno()), *_search_path())
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                    [sys.executable, "-I", "-S", "-c", _BOOTSTRAP, *arguments],
                    stdin=told,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={},
                    bufsize=0,
                )
            except OSError as error:
                ours.close()
                raise UnavailableError(
                    f"the sandboxed scanner does not start: {error.strerror}"
                ) from None
        self._requests = ours
        self._held = bytearray()
        self.ready: dict[str, Any] | None = None
        self.answers = 0

    @property
    def is_ready(self) -> bool:
        """Whether it has locked itself down and said so."""
        return self.ready is not None

    def send(self, request: dict[str, Any], descriptor: int) -> None:
        """Hand over a request and a descriptor."""
        handed = array.array("i", [descriptor])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)]
        self._requests.sendmsg([json.dumps(request).encode()], ancillary)

    def wait_ready(self, seconds: float) -> bool:
        """Wait until it has locked itself down; whether it has.

        Raises:
            DeadError: it ended, or says something else.
        """
        document = self.answer(seconds)
        if document is None:
            return False
        ready = document.get("ready")
        if not isinstance(ready, dict):
            raise DeadError("it answers before it is ready")
        self.ready = ready
        return True

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """The next answer, or None if none came in time.

        Raises:
            DeadError: it ended, or what it says is no answer.
        """
        deadline = time.monotonic() + seconds
        while True:
            line = self._line()
            if line is not None:
                return _parsed(line)
            if not self._read(max(0.0, deadline - time.monotonic())):
                return None

    def _line(self) -> bytes | None:
        end = self._held.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line

    def _read(self, seconds: float) -> bool:
        output = self._output()
        if not select.select([output], [], [], seconds)[0]:
            return False
        piece = os.read(output, _PIECE)
        if not piece:
            raise DeadError(_how_it_ended(self._process.wait()))
        self._held += piece
        if len(self._held) > _LINE_BYTES:
            raise DeadError("the scanner's answer is too long")
        return True

    def _output(self) -> int:
        if self._process.stdout is None:
            raise DeadError("the scanner has no output")
        return self._process.stdout.fileno()

    def end(self) -> None:
        """Kill it if it still runs, and take its channels down."""
        self._requests.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _search_path() -> tuple[str, ...]:
    """Where the child finds this package and the one library it needs."""
    ours = Path(__file__).resolve().parents[3]
    theirs = Path(rfc8785.__file__).resolve().parent.parent
    return (str(ours),) if ours == theirs else (str(ours), str(theirs))


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        raise DeadError("the scanner's answer is not JSON") from None
    if not isinstance(document, dict):
        raise DeadError("the scanner's answer is no object")
    return document


def _how_it_ended(code: int) -> str:
    if code in {-signal.SIGPROF, -signal.SIGXCPU}:
        return "not read within its CPU time"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"the scanner ended while reading it ({signal.Signals(-code).name})"
    return f"the scanner ended while reading it (exit code {code})"
