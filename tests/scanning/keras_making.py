"""Keras configurations and archives made by hand."""

from __future__ import annotations

import base64
import json
import marshal
from types import CodeType
from typing import Any

from scanning.container_making import Member, zip_of
from scanning.hdf5_making import Array, Group, hdf5_of

Config = dict[str, Any]


def layer(kind: str, module: str | None = "keras.layers", /, **config: Any) -> Config:
    found: Config = {"class_name": kind, "config": {"name": kind.lower(), **config}}
    return found if module is None else {**found, "module": module, "registered_name": None}


def function(module: str, name: str) -> Config:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def model(*layers: Config, **more: Any) -> Config:
    first = layer("InputLayer", batch_shape=[None, 4])
    inside = {"name": "m", "layers": [first, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": inside, **more}


def bytecode(source: str = "lambda x: __import__('os').system('true')") -> str:
    module = compile(source, "<layer>", "eval")
    code = next(c for c in module.co_consts if isinstance(c, CodeType))
    return base64.encodebytes(marshal.dumps(code)).decode()


def stored(source: str = "lambda x: __import__('os').system('true')") -> Config:
    return {"class_name": "__lambda__", "config": {"code": bytecode(source), "defaults": None}}


def archive(config: object, *more: Member) -> bytes:
    raw = config if isinstance(config, bytes) else json.dumps(config).encode()
    return zip_of(
        [
            Member("metadata.json", b'{"keras_version": "3.8.0"}'),
            Member("config.json", raw),
            Member("model.weights.h5", hdf5_of(Group({"layers": Group({"0": Array()})}))),
            *more,
        ]
    )


def h5(config: object, training: object = None) -> bytes:
    attributes: dict[str, object] = {
        "keras_version": "2.15.0",
        "model_config": json.dumps(config),
    }
    if training is not None:
        attributes["training_config"] = json.dumps(training)
    return hdf5_of(Group({"model_weights": Group({"dense": Array()})}, attributes))
