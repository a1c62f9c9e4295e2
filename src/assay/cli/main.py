"""The `assay` command: a table of lazily imported commands.

`assay --help` reads the table alone, so it imports neither the server nor a scanner.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

PANELS = {
    "Evidence": {
        "scan": "Find hidden code and broken containers in model files.",
        "convert": "Convert a pickle of tensors to safetensors without loading it.",
        "digest": "Print the tree digest of a folder or the digest of a file.",
        "sign": "Sign a model (OpenSSF Model Signing v1.0).",
        "verify": "Check a model against its signature or its evidence.",
        "keys": "Make and inspect signing keys.",
        "intel": "Make, check and show intelligence feeds.",
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
        """Run; an interrupt, or a reader that went away, ends in exit code 130."""
        from assay.cli.errors import INTERRUPTED_EXIT, drop_output

        try:
            answer = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except KeyboardInterrupt:
            typer.echo("assay: interrupted", err=True)
            raise typer.Exit(INTERRUPTED_EXIT) from None
        except BrokenPipeError:
            drop_output()
            raise typer.Exit(INTERRUPTED_EXIT) from None
        return answer


def _load(name: str) -> Any:
    module = import_module(f"assay.cli.{_MODULE.get(name, name)}")
    group: typer.Typer | None = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(rich_markup_mode="rich", add_completion=False)
        group.command(name)(module.command)
    command = typer.main.get_command(group)
    command.name = name
    _prepare(command)
    return command


def _prepare(command: Any) -> None:
    """Reflow the help, and have empty paths refused, in a command and those within it."""
    _reflow(command)
    _refuse_empty_paths(command)
    for inner in getattr(command, "commands", {}).values():
        _prepare(inner)


def _refuse_empty_paths(command: Any) -> None:
    """An empty path is a variable that was not set, never the present folder."""
    if command.callback is None:
        return
    kinds = get_type_hints(command.callback)
    for parameter in command.params:
        kind = kinds.get(parameter.name)
        if kind is Path or Path in get_args(kind):
            _refuse_empty(parameter)


def _refuse_empty(parameter: Any) -> None:
    consume = parameter.consume_value

    def consumed(*given: Any, **named: Any) -> Any:
        value, source = consume(*given, **named)
        if value == "" or (isinstance(value, (list, tuple)) and "" in value):
            from assay.core.errors import UsageError

            option = next((name for name in parameter.opts if name.startswith("-")), None)
            raise UsageError("is empty", subject=option or parameter.metavar or parameter.name)
        return value, source

    parameter.consume_value = consumed


def _reflow(command: Any) -> None:
    """Join the source's line breaks within each paragraph of help, so that it fits any terminal."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(p.split()) for p in paragraphs)


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
