"""skops archives: types that are no data. Source: skops/io/_general.py and its advisories."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import npy, safetensors, zips
from bench.corpus.writers import opcodes as op

SKOPS = Family("skops", "skops.io.load")
Json = dict[str, object]


def node(module: str, kind: str, loader: str, **more: object) -> Json:
    number = zlib.crc32(json.dumps([module, kind, loader, more]).encode())
    return {
        "__class__": kind,
        "__module__": module,
        "__loader__": loader,
        "__id__": number,
        **more,
    }


def array(file: str) -> Json:
    return node("numpy", "ndarray", "NdArrayNode", type="numpy", file=file)


def entry(value: object) -> Json:
    return node("builtins", type(value).__name__, "JsonNode", content=json.dumps(value))


def estimator(module: str, kind: str, **attributes: Json) -> Json:
    keys = node(
        "builtins",
        "list",
        "ListNode",
        content=[node("builtins", "str", "TypeNode") for _ in attributes],
    )
    body = node("builtins", "dict", "DictNode", key_types=keys, content=attributes)
    return node(module, kind, "ObjectNode", content=body)


def package(root: Json, files: dict[str, bytes] | None = None, method: int = zips.STORED) -> bytes:
    schema = {**root, "protocol": 2, "_skops_version": "0.11.0"}
    return zips.pack(
        {**(files or {}), "schema.json": json.dumps(schema, indent=2).encode()}, method
    )


def units(rng: random.Random) -> Iterator[Unit]:
    weights = npy.array("<f8", (4,), safetensors.floats(rng, 8))
    coef = {"coef.npy": weights}
    system = node(
        "os", "system", "FunctionNode", content={"module_path": "os", "function": "system"}
    )

    def bad(
        technique: str, variant: str, root: Json, files: dict[str, bytes] | None = None
    ) -> Unit:
        return SKOPS.bad(technique, variant, {"model.skops": package(root, files)})

    yield bad("function-node", "system", system)
    builtin = node(
        "builtins", "eval", "FunctionNode", content={"module_path": "builtins", "function": "eval"}
    )
    yield bad(
        "function-node",
        "in-estimator",
        estimator(
            "sklearn.preprocessing._function_transformer", "FunctionTransformer", func=builtin
        ),
    )
    partial = node(
        "functools",
        "partial",
        "PartialNode",
        content={
            "func": system,
            "args": entry([COMMAND]),
            "kwds": entry({}),
            "namespace": entry({}),
        },
    )
    yield bad("partial-node", "system", partial)
    yield bad("object-node", "popen", estimator("subprocess", "Popen", args=entry(["true"])))
    yield bad(
        "object-node",
        "own-class",
        estimator("evil.module", "Backdoor", coef_=array("coef.npy")),
        coef,
    )
    yield bad("type-node", "popen", node("subprocess", "Popen", "TypeNode"))
    method = node(
        "builtins",
        "method",
        "MethodNode",
        content={"func": "system", "obj": estimator("os", "_Environ")},
    )
    yield bad("method-node", "system", method)
    lying = node(
        "sklearn.linear_model._base",
        "LinearRegression",
        "MethodNode",
        content={"func": "__reduce__", "obj": node("os", "system", "TypeNode")},
    )
    yield bad("method-node", "trusted-name", lying)
    evaluated = node(
        "functools",
        "partial",
        "PartialNode",
        content={
            "func": builtin,
            "args": entry(["__import__('os').system('true')"]),
            "kwds": entry({}),
            "namespace": entry({}),
        },
    )
    yield bad("partial-node", "eval", evaluated)
    yield bad(
        "type-node",
        "in-estimator",
        estimator(
            "sklearn.feature_extraction.text",
            "TfidfVectorizer",
            dtype=node("os", "_wrap_close", "TypeNode"),
        ),
    )
    operator = node(
        "operator",
        "methodcaller",
        "OperatorFuncNode",
        attrs=node("builtins", "tuple", "TupleNode", content=[entry("system"), entry(COMMAND)]),
    )
    yield bad("operator-node", "methodcaller", operator)
    lie = node(
        "sklearn.linear_model._base",
        "LinearRegression",
        "OperatorFuncNode",
        attrs=entry(["system"]),
    )
    yield bad("operator-node", "trusted-name", lie)
    evil = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
    yield bad(
        "pickle-member",
        "joblib",
        estimator("sklearn.svm._classes", "SVC", coef_=array("coef.npy")),
        {**coef, "state.pkl": evil},
    )
    escape = {"../../../tmp/corpus-marker": b"x", **coef}
    yield bad(
        "traversal",
        "member",
        estimator("sklearn.svm._classes", "SVC", coef_=array("coef.npy")),
        escape,
    )

    def good(variant: str, root: Json, files: dict[str, bytes], method: int = zips.STORED) -> Unit:
        return SKOPS.good("model", variant, {"model.skops": package(root, files, method)})

    for kind, module in {
        "LinearRegression": "sklearn.linear_model._base",
        "SVC": "sklearn.svm._classes",
        "StandardScaler": "sklearn.preprocessing._data",
        "KMeans": "sklearn.cluster._kmeans",
    }.items():
        yield good(
            kind.lower(), estimator(module, kind, coef_=array("coef.npy"), n_iter_=entry(3)), coef
        )
    steps = node(
        "builtins",
        "list",
        "ListNode",
        content=[
            entry("scale"),
            estimator("sklearn.preprocessing._data", "StandardScaler", mean_=array("coef.npy")),
        ],
    )
    yield good(
        "pipeline", estimator("sklearn.pipeline", "Pipeline", steps=steps), coef, zips.DEFLATED
    )
    log = node(
        "numpy", "log1p", "FunctionNode", content={"module_path": "numpy", "function": "log1p"}
    )
    yield good(
        "numpy-function",
        estimator("sklearn.preprocessing._function_transformer", "FunctionTransformer", func=log),
        coef,
    )
    dtype = node("numpy", "float64", "TypeNode")
    yield good(
        "type",
        estimator(
            "sklearn.feature_extraction.text",
            "TfidfVectorizer",
            dtype=dtype,
            stop_words=entry("english"),
        ),
        coef,
    )
    yield good("array", array("coef.npy"), coef)
    yield good(
        "words",
        estimator(
            "sklearn.feature_extraction.text",
            "CountVectorizer",
            vocabulary_=entry({"os": 0, "system": 1, "eval": 2}),
        ),
        coef,
    )
