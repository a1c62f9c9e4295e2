"""A real installation behind a real server on a free port, in this process, with people in it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from assay.access import tokens
from assay.access.setting_up import Place, set_up
from assay.app import Opened, build_app, open_installation
from assay.config import Config
from assay.log.sequencer import Sequencer
from assay.store import principals, roles
from releases.house import MODEL, House


class Household(House):
    """Gives each model files of its own: releases of one tree are all decided together."""

    def push(self, files=None, who="ana", model=MODEL, **options):
        own = {"model.bin": f"{model}".encode() * 20, "config.json": b"{}"}
        return super().push(files or own, who, model, **options)


@dataclass
class Served:
    """What a test speaks to."""

    opened: Opened
    house: House
    url: str
    client: httpx.Client
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def inst(self):
        return self.opened.installation

    def token(self, name: str) -> str:
        """A token with everything its owner has."""
        if name not in self.secrets:
            with self.inst.store.write() as connection:
                owner = principals.find(connection, name)
                held = roles.of_principal(connection, owner.id)
                secret, _ = tokens.make_token(
                    connection,
                    owner=owner,
                    name="test",
                    roles=[one.role for one in held],
                    namespaces=sorted({one.namespace for one in held}),
                    days=1,
                    by=None,
                    now=self.inst.clock.now(),
                )
            self.secrets[name] = secret
        return self.secrets[name]

    def ask(self, method: str, path: str, who: str | None = "rex", **options: Any):
        """One request; `who` None sends no token."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        return self.client.request(method, path, headers=headers, **options)

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Everything that waited is in the log, and its writer holds the role."""
        folder = self.opened.config.log_folder
        with Sequencer(self.inst.store, folder, self.opened.log_signer) as sequencer:
            while sequencer.run_once():
                pass
            yield

    def get(self, path: str, who: str | None = "rex", **options: Any):
        return self.ask("GET", path, who, **options)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def config_for(home: Path, **options: Any) -> Config:
    return replace(Config(home=home, port=free_port()), **options)


def make_installation(config: Config, *, passphrase: bytes | None = None) -> None:
    """As `assay admin init` does."""
    place = Place(
        home=config.home,
        database=config.database,
        jobs_database=config.jobs_database,
        keys=config.keys_folder,
        url=config.url,
    )
    set_up(place, passphrase=passphrase, now=datetime.now(UTC))


@contextmanager
def running(app: Any, port: int) -> Iterator[None]:
    """A server in a thread of this process."""
    options: Mapping[str, Any] = {"http": "httptools", "lifespan": "off", "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, port=port, access_log=False, ws="none", **options))
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=20)


@contextmanager
def serving(config: Config) -> Iterator[Served]:
    """A new installation, served."""
    make_installation(config)
    with (
        open_installation(config) as opened,
        running(build_app(opened), config.port),
        httpx.Client(base_url=config.url, trust_env=False, timeout=30, verify=False) as client,
    ):
        yield Served(opened, Household.build(opened.installation), config.url, client)
