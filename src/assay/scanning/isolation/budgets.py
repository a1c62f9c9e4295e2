"""Budgets as the two sides of the sandbox exchange them."""

from __future__ import annotations

from dataclasses import fields

from assay.core.limits import ArchiveLimits, ScanLimits


def as_options(limits: ScanLimits, archives: ArchiveLimits) -> dict[str, dict[str, int]]:
    """Every budget by name."""
    return {
        "limits": {f.name: getattr(limits, f.name) for f in fields(limits)},
        "archives": {f.name: getattr(archives, f.name) for f in fields(archives)},
    }
