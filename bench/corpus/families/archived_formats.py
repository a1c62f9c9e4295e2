"""H2O, TensorFlow.js and 7z.

Sources: h2o-3 hex.genmodel; tfjs-core io/types.ts; 7-Zip, DOC/7zFormat.txt.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, HOST, Family, Unit
from bench.corpus.writers import binaries, safetensors, sevenzip, zips
from bench.corpus.writers import opcodes as op

H2O = Family("h2o", "H2O genmodel")


TFJS = Family("tfjs", "TensorFlow.js")


SEVEN = Family("sevenzip", "7z, py7zr")


EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))


def _h2o(rng: random.Random) -> Iterator[Unit]:
    ini = "[info]\nalgorithm = Gradient Boosting Machine\nmojo_version = 1.40\nn_trees = 1\nn_columns = 5\n[columns]\na\nb\n[domains]\n"
    tree = rng.randbytes(60)
    usual = {
        "model.ini": ini.encode(),
        "trees/t00_000.bin": tree,
        "experimental/modelDetails.json": b"{}",
    }
    yield H2O.bad(
        "member",
        "class",
        {"model.zip": zips.pack({**usual, "Exploit.class": binaries.java_class()})},
        payload="carries code",
    )
    yield H2O.bad(
        "member",
        "jar",
        {
            "model.zip": zips.pack(
                {**usual, "lib/x.jar": zips.pack({"Exploit.class": binaries.java_class()})}
            )
        },
        payload="carries code",
    )
    yield H2O.bad(
        "slip",
        "tree-name",
        {"model.zip": zips.pack({**usual, "trees/../../../tmp/corpus-marker": b"x"})},
        payload="writes outside the folder",
    )
    pojo = 'import hex.genmodel.*;\npublic class gbm extends GenModel {\n  static { try { Runtime.getRuntime().exec("true"); } catch (Exception e) {} }\n}\n'
    yield H2O.bad(
        "source", "static-block", {"gbm.java": pojo}, payload="runs when the class is loaded"
    )
    gadget = b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16`\xd1\x03\x00\x02F\x00\nloadFactorI\x00\tthreshold"
    yield H2O.bad(
        "java-serialised",
        "hash-map",
        {
            "model.bin": gadget
            + b"xp?@\x00\x00\x00\x00\x00\x0c"
            + b"org.apache.commons.collections.functors.InvokerTransformer"
            + b"getRuntime"
        },
        payload="a Java deserialisation chain",
    )
    yield H2O.good("mojo", "gbm", {"model.zip": zips.pack(usual, zips.DEFLATED)})
    yield H2O.good(
        "mojo",
        "glm",
        {
            "model.zip": zips.pack(
                {
                    "model.ini": ini.replace(
                        "Gradient Boosting Machine", "Generalized Linear Modeling"
                    ).encode(),
                    "domains/d000.txt": b"a\nb\n",
                }
            )
        },
    )


def _tfjs(rng: random.Random) -> Iterator[Unit]:
    weights = [{"name": "dense/kernel", "shape": [4, 4], "dtype": "float32"}]

    def model(paths: list[str], layer: str = "Dense", **config: object) -> dict[str, object]:
        topology = {
            "model_config": {
                "class_name": "Sequential",
                "config": {
                    "layers": [{"class_name": layer, "config": {"name": "d", "units": 4, **config}}]
                },
            }
        }
        return {
            "format": "layers-model",
            "generatedBy": "keras v2.15.0",
            "convertedBy": "TensorFlow.js Converter v4.17.0",
            "modelTopology": topology,
            "weightsManifest": [{"paths": paths, "weights": weights}],
        }

    body = safetensors.floats(rng, 16)

    def bad(technique: str, variant: str, files: dict[str, object], payload: str) -> Unit:
        return TFJS.bad(technique, variant, files, payload=payload)

    yield bad(
        "weight-path",
        "parent",
        {"model.json": model(["../../../etc/passwd"])},
        "reads outside the folder",
    )
    yield bad(
        "weight-path",
        "url",
        {"model.json": model([f"http://{HOST}/w.bin"])},
        "fetches from elsewhere",
    )
    yield bad(
        "weight-path",
        "absolute",
        {"model.json": model(["/etc/passwd"])},
        "reads outside the folder",
    )
    lam = model(
        ["group1-shard1of1.bin"],
        "Lambda",
        function=["4wAAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMMAAAAdABk", None, None],
        function_type="lambda",
    )
    yield bad(
        "lambda",
        "python",
        {"model.json": lam, "group1-shard1of1.bin": body},
        "runs when Keras reads it back",
    )
    script: dict[str, object] = {
        "model.json": model(["w.bin"]),
        "w.bin": body,
        "index.js": f"require('child_process').exec('{COMMAND}')\n",
    }
    yield bad("script", "child-process", script, "runs a command in node")
    yield bad(
        "disguised",
        "pickle-shard",
        {"model.json": model(["group1-shard1of1.bin"]), "group1-shard1of1.bin": EVIL},
        "a pickle as weights",
    )
    yield TFJS.good(
        "model",
        "layers",
        {"model.json": model(["group1-shard1of1.bin"]), "group1-shard1of1.bin": body},
    )
    graph = {
        "format": "graph-model",
        "modelTopology": {
            "node": [
                {"name": "x", "op": "Placeholder"},
                {"name": "r", "op": "Relu", "input": ["x"]},
            ],
            "versions": {},
        },
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }
    yield TFJS.good("model", "graph", {"model.json": graph, "group1-shard1of1.bin": body})
    yield TFJS.good(
        "model",
        "shards",
        {
            "model.json": model(["group1-shard1of2.bin", "group1-shard2of2.bin"]),
            "group1-shard1of2.bin": body[:32],
            "group1-shard2of2.bin": body[32:],
        },
    )


def _seven(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.weights(rng, {"w": (4, 4)})
    yield SEVEN.bad(
        "member", "pickle", {"model.7z": sevenzip.pack({"config.json": b"{}", "model.pkl": EVIL})}
    )
    yield SEVEN.bad(
        "member",
        "elf",
        {"model.7z": sevenzip.pack({"w.safetensors": weights, "run": binaries.elf(b"x")})},
        payload="carries code",
    )
    yield SEVEN.bad(
        "slip",
        "parent",
        {"model.7z": sevenzip.pack({"../../tmp/corpus-marker": b"x"})},
        payload="writes outside the folder",
    )
    yield SEVEN.bad("disguised", "named-zip", {"model.zip": sevenzip.pack({"model.pkl": EVIL})})
    yield SEVEN.good(
        "archive",
        "weights",
        {"model.7z": sevenzip.pack({"model.safetensors": weights, "README.md": b"# m\n"})},
        expect="suspicious",
    )
    yield SEVEN.good(
        "archive",
        "texts",
        {"data.7z": sevenzip.pack({"a.csv": b"a,b\n1,2\n", "b.txt": b"text\n"})},
        expect="suspicious",
    )


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _h2o(rng)
    yield from _tfjs(rng)
    yield from _seven(rng)
