"""Wires one installation together: rows, bytes, keys, rules and jobs; and the HTTP application.

Importing this module imports no web framework: the worker, `assay admin` and `assay doctor`
open the same installation the server does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from assay import __version__
from assay.access.roles import Authorizer
from assay.blobs.local import LocalBlobs
from assay.config import Config
from assay.core.clock import Clock, SystemClock
from assay.core.errors import UsageError
from assay.evidence.intelligence import FeedFile
from assay.jobs.queue import JobQueue
from assay.log.checkpoint import LogSigner
from assay.releases.installation import Installation, Settings, Signers
from assay.signing.server_keys import ServerKeys, load_server_keys
from assay.store import blobs, schema
from assay.store.engine import Store, open_store

if TYPE_CHECKING:
    from starlette.types import ASGIApp

INIT = "run: assay admin init"


@dataclass(frozen=True, slots=True)
class Opened:
    """An installation that is set up, with its connections open.

    Attributes:
        installation: What the domain works with.
        queue: Where jobs are put.
        keys: The server's keys; secret, so they are not shown.
        log_signer: Signs the transparency log's checkpoints; the worker's business.
    """

    config: Config
    installation: Installation
    queue: JobQueue
    keys: ServerKeys = field(repr=False)
    log_signer: LogSigner = field(repr=False)


@contextmanager
def open_installation(config: Config, *, clock: Clock | None = None) -> Iterator[Opened]:
    """Open the installation in `config.home`; closed again at the end of the `with`.

    Args:
        config: How it runs.
        clock: The time; the system's unless given.

    Raises:
        UsageError: it is not set up, its tables are another version's, the stored bytes are not
            there, or the keys' passphrase is missing or wrong.
        TamperedError: a trigger that protects the tables is gone.
        UnavailableError: the database does not answer.
    """
    if not config.home.is_dir():
        raise UsageError("nothing is set up there", subject=str(config.home), remedy=INIT)
    keys = load_server_keys(config.keys_folder, config.passphrase())
    store = open_store(config.database)
    queue = JobQueue(config.jobs_database)
    with closing(store), closing(queue):
        schema.check(store)
        _check_bytes(config, store)
        yield Opened(
            config=config,
            installation=_installation(config, store, keys, clock or SystemClock()),
            queue=queue,
            keys=keys,
            log_signer=LogSigner(keys.log_name, keys.log),
        )


def _check_bytes(config: Config, store: Store) -> None:
    """Return unless the rows speak of stored bytes and there is no folder of them.

    An empty one in its place would pass for damage of every release.
    """
    if LocalBlobs.is_at(config.blobs_folder):
        return
    with store.read() as connection:
        if blobs.is_empty(connection):
            return
    raise UsageError(
        "the stored bytes are not there",
        subject=str(config.blobs_folder),
        remedy="see that the disk they lie on is mounted, or restore them from a backup",
    )


def _feed(config: Config) -> FeedFile:
    """The intelligence feed, if one is configured; one that cannot be used is no reason to go on.

    Raises:
        UsageError: it cannot be read, or its signature does not hold.
    """
    file = FeedFile(
        Path(config.intelligence_feed) if config.intelligence_feed else None,
        Path(config.intelligence_key) if config.intelligence_key else None,
    )
    file.current()
    if file.complaint:
        raise UsageError(
            f"the intelligence feed cannot be used: {file.complaint}",
            subject=config.intelligence_feed,
            remedy="mend the feed or its key, or leave the option out",
        )
    return file


def _installation(config: Config, store: Store, keys: ServerKeys, clock: Clock) -> Installation:
    return Installation(
        store=store,
        blobs=LocalBlobs(config.blobs_folder),
        signers=Signers(
            decision=keys.decision, approval=keys.approval, release_index=keys.release_index
        ),
        authorizer=Authorizer(),
        clock=clock,
        settings=Settings(
            url=config.url,
            version=__version__,
            decision_life=timedelta(hours=config.decision_hours),
            upload_bytes=config.upload_bytes,
            upload_files=config.upload_files,
        ),
        log_folder=config.log_folder,
        trust=keys.trust.document,
        results=config.home / "scans",
        intelligence=_feed(config),
    )


def build_app(opened: Opened) -> ASGIApp:
    """The whole HTTP application: API, Hub protocol, log, console, under the guard."""
    from assay.api.auth import Context
    from assay.api.front import Front
    from assay.console.app import console_app
    from assay.registry.huggingface import HubApp
    from assay.web.authentication import Authenticator
    from assay.web.guard import Guard
    from assay.web.hosts import AllowedHosts

    authenticator = Authenticator(opened.installation)
    context = Context(opened.installation, opened.queue, authenticator, opened.config)
    hub = HubApp(opened.installation, authenticator)
    console = console_app(opened.installation, opened.queue)
    return Guard(Front(context, hub=hub, console=console), AllowedHosts.of(opened.config))
