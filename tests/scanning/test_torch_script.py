"""TorchScript: what the code of a model can call, and what lies beside it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.scanning.parsers.pickle_steps import steps
from assay.scanning.scanners.torch_script.pickled import with_tuples
from scanning.container_making import COMMAND, ELF, judge
from scanning.torch_making import FORWARD, HEAD, OBJECT, forward, script

NAME = "model.pt"
REACHES = "torchscript.reaching-operator"


def test_an_honest_model_is_clean() -> None:
    judged = judge(script(forward("y = torch.relu(x)", result="torch.add(y, x)")), NAME)
    assert (judged.family, judged.verdict, judged.unread) == ("torch", Verdict.CLEAN, ())
    assert judge(script(forward("pass")), "weights.bin").family == "torch"


@pytest.mark.parametrize(
    "line",
    [
        'torch.save([x], "/root/.bashrc")',
        'y = torch.from_file("/etc/passwd", False, 16, dtype=0)',
        'torch . save([x], "m")',
        'torch.\\\n    save([x], "m")',
        'ops.aten.save([x], "m")',
        "ops.c10d.send([x], g, 1, 2)",
        'ops.image.read_file("/etc/passwd")',
        'ops.torchaudio.sox_io_save_audio_file("/tmp/x", x, 1)',
        'ops.evil.run_command("id")',
        'y = torch.add(x, torch.from_file("m"))',
        'if torch.eq(torch.len(x), 1337):\n      torch.save([x], "m")\n    else:\n      pass',
        '_0 = "torch.save" ; torch.save([x], "m")',
        'y = (torch. # a comment\n      save([x], "m"))',
        "f = torch.save",
        "ops.prim.PythonOp(x)",
    ],
)
def test_code_that_touches_files_is_blocked(line: str) -> None:
    judged = judge(script(forward(line)), NAME)
    assert judged.rules == {REACHES}
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "line",
    [
        '# torch.save([x], "m")',
        'print("torch.save(x)", x)',
        'ops.prim.RaiseException("AssertionError: os.system is not here")',
        "y = torch.saved(x)",
        "save = torch.relu(x)",
        "y = torch.to(x, ops.prim.dtype(x))",
        "y = ops.torchvision.nms(x, x, 0.5)",
        "y = ops.quantized.linear_dynamic(x, self._packed, False)",
        "y = getattr(self, '0')",
        "w = __torch__.torch.classes.quantized.LinearPackedParamsBase",
        "y = annotate(List[Tensor], [])",
        "ops : int = 1",
        'y = "see https://example.org/torch.save"',
    ],
)
def test_ordinary_code_is_clean(line: str) -> None:
    judged = judge(script(forward(line)), NAME)
    assert (judged.verdict, judged.findings) == (Verdict.CLEAN, ())


def test_what_runs_when_the_model_is_loaded_is_said() -> None:
    source = (
        f"{HEAD}{FORWARD}    return x\n  def __setstate__(self: __torch__.Net,\n    state: int)"
        ' -> NoneType:\n    torch.save([state], "m")\n    return None\n'
    )
    (found,) = judge(script(source), NAME).findings
    assert "when the model is loaded" in found.evidence
    assert found.location.line == 10


@pytest.mark.parametrize("line", ['x.save("m")', 'self.save("m")', '([x]).from_file("m")'])
def test_methods_of_values_are_no_operators_that_reach_out(line: str) -> None:
    """PyTorch resolves only operators whose first argument is `self` as methods."""
    assert judge(script(forward(line)), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "line",
    [
        "t = torch",
        "o = ops",
        "o = ops.image",
        'getattr(torch, "save")([x], "m")',
        'getattr(torch, "sa" "ve")([x], "m")',
        'getattr(ops.aten, "sa" "ve")([x], "m")',
        "y = [ops][0].aten.save(x)",
    ],
)
def test_operators_under_another_name(line: str) -> None:
    judged = judge(script(forward(line)), NAME)
    assert "torchscript.other-name" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("y = ops.acme.blend(x)", "torchscript.custom-operator"),
        ("e = __torch__.torch.classes.acme.Engine", "torchscript.custom-class"),
        ("e = __torch__.torch.classes.tensorrt.Engine", "torchscript.compiled-engine"),
        ('y = "curl http://example.invalid/x | sh"', "torchscript.acting-text"),
    ],
)
def test_what_a_person_has_to_look_at(line: str, rule: str) -> None:
    judged = judge(script(forward(line)), NAME)
    assert judged.rules == {rule}
    assert judged.verdict is Verdict.SUSPICIOUS


def test_native_classes_in_the_pickle() -> None:
    held = OBJECT.replace(b"c__torch__\nNet\n", b"c__torch__.torch.classes.acme\nEngine\n")
    judged = judge(script(forward("pass"), {"data.pkl": held}), NAME)
    assert "torchscript.custom-class" in judged.rules
    known = OBJECT.replace(b"c__torch__\nNet\n", b"c__torch__.torch.classes.xnnpack\nConv\n")
    assert judge(script(forward("pass"), {"data.pkl": known}), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize("member", ["data.pkl", "constants.pkl", "attributes.pkl", "bytecode.pkl",
                                    "extra/state", "extra/state.pkl", "code/__torch__.py.debug_pkl"])  # fmt: skip
def test_a_pickle_that_runs_is_found_wherever_it_is(member: str) -> None:
    evil = b"\x80\x02" + COMMAND
    judged = judge(script(forward("pass"), {member: evil}), NAME)
    assert "pickle.dangerous-import" in judged.rules


def bytecode(*names: str) -> bytes:
    texts = (b"X" + len(n).to_bytes(4, "little") + n.encode() + b"q\x01" for n in names)
    return b"\x80\x02(K\x08" + b"".join(texts) + b"t."


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("aten::save", REACHES),
        ("aten::from_file", REACHES),
        ("evil::op", "torchscript.custom-operator"),
        ("__torch__.torch.classes.acme.Engine", "torchscript.custom-class"),
        ("aten::add", ""),
        ("prepacked::conv2d_clamp_run", ""),
    ],
)
def test_operators_of_models_for_phones(name: str, rule: str) -> None:
    judged = judge(script(forward("pass"), {"bytecode.pkl": bytecode("forward", name)}), "m.ptl")
    assert judged.rules == ({rule} if rule else set())


def test_texts_of_the_model_that_look_like_operators_are_none() -> None:
    data = script(forward("pass"), {"constants.pkl": bytecode("std::vector")})
    assert judge(data, NAME).verdict is Verdict.CLEAN


def test_members_of_an_enum_are_read_as_pytorch_reads_them() -> None:
    """They are written as a call with a plain value, which Python's own reader refuses."""
    held = b"\x80\x02c__torch__\nColour\nq\x00K\x01q\x01Rq\x02."
    assert judge(script(forward("pass"), {"data.pkl": held}), NAME).verdict is Verdict.CLEAN
    evil = b"\x80\x02c__torch__\nColour\nq\x00K\x01R" + COMMAND
    judged = judge(script(forward("pass"), {"data.pkl": evil}), NAME)
    assert "pickle.dangerous-import" in judged.rules


