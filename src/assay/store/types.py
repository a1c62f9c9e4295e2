"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from assay.core.canonical import canonical_json
from assay.core.digest import Digest
from assay.core.errors import DataError

BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A key the database counts up itself: `bigserial`, or SQLite's 64-bit rowid."""

_NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_EXACT = 2**53


class Text(TypeDecorator[str]):
    """Text compared and sorted by code point on both engines.

    Raises:
        DataError: a NUL character or a lone surrogate, which PostgreSQL cannot keep.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`text COLLATE "C"` on PostgreSQL: its usual collations follow a language."""
        return postgresql.TEXT(collation="C") if _is_postgres(dialect) else sqlite.TEXT()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what one of the engines cannot keep."""
        del dialect
        if value is None:
            return None
        if "\0" in value:
            raise DataError(f"text holds a NUL character: {value[:80]!r}")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise DataError(f"text is not valid Unicode: {value[:80]!r}") from None
        return value


class DigestText(TypeDecorator[Digest]):
    """A `Digest`, kept as `sha256:<hex>`."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """As `Text`."""
        return postgresql.TEXT(collation="C") if _is_postgres(dialect) else sqlite.TEXT()

    def process_bind_param(self, value: Digest | None, dialect: Dialect) -> str | None:
        """The text form."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Digest | None:
        """The digest again."""
        del dialect
        return None if value is None else Digest.parse(value)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out, microseconds kept. SQLite keeps sortable text.

    Raises:
        ValueError: a moment without a zone.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` on PostgreSQL."""
        return postgresql.TIMESTAMP(timezone=True) if _is_postgres(dialect) else sa.DateTime()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC; SQLite's text carries no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone: {value!r}")
        moment = value.astimezone(UTC)
        return moment if _is_postgres(dialect) else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC again."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value: RFC 8785 text on SQLite, `jsonb` on PostgreSQL. `None` is SQL's NULL.

    What is read has the same RFC 8785 form as what was written.

    Raises:
        DataError: not JSON, or text in it holds a NUL character.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`jsonb` or text."""
        return postgresql.JSONB(none_as_null=True) if _is_postgres(dialect) else sqlite.TEXT()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Text for SQLite; PostgreSQL's driver serialises with `json_text` itself."""
        if value is None or _is_postgres(dialect):
            return value
        return json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value again."""
        return value if value is None or _is_postgres(dialect) else json_value(value)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, kept as a JSON list."""

    impl = Json
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """A list, as JSON wants it."""
        if value is not None and (
            isinstance(value, str) or not all(isinstance(text, str) for text in value)
        ):
            raise DataError(f"not a list of strings: {value!r:.80}")
        return Json().process_bind_param(None if value is None else list(value), dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        """The tuple again."""
        found = Json().process_result_value(value, dialect)
        return None if found is None else tuple(found)


def json_text(value: Any) -> str:
    """RFC 8785 text of a value both engines can keep.

    Raises:
        DataError: not JSON, or text in it holds a NUL character.
    """
    text = canonical_json(value).decode()
    if _NUL_ESCAPE.search(text):
        raise DataError("text in a JSON document holds a NUL character, which cannot be stored")
    return text


def json_value(text: str | bytes) -> Any:
    """Parse what the database gives back.

    `jsonb` writes 1e21 as digits; numbers that big can only have been floating point.
    """
    return json.loads(text, parse_int=_number)


def _number(digits: str) -> int | float:
    value = int(digits)
    return value if -_EXACT < value < _EXACT else float(digits)


def _is_postgres(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"
