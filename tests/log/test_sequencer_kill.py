"""kill -9 at random moments: nothing promised is lost, and no size ever has two roots."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assay.log.checkpoint import verify_checkpoint
from assay.log.read import LogFolder
from assay.log.sequencer import Sequencer
from assay.log.tree import leaf_hash, root_of
from assay.store.tables import log_checkpoint
from log_making import SIGNER, rows_agree
from store_world import address

HERE = Path(__file__).parent
KILLS = {"sqlite": 20, "postgresql": 6}


@pytest.mark.parametrize("seed", [20261124])
def test_killed_writers_leave_one_log(store, tmp_path, seed):
    folder, out = tmp_path / "log", tmp_path / "seen.jsonl"
    kills = KILLS["sqlite" if store.embedded else "postgresql"]
    arguments = [address(store), str(folder), str(kills), str(seed), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        [sys.executable, str(HERE / "crash_sequencer.py"), *arguments],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    deaths = [json.loads(line) for line in out.read_text().splitlines()]
    assert [death["signal"] for death in deaths] == [signal.SIGKILL] * kills, done.stderr
    with Sequencer(store, folder, SIGNER) as sequencer:
        while sequencer.run_once():
            pass
    state = rows_agree(store, folder)
    assert state.size > kills  # they did get something done

    leaves = [leaf_hash(data) for data in LogFolder(folder).entries(state.size)]
    published = [
        verify_checkpoint(death["note"].encode(), SIGNER.vkey) for death in deaths if death["note"]
    ]
    sizes = [checkpoint.size for checkpoint in published]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1  # some died after others had published
    with store.read() as connection:
        claimed = connection.execute(log_checkpoint.select()).all()
    signed = {checkpoint.size: checkpoint.root for checkpoint in published}
    for row in claimed:
        signed.setdefault(row.size, row.root.raw)
        assert signed[row.size] == row.root.raw
    roots = {size: root_of(leaves[:size]) for size in signed}
    assert signed == roots
