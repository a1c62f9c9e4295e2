"""Templates: autoescaped, with the few filters pages need, and the headers of every page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any

import jinja2
from starlette.responses import Response

from assay import __version__
from assay.core.clock import parse_rfc3339
from assay.core.digest import Digest

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""No script at all, and nothing from anywhere else."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every page, whatever stands around the console."""

BASE = "/console"

_LONG_HEX = re.compile(r"(?:sha256:)?\b[0-9a-f]{40,64}\b")
_KIB = 1024
_SHORT_VERSION = 12
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_RECENT_DAYS = 14


def page(
    template: str, values: Mapping[str, Any], *, now: datetime, status: int = HTTPStatus.OK
) -> Response:
    """A page from a template.

    Args:
        template: Its file name.
        values: What it shows.
        now: The present moment, for times in words.
        status: Of the answer.
    """
    text = environment().get_template(template).render(now=now, **values)
    return Response(text, status, headers=dict(HEADERS), media_type="text/html; charset=utf-8")


@cache
def environment() -> jinja2.Environment:
    """The templates of the package: escaping always on, an unknown name an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("assay.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        bytes=size_in_words,
        ago=moment_in_words,
        stamp=stamp,
        short=short,
        sentence=sentence,
        shorter=shorter,
    )
    made.globals.update(base=BASE, program_version=__version__, asset=asset_address)
    return made


def static_file(name: str) -> bytes | None:
    """The bytes of a file in `static`; None where there is none of this name."""
    return _static().get(name)


@cache
def asset_address(name: str) -> str:
    """The address of a static file, which changes when its bytes do."""
    tag = hashlib.sha256(_static()[name]).hexdigest()[:_SHORT_VERSION]
    return f"{BASE}/static/{name}?v={tag}"


@cache
def _static() -> dict[str, bytes]:
    folder = resources.files("assay.console") / "static"
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}


def size_in_words(size: int) -> str:
    """`12 B`, `3.4 KiB`, `1.2 GiB`."""
    if size < _KIB:
        return f"{size} B"
    value = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        value /= _KIB
        if value < _KIB:
            return f"{value:.1f} {unit}"
    return f"{value / _KIB:.1f} TiB"


def moment_in_words(moment: datetime | str | None, now: datetime) -> str:
    """`just now`, `5 minutes ago`, `in 3 hours`, or the day where that is further away."""
    if moment is None:
        return "never"
    found = _moment(moment)
    seconds = (now - found).total_seconds()
    size = abs(seconds)
    if size < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    for unit, length, end in (
        ("minute", _MINUTE, _HOUR),
        ("hour", _HOUR, _DAY),
        ("day", _DAY, _RECENT_DAYS * _DAY),
    ):
        if size < end:
            number = int(size // length)
            words = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return f"{found:%Y-%m-%d}"


def stamp(moment: datetime | str) -> str:
    """`2026-11-24 12:00:05 UTC`."""
    return f"{_moment(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short(value: Digest | str) -> str:
    """The beginning of a version or digest, for people."""
    text = str(value)
    prefix = "sha256:" if text.startswith("sha256:") else ""
    return prefix + text.removeprefix("sha256:")[:_SHORT_VERSION]


def shorter(text: str) -> str:
    """`text` with each digest, version and fingerprint in it cut short."""
    return _LONG_HEX.sub(lambda found: short(found[0]), text)


def sentence(text: str) -> str:
    """`text` beginning with a capital."""
    return text[:1].upper() + text[1:]


def _moment(moment: datetime | str) -> datetime:
    return parse_rfc3339(moment) if isinstance(moment, str) else moment
