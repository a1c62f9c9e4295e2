"""A folder is judged as a whole: configuration that names code, and what that code does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from assay.core.finding import Verdict
from assay.scanning.interface import InputFile, Unit, scan, scan_files
from assay.scanning.notes import CodeDeed, CodeFile, CodeReference, from_json

CONFIG = json.dumps({"auto_map": {"AutoModel": "modeling_x.XModel"}, "model_type": "x"})
HONEST_MODEL = (
    "import torch\nfrom transformers import PreTrainedModel\nfrom .layers import Block\n"
    "class XModel(PreTrainedModel):\n    def forward(self, x):\n        return Block()(x)\n"
)
HONEST_LAYERS = (
    "import torch\nclass Block(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
)


def unit_of(folder: Path, files: Mapping[str, str]) -> Unit:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (unit,) = scan(folder).units
    return unit


def rules_of(unit: Unit) -> set[str]:
    return {finding.rule for finding in unit.findings}


def test_honest_code_of_its_own_is_told_of_and_clean(tmp_path: Path) -> None:
    unit = unit_of(
        tmp_path,
        {"config.json": CONFIG, "modeling_x.py": HONEST_MODEL, "layers.py": HONEST_LAYERS},
    )
    assert unit.verdict is Verdict.CLEAN
    assert rules_of(unit) == {"repo.code-read"}
    assert "2 files read" in unit.findings[0].evidence


def test_a_chain_through_imports_is_one_finding_that_names_it(tmp_path: Path) -> None:
    unit = unit_of(
        tmp_path,
        {
            "config.json": CONFIG,
            "modeling_x.py": HONEST_MODEL,
            "layers.py": HONEST_LAYERS + "from .deep import go\n",
            "deep.py": "import os\n\nos.system('touch x')\n",
        },
    )
    assert unit.verdict is Verdict.MALICIOUS
    (chain,) = [f for f in unit.findings if f.rule == "repo.remote-code-chain"]
    assert chain.path == "config.json"
    assert chain.evidence.startswith(
        "config.json auto_map.AutoModel -> modeling_x.py:XModel -> layers.py -> deep.py:3 os.system"
    )


def test_a_function_counts_where_the_chain_calls_it(tmp_path: Path) -> None:
    helper = "import os\ndef setup_all():\n    os.system('touch x')\n"
    model = "from .helper import setup_all\nsetup_all()\nclass XModel: pass\n"
    called = unit_of(
        tmp_path / "called",
        {"config.json": CONFIG, "modeling_x.py": model, "helper.py": helper},
    )
    assert called.verdict is Verdict.MALICIOUS
    left = unit_of(
        tmp_path / "left",
        {
            "config.json": CONFIG,
            "modeling_x.py": model.replace("\nsetup_all()", ""),
            "helper.py": helper,
        },
    )
    assert left.verdict is Verdict.SUSPICIOUS


def test_code_that_is_not_there_is_unread(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, {"config.json": CONFIG, "README.md": "# x\n"})
    assert unit.verdict is Verdict.UNKNOWN
    assert "modeling_x.py is not in the folder" in unit.unread[0].reason


def test_a_configuration_alone_is_unread(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(CONFIG)
    (unit,) = scan(path).units
    assert unit.verdict is Verdict.UNKNOWN
    assert unit.unread[0].path == ""


def test_each_file_alone_is_as_before(tmp_path: Path) -> None:
    unit_of(tmp_path, {"config.json": CONFIG, "modeling_x.py": HONEST_LAYERS})
    units = {Path(unit.path).name: unit for unit in scan(tmp_path, each=True).units}
    assert units["config.json"].verdict is Verdict.UNKNOWN
    assert units["modeling_x.py"].verdict is Verdict.CLEAN


def test_code_elsewhere_is_for_a_person_to_look_at(tmp_path: Path) -> None:
    config = json.dumps({"auto_map": {"AutoModel": "org/repo--modeling_x.XModel"}})
    assert unit_of(tmp_path, {"config.json": config}).verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize(
    "files",
    [
        {
            "config.json": '{"custom_pipelines": {"x": {"impl": "pipe.P"}}}',
            "pipe.py": "import os\nclass P:\n    def __call__(self):\n        os.system('x')\n",
        },
        {
            "generation_config.json": '{"custom_generate": "."}',
            "custom_generate/generate.py": "import os\ndef generate(model):\n    os.system('x')\n",
        },
        {
            "modules.json": '[{"idx": 0, "type": "custom_st.Transformer", "path": ""}]',
            "custom_st.py": "import os\nclass Transformer:\n    def load(self):\n"
            "        os.system('x')\n",
        },
        {
            "MLmodel": "flavors:\n  python_function:\n    loader_module: own.loader\n"
            "    code: code\nmlflow_version: 2.9.0\n",
            "code/own/__init__.py": "",
            "code/own/loader.py": "import os\ndef _load_pyfunc(path):\n    os.system('x')\n",
        },
        {
            "MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n"
            "    model_code_path: model.py\nmlflow_version: 2.9.0\n",
            "model.py": "import os\nos.system('x')\n",
        },
        {
            "train.yaml": "model:\n  _target_: nets.unet.Net\n",
            "nets/unet.py": "import os\nclass Net:\n    def __init__(self):\n        os.system('x')\n",
        },
        {
            "model_index.json": '{"_class_name": ["pipeline", "P"], "unet": ["own_unet", "Net"]}',
            "pipeline.py": "class P: pass\n",
            "unet/own_unet.py": "import os\nos.system('x')\nclass Net: pass\n",
        },
        {
            "config.json": CONFIG,
            "modeling_x/__init__.py": "from .core import XModel\n",
            "modeling_x/core.py": "import os\nos.system('x')\nclass XModel: pass\n",
        },
        {
            "config.json": CONFIG,
            "modeling_x.py": "import helper\nhelper.go()\nclass XModel: pass\n",
            "helper.py": "import os\ndef go():\n    os.system('x')\n",
        },
    ],
    ids=[
        "pipeline",
        "generate",
        "sentence module",
        "mlflow loader",
        "mlflow code",
        "hydra",
        "diffusers",
        "package",
        "plain import",
    ],
)  # fmt: skip
def test_every_way_to_name_code_is_followed(files: Mapping[str, str], tmp_path: Path) -> None:
    unit = unit_of(tmp_path, files)
    assert "repo.remote-code-chain" in rules_of(unit), unit.findings
    assert unit.verdict is Verdict.MALICIOUS


def test_names_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    config = json.dumps({"auto_map": {"AutoModel": "...modeling_x.XModel"}})
    unit = unit_of(tmp_path / "a", {"config.json": config})
    assert unit.verdict is not Verdict.MALICIOUS


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    unit = unit_of(
        tmp_path,
        {
            "config.json": CONFIG,
            "modeling_x.py": "from . import a\nfrom . import modeling_x\nclass XModel: pass\n",
            "a.py": "from . import b\nfrom .modeling_x import XModel\n",
            "b.py": "from . import a\n",
        },
    )
    assert unit.verdict is Verdict.CLEAN


def test_code_that_was_not_read_to_its_end_leaves_the_model_unknown(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, {"config.json": CONFIG, "modeling_x.py": "print 'x'\n"})
    assert unit.verdict is Verdict.UNKNOWN
    assert any("was not read to its end" in item.reason for item in unit.unread)


def test_files_somebody_keeps_are_put_together_as_well(tmp_path: Path) -> None:
    texts = {"config.json": CONFIG, "modeling_x.py": "import os\nos.system('x')\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    given = [
        InputFile(name, len(text), partial(os.open, tmp_path / name, os.O_RDONLY))
        for name, text in texts.items()
    ]
    found = scan_files(given)
    assert "repo.remote-code-chain" in {finding.rule for finding in found.findings}


def test_notes_survive_the_way_out_of_the_sandbox() -> None:
    reference = CodeReference("a/config.json", "auto_map.X", "m.X", "m.py", True, 3)
    deed = CodeDeed("code.shell", 4, "os.system('x')", "high", "import", "f")
    code = CodeFile("a/m.py", ("os", ".b"), (".b.go",), (deed,), False)
    for note in (reference, code):
        assert from_json(json.loads(json.dumps(note.to_json()))) == note


@pytest.mark.parametrize("row", [[], ["x"], ["names", 1], ["code", "a", 1, 2, 3, 4], None])
def test_what_is_no_note_is_refused(row: object) -> None:
    with pytest.raises((ValueError, TypeError, IndexError)):
        from_json(row)  # type: ignore[arg-type]
