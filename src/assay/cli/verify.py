"""`assay verify`: check a model against its signature, or against its evidence."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.terminal import Format, byte_progress, print_json

if TYPE_CHECKING:
    from assay.core.errors import AssayError


def command(
    path: Annotated[Path, typer.Argument(help="The model's folder or file.", metavar="PATH")],
    signature: Annotated[
        Path | None,
        typer.Option(
            "--signature", help="The signature; PATH/model.sig or PATH.sig.", metavar="FILE"
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="The signer's public key, PEM.", metavar="FILE")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", help="Certificates the signer's must lead to, PEM.", metavar="FILE"),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(
            "--identity", help="E-mail, URI or DNS name the certificate must be for.", metavar="ID"
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Apply a gate's rules: nothing unsigned, and more.")
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", help="A path that may be there unsigned. May be repeated.", metavar="PATH"
        ),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option("--evidence", help="An exported evidence bundle.", metavar="FILE"),
    ] = None,
    trust_root: Annotated[
        Path | None,
        typer.Option("--trust-root", help="The server's trust.json.", metavar="FILE"),
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", help="Of the server's root key.", metavar="HEX"),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            help="The release the evidence must be about: namespace/name@VERSION.",
            metavar="RELEASE",
        ),
    ] = None,
    allow_expired: Annotated[
        bool, typer.Option("--allow-expired", help="Accept a decision whose time has passed.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Check that a model is what was signed, or what a server judged and allowed.

    Says which file differs and how: changed, missing, extra. --strict adds a gate's rules:
    nothing unsigned that a loader could read, a canonical statement, and for certificates
    the expected identity. Exit code 0: all of it holds. 1: it does not. 3: something could not
    be read.

    Examples:

      assay verify ./my-model --signature ./my-model/model.sig --key release.key.pub --strict

      assay verify ./my-model --evidence evidence.json --trust-root trust.json
    """
    from assay.core.errors import UsageError

    if evidence is None:
        if trust_root or fingerprint or release or allow_expired:
            options = {
                "--release": release,
                "--trust-root": trust_root,
                "--fingerprint": fingerprint,
                "--allow-expired": allow_expired,
            }
            named = next(name for name, given in options.items() if given)
            raise UsageError("goes with --evidence", subject=named)
        _by_signature(path, signature, key, ca, identity, strict, tuple(ignore or ()), form)
        return
    if signature or key or ca or identity or strict or ignore:
        raise UsageError("ask for one thing at a time", remedy="either --signature or --evidence")
    _by_evidence(path, evidence, trust_root, fingerprint, release, allow_expired, form)


def _by_signature(
    path: Path,
    signature: Path | None,
    key: Path | None,
    ca: Path | None,
    identity: str | None,
    strict: bool,
    ignore: tuple[str, ...],
    form: Format,
) -> None:
    from assay.core.errors import DataError, UnavailableError
    from assay.core.listing import shown
    from assay.signing.interface import verify

    gc.disable()  # looking for cycles costs more than all else, and there are none to speak of
    try:
        with ExitStack() as stack:
            found = verify(
                path,
                signature=signature,
                key=key,
                ca=ca,
                identity=identity,
                strict=strict,
                ignore=ignore,
                begin=lambda total: stack.enter_context(byte_progress("verifying", total)),
            )
    except (DataError, UnavailableError) as error:
        if form is Format.JSON:
            print_json(_refusal(path, error))
        raise
    if form is Format.JSON:
        print_json(found.to_json())
        return
    for name in found.unsigned:
        typer.echo(f"not covered by the signature: {shown(name)}")
    who = ", ".join(found.by.identities) or f"key {found.by.key.key_id[:16]}"
    strictly = ", strictly" if found.strict else ""
    typer.echo(f"verified{strictly}: {found.files} files, {found.size:,} bytes, signed by {who}")


def _refusal(path: Path, error: AssayError) -> dict[str, object]:
    from assay.core.listing import shown
    from assay.signing.compare import ModelDiffersError

    document: dict[str, object] = {
        "schema": "assay.verify/1",
        "verified": False,
        "path": shown(str(path)),
        "error": {"code": error.code, "subject": error.subject, "message": error.message},
    }
    if isinstance(error, ModelDiffersError):
        document["differences"] = error.differences.to_json()
    return document


def _by_evidence(
    path: Path,
    evidence: Path,
    trust_root: Path | None,
    fingerprint: str | None,
    release: str | None,
    allow_expired: bool,
    form: Format,
) -> None:
    from assay.core.clock import SystemClock, rfc3339
    from assay.core.companions import read_small
    from assay.core.errors import DataError, UnavailableError
    from assay.core.listing import shown
    from assay.evidence.bundle import MAX_BYTES
    from assay.evidence.verify import verify_evidence
    from assay.signing.trust import MAX_TRUST_BYTES

    data = read_small(evidence, MAX_BYTES)
    trust = None
    if trust_root is not None:
        trust = read_small(trust_root, MAX_TRUST_BYTES)
    elif fingerprint is None:
        trust = _pinned(data)
    now = SystemClock().now()
    try:
        report = verify_evidence(
            data, folder=path, trust=trust, fingerprint=fingerprint, now=now, release=release
        )
    except (DataError, UnavailableError) as error:
        if form is Format.JSON:
            print_json(_refusal(path, error))
        raise
    expired = report.decision_expired and not allow_expired
    if form is Format.JSON:
        print_json({**report.to_json(), "path": shown(str(path)), "verified": not expired})
    decision = report.decision
    until = rfc3339(decision.not_after)
    if expired:
        raise DataError(
            f"the decision could be relied on until {until}",
            subject=report.release,
            remedy="export fresh evidence, or accept the old with --allow-expired",
        )
    if form is Format.TABLE:
        typer.echo(f"{report.release}: {len(report.items)} statements by {report.url}, all logged")
        typer.echo(f"decision: {decision.outcome} by policy {decision.policy}, until {until}")
        typer.echo(f"verified: {report.files} files are the judged tree {report.tree}")


def _pinned(evidence: bytes) -> bytes:
    """The trust root this user pinned (assay trust add) for the server that made the evidence."""
    from assay.access import pinning
    from assay.client.credentials import config_folder
    from assay.core.errors import UsageError
    from assay.evidence.bundle import EvidenceBundle
    from assay.signing.trust import TrustRoot

    named = TrustRoot.parse(EvidenceBundle.parse(evidence).trust, fingerprint=None)
    for pinned in pinning.listed(config_folder() / "trust"):
        if pinned.root.fingerprint == named.fingerprint:
            return pinned.root.document
    raise UsageError(
        "whom to trust was not said, and no pinned server made this evidence",
        subject="--trust-root",
        remedy="give the server's trust.json, its --fingerprint, or pin it: assay trust add",
    )
