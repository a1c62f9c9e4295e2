"""The address: whether the port is free or this server's, and whether tokens are safe on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from assay.config import Config
from assay.doctor.interface import Line, fail, ok, warn
from assay.doctor.processes import lock_holder, port_holder

_SECONDS = 2.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to knock instead


def port(config: Config) -> Iterator[Line]:
    """Who listens on the port."""
    shown = f"{config.host}:{config.port}"
    server = lock_holder(config.home / "server.lock")
    if not _answers(config.host, config.port):
        if server is not None:
            yield warn(
                "port",
                f"the server runs (process {server}), and nothing listens on {shown}",
                "it was started with another --port, or ASSAY_PORT is not what it was",
            )
        else:
            yield ok("port", f"{shown} is free")
        return
    found = port_holder(config.port)
    holder = (
        "a process that cannot be seen" if found is None else f"process {found[0]} ({found[1]})"
    )
    if found is not None and found[0] == server:
        yield ok("port", f"{shown} is held by this installation's server, {holder}")
    elif server is not None and found is None:
        yield ok("port", f"{shown} is held, most likely by this installation's server")
    else:
        yield fail("port", f"{shown} is held by {holder}", "stop it, or choose another with --port")


def exposure(config: Config) -> Iterator[Line]:
    """Whether tokens could cross a network in the clear."""
    loopback = config.host in ("localhost", "::1") or config.host.startswith("127.")
    secure = urlsplit(config.url).scheme == "https"
    if loopback or config.behind_proxy or secure:
        yield ok("address", f"clients use {config.url}")
    else:
        yield warn(
            "address",
            f"clients use {config.url}: tokens cross the network in the clear",
            "serve with --tls-certificate and --tls-key and set public_url to an https address, "
            "or stand behind a proxy that ends TLS (--behind-proxy)",
        )


def _answers(host: str, number: int) -> bool:
    try:
        with socket.create_connection((_EVERYWHERE.get(host, host), number), timeout=_SECONDS):
            return True
    except OSError:
        return False
