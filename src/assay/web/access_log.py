"""The access log: one JSON object a request on the logger `assay.access`, without secrets.

Query strings are never written: capability addresses and searches live there. A segment
that has the form of a secret is written as `[redacted]`.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, dataclass

LOGGER = logging.getLogger("assay.access")
REDACTED = "[redacted]"

_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+|%20)[^\s\"',;]+")
_TOKEN = re.compile(r"\b(assay|hf|ghp|github_pat|xet)_[A-Za-z0-9_.~-]{6,}")
_FIRST = re.compile(r"(?i)(/console/first/)[^/\s?\"']+")
_LONG = re.compile(r"[A-Za-z0-9_~-]{43,}")
_HEX = re.compile(r"(?:sha256:)?[0-9a-f]{64}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def redact(text: str) -> str:
    """`text` without credentials: bearer values, tokens by their prefix, one-time addresses."""
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    text = _FIRST.sub(rf"\1{REDACTED}", text)
    return _TOKEN.sub(REDACTED, text)


def redacted_path(path: str) -> str:
    """A request path for the log. Unguessable segments (256 bits of text) are left out too."""
    shown = redact(_CONTROL.sub("?", path))[:2048]
    return "/".join(
        REDACTED if _LONG.fullmatch(part) and not _HEX.match(part) else part
        for part in shown.split("/")
    )


class RedactingFilter(logging.Filter):
    """Takes credentials out of whatever reaches a handler, arguments included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message; always lets it pass."""
        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        return True


@dataclass(slots=True)
class Access:
    """One request, as it is logged.

    Attributes:
        milliseconds: From the request's first byte to the end of the answer.
        sent: Bytes of body sent.
        cut: Why the answer was broken off, empty when it was not.
    """

    request: str
    method: str
    path: str
    client: str
    principal: str = ""
    status: int = 0
    sent: int = 0
    milliseconds: float = 0.0
    cut: str = ""

    def write(self) -> None:
        """Log it."""
        if not LOGGER.isEnabledFor(logging.INFO):
            return
        row = asdict(self)
        row["path"] = redacted_path(self.path)
        row["milliseconds"] = round(self.milliseconds, 2)
        if not self.cut:
            del row["cut"]
        LOGGER.info("%s", json.dumps(row, ensure_ascii=True, separators=(",", ":")))
