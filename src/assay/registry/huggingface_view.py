"""What a caller sees of a revision: whether it is served is asked first, every time."""

from __future__ import annotations

from dataclasses import dataclass

from assay.access.principals import Identity
from assay.core.errors import AssayError, DataError
from assay.core.names import ModelName
from assay.registry import huggingface_errors as errors
from assay.registry.huggingface_errors import HubError
from assay.registry.huggingface_paths import Wanted
from assay.releases import lookup, serving
from assay.releases.installation import Installation
from assay.releases.refusal import (
    FileNotInReleaseError,
    ModelNotFoundError,
    Refused,
    RevisionNotFoundError,
)
from assay.releases.state import State
from assay.store.epochs import Epochs
from assay.store.models import Model
from assay.store.releases import Release
from assay.web.headers import header_text

WARNING = "X-HF-Warning"

_UNSERVED = frozenset({State.QUARANTINED, State.EVALUATED})


@dataclass(frozen=True, slots=True)
class View:
    """A release as one caller sees it.

    Attributes:
        epochs: When it was read.
        warning: What to tell the caller beside the answer.
    """

    model: Model
    release: Release
    epochs: Epochs
    warning: str | None

    @property
    def headers(self) -> dict[str, str]:
        """The warning as the client shows it, once per topic."""
        return warning_headers(self.warning, self.release)


def warning_headers(warning: str | None, release: Release) -> dict[str, str]:
    """`X-HF-Warning: TOPIC; TEXT`; the topic names the release, so that each is told once."""
    if warning is None:
        return {}
    return {WARNING: f"assay-{release.version[:12]}; {header_text(warning)}"}


def model_name(text: str, *, anonymous: bool) -> ModelName:
    """The model a path names.

    Raises:
        HubError: it cannot be a model's name here, so there is none.
    """
    try:
        return ModelName.parse(text)
    except DataError:
        raise errors.repo_not_found(text[:200], anonymous=anonymous) from None


def view(inst: Installation, who: Identity | None, name: ModelName, revision: str) -> View:
    """What the caller sees of a revision.

    Whoever may see releases that are not served yet sees what a new one is: names, sizes and
    findings. Its bytes are refused to them too, and so is everything about a release that was
    served once and no longer is: only a refusal keeps a client from its cached copy.

    Raises:
        NotFoundError: there is no such model or revision, or the caller may not read it.
        Refused: it is not served.
    """
    try:
        permit = serving.may_serve(inst, who, name, revision, "")
        release, warning = permit.release, permit.warning
    except Refused as error:
        if error.release is None or not _may_look(inst, who, name, error):
            raise
        release, warning = error.release, f"not served yet: {error.message}"
    found = inst.cache.standing(inst.store, release.id)
    return View(found.model, found.release, found.epochs, warning)


def _may_look(inst: Installation, who: Identity | None, name: ModelName, error: Refused) -> bool:
    return (
        error.release is not None
        and error.release.state in _UNSERVED
        and not error.was_served
        and lookup.may_see_unserved(inst, who, name.namespace)
    )


def hub_error(error: AssayError, asked: Wanted, *, anonymous: bool) -> HubError:
    """One of our errors as the Hub's: see the table in `huggingface_errors`."""
    match error:
        case ModelNotFoundError():
            found = errors.repo_not_found(asked.model, anonymous=anonymous)
        case RevisionNotFoundError():
            found = errors.revision_not_found(asked.model, asked.revision)
        case FileNotInReleaseError():
            found = errors.entry_not_found(asked.path, error.release.version)
        case Refused() if error.was_served or error.copies or error.reason == "revoked":
            found = errors.withdrawn(error.diagnostics())
        case Refused():
            found = errors.gated(error.diagnostics())
        case _ if error.code == "unauthenticated":
            found = errors.bad_token()
        case _:
            found = errors.other(error)
    return found
