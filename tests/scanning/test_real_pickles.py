"""What real libraries write is clean: small files kept here, and all they can write where they are.

`real_objects/` holds the objects and the script that writes them; `make clients` makes the
environment with the libraries.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from assay.core.finding import Verdict, verdict_of
from assay.scanning.pickle import PersistentIdRule, scan_pickle

HERE = Path(__file__).resolve().parent
KEPT = HERE / "real_pickles"
WRITE = HERE / "real_objects" / "write.py"
LIBRARIES = HERE.parent.parent / ".clients" / "libraries"
SAMPLES = sorted(path for path in KEPT.iterdir() if path.suffix != ".json")

CARRY_CODE = (
    *("code-", "scipy-mode.", "scipy-special.", "scipy-frozen-multinomial.", "scipy-fit."),
    *("scipy-bootstrap.", "scipy-permutation.", "pandas-methods.", "other-umap."),
)
"""Objects that hold functions of a program's own, or of a library's that have no name.

By dill and cloudpickle such a file carries code, and by pickle and joblib names of `__main__`:
both are for a person, and never malicious.
"""


def verdict(data: bytes, form: str) -> Verdict:
    torch = form in ("torchpkl", "torch-legacy")
    ids = PersistentIdRule.TORCH if torch else PersistentIdRule.UNKNOWN
    found = scan_pickle(data, path="f", persistent_ids=ids)
    return verdict_of(found.findings, found.unread)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_kept_file_of_a_real_library_is_clean(path):
    form = path.name.removesuffix(path.suffix).rpartition(".")[2]
    found = verdict(path.read_bytes(), form)
    if path.name.startswith(CARRY_CODE):
        assert found in (Verdict.CLEAN, Verdict.SUSPICIOUS)
    else:
        assert found is Verdict.CLEAN


def test_the_kept_files_are_small_and_say_where_they_are_from():
    provenance = json.loads((KEPT / "provenance.json").read_text())
    assert len(SAMPLES) > 100
    assert {path.suffix.removeprefix(".") for path in SAMPLES} <= {"12", "13", *provenance}
    assert all(path.stat().st_size < 4096 for path in SAMPLES)
    assert sum(path.stat().st_size for path in KEPT.iterdir()) < 200 * 1024


if (LIBRARIES / ".done").exists():

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", "plain numpy pandas scipy sklearn boosting torch code".split())
    def test_what_a_real_library_writes_is_clean(kind, tmp_path):
        python = LIBRARIES / "bin" / "python"
        subprocess.run([python, WRITE, tmp_path, kind], check=True, capture_output=True)
        files = sorted((tmp_path / kind).iterdir())
        assert len(files) > 100
        wrong = []
        for path in files:
            form = path.suffix.removeprefix(".")
            if form != "torch":  # the scanner of archives reads that one
                found = verdict(path.read_bytes(), form)
                allowed = [Verdict.CLEAN]
                if f"{kind}-{path.name}".startswith(CARRY_CODE):
                    allowed.append(Verdict.SUSPICIOUS)
                if found not in allowed:
                    wrong.append((path.name, found.value))
        assert wrong == []
