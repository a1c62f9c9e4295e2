"""Every inclusion and consistency proof of transparency-dev/merkle, good and bad."""

from __future__ import annotations

import base64
import json

import pytest

from assay.core.errors import DataError
from assay.log.tree import verify_consistency, verify_inclusion


def _bytes(text):
    return base64.b64decode(text) if text else b""


def _inclusion(case):
    proof = [_bytes(line) for line in case["proof"] or []]
    verify_inclusion(
        _bytes(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, _bytes(case["root"])
    )


def _consistency(case):
    proof = [_bytes(line) for line in case["proof"] or []]
    roots = _bytes(case["root1"]), _bytes(case["root2"])
    verify_consistency(case["size1"], roots[0], case["size2"], roots[1], proof)


@pytest.mark.parametrize(
    ("kind", "check", "least"),
    [("inclusion", _inclusion, 90), ("consistency", _consistency, 90)],
)
def test_every_vector_is_decided_as_published(vectors, kind, check, least):
    wrong, good, total = [], 0, 0
    for path in sorted((vectors / "merkle/testdata" / kind).rglob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        total += 1
        try:
            check(case)
            refused = False
        except DataError:
            refused = True
        good += not refused
        if refused != case["wantErr"]:
            wrong.append(f"{path.parent.name}/{path.name}: refused={refused}")
    assert wrong == []
    assert total >= least
    assert good >= 5
