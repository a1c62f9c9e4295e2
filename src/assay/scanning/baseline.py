"""Baselines: findings known from an earlier report. They change no verdict, only the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.canonical import strict_json
from assay.core.errors import DataError, UnavailableError, UsageError
from assay.core.finding import Finding
from assay.core.reading import read_input
from assay.scanning.report import SCHEMA

MAX_BYTES = 256 * 1024 * 1024
_REMEDY = "a baseline is what assay scan --format json printed before"


def read_baseline(path: Path) -> frozenset[str]:
    """The ids of the findings in an earlier report.

    Raises:
        UsageError: unreadable, or no such report.
    """
    try:
        data = read_input(path, MAX_BYTES)
    except (DataError, UnavailableError) as error:
        raise UsageError(error.message, subject=str(path), remedy=_REMEDY) from None
    try:
        return frozenset(_ids(strict_json(data, subject=str(path))))
    except (DataError, KeyError, TypeError, ValueError):
        raise UsageError("is no report of a scan", subject=str(path), remedy=_REMEDY) from None


def _ids(document: Any) -> list[str]:
    if document["schema"] != SCHEMA:
        raise ValueError
    rows = [row for unit in document["units"] for row in unit["findings"]]
    return [Finding.from_json(row).id for row in rows]
