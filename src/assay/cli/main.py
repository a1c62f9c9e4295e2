"""The `assay` command: a table of lazily imported commands.

`assay --help` reads the table alone, so it imports neither the server nor a scanner.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

PANELS = {
    "Evidence": {
        "scan": "Find hidden code and broken containers in model files.",
        "digest": "Print the tree digest of a folder or the digest of a file.",
        "sign": "Sign a model (OpenSSF Model Signing v1.0).",
        "verify": "Check a model against its signature or its evidence.",
        "keys": "Make and inspect signing keys.",
    },
    "Policy and log": {
        "policy": "Check, test, explain and replay policies.",
        "evidence": "Export and show the evidence of a release.",
        "log": "Verify the transparency log and prove inclusion.",
    },
    "Releases": {
        "login": "Store a server's address and token for this user.",
        "trust": "Pin a server's trust root, or show it.",
        "push": "Upload a model folder as a new release.",
        "pull": "Download a release and verify it.",
        "list": "List models, or the releases of one.",
        "show": "Show a release: state, evidence, findings, decision.",
        "approve": "Approve a release (not one's own).",
        "reject": "Reject a release.",
        "hold": "Stop serving a release for now.",
        "resume": "Serve a held release again.",
        "promote": "Point an alias such as production at an approved release.",
        "deprecate": "Mark a release as superseded; it is still served.",
        "revoke": "Withdraw a release for good.",
    },
    "Service": {
        "serve": "Run the server.",
        "worker": "Run the worker that takes releases in.",
        "admin": "Set up, upgrade and audit an installation.",
        "doctor": "Check an installation and say what to mend.",
        "tour": "The guided story on real files.",
    },
}
"""Commands by help panel, each with its one-line help: all that `--help` needs to know."""

_SUMMARY = {name: text for panel in PANELS.values() for name, text in panel.items()}
_PANEL = {name: title for title, panel in PANELS.items() for name in panel}
_MODULE = {"list": "listing"}
"""Commands whose module cannot have their name."""


class LazyGroup(TyperGroup):
    """Looks commands up in the table and imports a command's module when it is run."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All names, in the table's order."""
        del ctx
        return list(_SUMMARY)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """The loaded command, or a stand-in that can only be described."""
        del ctx
        if cmd_name in self.commands or cmd_name not in _SUMMARY:
            return self.commands.get(cmd_name)
        return TyperCommand(cmd_name, help=_SUMMARY[cmd_name], rich_help_panel=_PANEL[cmd_name])

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """Import the module of the command that was named."""
        if args and args[0] in _SUMMARY:
            self.commands[args[0]] = _load(args[0])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run, with an interrupt ending in exit code 130."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from None


def _load(name: str) -> Any:
    module = import_module(f"assay.cli.{_MODULE.get(name, name)}")
    group: typer.Typer | None = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(rich_markup_mode="rich", add_completion=False)
        group.command(name)(module.command)
    command = typer.main.get_command(group)
    command.name = name
    _reflow(command)
    return command


def _reflow(command: Any) -> None:
    """Join the source's line breaks within each paragraph of help, so that it fits any terminal."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(p.split()) for p in paragraphs)
    for inner in getattr(command, "commands", {}).values():
        _reflow(inner)


def _print_version(value: bool) -> None:
    if value:
        from assay import __version__

        typer.echo(f"assay {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    name="assay",
    help="Assay secures the machine-learning model supply chain.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    del version


def run() -> NoReturn:
    """Run the command and exit with a documented code; never with a traceback."""
    from assay.cli.errors import guarded

    guarded(app)
