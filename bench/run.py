"""Every benchmark, one after another, each in a process of its own. `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    """Run `bench_NAME.py` for each name, or all; 1 if one could not be run."""
    folder = Path(__file__).resolve().parent
    failed = 0
    for path in sorted(folder.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if names and name not in names:
            continue
        print(f"\n== {name}", flush=True)
        failed += (
            subprocess.run([sys.executable, str(path)], cwd=folder, check=False).returncode != 0
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
