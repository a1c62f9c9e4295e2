"""Setting an installation up, and bringing it up to date: folder, database, jobs, keys.

The keys come last and appear at once, so an installation has keys only when all the rest is
there; a set-up that was interrupted is simply repeated.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.errors import UsageError

if TYPE_CHECKING:
    from assay.signing.trust import TrustRoot
    from assay.store.engine import Store

TRUST_FILE = "trust.json"
ROLES = ("server", "worker")
"""Whoever holds one of these locks uses the tables."""

_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation lies.

    Attributes:
        home: Data folder.
        database: Address of the database.
        jobs_database: Address of the jobs' database.
        keys: Folder of the server's keys.
        url: Address clients use; part of what the root key signs.
    """

    home: Path
    database: str
    jobs_database: str
    keys: Path
    url: str

    @property
    def trust_file(self) -> Path:
        """The signed document of the public keys."""
        return self.keys / TRUST_FILE

    @property
    def is_set_up(self) -> bool:
        """Whether a set-up has ended here."""
        return self.trust_file.is_file()


@contextmanager
def opened(place: Place) -> Iterator[Store]:
    """The installation's database, checked.

    Raises:
        UsageError: it is not set up, or older or newer than this program.
        TamperedError: a trigger that protects rows is missing.
        UnavailableError: the database did not answer.
    """
    from assay.store import schema
    from assay.store.engine import open_store

    store = open_store(place.database)
    try:
        if store.path is not None and not store.path.parent.is_dir():
            raise UsageError(
                "there is no installation here",
                subject=str(place.home),
                remedy="run: assay admin init (or set ASSAY_HOME)",
            )
        schema.check(store)
        yield store
    finally:
        store.close()


def set_up(place: Place, *, passphrase: bytes | None, now: datetime) -> str:
    """Make folder, tables and keys; returns the fingerprint of the root key.

    Raises:
        UsageError: it is set up already; the folder belongs to or is open to others; the
            database belongs to an installation whose keys are not here.
        UnavailableError: the database or the disk did not answer.
    """
    if place.is_set_up:
        raise UsageError(
            "is set up already",
            subject=str(place.home),
            remedy="use --if-missing to leave it as it is; `assay admin upgrade` brings it up to date",
        )
    make_folder(place.home)
    upgrade(place)
    with opened(place) as store:
        _refuse_strange_rows(store, place)
        fingerprint = _make_keys(place, passphrase)
        _note(store, fingerprint, place.url, now)
    return fingerprint


def upgrade(place: Place) -> tuple[str | None, str]:
    """Bring tables and jobs up to date; returns the tables' version before and after.

    Repeating it changes nothing. What has nothing to do needs no stopped server.

    Raises:
        UsageError: the tables are newer than this program, are gone although there are keys, or
            a server or worker is using them.
        UnavailableError: the database did not answer.
    """
    from assay.jobs import migrate
    from assay.store import schema
    from assay.store.engine import open_store
    from assay.store.locks import RoleLock

    store = open_store(place.database)
    try:
        absent = store.path is not None and not store.path.is_file()
        before = None if absent else schema.current(store)
        if before is None and place.is_set_up:
            raise UsageError(
                "the database of this installation is gone: it holds no tables",
                subject=store.shown,
                remedy="restore it from a backup, together with the log",
            )
        with ExitStack() as locks:
            if before not in (None, schema.head()):
                for role in ROLES:
                    locks.enter_context(RoleLock(place.home, role))
            after = schema.upgrade(store)
            migrate(place.jobs_database)
    finally:
        store.close()
    return before, after


def trust_of(place: Place) -> TrustRoot:
    """The public keys, as the root key signed them.

    Raises:
        UsageError: the installation is not set up, or its trust document cannot be read.
    """
    from assay.core.errors import DataError
    from assay.signing.trust import TrustRoot

    try:
        return TrustRoot.parse(place.trust_file.read_bytes(), fingerprint=None)
    except FileNotFoundError:
        raise UsageError(
            "there are no keys here", subject=str(place.keys), remedy="run: assay admin init"
        ) from None
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", subject=str(place.trust_file)
        ) from None
    except DataError as error:
        raise UsageError(
            f"is damaged: {error.message}",
            subject=str(place.trust_file),
            remedy="restore the keys' folder from a backup",
        ) from None


def make_folder(home: Path) -> None:
    """Make the data folder, readable by its owner only; one that is there stays as it is.

    Raises:
        UsageError: it cannot be made, is somebody else's, or others can look into it.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = home.stat()
        if not any(home.iterdir()) and found.st_uid == os.geteuid():
            home.chmod(0o700)
            found = home.stat()
    except OSError as error:
        raise UsageError(f"cannot be made: {error.strerror}", subject=str(home)) from None
    if found.st_uid != os.geteuid():
        raise UsageError("belongs to another user", subject=str(home))
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise UsageError(
            "is open to other users", subject=str(home), remedy=f"run: chmod 700 {home}"
        )


def _refuse_strange_rows(store: Store, place: Place) -> None:
    """New keys beside old rows would sign for what they never saw."""
    from assay.store import audit, principals

    with store.read() as connection:
        used = audit.head(connection).seq > 0 or principals.count(connection) > 0
    if used:
        raise UsageError(
            "the database belongs to an installation whose keys are not here",
            subject=str(place.keys),
            remedy="restore the keys' folder from a backup, or use an empty database",
        )


def _make_keys(place: Place, passphrase: bytes | None) -> str:
    from assay.signing.server_keys import make_server_keys

    if place.keys.exists() and any(place.keys.iterdir()):
        raise UsageError(
            "holds something else than a whole set of keys",
            subject=str(place.keys),
            remedy="move it away, or restore it from a backup",
        )
    return make_server_keys(place.keys, url=place.url, passphrase=passphrase).fingerprint


def _note(store: Store, fingerprint: str, url: str, now: datetime) -> None:
    from assay.store import audit

    with store.write() as connection:
        audit.append(
            connection,
            action="admin.init",
            subject="installation",
            now=now,
            detail={"fingerprint": fingerprint, "url": url},
        )
