"""Tensors come out of a pickle as the loader gives them; whatever else is in it is refused.

The files in real_tensors were written by PyTorch 2.13.0; the JSON beside them holds what
`torch.load` gave: type, shape and bytes of each tensor, laid out in order.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from typer.testing import CliRunner

from assay.core.errors import ConflictError, DataError, UsageError
from assay.core.finding import Verdict
from assay.scanning.conversion.interface import convert
from assay.scanning.conversion.plan import TensorPlan
from assay.scanning.conversion.source import plan
from assay.scanning.conversion.tensor_pickle import NotTensorsError
from assay.scanning.interface import scan
from scanning.container_making import torch_members, zip_of

REAL = Path(__file__).parent / "real_tensors"
NAMES = {
    "uint8": "U8",
    "int8": "I8",
    "bool": "BOOL",
    "float16": "F16",
    "bfloat16": "BF16",
    "int16": "I16",
    "uint16": "U16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "int64": "I64",
    "uint64": "U64",
    "float64": "F64",
    "complex64": "C64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}
WHOLE = ["state_dict", "strided", "nested", "parameters"]


def written(path: Path) -> dict[str, list[object]]:
    """Type, shape and bytes of each tensor in a safetensors file, read by its layout."""
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__")
    body = raw[8 + length :]
    return {
        name: [row["dtype"], row["shape"], body[slice(*row["data_offsets"])].hex()]
        for name, row in header.items()
    }


def loaded(name: str, below: str = "") -> dict[str, list[object]]:
    """What PyTorch gave."""
    rows = json.loads((REAL / f"{name}.json").read_text())
    return {
        key.removeprefix(below): [NAMES[dtype], shape, data]
        for key, (dtype, shape, data) in rows.items()
        if key.startswith(below)
    }


@pytest.mark.parametrize("ending", [".pt", ".legacy.pt"])
@pytest.mark.parametrize("name", WHOLE)
def test_tensors_are_those_the_loader_gives(name: str, ending: str, tmp_path: Path) -> None:
    done = convert(REAL / f"{name}{ending}", tmp_path / "out.safetensors")
    assert written(done.target) == loaded(name)
    assert done.tensors == len(loaded(name))
    assert done.size == done.target.stat().st_size


def test_every_type_of_element_keeps_its_bytes(tmp_path: Path) -> None:
    done = convert(REAL / "dtypes.pt", tmp_path / "out.safetensors")
    assert written(done.target) == loaded("dtypes")


@pytest.mark.parametrize("ending", [".pt", ".legacy.pt"])
def test_a_part_of_a_checkpoint_can_be_selected(ending: str, tmp_path: Path) -> None:
    done = convert(REAL / f"checkpoint{ending}", tmp_path / "o.safetensors", select="state_dict")
    assert written(done.target) == loaded("checkpoint", "state_dict.")


def test_what_is_written_opens_with_the_library_and_scans_clean(tmp_path: Path) -> None:
    done = convert(REAL / "strided.pt", tmp_path / "out.safetensors")
    with safe_open(done.target, "np") as opened:
        assert sorted(opened.keys()) == sorted(loaded("strided"))
        assert opened.get_tensor("scalar").item() == 7
    assert scan(done.target).units[0].verdict is Verdict.CLEAN
    assert scan(done.target).units[0].digest == done.digest


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("checkpoint.pt", "epoch is no tensor but a int; --select state_dict"),
        ("module.pt", "makes an object of a class"),
        ("module.legacy.pt", "a module's class and source"),
        ("optimiser.pt", "param_groups is no tensor but a list"),
    ],
)
def test_what_is_no_tensor_is_refused_and_nothing_written(
    name: str, word: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=word):
        convert(REAL / name, tmp_path / "out.safetensors")
    assert not list(tmp_path.iterdir())


EVIL = b"\x80\x02}X\x01\x00\x00\x00acposix\nsystem\nX\x04\x00\x00\x00true\x85Rs."


def test_a_call_of_anything_else_is_refused() -> None:
    members = torch_members()
    evil = [m if not m.name.endswith("data.pkl") else type(m)(m.name, EVIL) for m in members]
    with pytest.raises(NotTensorsError, match=r"it calls posix\.system"):
        plan(zip_of(evil), "")


def test_a_tensor_past_its_storage_is_refused() -> None:
    with pytest.raises(DataError, match="past the end"):
        TensorPlan("a", "F32", (4,), (1,), 0, 12).check(100)
    with pytest.raises(DataError, match="past the end"):
        TensorPlan("a", "F32", (2, 2), (1 << 62, 1), 0, 16).check(16)
    assert TensorPlan("a", "F32", (0, 9), (1, 1), 0, 0).check(0).size == 0


def test_an_existing_target_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    target = tmp_path / "out.safetensors"
    target.write_bytes(b"mine")
    with pytest.raises(ConflictError):
        convert(REAL / "nested.pt", target)
    assert target.read_bytes() == b"mine"
    convert(REAL / "nested.pt", target, force=True)
    assert written(target) == loaded("nested")


def test_wrong_input_has_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        convert(tmp_path / "none.pt")
    (tmp_path / "empty.pt").touch()
    with pytest.raises(DataError, match="is empty"):
        convert(tmp_path / "empty.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(DataError, match=r"not a file torch\.save wrote"):
        convert(tmp_path / "text.pt")


def test_the_command_prints_one_document(tmp_path: Path) -> None:
    from assay.cli.main import app

    target = tmp_path / "o.safetensors"
    arguments = ["convert", str(REAL / "nested.pt"), "--out", str(target), "--format", "json"]
    told = CliRunner().invoke(app, arguments)
    document = json.loads(told.stdout)
    assert document["schema"] == "assay.convert/1"
    assert document["tensors"] == len(loaded("nested"))
    assert document["target"] == str(target)


@given(st.data())
def test_any_mutation_is_planned_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["nested.pt", "nested.legacy.pt", "strided.legacy.pt"]))
    raw = bytearray((REAL / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(raw)))
    for content in (bytes(raw), bytes(raw[:cut])):
        try:
            found = plan(content, "")
        except NotTensorsError:
            continue
        for tensor in found:
            try:
                tensor.check(len(content))
            except DataError:
                continue
