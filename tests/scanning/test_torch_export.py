"""Exported programs, what AOTInductor compiles of them, and packages with Python source."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.scanners.torch_export.expressions import is_guard, is_size
from scanning.container_making import COMMAND, ELF, judge
from scanning.torch_making import archive, export, program, weights

NAME = "model.pt2"
LIBRARY = ELF + b"AOTInductorModelContainerCreate\0"
CUBIN = ELF[:18] + b"\xbe\x00" + ELF[20:]
STORAGE = (
    b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nK\x00X\x03\x00\x00\x00cpuK\x04tQ."
)


def test_an_honest_package_is_clean() -> None:
    judged = judge(export(), NAME)
    assert (judged.family, judged.verdict, judged.unread) == ("torch-export", Verdict.CLEAN, ())
    assert judge(export(), "model.pt").family == "torch-export"


def test_a_program_alone_is_clean() -> None:
    judged = judge(json.dumps(program()).encode(), "program.json")
    assert judged.verdict is Verdict.CLEAN
    evil = program(["torch.hub.load"])
    assert judge(json.dumps(evil).encode(), "program.json").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("files", "rule", "verdict"),
    [
        ({"data/aotinductor/model/a.wrapper.so": LIBRARY}, "torch-export.native-library",
         Verdict.SUSPICIOUS),
        ({"data/aotinductor/model/a.wrapper.so": ELF}, "torch-export.native-library",
         Verdict.MALICIOUS),
        ({"data/aotinductor/model/libx": ELF}, "torch-export.native-library", Verdict.MALICIOUS),
        ({"data/aotinductor/model/a.cubin": CUBIN}, "torch-export.device-code",
         Verdict.SUSPICIOUS),
        ({"extra/libx.so": LIBRARY}, "file.executable", Verdict.MALICIOUS),
        ({"data/weights/weight_0": ELF}, "tensor.executable", Verdict.MALICIOUS),
        ({"data/weights/weight_0": b"\x80\x02" + COMMAND}, "pickle.dangerous-import",
         Verdict.MALICIOUS),
        ({"data/weights/weight_0": archive({"data.pkl": b"\x80\x02" + COMMAND})},
         "pickle.dangerous-import", Verdict.MALICIOUS),
        ({"data/constants/opaque_obj_0": b"\x80\x02" + COMMAND}, "pickle.dangerous-import",
         Verdict.MALICIOUS),
        ({"data/sample_inputs/model.pt": archive({"data.pkl": b"\x80\x02" + COMMAND})},
         "pickle.dangerous-import", Verdict.MALICIOUS),
    ],
)  # fmt: skip
def test_what_a_package_may_not_hold(
    files: Mapping[str, bytes], rule: str, verdict: Verdict
) -> None:
    judged = judge(export(files=files), NAME)
    assert rule in judged.rules
    assert judged.verdict is verdict


def test_companions_of_a_compiled_model_add_nothing() -> None:
    files: dict[str, bytes | str] = {
        "data/aotinductor/model/a.wrapper.cpp": '#include <x>\nint main() { system("ls"); }',
        "data/aotinductor/model/a.wrapper_metadata.json": '{"AOTI_DEVICE_KEY": "cpu"}',
        "data/aotinductor/model/a.weights.bin": bytes(64),
        "extra/notes": "about this model",
        "data/sample_inputs/model.pt": archive(weights()),
        "data/constants/tensor_0": bytes(8),
    }
    assert judge(export(files=files), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("torch.ops.aten.add.Tensor", ""),
        ("torch.ops.higher_order.cond", ""),
        ("_operator.getitem", ""),
        ("math.floor", ""),
        ("torch.sym_max", ""),
        ("torch.ops.quantized_decomposed.quantize_per_tensor.default", ""),
        ("torch.ops.acme.blend.default", "torch-export.operator"),
        ("torch.ops.aten.save.default", "torch-export.reaching-operator"),
        ("torch.ops.aten.from_file.default", "torch-export.reaching-operator"),
        ("torch.hub.load", "torch-export.reaching-operator"),
        ("torch.os.system", "torch-export.reaching-operator"),
        ("_operator.methodcaller", "torch-export.reaching-operator"),
        ("os.system", "torch-export.reaching-operator"),
    ],
)
def test_what_a_node_calls(target: str, rule: str) -> None:
    judged = judge(export(program([target])), NAME)
    assert judged.rules == ({rule} if rule else set())


EVIL = "__import__('os').system('id')"


@pytest.mark.parametrize(
    "text",
    [
        "s0",
        "2*s0 + 1",
        "Symbol('s77', positive=True, integer=True)",
        "Max(Integer(1), TruncToInt(Mul(Float('1.5', precision=53), ToFloat(Symbol('s2')))))",
        "FloorDiv(Add(Symbol('u0', integer=True), Integer(1)), Integer(2))",
        "ceiling(s0/3)",
        "Eq(s0, 4) & (s1 > 2)",
        "-Mod(s0, 4)",
        "True",
    ],
)
def test_sizes_as_the_library_writes_them(text: str) -> None:
    assert is_size(text)
    assert judge(export(program(sizes=[{"expr_str": text}])), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        f"Add(1, {EVIL})",
        "().__class__",
        "s0.__class__",
        "[x for x in (1,)]",
        "(lambda: 1)()",
        "S('1')",
        "Symbol('__import__(1)')",
        'Symbol(f"{1}")',
        "eval('1')",
        "getattr(s0, 'x')",
        "open('/etc/passwd')",
        "s0[0]",
        "x := 1",
        "s0 +",
        "",
        "(" * 5000 + "1" + ")" * 5000,
        "1+" * 40_000 + "1",
    ],
)
def test_sizes_that_are_evaluated_as_python(text: str) -> None:
    """The loader gives them to sympify, which evaluates them."""
    assert not is_size(text)
    judged = judge(export(program(sizes=[{"as_expr": {"expr_str": text}}])), NAME)
    assert judged.rules == {"torch-export.expression"}
    assert judged.verdict is Verdict.MALICIOUS


def test_guards_on_inputs() -> None:
    for text in (
        "L['x'].size()[0] == 4",
        "2 <= L['args'][0].size()[1]",
        "L['x'].stride()[0] == L['x'].size()[1] * 2",
        "Eq(Mod(L['x'].size()[0], 2), 0)",
        "math.ceil(L['x'].size()[0] / 2) > 1",
    ):
        assert is_guard(text), text
    for text in (EVIL, "L['x'].__class__ == 1", "torch.os.system('id')", "exec('1')"):
        assert not is_guard(text), text
        judged = judge(export(program(guards_code=[text])), NAME)
        assert judged.rules == {"torch-export.expression"}


def structure(context: object) -> dict[str, object]:
    spec = [1, {"type": "collections.defaultdict", "context": json.dumps(context)}]
    return program(module_call_graph=[{"signature": {"in_spec": json.dumps(spec)}}])


@pytest.mark.parametrize(
    ("context", "verdict"),
    [
        ({"default_factory_module": "builtins", "default_factory_name": "list"}, Verdict.CLEAN),
        ({"default_factory_module": "os", "default_factory_name": "system"}, Verdict.MALICIOUS),
        ({"default_factory_module": "evil", "default_factory_name": "x"}, Verdict.SUSPICIOUS),
        ({"__enum__": True, "fqn": "evil:Colour", "name": "RED"}, Verdict.SUSPICIOUS),
        ({"__enum__": True, "fqn": "os:system", "name": "RED"}, Verdict.MALICIOUS),
    ],
)
def test_structures_that_import(context: object, verdict: Verdict) -> None:
    assert judge(export(structure(context)), NAME).verdict is verdict


def test_a_weight_that_lies_elsewhere() -> None:
    for path in ("../../x", "/etc/passwd", "a\\b"):
        entry = {"config": {"w": {"path_name": path}}}
        files = {"data/weights/model_weights_config.json": json.dumps(entry)}
        assert "torch-export.path" in judge(export(files=files), NAME).rules


def test_a_program_that_is_no_json_is_unread() -> None:
    assert judge(export(files={"models/model.json": "{"}), NAME).verdict is Verdict.UNKNOWN


@given(st.text(max_size=40))
def test_any_text_is_a_size_or_not(text: str) -> None:
    assert is_size(text) in (True, False)
    assert is_guard(text) in (True, False)


def package(files: Mapping[str, bytes | str]) -> bytes:
    usual: dict[str, bytes | str] = {
        ".data/extern_modules": "torch\ntorch.nn\ncollections\n",
        ".data/version": "6\n",
        ".data/python_version": "3.11.7",
        ".data/0.storage": bytes(16),
        "byteorder": "little",
        "model/model.pkl": STORAGE,
    }
    return archive(usual | dict(files), "package")


PLAIN = (
    "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
)
NET = b"\x80\x02cmine.net\nNet\n)\x81}b."


def test_an_honest_package_with_source_is_clean() -> None:
    data = package({"mine/net.py": PLAIN, "model/net.pkl": NET, "model/info": "words"})
    judged = judge(data, "model.pt")
    assert (judged.family, judged.verdict, judged.findings) == ("torch-package", Verdict.CLEAN, ())


def test_source_in_a_package_runs_when_it_is_loaded() -> None:
    evil = package({"mine/net.py": "import os\nos.system('id')\n"})
    assert judge(evil, "model.pt").verdict is Verdict.MALICIOUS


def test_a_class_the_package_does_not_bring() -> None:
    assert judge(package({"model/net.pkl": NET}), "model.pt").verdict is not Verdict.CLEAN


def test_source_named_as_a_known_module_makes_no_call_harmless() -> None:
    data = package(
        {"os.py": "def system(x):\n    return x\n", "model/x.pkl": b"\x80\x02" + COMMAND}
    )
    judged = judge(data, "model.pt")
    assert {"torch-package.shadows", "pickle.dangerous-import"} <= judged.rules


def test_a_pickle_in_a_package_that_runs() -> None:
    evil = pickle.dumps("x")[:-1] + COMMAND
    assert judge(package({"model/x.pkl": evil}), "model.pt").verdict is Verdict.MALICIOUS


def test_a_program_among_the_storages() -> None:
    assert judge(package({".data/0.storage": ELF}), "model.pt").verdict is Verdict.MALICIOUS
