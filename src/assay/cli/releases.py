"""What the release commands share: how a release is shown, and the call that moves one."""

from __future__ import annotations

from typing import Any

from assay.cli.terminal import Format, console, print_json
from assay.core.errors import UsageError
from assay.core.names import Reference

MARKS = {"pass": "+", "waived": "~"}


def parse_release(text: str, *, need_revision: bool) -> tuple[str, str]:
    """The model and revision of `ns/name@REV`.

    Raises:
        UsageError: a tree digest, or no revision where one is needed: a release that is
            acted on is named exactly, never "whatever is newest".
    """
    reference = Reference.parse(text)
    if reference.model is None:
        raise UsageError("name the release as namespace/name@REV", subject=text)
    if reference.revision is None and need_revision:
        raise UsageError(
            "needs a revision", subject=text, remedy=f"see: assay list {reference.model}"
        )
    return str(reference.model), reference.revision or "main"


def act(text: str, action: str, body: dict[str, Any], form: Format) -> None:
    """Send one state change and show the release it made."""
    from assay.client import credentials
    from assay.client.session import Session, model_path

    model, revision = parse_release(text, need_revision=True)
    with Session(credentials.current()) as session:
        path = model_path(model, "releases", revision, action)
        release = session.json("POST", path, json=body)
    show(release, form)


def show(release: dict[str, Any], form: Format) -> None:
    """A release in the form asked for."""
    if form is Format.JSON:
        print_json(release)
    else:
        print_release(release)


def print_release(release: dict[str, Any]) -> None:
    """A release for people: what it is, what was found, what was decided and why."""
    out = console()
    out.print(f"[bold]{release['model']}[/bold]@{release['version'][:12]}  {release['state']}")
    if release.get("title"):
        out.print(f"  title    {release['title']}", markup=False)
    out.print(f"  version  {release['version']}")
    out.print(f"  tree     {release['tree']}")
    if release.get("aliases"):
        out.print(f"  aliases  {', '.join(release['aliases'])}")
    if release["intake"].get("error"):
        out.print(f"  intake   {release['intake']['error']}", markup=False)
    if release.get("verdict"):
        _print_scan(release)
    _print_decision(release.get("decision"))
    if release.get("refused"):
        out.print(f"  served   no: {release['refused']}", markup=False)


def _print_scan(release: dict[str, Any]) -> None:
    out = console()
    out.print(f"  scan     {release['verdict']}")
    for finding in release["findings"]:
        line = f"    {finding['severity']:8} {finding['path']}: {finding['title']}"
        out.print(f"{line} ({finding['evidence']})  id {finding['id']}", markup=False)
    for row in release["unread"]:
        out.print(f"    unread   {row['path']}: {row['reason']}", markup=False)


def _print_decision(decision: dict[str, Any] | None) -> None:
    out = console()
    if decision is None:
        out.print("  decision none yet")
        return
    out.print(f"  decision [bold]{decision['outcome']}[/bold], until {decision['not_after']}")
    for reason in decision["reasons"]:
        mark = MARKS.get(reason["result"], "-")
        out.print(f"    {mark} {reason['rule']}: {reason['message']}", markup=False)
        if mark == "-" and reason["remedy"]:
            out.print(f"      to pass: {reason['remedy']}", markup=False)
