"""The real worker on the installation in ASSAY_HOME, to be killed. Run as a program: [zygote].

As a zygote it loads everything once and forks a worker, a process of its own, for each line on
its standard input; it answers with the worker's process id.

Random kills must not look like a step that kills, so deaths are not counted out unless MAX_DEATHS
says so. DEADLY names a file whose scan kills the worker.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import timedelta

from assay.app import open_installation
from assay.config import Config
from assay.core.errors import AssayError
from assay.jobs import WorkerOptions, engine
from assay.scanning import interface as scanning
from assay.workflows import sweep
from assay.workflows.worker import Options, run


def main() -> int:
    logging.basicConfig(level="INFO", stream=sys.stderr, format="%(name)s %(message)s")
    sweep.SILENT = timedelta(seconds=1)
    deadly = os.environ.get("DEADLY")
    real = scanning.scan_files

    def scan_files(files, **options):
        if deadly in {file.path for file in files}:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(files, **options)

    scanning.scan_files = scan_files
    scanning.RULESET = "crash/1"  # so that no worker thinks another's rules old
    config = Config.load()
    jobs = WorkerOptions(
        poll_seconds=0.05,
        lease_seconds=2.0,
        max_deaths=int(os.environ.get("MAX_DEATHS", "10000")),
    )
    try:
        with open_installation(config) as opened:
            run(
                opened.installation,
                jobs_url=config.jobs_database,
                log_signer=opened.log_signer,
                home=config.home,
                options=Options(jobs=jobs, sweep_seconds=0.3, log_seconds=0.1, grace_seconds=10),
            )
    except AssayError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        return error.exit_code
    return 0


def zygote() -> None:
    engine.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed are not waited for
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(main())
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["zygote"]:
        zygote()
    else:
        sys.exit(main())
