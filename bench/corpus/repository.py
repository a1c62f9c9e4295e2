"""The ordinary files of a Hub repository, and honest and hostile Python for them."""

from __future__ import annotations

import random

from bench.corpus import templates
from bench.corpus.writers import safetensors
from bench.corpus.writers.protobuf import F32, field, message

CARD = """---
license: apache-2.0
language: en
tags:
- text-classification
datasets:
- imdb
pipeline_tag: text-classification
---

# {name}

A small model. Use it as follows:

```python
from transformers import AutoModel, AutoTokenizer
model = AutoModel.from_pretrained("org/{name}", trust_remote_code=True)
```

Or from a shell: `pip install -U transformers` and `huggingface-cli download org/{name}`.
See [the paper](https://arxiv.org/abs/1706.03762).
"""
MIT = """MIT License

Copyright (c) 2024 The Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software
and associated documentation files, to deal in the Software without restriction.
"""
ATTRIBUTES = (
    "*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
)
CONFIGURATION = '''"""Tiny model configuration."""
from transformers import PretrainedConfig


class TinyConfig(PretrainedConfig):
    model_type = "tiny"

    def __init__(self, hidden_size=64, num_layers=2, vocab_size=1000, **kwargs):
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.vocab_size = vocab_size
        super().__init__(**kwargs)
'''
MODELING = '''"""Tiny model."""
import math
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import logging

from .configuration_tiny import TinyConfig

logger = logging.get_logger(__name__)


class TinyAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.q = nn.Linear(config.hidden_size, config.hidden_size)
        self.k = nn.Linear(config.hidden_size, config.hidden_size)
        self.v = nn.Linear(config.hidden_size, config.hidden_size)
        self.scale = 1 / math.sqrt(config.hidden_size)

    def forward(self, x: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        scores = (self.q(x) @ self.k(x).transpose(-1, -2)) * self.scale
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float("-inf"))
        return F.softmax(scores, dim=-1) @ self.v(x)


class TinyModel(PreTrainedModel):
    config_class = TinyConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList([TinyAttention(config) for _ in range(config.num_layers)])
        self.post_init()

    def forward(self, input_ids, attention_mask=None, **kwargs) -> Tuple:
        x = self.embed(input_ids)
        for layer in self.layers:
            x = x + layer(x)
        self.eval
        return BaseModelOutput(last_hidden_state=x)
'''


def config(**more: object) -> dict[str, object]:
    base: dict[str, object] = {
        "architectures": ["TinyModel"],
        "hidden_size": 64,
        "model_type": "tiny",
        "num_layers": 2,
        "torch_dtype": "float32",
        "transformers_version": "4.44.0",
        "vocab_size": 1000,
    }
    return {**base, **more}


def tokenizer_json() -> dict[str, object]:
    tokens = ["<s>", "</s>", "<unk>", *(chr(c) for c in range(97, 123)), "th", "the"]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": i,
                "content": t,
                "special": True,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for i, t in enumerate(tokens[:3])
        ],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": True,
        },
        "post_processor": None,
        "decoder": {
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": True,
            "use_regex": True,
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "fuse_unk": False,
            "vocab": {t: i for i, t in enumerate(tokens)},
            "merges": ["t h", "th e"],
        },
    }


def sentencepiece() -> bytes:
    """tokenizer.model: a ModelProto with a few pieces."""
    pieces = b"".join(
        field(1, message((1, text), (2, F32(-i)), (3, 2 if i < 3 else 1)))
        for i, text in enumerate(("<unk>", "<s>", "</s>", "▁the", "▁a", "ing"))
    )
    trainer = field(2, message((1, "train.txt"), (2, "m"), (3, 2), (4, 6)))
    return pieces + trainer + field(3, message((1, "identity"), (3, 1)))


def base(rng: random.Random, name: str = "tiny-model", **more: object) -> dict[str, object]:
    """README, licence, configuration, tokenizer and weights; `more` adds files (`__` is a dot)."""
    shapes = {"embed.weight": (10, 8), "layers.0.q.weight": (8, 8), "layers.0.q.bias": (8,)}
    files: dict[str, object] = {
        "README.md": CARD.format(name=name),
        "LICENSE": MIT,
        ".gitattributes": ATTRIBUTES,
        "config.json": config(),
        "generation_config.json": {
            "bos_token_id": 0,
            "eos_token_id": 1,
            "max_length": 128,
            "transformers_version": "4.44.0",
        },
        "tokenizer.json": tokenizer_json(),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "chat_template": templates.HONEST["chatml"],
        },
        "special_tokens_map.json": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
        "vocab.json": {"<s>": 0, "</s>": 1, "the": 2},
        "merges.txt": "#version: 0.2\nt h\nth e\n",
        "model.safetensors": safetensors.weights(rng, shapes, metadata={"format": "pt"}),
    }
    return files | {key.replace("__", "."): value for key, value in more.items()}


def with_code(
    rng: random.Random, modeling: str = MODELING, configuration: str = CONFIGURATION, **more: object
) -> dict[str, object]:
    """A repository whose configuration names its own classes."""
    mapping = {
        "AutoConfig": "configuration_tiny.TinyConfig",
        "AutoModel": "modeling_tiny.TinyModel",
    }
    files = base(
        rng,
        config__json=config(auto_map=mapping),
        configuration_tiny__py=configuration,
        modeling_tiny__py=modeling,
    )
    return files | {key.replace("__", "."): value for key, value in more.items()}
