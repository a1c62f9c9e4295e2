"""The guided story, played whole: real models, a real server, the unmodified Hub client."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tour_ends_as_expected_and_leaves_nothing_behind(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ASSAY_", "HF_"))},
        "TMPDIR": str(temporary),
        "HOME": str(tmp_path),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "assay", "tour"],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT AS EXPECTED" not in done.stdout
    counted = re.search(r"(\d+) steps, (\d+) as expected, 0 not", done.stdout)
    assert counted is not None
    assert int(counted[1]) == int(counted[2]) >= 20
    assert list(temporary.iterdir()) == []
