"""What a browser posts: small, url-encoded, read whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl

from starlette.requests import Request

from assay.core.errors import DataError
from assay.core.limits import KIB
from assay.web.body import small_body

MAX_FORM_BYTES = 256 * KIB
MAX_FIELDS = 10_000
MEDIA_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in order; a name may come more than once."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    async def read(cls, request: Request) -> Self:
        """The form a request carries.

        Raises:
            TooLargeError: it is over 256 KiB.
            DataError: it is no form.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != MEDIA_TYPE:
            raise DataError("is not a form", subject="request")
        body = await small_body(request, MAX_FORM_BYTES)
        try:
            pairs = parse_qsl(
                body.decode("utf-8"),
                keep_blank_values=True,
                max_num_fields=MAX_FIELDS,
                errors="strict",
            )
        except ValueError:
            raise DataError("is not a form in UTF-8", subject="request") from None
        return cls(tuple(pairs))

    def text(self, name: str) -> str:
        """The first value of a field; empty where it is absent. Line ends are line feeds."""
        found = next((value for key, value in self.pairs if key == name), "")
        return found.replace("\r\n", "\n")

    def many(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for key, value in self.pairs if key == name)
