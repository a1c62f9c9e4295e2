"""`assay policy`: check, test, explain and replay policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.terminal import Format, console, print_json

if TYPE_CHECKING:
    from assay.policy.bundle import Policy
    from assay.policy.facts import Facts

app = typer.Typer(
    help="Check, test, explain and replay policies.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

PolicyFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A policy in TOML."),
]
FactFiles = Annotated[
    list[Path],
    typer.Option(
        "--facts",
        exists=True,
        dir_okay=False,
        help="Facts records: a JSON document, or JSON lines. May be repeated.",
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def check(file: PolicyFile, form: Form = Format.TABLE) -> None:
    """Check that a policy can be used: names, fields, words, types, messages.

    Exits 0 if it can, and 1 with the place of the first mistake if it cannot.

    Examples:

      assay policy check policy.toml

      assay policy check policy.toml --format json
    """
    policy = _load(file)
    if form is Format.JSON:
        print_json({"schema": "assay.policy-check/1", **_about(policy)})
        return
    console().print(
        f"{file}: {policy.name} {policy.version}, {len(policy.rules)} rules, "
        f"{len(policy.tests)} tests\n{policy.digest}",
        markup=False,
    )


@app.command("test")
def run_tests(file: PolicyFile, form: Form = Format.TABLE) -> None:
    """Run the tests a policy carries.

    Exits 0 if all pass, 1 if one does not or if there are none.

    Examples:

      assay policy test policy.toml

      assay policy test policy.toml --format json
    """
    from assay.policy import selftest

    policy = _load(file)
    results = selftest.run_tests(policy)
    passed = bool(results) and all(result.passed for result in results)
    if form is Format.JSON:
        rows = [{"name": r.name, "passed": r.passed, "detail": r.detail} for r in results]
        print_json({"schema": "assay.policy-test/1", **_about(policy), "results": rows})
    else:
        for result in results:
            console().print(f"{'pass' if result.passed else 'FAIL'}  {result.name}", markup=False)
            if result.detail:
                console().print(f"      {result.detail}", markup=False)
        if not results:
            console().print("the policy carries no tests")
    _exit(yes=passed)


@app.command()
def explain(
    file: PolicyFile,
    facts: FactFiles,
    form: Form = Format.TABLE,
) -> None:
    """Judge facts by a policy and say why.

    Exits 0 if everything is allowed, else 1. A facts record is a JSON document of the schema
    assay.facts/1; what it may hold is in docs/policy.md.

    Examples:

      assay policy explain policy.toml --facts facts.json

      assay policy explain policy.toml --facts history.jsonl --format json
    """
    from assay.policy.engine import explain as in_words
    from assay.policy.engine import judge

    policy = _load(file)
    rows = [(record, judge(policy, record)) for record in _records(facts)]
    if form is Format.JSON:
        answers = [
            {
                "tree": record.values["tree"],
                "model": record.values["model"],
                "facts": str(record.digest),
                "outcome": judged.outcome.value,
                "reasons": [reason.to_json() for reason in judged.reasons],
            }
            for record, judged in rows
        ]
        print_json({"schema": "assay.policy-explain/1", **_about(policy), "answers": answers})
    else:
        for record, judged in rows:
            title = f"{record.values['model']}  {record.values['tree']}"
            console().print(f"{title}\n{in_words(judged)}", markup=False)
    _exit(yes=all(judged.outcome == "allow" for _, judged in rows))


@app.command()
def diff(
    before: PolicyFile,
    after: PolicyFile,
    facts: Annotated[
        list[Path] | None,
        typer.Option("--facts", exists=True, dir_okay=False, help="Facts to judge by both."),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Compare two policies: their rules and, over facts, their answers.

    Exits 0 if they do not differ, else 1.

    Examples:

      assay policy diff policy.toml candidate.toml

      assay policy diff policy.toml candidate.toml --facts history.jsonl
    """
    from assay.policy.replay import compare
    from assay.policy.replay import replay as judged_by_both

    old, new = _load(before), _load(after)
    rules = compare(old, new)
    changes = judged_by_both(new, _records(facts or []), active=old)
    if form is Format.JSON:
        document = {"rules": [rule.to_json() for rule in rules], **changes.to_json()}
        print_json({"schema": "assay.policy-diff/1", **document})
    else:
        for rule in rules:
            fields = f": {', '.join(rule.fields)}" if rule.fields else ""
            console().print(f"rule {rule.rule} {rule.kind}{fields}", markup=False)
        if facts:
            _print_changes(changes.to_json())
        elif not rules:
            console().print("the policies do not differ")
    _exit(yes=not rules and not changes.changes)


@app.command()
def replay(
    file: PolicyFile,
    facts: FactFiles,
    active: Annotated[
        Path | None,
        typer.Option(
            "--active", exists=True, dir_okay=False, help="The policy in force; else the built-in."
        ),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Judge stored facts by a candidate policy and list what it would change.

    Exits 0 if every answer stays as it is, else 1.

    Examples:

      assay policy replay candidate.toml --facts history.jsonl

      assay policy replay candidate.toml --active policy.toml --facts history.jsonl --format json
    """
    from assay.policy.bundle import default_policy
    from assay.policy.replay import replay as judged_by_both

    candidate = _load(file)
    in_force = _load(active) if active else default_policy()
    found = judged_by_both(candidate, _records(facts), active=in_force).to_json()
    if form is Format.JSON:
        print_json({"schema": "assay.policy-replay/1", **_about(candidate), **found})
    else:
        _print_changes(found)
    _exit(yes=not found["changes"])


@app.command()
def show(form: Form = Format.TABLE) -> None:
    """Print the built-in policy, to start one's own from.

    Examples:

      assay policy show > policy.toml

      assay policy show --format json
    """
    from assay.policy.bundle import default_policy

    policy = default_policy()
    if form is Format.JSON:
        document = {**policy.to_json(), "digest": str(policy.digest)}
        print_json({"schema": "assay.policy/1", **document})
    else:
        typer.echo(policy.source, nl=False)


def _load(path: Path) -> Policy:
    from assay.policy.bundle import load_policy

    return load_policy(path)


def _records(paths: list[Path]) -> list[Facts]:
    from assay.policy.records import read_records

    return [record for path in paths for record in read_records(path)]


def _about(policy: Policy) -> dict[str, Any]:
    return {
        "policy": {
            "name": policy.name,
            "version": policy.version,
            "digest": str(policy.digest),
            "rules": len(policy.rules),
            "tests": len(policy.tests),
        }
    }


def _print_changes(found: dict[str, Any]) -> None:
    for row in found["changes"]:
        line = f"{row['before']} -> {row['after']}  {row['model']}  {row['tree']}"
        console().print(f"{line}  {', '.join(row['rules'])}", markup=False)
    console().print(
        f"{found['records']} records, {len(found['changes'])} answered differently: "
        f"{found['newly_allowed']} newly allowed, {found['newly_denied']} newly denied"
    )


def _exit(*, yes: bool) -> None:
    if not yes:
        raise typer.Exit(1)
