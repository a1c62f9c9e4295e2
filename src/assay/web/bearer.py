"""The `Authorization` header. Cookies are never looked at: they belong to the console alone."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping

from assay.web.problems import Unauthenticated

_SECRET = re.compile(r"[\x21-\x7e]{1,4096}\Z")


def bearer_secret(headers: Mapping[str, str], *, basic: bool = False) -> str | None:
    """The secret a request carries, None when it carries no credential at all.

    With `basic` the password of HTTP Basic is taken as well, for clients that know nothing else.

    Raises:
        Unauthenticated: there is a credential of another kind, or a malformed one.
    """
    header = headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.strip().partition(" ")
    secret = value.strip()
    if basic and scheme.lower() == "basic":
        secret = _password(secret)
    elif scheme.lower() != "bearer":
        raise Unauthenticated(
            "the Authorization header is not of a kind taken here",
            remedy="send: Authorization: Bearer TOKEN",
        )
    if not _SECRET.match(secret):
        raise Unauthenticated("the token in the Authorization header is not well formed")
    return secret


def _password(value: str) -> str:
    try:
        return b64decode(value, validate=True).decode("ascii").partition(":")[2]
    except (binascii.Error, ValueError):
        raise Unauthenticated("the Authorization header is not well formed") from None
