"""Where the server may listen, and the listening socket."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assay.config import Config
from assay.core.errors import UsageError
from assay.web.hosts import is_loopback

BACKLOG = 128
"""Connections that wait to be accepted. As many are accepted at once, before anything looks at
how many there are: see `connections.most_connections`."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate chain and its key, both PEM files."""

    certificate: Path
    key: Path

    @classmethod
    def of(cls, certificate: Path | None, key: Path | None) -> Self | None:
        """Both, or neither.

        Raises:
            UsageError: one without the other, or a file that is not there.
        """
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise UsageError("--tls-certificate and --tls-key belong together")
        for file in (certificate, key):
            if not file.is_file():
                raise UsageError("is not a file", subject=str(file))
        return cls(certificate, key)


def check_exposure(config: Config, tls: Tls | None) -> None:
    """Return if tokens cannot cross a network in the clear.

    Raises:
        UsageError: the address can be reached from outside, without TLS and without a proxy.
    """
    if tls is None and not config.behind_proxy and not is_loopback(config.host):
        raise UsageError(
            f"{config.host} can be reached from other machines, where tokens would cross the"
            " network in the clear",
            subject="host",
            remedy="give --tls-certificate and --tls-key, or --behind-proxy CIDR of the proxy"
            " that ends TLS, or listen on 127.0.0.1",
        )


def proxies(config: Config) -> list[str]:
    """The networks whose forwarding headers are believed; empty means nobody's."""
    return [part.strip() for part in config.behind_proxy.split(",") if part.strip()]


def listen(config: Config) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: the address is taken, is not this machine's, or may not be used.
    """
    family = _family(config.host)
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits for an
    # acknowledgement, 40 ms on a kept-alive connection.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((config.host, config.port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        taken = error.errno == errno.EADDRINUSE
        raise UsageError(
            f"port {config.port} is taken" if taken else f"cannot listen: {error.strerror}",
            subject=f"{config.host}:{config.port}",
            remedy="stop what listens there, or choose another with --port" if taken else None,
        ) from None
    made.settimeout(0)
    return made


def _family(host: str) -> socket.AddressFamily:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return socket.AF_INET
    return socket.AF_INET6 if version == 6 else socket.AF_INET  # noqa: PLR2004 - IP version 6
