"""Evidence to take away: one attestation, or the whole bundle that verifies offline."""

from __future__ import annotations

from starlette.responses import Response

from assay.console.evidence_rows import evidence_rows
from assay.console.pages.releases import named
from assay.console.visiting import Visit
from assay.core.digest import Digest
from assay.core.errors import AssayError, NotFoundError
from assay.releases.exporting import export_evidence
from assay.store import attestations
from assay.web.headers import bytes_headers


def download(visit: Visit) -> Response:
    """The evidence bundle of a release, as `assay evidence export` writes it."""
    with visit.inst.store.read() as connection:
        model, release = named(visit, connection)
    data = export_evidence(visit.inst, visit.me, release)
    name = f"{model.namespace}-{model.name}-{release.version[:12]}.evidence.json"
    return Response(data, headers=bytes_headers(name))


def attestation(visit: Visit) -> Response:
    """One envelope or bundle as it is kept.

    Raises:
        NotFoundError: it is not evidence about this release.
    """
    text = visit.request.path_params["digest"]
    try:
        digest = Digest.parse(text)
    except AssayError:
        raise NotFoundError("there is no such evidence") from None
    with visit.inst.store.read() as connection:
        _, release = named(visit, connection)
        if not any(row.attestation == digest for row in evidence_rows(connection, release)):
            raise NotFoundError("there is no such evidence", subject=digest.short)
        data = attestations.get(connection, digest).envelope
    return Response(data, headers=bytes_headers(f"{digest.hex[:12]}.intoto.json"))
