"""Baselines: findings known from an earlier report. They change no verdict, only the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.canonical import strict_json
from assay.core.errors import DataError, UsageError
from assay.core.finding import Finding
from assay.scanning.report import SCHEMA

_REMEDY = "a baseline is what assay scan --format json printed before"


def read_baseline(path: Path) -> frozenset[str]:
    """The ids of the findings in an earlier report.

    Raises:
        UsageError: unreadable, or no such report.
    """
    try:
        document = strict_json(path.read_bytes(), subject=str(path))
        return frozenset(_ids(document))
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", subject=str(path), remedy=_REMEDY
        ) from None
    except (DataError, KeyError, TypeError, ValueError):
        raise UsageError("is no report of a scan", subject=str(path), remedy=_REMEDY) from None


def _ids(document: Any) -> list[str]:
    if document["schema"] != SCHEMA:
        raise ValueError
    rows = [row for unit in document["units"] for row in unit["findings"]]
    return [Finding.from_json(row).id for row in rows]
