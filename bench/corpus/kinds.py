"""Honest repositories of language, vision and speech models, as their tools lay them out."""

from __future__ import annotations

import random

from bench.corpus import repository, templates
from bench.corpus.families import gguf as ggufs
from bench.corpus.families import torch
from bench.corpus.repository import base, config
from bench.corpus.writers import media, onnx, safetensors
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.gguf import Gguf

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
        "training_args.bin": arguments(rng),
        "trainer_log.jsonl": media.jsonl(rng, 5),
        "all_results.json": {"epoch": 3.0, "eval_loss": rng.random()},
    }


def arguments(rng: random.Random) -> bytes:
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
        "model_head.pkl": sklearn_like(rng, "LogisticRegression", "sklearn.linear_model._logistic"),
        "config_setfit.json": {"labels": ["a", "b"], "normalize_embeddings": False},
    }


def sklearn_like(rng: random.Random, name: str, module: str) -> bytes:
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
