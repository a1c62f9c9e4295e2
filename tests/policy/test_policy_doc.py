"""The documentation's table of facts is the code's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current():
    command = [sys.executable, str(ROOT / "tools" / "policy_doc.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0, "run tools/policy_doc.py"
