"""`assay admin`: set up, upgrade and audit an installation, on its host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli import (
    admin_audit,
    admin_keys,
    admin_namespace,
    admin_role,
    admin_token,
    admin_user,
)
from assay.cli.admin_host import place_of
from assay.cli.terminal import Format, console, print_json

if TYPE_CHECKING:
    from assay.access.setting_up import Place
    from assay.config import Config

app = typer.Typer(
    help="Set up, upgrade and audit an installation: on its host, no server needed.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _group in (
    admin_user,
    admin_role,
    admin_token,
    admin_namespace,
    admin_audit,
    admin_keys,
):
    app.add_typer(_group.app)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def init(
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Leave an installation that is there as it is.")
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="Address clients will use.", metavar="URL")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Make the data folder, the tables and the server's keys.

    Prints the fingerprint that clients pin, and a link that makes the first administrator: it
    works once, for 30 minutes. Keys are encrypted where ASSAY_KEY_PASSPHRASE_FILE names a file.

    Examples:

      assay admin init

      ASSAY_HOME=/srv/assay assay admin init --url https://assay.example.org
    """
    from assay.access import setting_up
    from assay.config import Config
    from assay.core.clock import SystemClock

    config = Config.load()
    place = place_of(_with_url(config, url))
    if if_missing and place.is_set_up:
        _answer_init(place, setting_up.trust_of(place).fingerprint, None, form)
        return
    fingerprint = setting_up.set_up(place, passphrase=config.passphrase(), now=SystemClock().now())
    _keep_url(config, url)
    _answer_init(place, fingerprint, _first_link(place), form)


@app.command()
def upgrade(form: Form = Format.TABLE) -> None:
    """Bring the tables of the database and of the jobs up to date. Repeating it changes nothing.

    A newer database is refused. Stop the server first; where nothing is to be done it may run.

    Examples:

      assay admin upgrade

      ASSAY_HOME=/srv/assay assay admin upgrade --format json
    """
    from assay.access import setting_up
    from assay.config import Config
    from assay.core.errors import UsageError

    place = place_of(Config.load())
    if not place.is_set_up:
        raise UsageError(
            "there is no installation here",
            subject=str(place.home),
            remedy="run: assay admin init (or set ASSAY_HOME)",
        )
    before, after = setting_up.upgrade(place)
    if form is Format.JSON:
        print_json({"schema": "assay.admin-upgrade/1", "before": before, "after": after})
    elif before == after:
        console().print(f"up to date: {after}", markup=False)
    else:
        console().print(f"upgraded: {before} to {after}", markup=False)


@app.command("first-link")
def first_link() -> None:
    """Print a link that makes the first administrator: once, within 30 minutes.

    Links made before end. Prints nothing where there is an administrator already.

    Examples:

      assay admin first-link

      xdg-open "$(assay admin first-link)"
    """
    from assay.config import Config

    link = _first_link(place_of(Config.load()))
    if link is not None:
        typer.echo(link)


def _first_link(place: Place) -> str | None:
    from assay.access import first, people
    from assay.access.setting_up import opened
    from assay.core.clock import SystemClock

    with opened(place) as store, store.write() as connection:
        if people.has_administrator(connection):
            return None
        secret = first.offer(connection, SystemClock().now())
    return first.link(place.url, secret)


def _answer_init(place: Place, fingerprint: str, link: str | None, form: Format) -> None:
    if form is Format.JSON:
        print_json(
            {
                "schema": "assay.admin-init/1",
                "home": str(place.home),
                "url": place.url,
                "fingerprint": fingerprint,
                "first_link": link,
            }
        )
        return
    out = console()
    out.print(f"Assay is set up in {place.home}", markup=False)
    out.print(f"  address           {place.url}", markup=False)
    out.print(f"  root fingerprint  {fingerprint}", markup=False)
    if link is not None:
        out.print(f"  first administrator, once, within 30 minutes of now:\n{link}", markup=False)


def _with_url(config: Config, url: str | None) -> Config:
    """The configuration with the address of the command line.

    Raises:
        UsageError: not an address, or the configuration has another one.
    """
    from assay.client.credentials import normal_url
    from assay.core.errors import UsageError

    if url is None:
        return config
    wanted = config.with_options(public_url=normal_url(url))
    if wanted.url != config.url and (config.public_url or _file(config).exists()):
        raise UsageError(
            f"the configuration has the address {config.url}",
            subject="--url",
            remedy=f"set public_url in {_file(config)}, or leave --url out",
        )
    return wanted


def _keep_url(config: Config, url: str | None) -> None:
    """Write the address down, for the server to have the same one as its keys."""
    from assay.client.credentials import normal_url

    if url is None or normal_url(url) == config.url:
        return
    handle = os.open(_file(config), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'public_url = "{normal_url(url)}"\n')
        file.flush()
        os.fsync(file.fileno())


def _file(config: Config) -> Path:
    from assay.config import FILE

    return config.home / FILE
