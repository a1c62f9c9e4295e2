"""What lies in the data folder: its permissions and space, the keys, the blobs."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from assay.config import FILE, Config
from assay.core.errors import UsageError
from assay.core.limits import GIB, MIB
from assay.doctor.interface import Line, fail, ok, warn
from assay.evidence.intelligence import FeedFile

LEAST_FREE = 512 * MIB
"""Below this the next upload or the database may fail."""

LITTLE_FREE = 5 * GIB
_OTHERS = 0o077
_INIT = "run: assay admin init"


def configuration(config: Config) -> Iterator[Line]:
    """Where options come from; the passphrase's file is secret."""
    file = config.home / FILE
    yield ok("configuration", f"{file if file.is_file() else 'defaults and the environment'}")
    if config.passphrase_file:
        config.passphrase()
        yield from _secret("configuration", Path(config.passphrase_file), "the passphrase")


def data_folder(config: Config) -> Iterator[Line]:
    """Whose the folder is, who can look in, how much room there is."""
    home = config.home
    found = home.stat()
    if found.st_uid != os.geteuid():
        yield fail("data folder", f"{home} belongs to user {found.st_uid}", "run as that user")
    elif stat.S_IMODE(found.st_mode) & _OTHERS:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        yield fail(
            "data folder", f"{home} is open to others (mode {mode})", f"run: chmod 700 {home}"
        )
    elif not os.access(home, os.W_OK | os.X_OK):
        yield fail("data folder", f"{home} cannot be written", "mend its permissions or its disk")
    else:
        yield ok("data folder", f"{home}, for its owner only")
    yield _space("free space", home)


def keys(config: Config) -> Iterator[Line]:
    """Whether every key is there, secret, and can be used."""
    from assay.signing.server_keys import load_server_keys
    from assay.signing.trust import TrustRoot

    folder = config.keys_folder
    yield from _secret("keys", folder, "the folder of the keys")
    for file in sorted(folder.iterdir()):
        if file.suffix == ".key":
            yield from _secret("keys", file, "a private key")
    loaded = load_server_keys(folder, config.passphrase())
    root = TrustRoot.parse((folder / "trust.json").read_bytes(), fingerprint=None)
    if root.url != config.url:
        yield warn(
            "keys",
            f"the trust root was made for {root.url}, and the server answers as {config.url}",
            "set public_url to the address clients pinned",
        )
    sealed = "encrypted" if config.passphrase_file else "not encrypted"
    yield ok("keys", f"all there and {sealed}; root fingerprint {loaded.fingerprint}")


def blobs(config: Config) -> Iterator[Line]:
    """Whether bytes can be taken in: a file is made, written durably and removed."""
    folder = config.blobs_folder
    if not folder.is_dir():
        yield warn("blobs", f"{folder} is not there yet", "the server makes it when it starts")
        return
    incoming = folder / "incoming"
    place = incoming if incoming.is_dir() else folder
    with tempfile.TemporaryFile(dir=place, prefix=".doctor-") as file:
        file.write(b"doctor")
        file.flush()
        os.fsync(file.fileno())
    yield ok("blobs", f"{folder} can be written")
    if folder.stat().st_dev != config.home.stat().st_dev:
        yield _space("free space for blobs", folder)


def intelligence(config: Config) -> Iterator[Line]:
    """The feed scans use, and how old it is."""
    path = Path(config.intelligence_feed) if config.intelligence_feed else None
    file = FeedFile(path, Path(config.intelligence_key) if config.intelligence_key else None)
    feed = file.current().feed
    if file.complaint:
        yield fail("intelligence", f"the feed is not in use: {file.complaint}")
    elif path is not None or config.intelligence_key:
        yield ok("intelligence", f"{', '.join(feed.sources)}, issued {feed.issued.date()}")
    else:
        yield ok("intelligence", f"built in, issued {feed.issued.date()}")


def require_installation(config: Config) -> None:
    """Return if something was set up there.

    Raises:
        UsageError: nothing was.
    """
    if not config.home.is_dir():
        raise UsageError("there is no such folder", subject=str(config.home), remedy=_INIT)
    if not (config.keys_folder / "trust.json").is_file():
        raise UsageError("nothing is set up there", subject=str(config.home), remedy=_INIT)


def _secret(check: str, path: Path, what: str) -> Iterator[Line]:
    """A line where others can look at a file or folder, or it is somebody else's."""
    found = path.lstat()
    private = 0o700 if stat.S_ISDIR(found.st_mode) else 0o600
    if stat.S_ISLNK(found.st_mode):
        yield fail(check, f"{path} is a link", f"put {what} itself there")
    elif found.st_uid != os.geteuid():
        yield fail(check, f"{path} belongs to user {found.st_uid}", "run as that user")
    elif stat.S_IMODE(found.st_mode) & _OTHERS:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        yield fail(
            check,
            f"{path}, {what}, is open to others (mode {mode})",
            f"run: chmod {private:o} {path}; if others may have read it, make new keys",
        )


def _space(check: str, folder: Path) -> Line:
    usage = shutil.disk_usage(folder)
    words = f"{usage.free / GIB:.1f} of {usage.total / GIB:.1f} GiB are free"
    if usage.free < LEAST_FREE:
        return fail(check, words, "make room: uploads and the database need it")
    if usage.free < LITTLE_FREE:
        return warn(check, words, "make room before large models are pushed")
    return ok(check, words)
