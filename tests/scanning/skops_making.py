"""skops files made by hand: a tree of nodes in JSON, arrays beside it."""

from __future__ import annotations

import json
import struct
from typing import Any

from scanning.container_making import Member, zip_of

Node = dict[str, Any]


def node(module: str, name: str, loader: str, **more: Any) -> Node:
    return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": 1, **more}


def plain(value: object) -> Node:
    return node("builtins", "str", "JsonNode", content=json.dumps(value), is_json=True)


def array(file: str = "a.npy") -> Node:
    return node("numpy", "ndarray", "NdArrayNode", type="numpy", file=file)


def estimator(module: str, name: str, **attributes: Node) -> Node:
    keys = node("builtins", "list", "ListNode", content=[plain(key) for key in attributes])
    state = node("builtins", "dict", "DictNode", key_types=keys, content=attributes)
    return node(module, name, "ObjectNode", content=state)


def npy(dtype: str = "<f8", body: bytes = bytes(32)) -> bytes:
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': (4,), }}".encode()
    head = head.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body


def skops_of(root: Node, *more: Member) -> bytes:
    schema = {**root, "protocol": 2, "_skops_version": "0.13.0"}
    return zip_of(
        [
            Member("a.npy", npy()),
            *more,
            Member("schema.json", json.dumps(schema, indent=2).encode()),
        ]
    )
