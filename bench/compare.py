"""Assay beside its peers on the project's own corpus; writes the tables of docs/comparison.md."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.comparison.run import main

if __name__ == "__main__":
    sys.exit(main())
