"""From the parts of an address to names, digests and releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Path

from assay.access.principals import Identity
from assay.core.digest import Digest
from assay.core.names import ModelName
from assay.releases import documents, lookup
from assay.releases.installation import Installation
from assay.store.models import Model
from assay.store.releases import Release

Namespace = Annotated[str, Path(max_length=80, examples=["acme"])]
Name = Annotated[str, Path(max_length=120, examples=["sentiment"])]
Revision = Annotated[
    str,
    Path(
        max_length=200,
        description="A version, the first seven or more digits of one, an alias, or `main`.",
        examples=["production"],
    ),
]
Tree = Annotated[str, Path(max_length=80, description="A tree digest: `sha256:` and 64 digits.")]


async def model_of(namespace: Namespace, name: Name) -> ModelName:
    """The model an address names.

    Raises:
        DataError: it cannot be a model's name.
    """
    return ModelName.parse(f"{namespace}/{name}")


async def tree_of(tree: Tree) -> Digest:
    """The tree digest an address names.

    Raises:
        DataError: it is not one.
    """
    return Digest.parse(tree)


ModelOf = Annotated[ModelName, Depends(model_of)]
TreeOf = Annotated[Digest, Depends(tree_of)]


@dataclass(frozen=True, slots=True)
class Found:
    """A release and its model, as the caller may see them."""

    model: Model
    release: Release


def find(
    inst: Installation, connection: sa.Connection, who: Identity, name: ModelName, revision: str
) -> Found:
    """The release a revision names.

    Raises:
        NotFoundError: there is no such model or revision, or the caller may not read it.
    """
    model = lookup.model_named(inst, connection, who, name)
    return Found(model, lookup.resolve(inst, connection, who, model, revision))


def found_id(inst: Installation, who: Identity, name: ModelName, revision: str) -> str:
    """The id of the release a revision names now.

    Raises:
        NotFoundError: there is no such model or revision, or the caller may not read it.
    """
    with inst.store.read() as connection:
        return find(inst, connection, who, name, revision).release.id


def document(inst: Installation, who: Identity, name: ModelName, revision: str) -> dict[str, Any]:
    """The document of the release a revision names.

    Raises:
        NotFoundError: there is no such model or revision, or the caller may not read it.
    """
    with inst.store.read() as connection:
        found = find(inst, connection, who, name, revision)
        return documents.release_document(inst, connection, found.release)
