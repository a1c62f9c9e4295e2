"""Paths and addresses in a model: where they lead."""

from __future__ import annotations

import re
from enum import Enum


class Place(Enum):
    """Where a path leads, mildest first."""

    NOWHERE = "nowhere"
    MEMORY = "inside the model"
    RELATIVE = "below the working folder"
    STORE = "a store of the network"
    ABSOLUTE = "a fixed place on the machine"
    WEB = "another machine"
    ESCAPING = "out of its folder"
    SENSITIVE = "a place of the system or of its users' secrets"

    @property
    def rank(self) -> int:
        """How far from harmless."""
        return list(type(self)).index(self)


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+._-]+):/?/")
_STORES = frozenset(
    "gs s3 s3a s3n hdfs viewfs har wasb wasbs abfs abfss az hf oss cns dbfs".split()
)
_MEMORY = frozenset({"memmapped_package", "ram", "local", "bytes", "embedded"})
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_SYSTEM = re.compile(
    r"/(?:etc|proc|sys|dev|boot|bin|sbin|lib(?:32|64)?|run|"
    r"usr/(?:s?bin|lib|local/(?:s?bin|lib))|var/(?:spool|log|lib|run|www|mail)|"
    r"private/etc|Library|System)(?:/|\Z)"
    r"|[A-Za-z]:[\\/]+(?:Windows|ProgramData|Program Files)",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"(?:\A|[\\/])(?:\.(?:ssh|aws|gnupg|kube|docker|netrc|npmrc|pypirc|gitconfig|git-credentials|"
    r"bash_history|zsh_history|bashrc|bash_profile|bash_login|profile|zshrc|zshenv|env|azure|"
    r"config/(?:gcloud|autostart|systemd)|cache/huggingface|huggingface|local/share)(?:[\\/.]|\Z)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)\b|authorized_keys\b|credentials(?:\.json|\.db)?\Z|"
    r"Start Menu[\\/]Programs[\\/]Startup|site-packages[\\/]|dist-packages[\\/])"
    r"|\.(?:pth|bashrc|so|dll|dylib|exe|service|desktop|plist)\Z",
    re.IGNORECASE,
)
_HOME = re.compile(r"~|\$\{?\w+\}?[\\/]|%\w+%[\\/]")


def place_of(path: str) -> Place:
    """Where a path or an address leads, by its words alone."""
    text = path.strip()
    scheme = _SCHEME.match(text)
    if scheme:
        name = scheme.group(1).lower()
        if name in _MEMORY:
            return Place.MEMORY
        if name == "file":
            return max(Place.ABSOLUTE, _on_machine(text[scheme.end() :], "/"), key=_rank)
        return Place.STORE if name in _STORES else Place.WEB
    return _on_machine(text, "") if text else Place.NOWHERE


def _rank(place: Place) -> int:
    return place.rank


def _on_machine(text: str, root: str) -> Place:
    whole = root + text.lstrip("/") if root else text
    if _SYSTEM.match(whole) or _SECRET.search(whole) or _HOME.match(whole) or whole == "/":
        return Place.SENSITIVE
    if ".." in re.split(r"[\\/]", whole):
        return Place.ESCAPING
    if whole.startswith("/") or _DRIVE.match(whole):
        return Place.ABSOLUTE
    return Place.RELATIVE
