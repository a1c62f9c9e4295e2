"""Honest Hub repositories, among them ones with their own Python."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus import repository
from bench.corpus.families.torch import state_dict, zipped
from bench.corpus.repository import MODELING, base, config, with_code
from bench.corpus.writers import media
from bench.corpus.writers import opcodes as op


def repositories(rng: random.Random) -> Iterator[tuple[str, dict[str, object]]]:
    """Variant and files of each."""
    yield ("plain", base(rng))
    yield ("own-code", with_code(rng))
    flash = MODELING.replace(
        "import math\n", "import importlib.metadata\nimport math\nimport os\nimport warnings\n"
    ).replace(
        "logger = logging",
        "try:\n    from flash_attn import flash_attn_func\nexcept ImportError:\n    flash_attn_func = None\n    warnings.warn('flash_attn not found')\n\nif os.environ.get('TINY_DEBUG'):\n    torch.autograd.set_detect_anomaly(True)\nlogger = logging",
    )
    yield ("optional-import", with_code(rng, flash))
    helper = MODELING.replace(
        "from .configuration_tiny", "from .rope import rotate\nfrom .configuration_tiny"
    )
    yield (
        "relative-import",
        with_code(
            rng,
            helper,
            rope__py="import torch\n\n\ndef rotate(x):\n    return torch.cat((-x[..., 1::2], x[..., ::2]), -1)\n",
        ),
    )
    triton = "import triton\nimport triton.language as tl\n\n\n@triton.jit\ndef add(x, y, out, n, BLOCK: tl.constexpr):\n    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    tl.store(out + i, tl.load(x + i) + tl.load(y + i))\n"
    yield ("triton", with_code(rng, MODELING, kernels__py=triton))
    tokenizer = """import json
import os
from transformers import PreTrainedTokenizer


class TinyTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "vocab.json"}

    def __init__(self, vocab_file, **kwargs):
        with open(vocab_file, encoding="utf-8") as file:
            self.encoder = json.load(file)
        super().__init__(**kwargs)

    def save_vocabulary(self, save_directory, filename_prefix=None):
        path = os.path.join(save_directory, "vocab.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.encoder, file)
        return (path,)
"""
    tokens = {
        "auto_map": {"AutoTokenizer": ["tokenization_tiny.TinyTokenizer", None]},
        "tokenizer_class": "TinyTokenizer",
    }
    yield (
        "own-tokenizer",
        base(rng, tokenizer_config__json=tokens, tokenization_tiny__py=tokenizer),
    )
    yield ("sentencepiece", base(rng, tokenizer__model=repository.sentencepiece()))
    image = """import requests
from io import BytesIO
from PIL import Image
from transformers import ProcessorMixin


def load_image(path):
    if path.startswith("http"):
        return Image.open(BytesIO(requests.get(path, timeout=10).content))
    return Image.open(path)


class TinyProcessor(ProcessorMixin):
    attributes = ["image_processor", "tokenizer"]
"""
    yield (
        "image-processor",
        base(
            rng,
            preprocessor_config__json={
                "auto_map": {"AutoProcessor": "processing_tiny.TinyProcessor"}
            },
            processing_tiny__py=image,
        ),
    )
    train = "import argparse\nimport subprocess\n\nfrom transformers import Trainer\n\n\ndef commit():\n    return subprocess.check_output(['git', 'rev-parse', 'HEAD']).decode().strip()\n\n\nif __name__ == '__main__':\n    parser = argparse.ArgumentParser()\n    parser.add_argument('--epochs', type=int)\n    print(parser.parse_args(), commit())\n"
    yield ("training-script", base(rng, train__py=train))
    convert = "import torch\nfrom safetensors.torch import save_file\n\nstate = torch.load('pytorch_model.bin', map_location='cpu', weights_only=True)\nsave_file(state, 'model.safetensors')\n"
    yield ("conversion-script", base(rng, convert__py=convert))
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_Pooling",
            "type": "sentence_transformers.models.Pooling",
        },
    ]
    sentence = {
        **base(rng),
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": 64, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"__version__": {"sentence_transformers": "3.0.0"}},
        "sentence_bert_config.json": {"max_seq_length": 256},
    }
    yield ("sentence-transformers", sentence)
    adapter = {
        "base_model_name_or_path": "org/base",
        "peft_type": "LORA",
        "auto_mapping": None,
        "r": 8,
        "lora_alpha": 16,
        "target_modules": ["q_proj", "v_proj"],
        "task_type": "CAUSAL_LM",
    }
    yield (
        "adapter",
        {
            "adapter_config.json": adapter,
            "README.md": "# LoRA\n",
            "adapter_model.safetensors": base(rng)["model.safetensors"],
        },
    )
    mapped = {
        **adapter,
        "auto_mapping": {
            "base_model_class": "BertModel",
            "parent_library": "transformers.models.bert.modeling_bert",
        },
    }
    yield (
        "adapter-mapping",
        {
            "adapter_config.json": mapped,
            "adapter_model.safetensors": base(rng)["model.safetensors"],
        },
    )
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.29.0",
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "safety_checker": [None, None],
    }
    yield (
        "diffusers",
        {
            "model_index.json": index,
            "scheduler/scheduler_config.json": {"_class_name": "PNDMScheduler", "beta_end": 0.012},
            "unet/config.json": {"_class_name": "UNet2DConditionModel"},
            "README.md": "# sd\n",
        },
    )
    generate = "import torch\n\n\ndef generate(model, input_ids, generation_config=None, **kwargs):\n    return torch.argmax(model(input_ids).logits, -1)\n"
    yield ("custom-generate", {**base(rng), "custom_generate/generate.py": generate})
    yield (
        "checkpoint",
        {
            **base(rng),
            "trainer_state.json": {
                "epoch": 3.0,
                "log_history": [{"loss": 0.5, "step": 10}],
                "global_step": 10,
            },
            "pytorch_model.bin": zipped(rng, state_dict()),
            "scheduler.pt": zipped(rng, op.value({"last_epoch": 3})),
        },
    )
    handler = "from transformers import pipeline\n\n\nclass EndpointHandler:\n    def __init__(self, path=''):\n        self.pipe = pipeline('text-classification', model=path)\n\n    def __call__(self, data):\n        return self.pipe(data.pop('inputs', data))\n"
    yield ("endpoint-handler", {**base(rng), "handler.py": handler})
    builder = "import csv\nimport datasets\n\n\nclass D(datasets.GeneratorBasedBuilder):\n    def _info(self):\n        return datasets.DatasetInfo(features=datasets.Features({'text': datasets.Value('string')}))\n\n    def _split_generators(self, dl_manager):\n        path = dl_manager.download('https://huggingface.co/datasets/org/d/resolve/main/train.csv')\n        return [datasets.SplitGenerator(datasets.Split.TRAIN, {'path': path})]\n\n    def _generate_examples(self, path):\n        with open(path, encoding='utf-8') as file:\n            yield from enumerate(csv.DictReader(file))\n"
    yield (
        "dataset-script",
        {"my_data.py": builder, "train.csv": media.csv(rng), "README.md": "# d\n"},
    )
    yield (
        "media",
        base(
            rng,
            preview__png=media.png(rng),
            paper__pdf=media.pdf("Tiny"),
            sample__wav=media.wav(rng),
            demo__gif=media.gif(),
        ),
    )
    yield (
        "evaluation",
        {
            **base(rng),
            "eval/results.json": {"acc": 0.9},
            "eval/run.sh": "#!/bin/bash\nset -e\npython -m lm_eval --model hf --tasks hellaswag\n",
            "eval/tasks.yaml": "task: hellaswag\n",
        },
    )
    quant = config(quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 128})
    yield (
        "quantised",
        base(
            rng,
            config__json=quant,
            quantize_config__json={"bits": 4, "model_file_base_name": "model"},
        ),
    )
    cached = MODELING.replace(
        "class TinyModel",
        "from functools import lru_cache\n\n\n@lru_cache\ndef table(n):\n    return torch.arange(n)\n\n\nclass TinyModel",
    ).replace("self.eval\n", "getattr(self, 'dropout', None)\n")
    yield ("getattr-use", with_code(rng, cached))
    compiled = MODELING.replace(
        "        self.post_init()",
        "        self.post_init()\n        self.forward = torch.compile(self.forward)\n        import re\n        self.pattern = re.compile('a+')",
    )
    yield ("compile-use", with_code(rng, compiled))
    load = MODELING.replace(
        "class TinyModel",
        "def load_tf_weights(model, path):\n    import numpy as np\n    arrays = np.load(path)\n    for name, value in arrays.items():\n        model.state_dict()[name].copy_(torch.from_numpy(value))\n\n\nclass TinyModel",
    )
    yield ("weight-loading", with_code(rng, load))
