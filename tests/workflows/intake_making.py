"""Model files with a known verdict, and the steps of an intake run one by one."""

from __future__ import annotations

import json
import struct

from assay.jobs import StepCall
from assay.workflows.intake import ARGUMENT, intake_workflow


def tensors(text: str = "w") -> bytes:
    """A safetensors file; the name of its tensor makes it differ from others."""
    header = json.dumps({text: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + b"\0" * 8


def clean(text: str = "w") -> dict[str, bytes]:
    return {"model.safetensors": tensors(text), "config.json": b"{}"}


MALICIOUS = {"model.pkl": b"cos\nsystem\n(S'id'\ntR."}
UNREADABLE = {"model.xyz": bytes(range(256)) * 4}


def call(intake_id: str, attempt: int = 1, *, stopping: bool = False) -> StepCall:
    return StepCall(intake_id, {ARGUMENT: intake_id}, {}, attempt, lambda: stopping)


def run_intake(inst, intake_id: str, *, until: str = "decide") -> dict[str, object]:
    """Run the steps in order up to one; their results by name."""
    results: dict[str, object] = {}
    for step in intake_workflow(inst).steps:
        results[step.name] = step.run(call(intake_id))
        if step.name == until:
            break
    return results


def take_in(house, files=None, **options):
    """Push and take in; the release as it is afterwards."""
    made = house.push(files or clean(), **options)
    run_intake(house.inst, made.intake.id)
    return made.release
