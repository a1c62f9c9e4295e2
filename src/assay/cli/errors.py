"""What a command prints when it ends badly: one or two lines, and the documented exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import NoReturn

from assay.core.errors import AssayError

USAGE_EXIT = 2
BUG_EXIT = 4
INTERRUPTED_EXIT = 130


def guarded(run: Callable[[], object]) -> NoReturn:
    """Call `run` and exit: with its own code, an error's code, or 4 and a written detail."""
    try:
        run()
    except AssayError as error:
        sys.stderr.write(f"assay: {error.diagnostics()}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader (head, less) went away: not our error, and nothing more can be printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(INTERRUPTED_EXIT)
    except KeyboardInterrupt:
        sys.stderr.write("assay: interrupted\n")
        sys.exit(INTERRUPTED_EXIT)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "assay":
            _bug(error)
        sys.stderr.write(
            f"assay: this command needs {error.name}, which is not installed\n"
            "  install the parts it belongs to: pipx install 'assay[server]'\n"
        )
        sys.exit(USAGE_EXIT)
    except Exception as error:  # noqa: BLE001 - the last place before the user's screen
        _bug(error)
    sys.exit(0)


def _bug(error: Exception) -> NoReturn:
    """Say that it is ours, in two lines, and keep the detail."""
    sys.stderr.write(
        f"assay: this is a bug: {type(error).__name__}: {_first_line(error)}\n"
        f"  the detail is in {_write_detail()}\n"
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
