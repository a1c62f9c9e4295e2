"""Secrets that are shown once: 256 random bits, of which only the SHA-256 is kept."""

from __future__ import annotations

import secrets

from assay.core.digest import Digest

SECRET_BYTES = 32


def new_secret(prefix: str = "") -> tuple[str, Digest]:
    """A secret of 43 URL-safe characters behind a prefix, and the digest to keep."""
    secret = prefix + secrets.token_urlsafe(SECRET_BYTES)
    return secret, Digest.of(secret.encode())
