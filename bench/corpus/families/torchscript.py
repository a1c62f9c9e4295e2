"""TorchScript archives: code that touches files, and pickles that are not data.

Source: torch/csrc/jit/serialization (code/, constants.pkl, data.pkl), torch/csrc/jit/docs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.families.torch import RUN
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import binaries, safetensors, zips
from bench.corpus.writers import opcodes as op

SCRIPT = Family("torchscript", "torch.jit.load")
HEAD = """class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]
"""
FORWARD = """  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
"""
BODY = "    return torch.relu(x)\n"


def archive(
    source: str, *, constants: bytes | None = None, data: bytes | None = None, **more: bytes
) -> bytes:
    state = op.pack_dict(
        [(op.long_text("training"), b"\x89"), (op.long_text("_is_full_backward_hook"), op.NONE)]
    )
    instance = op.name("__torch__", "Net") + op.EMPTY_TUPLE + b"\x81" + state + b"b"
    files = {
        "data.pkl": data or op.pickle2(instance),
        "code/__torch__.py": source.encode(),
        "code/__torch__.py.debug_pkl": op.pickle2(
            op.pack_tuple([op.long_text("FORMAT_WITH_STRING_TABLE"), op.EMPTY_TUPLE])
        ),
        "constants.pkl": constants or op.pickle2(op.EMPTY_TUPLE),
        "byteorder": b"little",
        "version": b"3\n",
    }
    files |= {name.replace("__", "/"): body for name, body in more.items()}
    files[".data/serialization_id"] = b"0" * 40
    return zips.torch_zip(files, "net")


def hostile_sources() -> dict[tuple[str, str], str]:
    def forward(line: str) -> str:
        end = "    return torch.add(x, y)\n" if line.startswith("y = torch") else BODY
        return HEAD + FORWARD + f"    {line}\n{end}"

    setstate = (
        HEAD
        + FORWARD
        + BODY
        + (
            "  def __getstate__(self: __torch__.Net) -> int:\n    return 1\n"
            "  def __setstate__(self: __torch__.Net,\n    state: int) -> NoneType:\n"
            '    torch.save([state], "corpus-marker")\n    return None\n'
        )
    )
    helper = (
        HEAD + FORWARD + "    return __torch__.helper(x)\n"
        'def helper(x: Tensor) -> Tensor:\n  y = torch.from_file("corpus-marker", True, 4)\n  return y\n'
    )
    return {
        ("file-operator", "save"): forward('torch.save([x], "corpus-marker")'),
        ("file-operator", "from-file-shared"): forward(
            'y = torch.from_file("corpus-marker", True, 16)'
        ),
        ("file-operator", "from-file-read"): forward(
            'y = torch.from_file("/etc/passwd", False, 16, dtype=0)'
        ),
        ("file-operator", "ops-aten-save"): forward('ops.aten.save([x], "corpus-marker")'),
        ("file-operator", "setstate"): setstate,
        ("file-operator", "helper-function"): helper,
        ("file-operator", "in-branch"): forward(
            'if torch.eq(torch.len(x), 1337):\n      torch.save([x], "corpus-marker")\n    else:\n      pass'
        ),
        ("file-operator", "image-write"): forward('ops.image.write_file("/tmp/corpus-marker", x)'),
        ("file-operator", "image-read"): forward('y = ops.image.read_file("/etc/passwd")'),
        ("file-operator", "audio-save"): forward(
            'ops.torchaudio.sox_io_save_audio_file("/tmp/x", x, 1, True, None, None, None, None)'
        ),
        ("foreign-operator", "namespace"): forward("y = ops.evil_ns.run_command(x)"),
    }


def units(rng: random.Random) -> Iterator[Unit]:
    for (technique, variant), source in hostile_sources().items():
        data = (
            op.pickle2(op.name("__torch__", "Net") + b")\x81K\x01b")
            if variant == "setstate"
            else None
        )
        yield SCRIPT.bad(
            technique,
            variant,
            {"model.pt": archive(source, data=data)},
            payload="touches files when run",
            expect="suspicious" if technique == "foreign-operator" else "malicious",
        )
    plain = HEAD + FORWARD + BODY
    evil = op.pickle2(op.pack_tuple([RUN]))
    for variant, body in {
        "constants": archive(plain, constants=evil),
        "data": archive(plain, data=op.pickle2(RUN)),
        "extra": archive(plain, extra__state=op.pickle2(RUN)),
        "attributes": archive(plain, **{"attributes.pkl": op.pickle2(RUN)}),
    }.items():
        yield SCRIPT.bad(
            "pickle-member",
            variant,
            {"model.pt": body},
            loader="torch.load, or a tool that reads the member",
        )
    more = {"extra__payload.bin": binaries.pe(b"x")}
    yield SCRIPT.bad(
        "native-member", "pe", {"model.pt": archive(plain, **more)}, payload="carries code"
    )
    more = {"code____torch____init__.py": b"__import__('subprocess').run(['true'])\n"}
    yield SCRIPT.bad(
        "python-member",
        "subprocess",
        {"model.pt": archive(plain, **more)},
        payload="carries Python",
        expect="suspicious",
    )
    python = {"code__setup.py": b"import os\nos.system('true')\n"}
    yield SCRIPT.bad(
        "python-member",
        "os-system",
        {"model.pt": archive(plain, **python)},
        payload="carries Python",
        expect="suspicious",
    )
    yield SCRIPT.bad(
        "native-member",
        "so",
        {"model.pt": archive(plain, extra__libops=binaries.elf(b"x"))},
        payload="carries code",
    )
    yield from _honest(rng)


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, body: bytes) -> Unit:
        return SCRIPT.good("module", variant, {"model.pt": body})

    lines = {
        "relu": BODY,
        "linear": "    _0 = torch.mul(x, x)\n    return torch.softmax(_0, 0)\n",
        "branch": "    if torch.gt(torch.len(x), 1):\n      y = torch.neg(x)\n    else:\n      y = x\n    return y\n",
        "loop": "    y = x\n    for i in range(3):\n      y = torch.add(y, x)\n    return y\n",
        "print": '    print("save", x)\n    return x\n',
        "raise": '    if torch.eq(torch.dim(x), 9):\n      ops.prim.RaiseException("AssertionError: os.system")\n    else:\n      pass\n    return x\n',
        "dtype": "    return torch.to(x, ops.prim.dtype(x))\n",
        "vision": "    return ops.torchvision.nms(x, x, 0.5)\n",
        "quantised": "    return torch.quantize_per_tensor(x, 0.1, 0, 13)\n",
        "annotate": "    y = annotate(List[Tensor], [])\n    _0 = torch.append(y, x)\n    return torch.cat(y)\n",
        "device": '    return torch.to(x, torch.device("cpu"))\n',
    }
    for variant, body in lines.items():
        yield good(variant, archive(HEAD + FORWARD + body))
    extra = {"extra__model.json": b'{"labels": ["a", "b"]}'}
    yield good("extra-files", archive(HEAD + FORWARD + BODY, **extra))
    yield good("tensors", archive(HEAD + FORWARD + BODY, constants__0=safetensors.floats(rng, 16)))
