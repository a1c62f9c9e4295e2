"""`assay serve`: run the server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.config import Config
from assay.core.errors import UsageError

if TYPE_CHECKING:
    from assay.web.listening import Tls

ROLE = "server"
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with


def command(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.", metavar="ADDRESS")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="TCP port to listen on.")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Start no worker; run `assay worker` apart.")
    ] = False,
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", help="Certificate chain, PEM.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key, PEM.")] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            "--behind-proxy",
            help="Networks a proxy that ends TLS connects from; it is believed about clients.",
            metavar="CIDR[,CIDR]",
        ),
    ] = None,
) -> None:
    """Run the server until it is interrupted or told to end (exit code 0).

    On SQLite it starts one worker beside it, and ends it with itself. Where other machines can
    reach the address, it needs a certificate or a proxy that ends TLS, since tokens must not
    cross a network in the clear.

    Examples:

      assay serve

      assay serve --host 10.1.2.3 --port 8443 --tls-certificate chain.pem --tls-key key.pem
    """
    from assay.web.listening import Tls

    config = Config.load().with_options(host=host, port=port, behind_proxy=behind_proxy)
    serve(config, tls=Tls.of(tls_certificate, tls_key), worker=config.embedded and not no_worker)


def serve(config: Config, *, tls: Tls | None, worker: bool) -> None:
    """Serve one installation until SIGINT or SIGTERM; call in the main thread.

    Raises:
        UsageError: it would be exposed, is not set up, another server uses the folder, or the
            address is taken.
        UnavailableError: the database does not answer.
    """
    from assay.app import build_app, open_installation
    from assay.store.locks import RoleLock
    from assay.web.listening import check_exposure, listen, proxies
    from assay.web.server import run, set_up_logging

    check_exposure(config, tls)
    if config.host in _EVERY_ADDRESS and not config.public_url:
        raise UsageError(
            f"{config.host} is no address clients could use",
            subject="public_url",
            remedy="set ASSAY_PUBLIC_URL to the address they use",
        )
    if tls is not None and not config.public_url:
        config = config.with_options(public_url=f"https://{config.host}:{config.port}")
    with ExitStack() as stack:
        opened = stack.enter_context(open_installation(config))
        stack.enter_context(RoleLock(config.home, ROLE))
        listener = stack.enter_context(listen(config))
        set_up_logging()
        app = build_app(opened)
        if worker:
            stack.enter_context(_worker(config))
        run(app, listener, tls=tls, proxies=proxies(config), ready=lambda: _say(config))


@contextmanager
def _worker(config: Config) -> Iterator[None]:
    """The worker beside the server, for as long as the server runs."""
    from assay.web.worker_child import WorkerChild

    child = WorkerChild({**os.environ, **_environment(config)})
    child.start()
    try:
        yield
    finally:
        child.stop()


def _environment(config: Config) -> dict[str, str]:
    """What the worker must see as the server does, whatever was said on the command line."""
    return {
        "ASSAY_HOME": str(config.home),
        "ASSAY_HOST": config.host,
        "ASSAY_PORT": str(config.port),
        "ASSAY_PUBLIC_URL": config.public_url,
        "ASSAY_BEHIND_PROXY": config.behind_proxy,
    }


def _say(config: Config) -> None:
    sys.stderr.write(f"assay: serving {config.home} at {config.url}\n")
    sys.stderr.flush()
