"""What the domain works with: one installation's rows, bytes, keys, rules and clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from assay.access.roles import Authorizer
from assay.blobs.interface import Blobs
from assay.core.clock import Clock
from assay.evidence.intelligence import FeedFile
from assay.releases.standing_cache import StandingCache
from assay.signing.keys import Signer
from assay.store.engine import Store


@dataclass(frozen=True, slots=True)
class Settings:
    """The part of the configuration the domain needs.

    Attributes:
        url: Address clients use; names this installation in decisions.
        version: Version of the program; recorded in decisions.
        decision_life: How long a decision may be relied on, at most 24 hours.
        upload_bytes: Largest single file, bytes.
        upload_files: Most files in one release.
    """

    url: str
    version: str
    decision_life: timedelta
    upload_bytes: int
    upload_files: int


@dataclass(frozen=True, slots=True)
class Signers:
    """The server's keys the domain signs with, one per purpose."""

    decision: Signer
    approval: Signer
    release_index: Signer


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a domain function needs besides who is asking.

    Attributes:
        log_folder: Folder of the transparency log's tiles, to read proofs from.
        trust: The signed `trust.json`, handed out with evidence.
        intelligence: The feed scans use.
        results: Where results of scans are kept by digest; nowhere when None.
        cache: What serving remembers between requests.
    """

    store: Store
    blobs: Blobs
    signers: Signers
    authorizer: Authorizer
    clock: Clock
    settings: Settings
    log_folder: Path
    trust: bytes
    results: Path | None = field(default=None, repr=False, compare=False)
    intelligence: FeedFile = field(default_factory=FeedFile, repr=False, compare=False)
    cache: StandingCache = field(default_factory=StandingCache, repr=False, compare=False)
