"""A release document from a server, read as what it is: somebody else's word."""

from __future__ import annotations

from typing import Any

from assay.client.session import Session, model_path
from assay.core.digest import Digest
from assay.core.errors import AssayError, DataError
from assay.core.names import COMMIT, ModelName


def release_document(session: Session, model: str, revision: str) -> dict[str, Any]:
    """The document of the release a revision names.

    What follows from it (a decision that names it, a manifest of its tree) is about the model
    that was asked for only if the document is.

    Args:
        session: The server.
        model: `namespace/name`.
        revision: A version, the start of one, an alias, or `main`.

    Raises:
        DataError: it is about another model or version, or is no release document.
        AssayError: what the server answered.
    """
    asked = f"{model}@{revision}"
    document = session.json("GET", model_path(model, "releases", revision))
    try:
        named, version = ModelName.parse(document["model"]), document["version"]
        Digest.parse(document["tree"])
        size = document["size"]
        if not COMMIT.match(version) or type(size) is not int or size < 0:
            raise DataError("no version, or no size")
    except (KeyError, TypeError, AttributeError, AssayError) as error:
        raise DataError(
            f"the server did not answer with a release: {error!r:.200}", subject=asked
        ) from None
    if str(named).casefold() != model.casefold():
        raise DataError(f"the server answered with {named}", subject=asked)
    if COMMIT.match(revision) and version != revision:
        raise DataError(f"the server answered with version {version}", subject=asked)
    found: dict[str, Any] = document
    return found
