"""Canonical JSON out, strict JSON in.

Out: RFC 8785 (JSON Canonicalization Scheme). In: RFC 8259 without what makes two
parsers disagree: duplicate keys, NaN, infinities, lone surrogates.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, NoReturn

import rfc8785

from assay.core.errors import DataError

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""The escape of half a character, which may lack its other half."""


def canonical_json(value: Any) -> bytes:
    """Serialise as RFC 8785 bytes.

    Raises:
        DataError: the value holds something JSON cannot carry exactly (an integer
            beyond 2**53, NaN, a lone surrogate, a type that is not JSON).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise DataError(f"not representable as canonical JSON: {error}") from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise DataError(f"duplicate JSON key {twice!r}")
    return found


def _no_constant(text: str) -> NoReturn:
    raise DataError(f"{text} is not JSON")


def strict_json(data: bytes | str, *, subject: str | None = None) -> Any:
    """Parse JSON that every parser reads the same way.

    Args:
        data: UTF-8 bytes or text.
        subject: What to name in the error, usually the file.

    Raises:
        DataError: not UTF-8, not JSON, duplicate keys, NaN or infinity, nested too deep.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        text.encode("utf-8")
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except DataError as error:
        raise DataError(error.message, subject=subject) from None
    except UnicodeError:
        raise DataError("not valid UTF-8", subject=subject) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise DataError(f"not valid JSON: {error.msg} at {where}", subject=subject) from None
    except ValueError as error:  # an integer of thousands of digits
        raise DataError(f"not valid JSON: {error}", subject=subject) from None
    except RecursionError:
        raise DataError("JSON nested too deep", subject=subject) from None
    return value
