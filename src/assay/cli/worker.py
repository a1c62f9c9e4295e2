"""`assay worker`: runs jobs, writes the log and sweeps."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    while_stdin_open: Annotated[
        bool,
        typer.Option(
            "--while-stdin-open",
            help="End when standard input ends, as it does when the server that started this is gone.",
        ),
    ] = False,
) -> None:
    """Run the worker that takes releases in, judges them, writes the log and looks after bytes.

    `assay serve` starts one by itself unless told `--no-worker`. One worker uses a data folder at
    a time. SIGTERM or Ctrl-C ends it: running steps get half a minute, nothing is lost.

    Examples:

      assay worker

      ASSAY_HOME=/srv/assay assay worker
    """
    import logging
    import threading

    from assay.app import open_installation
    from assay.config import Config
    from assay.web.worker_child import leave_when_stdin_closes
    from assay.workflows.worker import Options, run

    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("assay").setLevel(logging.INFO)
    config, told = Config.load(), threading.Event()
    if while_stdin_open:
        leave_when_stdin_closes(told.set)
    with open_installation(config) as opened:
        run(
            opened.installation,
            jobs_url=config.jobs_database,
            log_signer=opened.log_signer,
            home=config.home,
            options=Options(scan_wall_seconds=config.scan_wall_seconds),
            told=told,
        )
