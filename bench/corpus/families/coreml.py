"""Core ML models: custom layers, links and packages.

Source of field numbers: apple/coremltools, mlmodel/format/Model.proto, NeuralNetwork.proto.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Expect, Family, Link, Unit
from bench.corpus.writers import binaries, safetensors
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.protobuf import field, message

COREML = Family("coreml", "Core ML, coremltools")
NAME = "Model.mlmodel"
MULTI_ARRAY = field(5, message((1, field(1, 4)[2:]), (2, 65568)))


def feature(name: str) -> bytes:
    return message((1, name), (3, MULTI_ARRAY))


def description(**user: str) -> bytes:
    meta = message((1, "classifier"), (2, "1.0"), (3, "an author"), (4, "MIT"))
    meta += b"".join(field(100, message((1, k), (2, v))) for k, v in user.items())
    return field(1, feature("x")) + field(10, feature("y")) + field(100, meta)


def inner_product(rng: random.Random, name: str = "fc") -> bytes:
    weights = field(1, safetensors.floats(rng, 16))
    body = message((1, 4), (2, 4), (10, 0), (20, weights))
    return message((1, name), (2, "x"), (3, "y"), (140, body))


def custom(class_name: str, **parameters: str) -> bytes:
    body = field(10, class_name)
    for key, text in parameters.items():
        body += field(30, message((1, key), (2, field(20, text))))
    return message((1, "custom"), (2, "x"), (3, "y"), (500, body + field(40, "does a thing")))


def network(*layers: bytes) -> bytes:
    return b"".join(field(1, layer) for layer in layers)


def model(kind: int, body: bytes, **user: str) -> bytes:
    """`kind` 500 network, 403 classifier, 555 custom, 556 linked, 202 pipeline, 502 program."""
    return field(1, 4) + field(2, description(**user)) + field(kind, body)


def manifest(path: str) -> dict[str, object]:
    item = {
        "author": "com.apple.CoreML",
        "description": "CoreML Model Specification",
        "name": "model.mlmodel",
        "path": path,
    }
    return {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {"A1": item},
        "rootModelIdentifier": "A1",
    }


def units(rng: random.Random) -> Iterator[Unit]:
    layer = inner_product(rng)

    def bad(technique: str, variant: str, body: bytes, expect: Expect = "malicious") -> Unit:
        return COREML.bad(
            technique, variant, {NAME: body}, payload="needs or carries foreign code", expect=expect
        )

    yield bad(
        "custom-layer", "plain", model(500, network(layer, custom("EvilLayer"))), "suspicious"
    )
    yield bad(
        "custom-layer",
        "script-parameter",
        model(500, network(layer, custom("Run", script=f"#!/bin/sh\n{COMMAND}"))),
        "suspicious",
    )
    yield bad(
        "custom-layer",
        "url-parameter",
        model(403, network(custom("Fetch", url="http://example.invalid/x.dylib"))),
        "suspicious",
    )
    pipeline = field(1, model(500, network(layer))) + field(
        1, model(500, network(custom("EvilLayer")))
    )
    yield bad("custom-layer", "in-pipeline", model(202, pipeline), "suspicious")
    yield bad(
        "custom-model", "plain", model(555, message((10, "EvilModel"), (40, "x"))), "suspicious"
    )
    linked = field(
        1, message((1, field(1, "Evil.mlmodelc")), (2, field(1, "../../../../tmp:/Library")))
    )
    yield bad("linked-model", "search-path", model(556, linked))
    elf = binaries.macho()
    body = message((1, 4), (2, 4), (20, field(1, elf)))
    yield bad(
        "executable-in-weights",
        "macho",
        model(500, network(message((1, "fc"), (2, "x"), (3, "y"), (140, body)))),
    )
    yield bad(
        "embedded-pickle",
        "custom-weights",
        model(
            500,
            network(
                custom("L")
                + field(
                    500,
                    field(
                        20,
                        field(
                            30, op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
                        ),
                    ),
                )
            ),
        ),
    )
    yield bad(
        "disguised", "pickle", op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
    )
    data = model(502, message((1, 1)))
    where = "Data/com.apple.CoreML/model.mlmodel"
    for variant, path in {"parent": "../../../../etc/passwd", "absolute": "/etc/passwd"}.items():
        files = {"Manifest.json": manifest(path), where: data}
        yield COREML.bad(
            "package-traversal",
            variant,
            {f"M.mlpackage/{k}": v for k, v in files.items()},
            payload="reads outside the package",
        )
    files = {
        "Manifest.json": manifest("com.apple.CoreML/model.mlmodel"),
        where: Link("/etc/passwd"),
    }
    yield COREML.bad(
        "package-traversal",
        "link",
        {f"M.mlpackage/{k}": v for k, v in files.items()},
        payload="reads outside the package",
    )
    files = {
        "Manifest.json": manifest("com.apple.CoreML/model.mlmodel"),
        where: data,
        "Data/com.apple.CoreML/weights/libx.dylib": binaries.macho(),
    }
    yield COREML.bad(
        "package-native",
        "dylib",
        {f"M.mlpackage/{k}": v for k, v in files.items()},
        payload="carries code",
        expect="suspicious",
    )
    yield from _honest(rng)


def _honest(rng: random.Random) -> Iterator[Unit]:
    layer = inner_product(rng)
    yield COREML.good("model", "network", {NAME: model(500, network(layer))})
    yield COREML.good("model", "classifier", {NAME: model(403, network(layer))})
    yield COREML.good(
        "model",
        "metadata",
        {
            NAME: model(
                500,
                network(layer),
                **{
                    "com.github.apple.coremltools.version": "7.1",
                    "com.github.apple.coremltools.source": "torch==2.1.0",
                },
            )
        },
    )
    yield COREML.good(
        "model",
        "pipeline",
        {
            NAME: model(
                202, field(1, model(500, network(layer))) + field(1, model(500, network(layer)))
            )
        },
    )
    regressor = field(300, b"") + field(1, field(1, b""))
    yield COREML.good("model", "linear", {NAME: field(1, 1) + field(2, description()) + regressor})
    layers = [inner_product(rng, f"fc{i}") for i in range(12)]
    yield COREML.good("model", "deep", {NAME: model(500, network(*layers))})
    yield COREML.good(
        "model", "custom-word", {NAME: model(500, network(inner_product(rng, "custom_layer")))}
    )
    files = {
        "M.mlpackage/Manifest.json": manifest("com.apple.CoreML/model.mlmodel"),
        "M.mlpackage/Data/com.apple.CoreML/model.mlmodel": model(502, message((1, 1))),
        "M.mlpackage/Data/com.apple.CoreML/weights/weight.bin": bytes(64)
        + safetensors.floats(rng, 64),
    }
    yield COREML.good("package", "plain", files)
