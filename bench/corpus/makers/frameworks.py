"""TensorFlow, Keras, TFLite, flax, Core ML, OpenVINO, R and MLflow."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from bench.corpus.makers import library


def _keras_models() -> dict[str, Any]:
    keras = library("keras")
    layers = keras.layers
    dense = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, "relu"),
            layers.Dropout(0.1),
            layers.Dense(2, "softmax"),
        ]
    )
    dense.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    conv = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
        ]
    )
    first = keras.Input((6,))
    second = layers.Dense(6, "gelu")(first)
    functional = keras.Model(first, layers.Add()([first, second]))
    recurrent = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Embedding(20, 4),
            layers.Bidirectional(layers.LSTM(3)),
            layers.Dense(1),
        ]
    )
    return {"dense": dense, "conv": conv, "functional": functional, "recurrent": recurrent}


def keras__files(folder: Path) -> None:
    for name, model in _keras_models().items():
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
        model.save_weights(folder / f"{name}.weights.h5")
        (folder / f"{name}.json").write_text(model.to_json())


def keras__preprocessing(folder: Path) -> None:
    keras, tf = library("keras"), library("tensorflow")
    lookup = keras.layers.StringLookup(vocabulary=["a", "b", "c"])
    model = keras.Sequential(
        [keras.Input((1,), dtype="string"), lookup, keras.layers.Embedding(4, 2)]
    )
    model.save(folder / "lookup.keras")
    vectors = keras.layers.TextVectorization(max_tokens=20)
    vectors.adapt(tf.constant(["the cat sat", "on the mat"]))
    keras.Sequential([keras.Input((1,), dtype="string"), vectors]).save(folder / "vectors.keras")


def tensorflow__saved(folder: Path) -> None:
    tf = library("tensorflow")
    for name, model in _keras_models().items():
        model.export(folder / name, verbose=False)

    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("a\nb\nc\n")
    initializer = tf.lookup.TextFileInitializer(
        str(vocabulary),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )

    class Lookup(tf.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.table = tf.lookup.StaticHashTable(initializer, -1)

    made = Lookup()
    call = tf.function(made.table.lookup, input_signature=[tf.TensorSpec([None], tf.string)])
    made.lookup = call
    tf.saved_model.save(made, str(folder / "lookup"), signatures=call)
    checkpoint = tf.train.Checkpoint(model=_keras_models()["dense"])
    (folder / "checkpoint").mkdir()
    checkpoint.save(str(folder / "checkpoint" / "ckpt"))


def tensorflow__graphs(folder: Path) -> None:
    tf = library("tensorflow")
    model = _keras_models()["dense"]
    call = tf.function(model.__call__).get_concrete_function(tf.TensorSpec([1, 4], tf.float32))
    convert = library(
        "tensorflow.python.framework.convert_to_constants"
    ).convert_variables_to_constants_v2
    graph = convert(call).graph.as_graph_def()
    (folder / "frozen.pb").write_bytes(graph.SerializeToString())
    (folder / "frozen.pbtxt").write_text(str(graph))
    with tf.io.TFRecordWriter(str(folder / "data.tfrecord")) as writer:
        writer.write(b"example")


def tflite__files(folder: Path) -> None:
    tf = library("tensorflow")
    for name, model in _keras_models().items():
        if name == "recurrent":
            continue
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        (folder / f"{name}.tflite").write_bytes(converter.convert())
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        (folder / f"{name}-quant.tflite").write_bytes(converter.convert())
    model = _keras_models()["recurrent"]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    converter._experimental_lower_tensor_list_ops = False  # noqa: SLF001
    (folder / "recurrent-flex.tflite").write_bytes(converter.convert())


def flax__files(folder: Path) -> None:
    flax, jax, linen = library("flax"), library("jax"), library("flax.linen")
    model = linen.Dense(4)
    params = model.init(jax.random.PRNGKey(0), jax.numpy.ones((1, 3)))
    serial = library("flax.serialization")
    (folder / "flax_model.msgpack").write_bytes(serial.to_bytes(params))
    half = jax.tree_util.tree_map(lambda x: x.astype(jax.numpy.bfloat16), params)
    (folder / "half.msgpack").write_bytes(serial.to_bytes(half))
    (folder / "step.msgpack").write_bytes(
        serial.msgpack_serialize({"step": 3, "note": "x", "p": jax.device_get(params)["params"]})
    )
    (folder / "params.pkl").write_bytes(pickle.dumps(jax.device_get(params)))
    (folder / "jax.pkl").write_bytes(pickle.dumps(params))
    del flax


def coreml__files(folder: Path) -> None:
    tools, numpy = library("coremltools"), library("numpy")
    data = tools.models.datatypes
    builder = tools.models.neural_network.NeuralNetworkBuilder(
        [("x", data.Array(4))], [("y", data.Array(2))]
    )
    builder.add_inner_product(
        "fc",
        numpy.ones((2, 4)),
        numpy.zeros(2),
        4,
        2,
        has_bias=True,
        input_name="x",
        output_name="y",
    )
    tools.models.MLModel(builder.spec, skip_model_load=True).save(str(folder / "network.mlmodel"))
    mil = tools.converters.mil

    @mil.Builder.program(
        input_specs=[
            mil.Builder.TensorSpec((1, 4))
            if hasattr(mil.Builder, "TensorSpec")
            else mil.mil.TensorSpec((1, 4))
        ]
    )  # type: ignore[untyped-decorator]
    def program(x: Any) -> Any:
        return mil.Builder.relu(x=x)

    tools.convert(program, convert_to="mlprogram", skip_model_load=True).save(
        str(folder / "program.mlpackage")
    )


def openvino__files(folder: Path) -> None:
    ov, numpy = library("openvino"), library("numpy")
    ops = (
        library("openvino.opset13")
        if hasattr(ov, "__path__")
        else library("openvino.runtime.opset13")
    )
    x = ops.parameter([1, 4], numpy.float32, name="x")
    y = ops.relu(
        ops.matmul(x, ops.constant(numpy.ones((4, 2), "f4")), transpose_a=False, transpose_b=False)
    )
    for name, half in (("model", False), ("half", True)):
        (folder / name).mkdir()
        ov.save_model(
            ov.Model([y], [x], "m"), str(folder / name / "model.xml"), compress_to_fp16=half
        )


def r__files(folder: Path) -> None:
    pyreadr, pandas = library("pyreadr"), library("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    pyreadr.write_rds(str(folder / "frame.rds"), frame)
    pyreadr.write_rds(str(folder / "packed.rds"), frame, compress="gzip")
    pyreadr.write_rdata(str(folder / "frame.RData"), frame, df_name="frame")
    pyreadr.write_rdata(str(folder / "packed.rda"), frame, df_name="frame", compress="gzip")


def mlflow__models(folder: Path) -> None:
    mlflow = library("mlflow.sklearn")
    numpy = library("numpy")
    model = library("sklearn.linear_model").LogisticRegression().fit(numpy.eye(4), [0, 1, 0, 1])
    for form in ("pickle", "cloudpickle"):
        mlflow.save_model(
            model, str(folder / form), serialization_format=form, pip_requirements=["scikit-learn"]
        )


def notebook__files(folder: Path) -> None:
    nbformat = library("nbformat")
    v4 = nbformat.v4
    book = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title"),
            v4.new_code_cell("import torch\nprint(torch.__version__)"),
        ]
    )
    nbformat.write(book, folder / "book.ipynb")
