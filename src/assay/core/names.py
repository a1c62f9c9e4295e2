"""Names of models and references to releases (docs/names.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from assay.core.digest import Digest
from assay.core.errors import DataError

RESERVED_NAMESPACES = frozenset(
    "api v2 mlflow xet log admission agent console static oauth simple datasets spaces models "
    "docs healthz readyz metrics login".split()
)
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?\Z")
_ALIAS = re.compile(r"[a-z][a-z0-9._-]{0,62}\Z")
COMMIT = re.compile(r"[0-9a-f]{40}\Z")


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """`namespace/name`. Unique without regard to case; the namespace has no dot."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `ns/name`.

        Raises:
            DataError: not that form, a reserved namespace, `..` or `--` in the name
                (both have a meaning in Hub cache folders).
        """
        namespace, slash, name = text.partition("/")
        if not slash or not _NAMESPACE.match(namespace) or not _NAME.match(name):
            raise DataError(
                f"not a model name: {text[:120]!r}",
                remedy="a name is namespace/name: letters, digits, '-', '_' and, after '/', '.'",
            )
        if namespace.lower() in RESERVED_NAMESPACES:
            raise DataError(f"namespace {namespace!r} is reserved")
        if ".." in name or "--" in text or name.lower().endswith((".git", ".lock")):
            raise DataError(f"not a model name: {text[:120]!r}")
        return cls(namespace, name)

    @property
    def folded(self) -> str:
        """The form names are unique by."""
        return f"{self.namespace}/{self.name}".lower()

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def check_alias(text: str) -> str:
    """Return `text` if it can name an alias: lower case, not `main`, not a commit, no `refs/`.

    Raises:
        DataError: anything else.
    """
    if not _ALIAS.match(text) or text == "main" or COMMIT.match(text):
        raise DataError(
            f"not an alias: {text[:80]!r}",
            remedy="an alias starts with a letter: a-z, 0-9, '.', '_', '-'; not 'main'",
        )
    return text


@dataclass(frozen=True, slots=True)
class Reference:
    """What a command was given: a tree digest, or a model with an optional revision."""

    tree: Digest | None = None
    model: ModelName | None = None
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `ns/name[@REV]`, `hf:ns/name[@REV]` or `sha256:...`.

        Raises:
            DataError: none of these.
        """
        if text.startswith("sha256:"):
            return cls(tree=Digest.parse(text))
        model, at, revision = text.removeprefix("hf:").partition("@")
        if at and not revision:
            raise DataError(f"empty revision in {text[:120]!r}")
        return cls(model=ModelName.parse(model), revision=revision or None)

    def __str__(self) -> str:
        if self.tree is not None:
            return str(self.tree)
        return f"{self.model}@{self.revision}" if self.revision else str(self.model)
