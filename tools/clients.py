"""One environment per real client, under .clients: `make clients`. A name as argument makes one."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = {
    "hub-0.36": ["huggingface_hub==0.36.0", "hf_transfer"],
    "hub-1": ["huggingface_hub<2,>=1"],
    "hub-2.4": ["huggingface_hub==2.4.0"],
    "transformers": ["transformers==5.23.0"],
    "model-signing": ["model-signing==1.1.1", "pyopenssl"],
    # What people pickle: the libraries themselves write the files that the scanner must know.
    "libraries": [
        "numpy==2.4.6",
        "scipy==1.17.1",
        "pandas==3.1.1",
        "scikit-learn==1.9.1",
        "joblib==1.6.0",
        "xgboost==3.2.0",
        "lightgbm==4.7.0",
        "dill==0.4.1",
        "cloudpickle==3.1.3",
        "skops==0.16.0",
        "torch==2.13.0",
    ],
}
"""Requirements of each; heavy frameworks are left out where a client's own protocol needs none."""


def main(names: list[str]) -> int:
    """Make the environments that are not there yet."""
    unknown = sorted(set(names) - set(CLIENTS))
    if unknown:
        print(f"no client {unknown[0]}; there are: {', '.join(CLIENTS)}")
        return 2
    for name in names or CLIENTS:
        folder = ROOT / ".clients" / name
        done = folder / ".done"
        if done.exists():
            print(f"{name}: there")
            continue
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *CLIENTS[name]], check=True)  # noqa: S603
        done.touch()
        print(f"{name}: made")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
