"""What the `assay admin` commands share: they work on the host, on the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assay.access.setting_up import Place
    from assay.config import Config


def place_of(config: Config) -> Place:
    """Where the configured installation lies."""
    from assay.access.setting_up import Place

    return Place(
        home=config.home,
        database=config.database,
        jobs_database=config.jobs_database,
        keys=config.keys_folder,
        url=config.url,
    )


@contextmanager
def reading() -> Iterator[sa.Connection]:
    """A reading transaction on the installation of the environment.

    Raises:
        UsageError: it is not set up.
        UnavailableError: its database did not answer.
    """
    from assay.access.setting_up import opened
    from assay.config import Config

    with opened(place_of(Config.load())) as store, store.read() as connection:
        yield connection


@contextmanager
def writing() -> Iterator[tuple[sa.Connection, datetime]]:
    """A writing transaction on the installation of the environment, and the present moment.

    Raises:
        UsageError: it is not set up.
        UnavailableError: its database did not answer.
    """
    from assay.access.setting_up import opened
    from assay.config import Config
    from assay.core.clock import SystemClock

    with opened(place_of(Config.load())) as store, store.write() as connection:
        yield connection, SystemClock().now()


def shown(moment: datetime | None) -> str | None:
    """A moment as documents have it."""
    from assay.core.clock import rfc3339

    return None if moment is None else rfc3339(moment)


def print_table(titles: list[str], rows: list[list[Any]]) -> None:
    """Rows for people, in columns; what is absent is a dash. Nothing is cut: ids are copied."""
    from assay.cli.terminal import console

    cells = [titles, *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        console().print(text.rstrip(), markup=False)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(item)}" for key, item in sorted(value.items())) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)
