"""PyTorch's archives of every kind, written member by member."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from scanning.container_making import Member, state_dict_pickle, zip_of

HEAD = """class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
"""
FORWARD = """  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
"""
OBJECT = b"\x80\x02c__torch__\nNet\nq\x00)\x81q\x01}q\x02X\x08\x00\x00\x00trainingq\x03\x89sb."
NOTHING = b"\x80\x02)."


def archive(files: Mapping[str, bytes | str], root: str = "net") -> bytes:
    """A zip archive with everything below one folder."""
    members = [
        Member(f"{root}/{name}", body.encode() if isinstance(body, str) else body)
        for name, body in files.items()
    ]
    return zip_of(members)


def script(source: str, files: Mapping[str, bytes | str] | None = None) -> bytes:
    """A TorchScript model with one file of code."""
    usual: dict[str, bytes | str] = {
        "data.pkl": OBJECT,
        "code/__torch__.py": source,
        "constants.pkl": NOTHING,
        "version": "3\n",
        "byteorder": "little",
        ".data/serialization_id": "1" * 40,
    }
    return archive(usual | dict(files or {}))


def forward(*lines: str, result: str = "x") -> str:
    """Code whose forward has these lines."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"{HEAD}{FORWARD}{body}    return {result}\n"


def weights() -> dict[str, bytes | str]:
    """What `torch.save` writes for one tensor."""
    return {"data.pkl": state_dict_pickle(), "data/0": bytes(16), "version": "3\n"}


def program(
    targets: Sequence[str] = ("torch.ops.aten.relu.default",), **more: object
) -> dict[str, object]:
    """An exported program."""
    nodes = [{"target": target, "inputs": [], "outputs": []} for target in targets]
    graph = {"nodes": nodes, "tensor_values": {}}
    return {
        "graph_module": {"graph": graph, "module_call_graph": []},
        "opset_version": {"aten": 10},
        "range_constraints": {},
        "schema_version": {"major": 8, "minor": 20},
        "guards_code": [],
        **more,
    }


def export(
    document: Mapping[str, object] | None = None, files: Mapping[str, bytes | str] | None = None
) -> bytes:
    """A `.pt2` package."""
    entry = {"path_name": "weight_0", "is_param": True, "use_pickle": False}
    usual: dict[str, bytes | str] = {
        "archive_format": "pt2",
        "archive_version": "0",
        "models/model.json": json.dumps(document or program()),
        "data/weights/weight_0": bytes(16),
        "data/weights/model_weights_config.json": json.dumps({"config": {"w": entry}}),
        "data/constants/model_constants_config.json": '{"config": {}}',
        "byteorder": "little",
        ".data/serialization_id": "1" * 40,
    }
    return archive(usual | dict(files or {}), "model")
