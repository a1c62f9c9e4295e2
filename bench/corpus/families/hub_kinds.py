"""Honest repositories of many kinds, as their tools lay them out."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Iterator

from bench.corpus import keras_configs, repository, templates
from bench.corpus.families import gguf as ggufs
from bench.corpus.families import keras, torch
from bench.corpus.families.numpy import object_array
from bench.corpus.repository import base, config
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import boosters, media, msgpack, npy, onnx, safetensors, tars, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.gguf import Gguf

KIND = Family("hub_kinds", "the library named in the card")
Files = dict[str, object]


def card(name: str, library: str, *tags: str, body: str = "") -> str:
    lines = "".join(f"- {tag}\n" for tag in (library, *tags))
    return f"---\nlibrary_name: {library}\nlicense: mit\ntags:\n{lines}---\n# {name}\n\n{body or 'A model.'}\n"


def small(rng: random.Random, *names: str, dtype: str = "F32") -> bytes:
    shapes = {name: (rng.randrange(2, 9), rng.randrange(2, 9)) for name in names}
    return safetensors.weights(rng, shapes, dtype, {"format": "pt"})


def dense_onnx(rng: random.Random) -> bytes:
    nodes = [onnx.node("MatMul", ["x", "w"], ["h"]), onnx.node("Relu", ["h"], ["y"])]
    weights = [onnx.tensor("w", (4, 4), safetensors.floats(rng, 16))]
    return onnx.model(
        onnx.graph(nodes, weights, [onnx.port("x", [1, 4])], [onnx.port("y", [1, 4])])
    )


def text_model(rng: random.Random, kind: str) -> Files:
    more = config(
        model_type=kind,
        architectures=[f"{kind.title()}ForMaskedLM"],
        id2label={"0": "NEG", "1": "POS"},
    )
    return base(rng, config__json=more, README__md=card(kind, "transformers", "fill-mask"))


def causal(rng: random.Random, kind: str) -> Files:
    more = config(
        model_type=kind, rope_scaling={"type": "linear", "factor": 2.0}, tie_word_embeddings=False
    )
    template = rng.choice(list(templates.HONEST.values()))
    tokens = {
        "chat_template": template,
        "tokenizer_class": "LlamaTokenizerFast",
        "added_tokens_decoder": {"0": {"content": "<s>", "special": True}},
    }
    return base(
        rng,
        config__json=more,
        tokenizer_config__json=tokens,
        tokenizer__model=repository.sentencepiece(),
        USE_POLICY__md="# Acceptable use\nDo no harm.\n",
    )


def gguf_repository(rng: random.Random) -> Files:
    def one(name: str) -> bytes:
        values = ggufs.values(
            **{
                "general.name": name,
                "tokenizer.chat_template": rng.choice(list(templates.HONEST.values())),
            }
        )
        return Gguf(values, ggufs.tensors(rng, 4)).encode()

    body = '| File | Size |\n|---|---|\n| m-Q4_K_M.gguf | 4 GB |\n\n```\n./llama-cli -m m-Q4_K_M.gguf -p "Hello" -n 128\nollama run hf.co/org/m-GGUF\n```\n'
    return {
        "README.md": card("m-GGUF", "gguf", "llama.cpp", body=body),
        "m-Q4_K_M.gguf": one("a"),
        "m-Q8_0.gguf": one("b"),
        "imatrix.dat": rng.randbytes(400),
        "params": '{"stop": ["<|im_end|>"], "temperature": 0.7}\n',
    }


def onnx_repository(rng: random.Random) -> Files:
    names = ("onnx/model.onnx", "onnx/model_quantized.onnx", "onnx/decoder_model_merged.onnx")
    return (
        base(rng, README__md=card("m", "transformers.js", "onnx"))
        | {name: dense_onnx(rng) for name in names}
        | {
            "quantize_config.json": {"per_channel": True, "reduce_range": True},
            "ort_config.json": {"optimum_version": "1.20.0", "quantization": {"format": "QDQ"}},
        }
    )


def lora(rng: random.Random) -> Files:
    adapter: Files = {
        "alpha_pattern": {},
        "auto_mapping": None,
        "base_model_name_or_path": "org/base",
        "bias": "none",
        "peft_type": "LORA",
        "r": 16,
        "target_modules": ["q_proj", "v_proj"],
        "task_type": "CAUSAL_LM",
    }
    return {
        "README.md": card("lora", "peft", "base_model:adapter:org/base"),
        "adapter_config.json": adapter,
        "adapter_model.safetensors": small(
            rng, "base_model.model.q_proj.lora_A.weight", dtype="BF16"
        ),
        "training_args.bin": _arguments(rng),
        "trainer_log.jsonl": media.jsonl(rng, 5),
        "all_results.json": {"epoch": 3.0, "eval_loss": rng.random()},
    }


def _arguments(rng: random.Random) -> bytes:
    """training_args.bin: a TrainingArguments object, as the trainer saves it."""
    values = op.pack_dict(
        [
            (op.long_text("learning_rate"), op.real(2e-5)),
            (op.long_text("output_dir"), op.long_text("out")),
            (op.long_text("fp16"), b"\x89"),
        ]
    )
    kind = op.name("transformers.training_args", "TrainingArguments") + op.EMPTY_TUPLE + b"\x81"
    return torch.zipped(rng, op.build(kind, values), "training_args")


def sentence(rng: random.Random) -> Files:
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(
            (
                ("", "Transformer"),
                ("1_Pooling", "Pooling"),
                ("2_Normalize", "Normalize"),
                ("3_Dense", "Dense"),
            )
        )
    ]
    return base(rng, README__md=card("s", "sentence-transformers", "sentence-similarity")) | {
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": 8},
        "3_Dense/config.json": {
            "in_features": 8,
            "out_features": 4,
            "activation_function": "torch.nn.modules.activation.Tanh",
        },
        "3_Dense/model.safetensors": small(rng, "linear.weight"),
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: "},
            "similarity_fn_name": "cosine",
        },
    }


def setfit(rng: random.Random) -> Files:
    return sentence(rng) | {
        "model_head.pkl": _sklearn_like(
            rng, "LogisticRegression", "sklearn.linear_model._logistic"
        ),
        "config_setfit.json": {"labels": ["a", "b"], "normalize_embeddings": False},
    }


def _sklearn_like(rng: random.Random, name: str, module: str) -> bytes:
    """An estimator's shape in protocol 4, with plain numbers for its arrays."""
    state = [
        ("C", 1.0),
        ("penalty", "l2"),
        ("classes_", [0, 1]),
        ("coef_", [rng.random()] * 4),
        ("_sklearn_version", "1.5.0"),
    ]
    made = op.stacked(module, name) + op.EMPTY_TUPLE + op.NEWOBJ
    return op.pickle4(op.build(made, op.pack_dict((op.text(k), op.value(v)) for k, v in state)))


