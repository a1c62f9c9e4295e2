"""Which Host headers are answered: a page that rebinds its name to this address gets nothing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from assay.config import Config

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?\Z", re.ASCII)
"""A name or address and a port: no user, path or query, which addresses made of it would keep."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def host_name(header: str) -> str:
    """The name in a Host header, lower case, without port, brackets or closing dot.

    An empty text stands for a header that names no host.
    """
    text = header.strip()
    try:
        return (urlsplit(f"//{text}").hostname or "").rstrip(".") if _HOST.match(text) else ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The host names this server answers to, without regard to the port."""

    names: frozenset[str]

    @classmethod
    def of(cls, config: Config) -> Self:
        """The public address, what `allowed_hosts` lists, and loopback where it listens there."""
        names = {urlsplit(config.url).hostname or "", config.host.lower()}
        names |= {host_name(part) for part in config.allowed_hosts.split(",")}
        if is_loopback(config.host):
            names |= set(_LOOPBACK)
        return cls.named(names)

    @classmethod
    def named(cls, names: Iterable[str]) -> Self:
        """These names; empty ones and the unspecified addresses are left out."""
        return cls(frozenset(n.lower() for n in names) - {"", "0.0.0.0", "::"})  # noqa: S104 - taken out

    def allows(self, header: str) -> bool:
        """Whether a request with this Host header is answered."""
        return host_name(header) in self.names
