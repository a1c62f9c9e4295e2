"""The machine: Python, platform, libraries, the sandbox's locks, the clock."""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from assay import __version__
from assay.config import Config
from assay.core.clock import SystemClock
from assay.doctor.interface import Line, fail, ok, warn

OLDEST_PYTHON = (3, 11)
SERVER_MODULES = (
    "alembic", "cedarpy", "cel", "dbos", "fastapi", "httptools", "httpx", "jinja2",
    "markdown_it", "nh3", "pydantic", "sqlalchemy", "uvicorn",
)  # fmt: skip
"""What the extra `server` brings."""

WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier moment."""

SKEW_SECONDS = 5.0


def python(config: Config) -> Iterator[Line]:
    """The interpreter and this program."""
    del config
    found = f"Assay {__version__}, {platform.python_implementation()} {platform.python_version()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield fail("python", found, "install Python 3.11 or later")
    else:
        yield ok("python", found)


def system(config: Config) -> Iterator[Line]:
    """The operating system."""
    del config
    found = f"{platform.system()} {platform.release()}, {platform.machine()}"
    if sys.platform != "linux":
        yield warn("platform", found, "run the server on Linux: the scanner's sandbox needs it")
    else:
        yield ok("platform", found)


def libraries(config: Config) -> Iterator[Line]:
    """Whether the server's libraries are there."""
    wanted = [*SERVER_MODULES, *(() if config.embedded else ("psycopg",))]
    absent = [name for name in wanted if find_spec(name) is None]
    if absent:
        extra = "server" if config.embedded else "server,postgres"
        yield fail(
            "libraries", f"absent: {', '.join(absent)}", f"run: pip install 'assay[{extra}]'"
        )
    else:
        yield ok("libraries", f"all {len(wanted)} the server needs are there")


def sandbox(config: Config) -> Iterator[Line]:
    """The locks the scanner's child holds, each tried in a real one."""
    del config
    from assay.scanning.isolation.sandbox import capabilities

    found = capabilities()
    starts = found.pop("starts", False)
    if starts is not True:
        yield fail("sandbox", f"the scanner does not start: {starts}", "see the platform's line")
        return
    held = [_lock(name, value) for name, value in sorted(found.items()) if value]
    missing = [name for name, value in sorted(found.items()) if not value]
    if missing:
        yield warn(
            "sandbox",
            f"this kernel does not give: {', '.join(missing)}; held: {', '.join(held)}",
            "use a kernel that has them (Landlock: Linux 5.13 or later), "
            "or a container that does not take them away",
        )
    else:
        yield ok("sandbox", f"held: {', '.join(held)}")


def clock(config: Config) -> Iterator[Line]:
    """Whether the system's clock is one decisions can be dated by."""
    now = SystemClock().now()
    if now < WRITTEN:
        yield fail("clock", f"the clock shows {now:%Y-%m-%d}", "set the clock; use NTP")
        return
    skew = _skew_of_files(config.home)
    if skew is not None and abs(skew) > SKEW_SECONDS:
        yield warn(
            "clock",
            f"files in the data folder are dated {skew:+.0f} seconds from the clock",
            "keep ASSAY_HOME on a local disk, or set both clocks by NTP",
        )
    else:
        yield ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _lock(name: str, value: bool | str) -> str:
    return name if value is True else f"{name} ({value})"


def _skew_of_files(folder: Path) -> float | None:
    """How far the file system's clock is ahead; None where no file can be made there."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            return Path(file.name).stat().st_mtime - SystemClock().now().timestamp()
    except OSError:
        return None