def diffusion(rng: random.Random) -> Files:
    index = {
        "_class_name": rng.choice(
            ["StableDiffusionPipeline", "FluxPipeline", "StableDiffusionXLPipeline"]
        ),
        "_diffusers_version": "0.30.0",
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": [None, None],
        "requires_safety_checker": True,
    }
    return {
        "README.md": card("d", "diffusers", "text-to-image"),
        "model_index.json": index,
        "scheduler/scheduler_config.json": {"_class_name": "EulerDiscreteScheduler"},
        "unet/config.json": {"_class_name": "UNet2DConditionModel", "sample_size": 64},
        "unet/diffusion_pytorch_model.safetensors": small(rng, "conv_in.weight", dtype="F16"),
        "vae/config.json": {"_class_name": "AutoencoderKL"},
        "tokenizer/vocab.json": {"a</w>": 0},
        "tokenizer/merges.txt": "#version: 0.2\nt h\n",
        "sample.png": media.png(rng, 24, 24),
    }


def vision(rng: random.Random) -> Files:
    processor = {
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 224, "width": 224},
    }
    return {
        "README.md": card("v", "transformers", "image-classification"),
        "config.json": config(model_type="vit", image_size=224),
        "preprocessor_config.json": processor,
        "model.safetensors": small(rng, "vit.embeddings.cls_token"),
        "pytorch_model.bin": torch.zipped(rng, torch.state_dict()),
        "cat.jpg": media.jpeg(rng),
    }


def timm(rng: random.Random) -> Files:
    about = {
        "architecture": "resnet18",
        "num_classes": 1000,
        "pretrained_cfg": {
            "tag": "a1_in1k",
            "input_size": [3, 224, 224],
            "url": "https://github.com/huggingface/pytorch-image-models/releases/download/v0.1/resnet18.pth",
        },
    }
    return {
        "README.md": card("resnet18", "timm", "image-classification"),
        "config.json": about,
        "model.safetensors": small(rng, "conv1.weight", "fc.weight"),
        "pytorch_model.bin": torch.zipped(rng, torch.state_dict(), "resnet18"),
    }


def speech(rng: random.Random) -> Files:
    more = {
        "preprocessor_config.json": {
            "feature_extractor_type": "WhisperFeatureExtractor",
            "sampling_rate": 16000,
        },
        "normalizer.json": {"accessorise": "accessorize"},
        "added_tokens.json": {"<|en|>": 50259},
        "sample.wav": media.wav(rng),
    }
    return (
        base(rng, config__json=config(model_type="whisper", forced_decoder_ids=[[1, 50259]])) | more
    )


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
        "model.pkl": _sklearn_like(rng, "RandomForestClassifier", "sklearn.ensemble._forest"),
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
        "checkpoint-100/training_args.bin": _arguments(rng),
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
