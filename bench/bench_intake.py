"""Intakes per second on SQLite, worker and all, against a bare scan and signature.

A small model (a safetensors file and its configuration) is pushed many times over under different
digests, then a worker takes them in: rows, sandboxed scan, signed evidence, decision, durable
steps. The floor is the same scan of the same bytes and one signature, with nothing kept.
"""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from measure import row

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from assay.app import Opened, open_installation
from assay.core.digest import Digest
from assay.jobs import WorkerOptions
from assay.releases.statements import about, scan_statement
from assay.scanning.interface import InputFile, scan_files
from assay.signing.dsse import sign_envelope
from assay.store.tables import intake
from assay.workflows import worker
from assay.workflows.intake import submit
from releases.house import House
from served import config_for, make_installation

MODELS = 60
BARE = 20
MOST_TIMES_BARE = 2.5


def files(number: int) -> dict[str, bytes]:
    """A model of 64 KiB."""
    name = f"weight-{number}"
    size = 64 * 1024
    header = json.dumps({name: {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    body = struct.pack("<Q", len(header)) + header.encode() + bytes(size)
    return {"model.safetensors": body, "config.json": b"{}"}


def opener(data: bytes):
    """Gives a descriptor of bytes in memory."""

    def opened() -> int:
        descriptor = os.memfd_create("model")
        with io.FileIO(descriptor, "w", closefd=False) as file:
            file.write(data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    return opened


def bare(opened: Opened) -> float:
    """Scans and signatures per second, one after another."""
    before = time.perf_counter()
    for number in range(BARE):
        given = [InputFile(name, len(data), opener(data)) for name, data in files(number).items()]
        found = scan_files(given)
        tree = Digest.of(b"%d" % number)
        statement = scan_statement(
            about(str(tree), tree),
            ruleset=found.ruleset,
            verdict=found.verdict.value,
            findings=[],
            unread=[],
            at=datetime.now(UTC),
        )
        sign_envelope(statement, opened.installation.signers.decision)
    return BARE / (time.perf_counter() - before)


def done(opened: Opened) -> int:
    """Intakes that are over."""
    with opened.installation.store.read() as connection:
        query = sa.select(sa.func.count()).select_from(intake).where(intake.c.state == "done")
        return int(connection.execute(query).scalar_one())


def intakes(opened: Opened, concurrency: int) -> float:
    """Intakes per second, jobs queued beforehand."""
    told = threading.Event()
    options = worker.Options(jobs=WorkerOptions(concurrency=concurrency, poll_seconds=0.05))
    working = threading.Thread(
        target=worker.run,
        args=(opened.installation,),
        kwargs={
            "jobs_url": opened.config.jobs_database,
            "log_signer": opened.log_signer,
            "home": opened.config.home,
            "options": options,
            "told": told,
        },
    )
    working.start()
    while done(opened) == 0:
        time.sleep(0.005)
    before, first = time.perf_counter(), done(opened)
    while done(opened) < MODELS:
        time.sleep(0.01)
    rate = (MODELS - first) / (time.perf_counter() - before)
    told.set()
    working.join()
    return rate


def pushed(opened: Opened) -> float:
    """Pushes per second: manifest, bytes, commit, job."""
    house = House.build(opened.installation)
    before = time.perf_counter()
    for number in range(MODELS):
        submit(opened.queue, house.push(files(number)).intake)
    return MODELS / (time.perf_counter() - before)


def main() -> int:
    floor, worst = 0.0, 0.0
    for concurrency in (1, 4):
        with tempfile.TemporaryDirectory() as name:
            config = config_for(Path(name) / "home")
            make_installation(config)
            with open_installation(config) as opened:
                floor = floor or bare(opened)
                push = pushed(opened)
                rate = intakes(opened, concurrency)
        ratio = floor / rate
        worst = max(worst, ratio)
        row(
            f"intakes, {concurrency} at once",
            f"{rate:.1f}/s, {ratio:.2f} x bare scan and sign",
            f"{MOST_TIMES_BARE} x",
            holds=ratio <= MOST_TIMES_BARE,
        )
    row("bare scan and sign", f"{floor:.1f}/s", "-")
    row("pushes (function level)", f"{push:.1f}/s", "-")
    return int(worst > MOST_TIMES_BARE)


if __name__ == "__main__":
    sys.exit(main())
