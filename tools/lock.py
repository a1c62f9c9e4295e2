"""Compile requirements/*.in into locks with hashes and without index addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
UV = Path(sys.executable).parent / "uv"
FLAGS = (
    "--quiet --universal --python-version 3.11 --generate-hashes "
    "--no-emit-index-url --no-emit-find-links --no-header"
).split()

if __name__ == "__main__":
    # run first: dev is constrained by it.
    for name in ("run", "dev"):
        command = [str(UV), "pip", "compile", *FLAGS, f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run([*command, *sys.argv[1:]], cwd=REQUIREMENTS, check=True)  # noqa: S603
        print(f"requirements/{name}.txt")
