"""Kills writers of one log at random moments: `crash_sequencer.py URL FOLDER KILLS SEED OUT`.

Each writer is forked from here, so that its start costs nothing. What was published at each
death goes to OUT, one JSON line each.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from assay.log.files import read_note
from assay.log.sequencer import Sequencer
from assay.store.engine import open_store
from assay.store.tables import log_queue
from log_making import SIGNER, put_entries


def write(url: str, folder: Path, seed: int, ready: int) -> None:
    """Let entries wait and log them, until killed; says when it begins."""
    choice = random.Random(seed)
    store = open_store(url)
    with store.read() as connection:
        count = len(connection.execute(log_queue.select()).all())
    sequencer = Sequencer(store, folder, SIGNER, batch=97)
    while True:
        more = choice.randrange(1, 120)
        put_entries(store, count, count + more)
        count += more
        if ready >= 0:
            os.write(ready, b".")
            ready = -1
        sequencer.run_once()


def main(url: str, folder: Path, kills: int, seed: int, out: Path) -> None:
    choice = random.Random(seed)
    with out.open("w", encoding="utf-8") as seen:
        for number in range(kills):
            begun, ready = os.pipe()
            child = os.fork()
            if child == 0:
                write(url, folder, seed + number, ready)
            os.close(ready)
            os.read(begun, 1)
            os.close(begun)
            before, until = read_note(folder), time.monotonic() + 20
            while number % 3 == 2 and read_note(folder) == before and time.monotonic() < until:
                time.sleep(0.005)  # a third die after they have published, on any machine
            time.sleep(choice.uniform(0, 0.2))
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            note = read_note(folder)
            line = {"signal": os.WTERMSIG(status), "note": note and note.decode()}
            seen.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
