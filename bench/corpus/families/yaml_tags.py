"""YAML whose tags call Python, and ordinary YAML."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Expect, Family, Unit

YAML = Family("yaml_tags", "yaml.load (unsafe or old full loader)")


def _yaml() -> Iterator[Unit]:
    def bad(technique: str, variant: str, text: str | bytes, name: str = "config.yaml") -> Unit:
        # A tag that only names a callable acts when the program calls it.
        expect: Expect = "suspicious" if variant in ("eval-name", "os-system-name") else "malicious"
        return YAML.bad(technique, variant, {name: text}, expect=expect)

    tail = "lr: 0.1\nlayers: 4\n"
    yield bad("apply", "os-system", f"{tail}x: !!python/object/apply:os.system ['{COMMAND}']\n")
    yield bad(
        "apply",
        "mapping",
        f"x: !!python/object/apply:subprocess.Popen\n  args: [[touch, corpus-marker]]\n{tail}",
    )
    yield bad(
        "apply",
        "eval",
        f"x: !!python/object/apply:eval [\"__import__('os').system('true')\"]\n{tail}",
    )
    yield bad(
        "apply",
        "in-list",
        f"{tail}callbacks:\n- a\n- !!python/object/apply:os.popen ['{COMMAND}']\n",
    )
    yield bad("apply", "as-key", f"? !!python/object/apply:os.system ['{COMMAND}']\n: 1\n")
    yield bad(
        "apply", "second-document", f"{tail}---\nx: !!python/object/apply:os.system ['{COMMAND}']\n"
    )
    yield bad(
        "new",
        "type-chain",
        "x: !!python/object/new:type\n  args: ['z', !!python/tuple [], {'extend': !!python/name:exec }]\n  listitems: \"import os; os.system('true')\"\n",
    )
    yield bad(
        "new",
        "tuple-map",
        "x: !!python/object/new:tuple\n- !!python/object/new:map\n  - !!python/name:eval\n  - [\"__import__('os').system('true')\"]\n",
    )
    yield bad(
        "name",
        "state",
        "x: !!python/object/new:str\n  args: []\n  state: !!python/tuple\n  - \"__import__('os').system('true')\"\n  - !!python/object/new:staticmethod\n    args: [0]\n    state:\n      update: !!python/name:exec\n",
    )
    yield bad("module", "import", f"x: !!python/module:antigravity\n{tail}")
    yield bad(
        "apply",
        "verbatim-tag",
        f"x: !<tag:yaml.org,2002:python/object/apply:os.system> ['{COMMAND}']\n{tail}",
    )
    yield bad(
        "apply",
        "tag-directive",
        f"%TAG !p! tag:yaml.org,2002:python/\n---\nx: !p!object/apply:os.system ['{COMMAND}']\n",
    )
    yield bad(
        "apply",
        "tag-directive-bang",
        f"%TAG ! tag:yaml.org,2002:python/object/\n---\nx: !apply:os.system ['{COMMAND}']\n",
    )
    yield bad(
        "apply", "percent-escape", f"x: !!python/object/apply:os%2Esystem ['{COMMAND}']\n{tail}"
    )
    yield bad(
        "apply",
        "utf-16",
        b"\xff\xfe" + f"x: !!python/object/apply:os.system ['{COMMAND}']\n".encode("utf-16-le"),
    )
    yield bad(
        "apply", "named-yml", f"x: !!python/object/apply:os.system ['{COMMAND}']\n", "hparams.yml"
    )
    yield bad("apply", "block-sequence", f"x: !!python/object/apply:os.system\n- {COMMAND}\n{tail}")
    yield bad(
        "apply", "after-anchor", f"x: &a !!python/object/apply:os.system ['{COMMAND}']\ny: *a\n"
    )
    yield bad("module", "own-module", "hooks:\n- !!python/module:training_hooks\nlr: 0.1\n")
    yield bad("name", "eval-name", "fn: !!python/name:builtins.eval\nlr: 0.1\n")
    yield bad("name", "os-system-name", "activation: !!python/name:os.system ''\n")
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
    )
    yield YAML.bad(
        "alias-bomb",
        "nine",
        {"config.yaml": laughs},
        payload="exhausts memory",
        expect="suspicious",
    )
    yield YAML.bad(
        "depth",
        "flow",
        {"config.yaml": "x: " + "[" * 50_000 + "\n"},
        payload="exhausts the stack",
        expect="suspicious",
    )


def _honest_yaml(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, text: str, name: str = "config.yaml") -> Unit:
        return YAML.good("plain", variant, {name: text})

    yield good("anchors", "base: &base\n  lr: 0.1\nbig:\n  <<: *base\n  layers: 12\n")
    yield good("documents", "a: 1\n---\nb: 2\n...\n")
    yield good(
        "blocks",
        "readme: |\n  run `os.system` at your own risk\n  !!python/object is a tag\nnote: >\n  folded\n  text\n",
    )
    yield good(
        "standard-tags",
        "a: !!int '3'\nb: !!float 1\nc: !!set {x, y}\nd: !!str 5\ne: !!binary aGVsbG8=\n",
    )
    yield good("tuple-tag", "betas: !!python/tuple [0.9, 0.999]\nlr: 0.001\n", "hparams.yaml")
    yield good("include-tag", "model: !include model.yaml\ndata: !join [a, b]\n")
    yield good(
        "workflow",
        "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v4\n    - run: pip install -e . && pytest\n",
        "ci.yml",
    )
    yield good(
        "compose",
        "services:\n  api:\n    image: vllm/vllm-openai:v0.5.0\n    command: --model /models/m\n    ports: ['8000:8000']\n",
        "docker-compose.yml",
    )
    yield good(
        "mergekit",
        "models:\n- model: org/a\n  parameters: {weight: 0.5}\nmerge_method: slerp\nbase_model: org/a\ndtype: bfloat16\n",
        "mergekit_config.yml",
    )
    yield good(
        "yolo",
        "path: ../datasets/coco\ntrain: images/train2017\nnames:\n  0: person\n  1: bicycle\ndownload: https://ultralytics.com/assets/coco128.zip\n",
        "coco.yaml",
    )
    yield good(
        "axolotl",
        "base_model: org/m\nload_in_8bit: true\ndatasets:\n- path: tatsu-lab/alpaca\n  type: alpaca\nwandb_project:\nspecial_tokens:\n  pad_token: '</s>'\n",
        "axolotl.yml",
    )
    yield good(
        "comment-tag", "# x: !!python/object/apply:os.system ['ls'] would be unsafe\nlr: 0.1\n"
    )
    yield good("quoted-tag", 'x: "!!python/object/apply:os.system"\nlr: 0.1\n')
    yield good(
        "model-index",
        f"model-index:\n- name: m\n  results:\n  - task: {{type: text}}\n    metrics:\n    - type: accuracy\n      value: {rng.random():.3f}\n",
        "metadata.yaml",
    )


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _yaml()
    yield from _honest_yaml(rng)
