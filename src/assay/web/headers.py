"""Response headers: what every answer carries, and what served bytes carry on top."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

MAX_HEADER_TEXT = 900

DEFAULT_HEADERS: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}
"""Put on every answer that does not set the header itself."""

BYTES_POLICY = "sandbox; default-src 'none'"


def bytes_headers(filename: str) -> dict[str, str]:
    """Headers for bytes of unknown intent, which share an origin with the console.

    The file is always an attachment of no particular type, so that no browser renders it.
    `Content-Disposition` follows RFC 6266 with the RFC 8187 form of the name.
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in filename)
    extended = quote(filename, safe="")
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}",
        "Content-Security-Policy": BYTES_POLICY,
        "X-Content-Type-Options": "nosniff",
    }


def header_text(text: str) -> str:
    """`text` as one header value: printable ASCII, one line, at most 900 characters.

    What a release or a person called something must not be able to end a header.
    """
    flat = " ".join(text.split())
    safe = "".join(c if " " <= c <= "~" else "?" for c in flat)
    return safe if len(safe) <= MAX_HEADER_TEXT else safe[: MAX_HEADER_TEXT - 3] + "..."
