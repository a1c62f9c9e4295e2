"""Configuration: `assay.toml` in the data folder, then the environment, then the command line.

Every option is a field with its unit in the name or the docstring; docs/configuration.md is
generated from here.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from assay.core.errors import UsageError

FILE = "assay.toml"
MAX_PORT = 65_535
MAX_DECISION_HOURS = 24
C = TypeVar("C", bound="Config")


@dataclass(frozen=True, slots=True)
class Config:
    """How one installation runs.

    Attributes:
        home: Data folder: database, blobs, log, keys.
        database_url: SQLAlchemy address; empty means SQLite in `home`.
        blobs_url: Where blobs lie; empty means a folder in `home`.
        host: Address the server listens on.
        port: TCP port the server listens on.
        public_url: Address clients use; empty means `http://host:port`.
        behind_proxy: Networks a TLS-terminating proxy connects from (CIDR, comma separated).
        allowed_hosts: Host headers accepted beside the public address, comma separated.
        passphrase_file: File that holds the passphrase of the server's keys.
        upload_bytes: Largest single file accepted, bytes.
        upload_files: Most files in one release.
        decision_hours: How long a decision may be relied on offline, hours, 24 at most.
        log_public: Whether anyone may read the transparency log.
        scan_wall_seconds: Elapsed time one file may take to scan, seconds.
        intelligence_feed: A signed intelligence feed, used beside the built-in one and read
            again when it changes; empty for the built-in one alone.
        intelligence_key: The public key that signs it.
    """

    home: Path = Path(".assay")
    database_url: str = ""
    blobs_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8470
    public_url: str = ""
    behind_proxy: str = ""
    allowed_hosts: str = ""
    passphrase_file: str = ""
    upload_bytes: int = 512 * 1024**3
    upload_files: int = 100_000
    decision_hours: int = 24
    log_public: bool = False
    scan_wall_seconds: int = 600
    intelligence_feed: str = ""
    intelligence_key: str = ""
    source: str = field(default="defaults", compare=False)

    @classmethod
    def load(cls, *, home: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Read the data folder's file, then `ASSAY_*`.

        Raises:
            UsageError: an unknown option, a value of the wrong type or out of range.
        """
        env = os.environ if environ is None else environ
        folder = home or Path(env.get("ASSAY_HOME") or default_home(env))
        config = cls(home=folder.absolute())
        path = folder / FILE
        if path.is_file():
            config = _merged(config, _file_options(path), str(path))
        options = {
            name: env[f"ASSAY_{name.upper()}"]
            for name in _names()
            if env.get(f"ASSAY_{name.upper()}")
        }
        alias = env.get("ASSAY_KEY_PASSPHRASE_FILE")
        if alias:
            options["passphrase_file"] = alias
        return _merged(config, options, "the environment").checked()

    def with_options(self, **options: Any) -> Self:
        """A copy with options from the command line; `None` leaves one as it is."""
        given = {name: value for name, value in options.items() if value is not None}
        return _merged(self, given, "the command line").checked()

    @property
    def url(self) -> str:
        """The address clients use, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """The database address, SQLite in `home` unless given."""
        return self.database_url or f"sqlite:///{self.home / 'assay.sqlite'}"

    @property
    def jobs_database(self) -> str:
        """Where DBOS keeps its tables: its own file on SQLite, the same database elsewhere."""
        return self.database_url or f"sqlite:///{self.home / 'jobs.sqlite'}"

    @property
    def embedded(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database.startswith("sqlite")

    @property
    def blobs_folder(self) -> Path:
        """The folder of the local blob store."""
        return (
            Path(self.blobs_url.removeprefix("file://")) if self.blobs_url else self.home / "blobs"
        )

    @property
    def log_folder(self) -> Path:
        """The folder of the transparency log's tiles and checkpoint."""
        return self.home / "log"

    @property
    def keys_folder(self) -> Path:
        """The folder of the server's keys."""
        return self.home / "keys"

    def passphrase(self) -> bytes | None:
        """The keys' passphrase, or None where keys are kept unencrypted.

        Raises:
            UsageError: the file cannot be read or is empty.
        """
        if not self.passphrase_file:
            return None
        try:
            secret = Path(self.passphrase_file).read_bytes().strip(b"\r\n")
        except OSError as error:
            raise UsageError(
                f"cannot read the key passphrase: {error.strerror}", subject=self.passphrase_file
            ) from None
        if not secret:
            raise UsageError("the passphrase file is empty", subject=self.passphrase_file)
        return secret

    def checked(self) -> Self:
        """This, if its values are in range.

        Raises:
            UsageError: one is not; it is named.
        """
        if not 1 <= self.port <= MAX_PORT:
            raise UsageError(f"port {self.port} is not between 1 and 65535", subject="port")
        if not 1 <= self.decision_hours <= MAX_DECISION_HOURS:
            raise UsageError("must be between 1 and 24", subject="decision_hours")
        for network in filter(None, self.behind_proxy.split(",")):
            try:
                ipaddress.ip_network(network.strip())
            except ValueError as error:
                raise UsageError(str(error), subject="behind_proxy") from None
        if self.blobs_url and "://" in self.blobs_url and not self.blobs_url.startswith("file://"):
            raise UsageError(
                "only a local folder is supported for blobs so far", subject="blobs_url"
            )
        return self


def default_home(env: Mapping[str, str]) -> Path:
    """`$XDG_DATA_HOME/assay`, by default `~/.local/share/assay`."""
    base = env.get("XDG_DATA_HOME")
    return Path(base) / "assay" if base else Path.home() / ".local" / "share" / "assay"


def _names() -> tuple[str, ...]:
    return tuple(f.name for f in fields(Config) if f.name not in ("home", "source"))


def _file_options(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", subject=str(path)) from None


def _merged(config: C, options: Mapping[str, Any], source: str) -> C:
    unknown = sorted(set(options) - set(_names()) - {"home"})
    if unknown:
        raise UsageError(f"unknown option {unknown[0]!r}", subject=source)
    typed = {name: _typed(name, value, source) for name, value in options.items()}
    return replace(config, **typed, source=source) if typed else config


def _typed(name: str, value: Any, source: str) -> Any:
    """The value as the field's type; text from the environment is converted."""
    wanted = type(getattr(Config(), name))
    if wanted is bool and isinstance(value, str):
        if value.lower() not in ("1", "0", "true", "false", "yes", "no"):
            raise UsageError(f"{name} must be true or false, not {value!r}", subject=source)
        return value.lower() in ("1", "true", "yes")
    if wanted is int and isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, Path) or (wanted is not Path and type(value) is wanted):
        return value
    raise UsageError(f"{name} must be {wanted.__name__}, not {value!r}", subject=source)
