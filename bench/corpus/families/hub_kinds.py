"""Honest repositories of many kinds, as their tools lay them out."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Iterator

from bench.corpus import keras_configs
from bench.corpus.families import keras, torch
from bench.corpus.families.numpy import object_array
from bench.corpus.kinds import (
    Files,
    arguments,
    card,
    causal,
    dense_onnx,
    diffusion,
    gguf_repository,
    lora,
    onnx_repository,
    sentence,
    setfit,
    sklearn_like,
    small,
    speech,
    text_model,
    timm,
    vision,
)
from bench.corpus.repository import base, config
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import boosters, media, msgpack, npy, safetensors, tars, zips
from bench.corpus.writers import opcodes as op

KIND = Family("hub_kinds", "the library named in the card")


def flax_model(rng: random.Random) -> Files:
    array = msgpack.Ext(1, msgpack.pack([[4, 4], "float32", safetensors.floats(rng, 16)]))
    return base(rng) | {
        "flax_model.msgpack": msgpack.pack({"params": {"dense": {"kernel": array}}})
    }


def keras_model(rng: random.Random) -> Files:
    choice = rng.choice(list(keras_configs.honest_configs().values()))
    return {
        "README.md": card("k", "keras"),
        "model.keras": keras.package(rng, choice),
        "config.json": choice,
        "metadata.json": {"keras_version": "3.5.0", "parameter_count": 99},
    }


def sklearn_model(rng: random.Random) -> Files:
    setup = {
        "sklearn": {
            "columns": ["a", "b"],
            "environment": ["scikit-learn=1.5.0"],
            "example_input": {"a": [1.0]},
            "model": {"file": "model.pkl"},
            "task": "tabular-classification",
            "model_format": "pickle",
        }
    }
    return {
        "README.md": card("s", "sklearn", "tabular-classification"),
        "config.json": setup,
        "model.pkl": sklearn_like(rng, "RandomForestClassifier", "sklearn.ensemble._forest"),
        "data.csv": media.csv(rng),
    }


def booster(rng: random.Random) -> Files:
    return {
        "README.md": card("b", "xgboost"),
        "model.ubj": boosters.ubj(boosters.xgb(boosters.tree(rng))),
        "model.json": json.dumps(boosters.xgb(boosters.tree(rng))),
        "model.txt": boosters.lgb(rng),
        "features.json": ["a", "b", "c", "d"],
    }


def reinforcement(rng: random.Random) -> Files:
    inner = {
        "policy.pth": torch.zipped(rng, torch.state_dict()),
        "pytorch_variables.pth": torch.zipped(rng, op.NONE),
        "data": json.dumps(
            {
                "policy_class": {
                    ":type:": "<class 'abc.ABCMeta'>",
                    ":serialized:": "gAWVOwAAAAAAAACMIXN0YWJsZV9iYXNlbGluZXMzLmNvbW1vbi5wb2xpY2llc5SMEUFjdG9yQ3JpdGljUG9saWN5lJOULg==",
                },
                "n_envs": 4,
            }
        ).encode(),
        "_stable_baselines3_version": b"2.3.0",
        "system_info.txt": b"- OS: Linux\n- Python: 3.11\n",
    }
    return {
        "README.md": card("ppo-LunarLander-v2", "stable-baselines3", "reinforcement-learning"),
        "ppo.zip": zips.pack(inner, zips.DEFLATED),
        "config.json": {"n_envs": 4},
        "results.json": {"mean_reward": 250.1},
        "replay.mp4": b"\0\0\0\x20ftypisom" + rng.randbytes(300),
    }


def spacy(rng: random.Random) -> Files:
    key = msgpack.pack({str(rng.randrange(99)): 1})
    settings = '[paths]\ntrain = null\n\n[nlp]\nlang = "en"\npipeline = ["tok2vec","ner"]\n\n[components.ner]\nfactory = "ner"\n\n[components.ner.model]\n@architectures = "spacy.TransitionBasedParser.v2"\n\n[training.optimizer]\n@optimizers = "Adam.v1"\n'
    return {
        "README.md": card("en_core", "spacy", "token-classification"),
        "config.cfg": settings,
        "meta.json": {
            "lang": "en",
            "name": "core",
            "version": "3.7.0",
            "spacy_version": ">=3.7.0",
            "pipeline": ["tok2vec", "ner"],
        },
        "tokenizer": msgpack.pack({"prefix_search": "^\\(", "rules": {}}),
        "vocab/strings.json": ["a", "the"],
        "vocab/key2row": key,
        "ner/model": msgpack.pack({"attrs": [], "params": [b"\0" * 8]}),
        "ner/cfg": '{"moves": null}',
    }


def detector(rng: random.Random) -> Files:
    run = {
        "results.csv": "epoch,loss\n0,1.5\n",
        "args.yaml": "task: detect\nmodel: yolov8n.pt\ndata: coco.yaml\nepochs: 3\n",
        "confusion_matrix.png": media.png(rng),
        "labels.jpg": media.jpeg(rng),
    }
    return {
        "README.md": card("yolo", "ultralytics"),
        "weights/best.onnx": dense_onnx(rng),
        "data.yaml": "train: images/train\nnames: [cat, dog]\n",
        **run,
    }


def quantised(rng: random.Random) -> Files:
    method = rng.choice(["awq", "gptq", "bitsandbytes", "compressed-tensors"])
    more = config(
        quantization_config={
            "quant_method": method,
            "bits": 4,
            "group_size": 128,
            "zero_point": True,
        }
    )
    packed = safetensors.encode(
        {
            "layers.0.qweight": ("I32", (8, 8), rng.randbytes(256)),
            "layers.0.scales": ("F16", (8,), safetensors.floats(rng, 8, "F16")),
        },
        {"format": "pt"},
    )
    return base(rng, config__json=more, quant_config__json={"w_bit": 4}) | {
        "model.safetensors": packed
    }


def checkpoint(rng: random.Random) -> Files:
    state = {
        "checkpoint-100/trainer_state.json": {
            "best_metric": None,
            "log_history": [{"loss": 1.0, "step": 100}],
        },
        "checkpoint-100/optimizer.pt": torch.zipped(
            rng, op.value({"state": {}, "param_groups": [{"lr": 1e-4, "params": [0]}]})
        ),
        "checkpoint-100/rng_state.pth": torch.zipped(
            rng, op.value({"python": (3, (1, 2, 3), None), "cpu": None})
        ),
        "checkpoint-100/scheduler.pt": torch.zipped(rng, op.value({"last_epoch": 100})),
        "checkpoint-100/model.safetensors": small(rng, "w"),
        "checkpoint-100/training_args.bin": arguments(rng),
    }
    return base(rng) | state


def dataset(rng: random.Random) -> Files:
    return {
        "README.md": "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train.csv\n---\n# data\n",
        "data/train.csv": media.csv(rng, 80),
        "data/test.jsonl": media.jsonl(rng),
        "images/0.png": media.png(rng),
        "dataset_infos.json": {
            "default": {"features": {"text": {"dtype": "string", "_type": "Value"}}}
        },
        "state.json": {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]},
    }


def embeddings(rng: random.Random) -> Files:
    vectors = npy.array("<f4", (20, 8), safetensors.floats(rng, 160))
    words = npy.array("|O", (3,), object_array([op.text("a"), op.text("b"), op.text("c")]))
    return {
        "README.md": "# vectors\n",
        "vectors.npy": vectors,
        "words.npy": words,
        "index.pkl": pickle.dumps({f"id{i}": i for i in range(50)}, 4),
        "both.npz": zips.pack({"v.npy": vectors, "w.npy": words}),
    }


def release(rng: random.Random) -> Files:
    inner = {
        "model/config.json": json.dumps(config()).encode(),
        "model/model.safetensors": small(rng, "w"),
    }
    return {
        "README.md": "# release\n",
        "model.tar.gz": tars.gz(tars.pack(inner)),
        "model.zip": zips.pack(inner, zips.DEFLATED),
        "SHA256SUMS": "".join(
            f"{rng.getrandbits(256):064x}  model.{e}\n" for e in ("tar.gz", "zip")
        ),
    }


def training_code(rng: random.Random) -> Files:
    run = "#!/bin/bash\n#SBATCH --gres=gpu:4\nset -e\nsource ~/.bashrc\nconda activate env\nsrun python train.py --config configs/base.yaml\n"
    train = "import os\nimport random\n\nimport hydra\nimport numpy as np\nimport torch\nimport wandb\nfrom omegaconf import DictConfig\n\n\ndef seed(n):\n    random.seed(n)\n    np.random.seed(n)\n    torch.manual_seed(n)\n\n\n@hydra.main(config_path='configs', config_name='base', version_base=None)\ndef main(cfg: DictConfig):\n    os.environ['TOKENIZERS_PARALLELISM'] = 'false'\n    seed(cfg.seed)\n    wandb.init(project='x', mode='offline')\n    model = hydra.utils.instantiate(cfg.model)\n    model.eval()\n\n\nif __name__ == '__main__':\n    main()\n"
    return base(rng) | {
        "train.py": train,
        "run.sh": run,
        "configs/base.yaml": "seed: 1\nmodel:\n  _target_: torch.nn.Linear\n  in_features: 2\n  out_features: 2\n",
        "requirements.txt": "torch\nhydra-core\nwandb\n",
        "Makefile": "train:\n\tbash run.sh\n",
        ".gitignore": "wandb/\n",
    }


KINDS: dict[str, Callable[[random.Random], Files]] = {
    "bert": lambda rng: text_model(rng, "bert"),
    "roberta": lambda rng: text_model(rng, "roberta"),
    "llama": lambda rng: causal(rng, "llama"),
    "qwen": lambda rng: causal(rng, "qwen2"),
    "mistral": lambda rng: causal(rng, "mistral"),
    "gguf": gguf_repository,
    "onnx": onnx_repository,
    "lora": lora,
    "sentence": sentence,
    "setfit": setfit,
    "diffusion": diffusion,
    "vision": vision,
    "timm": timm,
    "speech": speech,
    "flax": flax_model,
    "keras": keras_model,
    "sklearn": sklearn_model,
    "booster": booster,
    "reinforcement": reinforcement,
    "spacy": spacy,
    "detector": detector,
    "quantised": quantised,
    "checkpoint": checkpoint,
    "dataset": dataset,
    "embeddings": embeddings,
    "release": release,
    "training-code": training_code,
}


def units(rng: random.Random) -> Iterator[Unit]:
    for kind, make in KINDS.items():
        for number in range(3):
            files = make(rng)
            if number == 2:
                # The third is the first two's trunk without a card and with ordinary extras.
                files.pop("README.md", None)
                files |= {
                    "notes.txt": "ask before use\n",
                    "images/plot.png": media.png(rng),
                    ".DS_Store": b"\0\0\0\1Bud1" + bytes(60),
                }
            yield KIND.good(kind, f"v{number}", files, folder=True)
