"""A server's keys: one file per purpose in one folder, and the trust root that names them."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.clock import SystemClock
from assay.core.companions import read_small
from assay.core.errors import ConflictError, DataError, UnavailableError, UsageError
from assay.signing.files import sync_folder, write_new
from assay.signing.keys import (
    MAX_KEY_BYTES,
    FileSigner,
    Signer,
    load_signer,
    new_signer,
    parse_private,
    private_pem,
)
from assay.signing.trust import (
    MAX_TRUST_BYTES,
    PURPOSES,
    TrustRoot,
    make_trust,
    vkey_of,
)

TRUST_FILE = "trust.json"
LOG_FILE = "log.key"
LOG_PATH = "/log"
ABSENT_REMEDY = "make an installation first: assay admin init"


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """What a server signs with. Private keys are kept out of `repr`.

    Attributes:
        root: Signs `trust.json` and nothing else.
        decision: Signs decisions and what they rest on.
        approval: Signs approvals given through the server.
        release_index: Signs revocations and the list of releases.
        agent_jobs: Signs orders to agents.
        log: The transparency log's key.
        log_name: The log's origin (C2SP), its key's name.
        trust: The parsed trust root; `trust.document` is the signed file.
    """

    root: Signer
    decision: Signer
    approval: Signer
    release_index: Signer
    agent_jobs: Signer
    log: Ed25519PrivateKey = field(repr=False, compare=False)
    log_name: str
    trust: TrustRoot

    @property
    def fingerprint(self) -> str:
        """What people pin: the root key's fingerprint."""
        return self.trust.fingerprint


def log_origin(url: str) -> str:
    """The name of a server's log: its address without the scheme, and `/log`.

    Raises:
        UsageError: an address no log can be named after.
    """
    parts = urlsplit(url)
    name = f"{parts.netloc}{parts.path.rstrip('/')}{LOG_PATH}"
    if not parts.netloc or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise UsageError("no log can be named after this address", subject=url)
    return name


def make_server_keys(
    folder: Path, *, url: str, passphrase: bytes | None, now: datetime | None = None
) -> ServerKeys:
    """Make every key and the trust root; the folder is there whole, or not at all.

    Args:
        folder: Where the keys go (0700); absent or empty.
        url: The server's address, which names it and its log.
        passphrase: Encrypts every private key; None leaves them in the clear (0600).
        now: When the trust root is issued; the present by default.

    Raises:
        ConflictError: the folder holds something.
        UsageError: an empty passphrase, or an address no log can be named after.
        UnavailableError: it cannot be written.
    """
    if passphrase is not None and not passphrase:
        raise UsageError("the passphrase is empty")
    origin = log_origin(url)
    if folder.is_dir() and any(folder.iterdir()):
        raise ConflictError(
            "holds something already", subject=str(folder), remedy="keys are never written over"
        )
    signers = {purpose: new_signer() for purpose in PURPOSES}
    log = Ed25519PrivateKey.generate()
    document = make_trust(
        url=url,
        root=signers["root"],
        keys={purpose: signer.public for purpose, signer in signers.items()},
        log_vkey=vkey_of(origin, log.public_key().public_bytes_raw()),
        issued=now or SystemClock().now(),
    )
    files = {_file(purpose): private_pem(s.private, passphrase) for purpose, s in signers.items()}
    _write_folder(folder, {**files, LOG_FILE: private_pem(log, passphrase), TRUST_FILE: document})
    return ServerKeys(
        **signers,
        log=log,
        log_name=origin,
        trust=TrustRoot.parse(document, fingerprint=None),
    )


def load_server_keys(folder: Path, passphrase: bytes | None) -> ServerKeys:
    """Read what `make_server_keys` wrote.

    Raises:
        UsageError: there are no keys, or they are encrypted and no passphrase was given.
        DataError: a file is broken, the passphrase is wrong, or a key is not the one the trust
            root names.
        UnavailableError: a file cannot be read.
    """
    if not (folder / TRUST_FILE).exists():
        raise UsageError("there are no keys", subject=str(folder), remedy=ABSENT_REMEDY)
    place = folder / TRUST_FILE
    trust = TrustRoot.parse(
        read_small(place, MAX_TRUST_BYTES), fingerprint=None, subject=str(place)
    )
    signers: dict[str, FileSigner] = {}
    for purpose in PURPOSES:
        path = folder / _file(purpose)
        signers[purpose] = load_signer(path, passphrase)
        if signers[purpose].public != getattr(trust, purpose):
            raise DataError("is not the key the trust root names", subject=str(path))
    log = _load_log(folder / LOG_FILE, passphrase)
    name = trust.log_vkey.partition("+")[0]
    if vkey_of(name, log.public_key().public_bytes_raw()) != trust.log_vkey:
        raise DataError("is not the key the trust root names", subject=str(folder / LOG_FILE))
    return ServerKeys(**signers, log=log, log_name=name, trust=trust)


def _file(purpose: str) -> str:
    return f"{purpose.replace('_', '-')}.key"


def _load_log(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    key = parse_private(read_small(path, MAX_KEY_BYTES), passphrase, subject=str(path))
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError("not an Ed25519 private key", subject=str(path))
    return key


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write all files into a folder beside, then move it to its place in one step."""
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        for name, data in files.items():
            write_new(temporary / name, data, mode=0o644 if name == TRUST_FILE else 0o600)
        sync_folder(temporary)
        os.replace(temporary, folder)  # noqa: PTH105 - replaces an empty folder, nothing else
        temporary = None
        sync_folder(folder.parent)
    except OSError as error:
        reason = f"cannot be written: {error.strerror}"
        raise UnavailableError(reason, subject=str(folder)) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