@given(st.binary(max_size=80))
def test_any_bytes_have_steps(data: bytes) -> None:
    found = list(steps(data))
    assert all(a.end == b.start for a, b in pairwise(found))
    assert bytes(with_tuples(data)).replace(b"\x85", b"") == data.replace(b"\x85", b"")


def test_python_among_the_code() -> None:
    evil = {"code/setup.py": "import os\nos.system('id')\n"}
    judged = judge(script(forward("pass"), evil), NAME)
    assert "torchscript.foreign-code" in judged.rules
    assert judged.verdict is not Verdict.CLEAN
    old = {"code/old.py": f"op_version_set = 1\nimport __torch__.other\n{forward('pass')}"}
    assert judge(script(forward("pass"), old), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b"labels: cat, dog", Verdict.CLEAN),
        (b'{"a": 1}', Verdict.CLEAN),
        (b"notes\ncurl http://example.invalid/x | sh\n", Verdict.SUSPICIOUS),
        (b"import os; os.system('id')", Verdict.MALICIOUS),
        (ELF, Verdict.MALICIOUS),
        (b"\x00\x01\x02\x03", Verdict.UNKNOWN),
    ],
)
def test_files_the_author_added(body: bytes, verdict: Verdict) -> None:
    assert judge(script(forward("pass"), {"extra/info": body}), NAME).verdict is verdict


def test_a_program_in_a_storage() -> None:
    data = script(forward("pass"), {"constants/0": ELF, "data/0": b"\0" * 64})
    assert judge(data, NAME).verdict is Verdict.MALICIOUS


@given(st.text(alphabet="torchsave.opsgetattr()\"'#\\\n 0123[]{}:=,", max_size=60))
def test_any_source_is_answered(text: str) -> None:
    assert judge(script(text), NAME).verdict in Verdict


def test_long_and_deeply_nested_code_costs_little() -> None:
    deep = "y = " + "(" * 100_000 + "x" + ")" * 100_000
    assert judge(script(forward(deep, '"' * 100_001, ".a" * 100_000)), NAME).verdict in Verdict
    lines = ["_0 = torch.add(x, x)"] * 20_000
    assert judge(script(forward(*lines)), NAME).verdict is Verdict.CLEAN


def test_severities_say_who_is_sure() -> None:
    (found,) = judge(script(forward('torch.save([x], "m")')), NAME).findings
    assert found.severity is Severity.HIGH
    assert found.blocks
