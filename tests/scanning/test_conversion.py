"""Tensors come out of a pickle as the loader gives them; whatever else is in it is refused.

The files in real_tensors were written by PyTorch 2.13.0; the JSON beside them holds what
`torch.load` gave: type, shape and bytes of each tensor, laid out in order.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from typer.testing import CliRunner

from assay.core.errors import ConflictError, DataError, UnavailableError, UsageError
from assay.core.finding import Verdict
from assay.scanning.conversion.interface import _bounded, convert
from assay.scanning.conversion.layout import pieces
from assay.scanning.conversion.plan import TensorPlan
from assay.scanning.conversion.source import plan
from assay.scanning.conversion.tensor_pickle import NotTensorsError
from assay.scanning.conversion.writing import write
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


def pickled(value: object) -> bytes:
    """The opcodes that push a value."""
    return pickle.dumps(value, 2)[2:-1]


def saved(
    shape: tuple[int, ...] = (4,),
    strides: tuple[int, ...] = (1,),
    *,
    name: str = "w",
    version: int = 2,
    metadata: object = None,
) -> bytes:
    """A file with one tensor over four floats."""
    storage = b"(" + pickled("storage") + b"ctorch\nFloatStorage\n"
    storage += b"".join(map(pickled, ("0", "cpu", 4))) + b"tQ"
    dtype = b"ctorch\nfloat32\n" if version == 3 else b""
    more = b"" if metadata is None else pickled(metadata)
    call = f"ctorch._utils\n_rebuild_tensor_v{version}\n(".encode()
    arguments = storage + pickled(0) + pickled(shape) + pickled(strides) + b"\x89}" + dtype + more
    pkl = b"\x80\x02}" + pickled(name) + call + arguments + b"tRs."
    return zip_of(torch_members(pkl))


def write_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("shape", "strides"),
    [
        ((10**12,), (0,)),
        ((10**12, 2), (0, 0)),
        ((2, 10**12), (0, 0)),
        ((10**30,), (0,)),
        ((1 << 62, 1 << 62), (0, 0)),
        ((0, 1 << 62, 1 << 62), (1, 1, 1)),
        ((10**8,), (0,)),
    ],
)
def test_a_tiny_file_cannot_make_a_huge_one(
    shape: tuple[int, ...], strides: tuple[int, ...], tmp_path: Path
) -> None:
    source = write_file(tmp_path / "tiny.pt", saved(shape, strides))
    with pytest.raises(DataError):
        convert(source)
    assert list(tmp_path.iterdir()) == [source]


def test_the_tensor_that_makes_the_file_too_large_is_named(tmp_path: Path) -> None:
    source = write_file(tmp_path / "tiny.pt", saved((10**8,), (0,), name="layer.\x1b[2Jbig"))
    with pytest.raises(DataError, match="far larger") as refused:
        convert(source)
    assert refused.value.subject == r"layer.\x1b[2Jbig"


def test_a_tensor_scattered_over_too_many_places_is_refused() -> None:
    scattered = TensorPlan("w", "U8", (2,) * 25, (1, 2, 4, 8, 0) * 5, 0, 99)
    with pytest.raises(DataError, match="too many places"):
        _bounded([scattered], 1 << 22)
    repeated = TensorPlan("w", "U8", (2,) * 25, (1,) * 5 + (0,) * 20, 0, 99)
    assert _bounded([repeated], 1 << 22) == [repeated]


def test_an_expanded_tensor_within_bounds_is_laid_out(tmp_path: Path) -> None:
    source = write_file(tmp_path / "a.pt", saved((3, 2, 2), (0, 2, 1)))
    raw = struct.pack("<4f", 1, 2, 3, 4)
    assert written(convert(source).target) == {"w": ["F32", [3, 2, 2], (raw * 3).hex()]}


def test_a_target_that_is_the_source_is_refused_even_with_force(tmp_path: Path) -> None:
    content = saved()
    source = write_file(tmp_path / "model.safetensors", content)
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    for target in (None, source, tmp_path / "link", tmp_path / "hard"):
        for force in (False, True):
            with pytest.raises(UsageError, match="is the file to convert"):
                convert(source, target, force=force)
    assert source.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("metadata", [{"neg": True}, {"conj": True}, ["neg"], 1])
def test_a_tensor_whose_bytes_are_not_its_values_is_refused(version: int, metadata: object) -> None:
    with pytest.raises(NotTensorsError, match="metadata"):
        plan(saved(version=version, metadata=metadata), "")
    assert plan(saved(version=version, metadata={}), "")[0].shape == (4,)
    assert plan(saved(version=version), "")[0].shape == (4,)


@pytest.mark.parametrize(
    "change",
    [lambda path: os.truncate(path, 64), lambda path: os.utime(path, (1, 1))],
    ids=["cut off", "touched"],
)
def test_a_source_that_changes_meanwhile_is_an_error(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    source = write_file(tmp_path / "m.pt", (REAL / "state_dict.pt").read_bytes())
    with pytest.raises(DataError, match="changed while it was read"):
        convert(source, progress=lambda _: change(source))
    assert list(tmp_path.iterdir()) == [source]


def test_a_large_transposed_tensor_takes_bounded_memory(tmp_path: Path) -> None:
    side = 4096
    source = tmp_path / "raw"
    with source.open("wb") as file:
        for row in range(side):
            file.write(struct.pack("<I", row) * side)
    tensor = TensorPlan("w", "F32", (side, side), (1, side), 0, 4 * side * side)
    line = struct.pack(f"<{side}I", *range(side))
    tracemalloc.start()
    with opened(source) as descriptor:
        for piece in pieces(tensor, descriptor):
            assert piece == line * (len(piece) // len(line))
    assert tracemalloc.get_traced_memory()[1] < 256 << 20
    tracemalloc.stop()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=5),
    st.sampled_from(["U8", "I16", "F32", "C64"]),
    st.sampled_from([8, 64, 1 << 20]),
)
def test_elements_come_in_the_order_of_their_indices(
    dimensions: list[tuple[int, int]], dtype: str, block: int
) -> None:
    from assay.scanning.conversion import layout
    from assay.scanning.conversion.plan import ITEM_BYTES

    width = ITEM_BYTES[dtype]
    raw = bytes(i * 7 % 251 for i in range(1 << 12))
    places = [0]
    for length, stride in dimensions:
        places = [place + i * stride for place in places for i in range(length)]
    wanted = b"".join(raw[3 + p * width : 3 + (p + 1) * width] for p in places)
    shape, strides = tuple(d[0] for d in dimensions), tuple(d[1] for d in dimensions)
    tensor = TensorPlan("w", dtype, shape, strides, 3, len(raw)).check(len(raw))
    descriptor = os.memfd_create("raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "_BLOCK", block)
        patch.setattr(layout, "_SMALL", block)
        os.write(descriptor, raw)
        assert b"".join(pieces(tensor, descriptor)) == wanted
    os.close(descriptor)


@pytest.mark.parametrize("name", ["__metadata__", "lone \ud800"])
def test_a_name_safetensors_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    source = write_file(tmp_path / "m.pt", saved(name=name))
    with pytest.raises(DataError) as refused:
        convert(source)
    assert str(refused.value).isprintable()
    assert list(tmp_path.iterdir()) == [source]


def test_a_header_no_reader_takes_is_refused(tmp_path: Path) -> None:
    tensor = TensorPlan("w" * 100_000_001, "U8", (0,), (1,), 0, 0)
    with (tmp_path / "out").open("wb") as file, pytest.raises(DataError, match="header"):
        write([tensor], -1, file, lambda _: None)
    assert (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(("mode", "mask", "given"), [(0o600, 0o022, 0o600), (0o764, 0o027, 0o640)])
def test_what_is_written_is_as_private_as_its_source(
    mode: int, mask: int, given: int, tmp_path: Path
) -> None:
    source = write_file(tmp_path / "m.pt", saved())
    source.chmod(mode)
    before = os.umask(mask)
    try:
        target = convert(source).target
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o7777 == given


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    source = write_file(tmp_path / "m.pt", saved())
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/null")):
        for force in (False, True):
            with pytest.raises(UsageError, match="not a regular file"):
                convert(source, target, force=force)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_as_target_is_followed(there: bool, tmp_path: Path) -> None:
    source = write_file(tmp_path / "m.pt", saved())
    (tmp_path / "far").mkdir()
    far = tmp_path / "far" / "out.safetensors"
    if there:
        far.write_bytes(b"old")
    (tmp_path / "link").symlink_to(far)
    convert(source, tmp_path / "link", force=there)
    assert (tmp_path / "link").is_symlink()
    assert written(far)["w"][1] == [4]
    assert list(far.parent.iterdir()) == [far]


def test_a_path_the_system_refuses_is_a_clear_error(tmp_path: Path) -> None:
    source = write_file(tmp_path / "m.pt", saved())
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("x" * 300, "m.pt/inside", "loop", "nul\0"):
        with pytest.raises(UsageError, match="is not a file"):
            convert(tmp_path / name)
        with pytest.raises((UsageError, UnavailableError)):
            convert(source, tmp_path / name)
    with pytest.raises(UnavailableError):
        convert(source, tmp_path / "none" / "out")
    convert(source, tmp_path / ("y" * 255))


def test_the_command_has_no_traceback_for_a_name_too_long() -> None:
    from assay.cli.main import app

    told = CliRunner().invoke(app, ["convert", "x" * 300])
    assert told.exit_code == 2 or isinstance(told.exception, UsageError)


def test_a_part_with_a_name_too_long_is_refused(tmp_path: Path) -> None:
    source = write_file(tmp_path / "m.pt", saved())
    with pytest.raises(UsageError, match="--select"):
        convert(source, select="x" * 4097)
    with pytest.raises(DataError, match="there is no"):
        convert(source, select="\U0001f600" * 4096)


@pytest.mark.parametrize("keys", [[["0"]], [{}], [0]])
def test_a_storage_key_that_is_no_text_is_refused(keys: list[object]) -> None:
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    parts = (magic, *(pickle.dumps(value, 2) for value in (1001, system, {}, keys)))
    with pytest.raises(NotTensorsError, match="belongs to no tensor"):
        plan(b"".join(parts), "")
