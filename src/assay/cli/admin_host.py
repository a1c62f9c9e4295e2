"""What the `assay admin` commands share: they work on the host, on the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

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
