"""What a command prints when it ends badly: one or two lines, and the documented exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import NoReturn

from assay.core.errors import AssayError

USAGE_EXIT = 2
UNDECIDED_EXIT = 3
BUG_EXIT = 4
INTERRUPTED_EXIT = 130
EXTRAS = {"huggingface_hub": "server,tour", "psycopg": "server,postgres"}
"""Which extras bring a module; the others come with `server`."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def guarded(run: Callable[[], object]) -> NoReturn:
    """Call `run` and exit: with its own code, an error's code, or 4 and a written detail."""
    _print_anything()
    code: object = 0
    try:
        code = _ended(run)
    except AssayError as error:
        _say(error.diagnostics())
        sys.exit(error.exit_code)
    except BrokenPipeError:
        drop_output()
        sys.exit(INTERRUPTED_EXIT)
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(INTERRUPTED_EXIT)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "assay":
            _bug(error)
        package = (error.name or "").partition(".")[0]
        _say(
            f"this command needs {error.name}, which is not installed\n"
            f"  install the parts it belongs to: pipx install 'assay[{EXTRAS.get(package, 'server')}]'"
        )
        sys.exit(USAGE_EXIT)
    except OSError as error:
        # What a command writes for itself names its file; this is the answer that found no room.
        if error.errno not in _FULL or error.filename is not None:
            _bug(error)
        drop_output()
        _say(f"the answer cannot be written: {error.strerror}")
        sys.exit(UNDECIDED_EXIT)
    except Exception as error:  # noqa: BLE001 - the last place before the user's screen
        _bug(error)
    sys.exit(code)  # type: ignore[arg-type]


def _ended(run: Callable[[], object]) -> object:
    """The code `run` ended with, once what it printed is out."""
    code: object = 0
    try:
        run()
    except SystemExit as ended:
        code = ended.code
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def drop_output() -> None:
    """Let what is left in the buffer of standard output go nowhere: its reader is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def printable(text: str) -> str:
    """Text that cannot move a terminal's cursor, nor hide: other people wrote parts of it."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def _print_anything() -> None:
    """What the terminal's encoding does not have is escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"assay: {printable(text)}\n")


def _bug(error: Exception) -> NoReturn:
    """Say that it is ours, in two lines, and keep the detail."""
    _say(
        f"this is a bug: {type(error).__name__}: {_first_line(error)}\n"
        f"  the detail is in {_write_detail()}"
    )
    sys.exit(BUG_EXIT)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else "no message"


def _write_detail() -> str:
    """Write the traceback to a file of the user's own; say where."""
    handle, path = tempfile.mkstemp(prefix="assay-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return path
