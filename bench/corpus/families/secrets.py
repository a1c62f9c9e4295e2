"""Credentials left in model files, made up anew for each seed; and what only looks like one."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Iterator

from bench.corpus.families.notebooks import book, cell
from bench.corpus.repository import base, config
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import gguf, safetensors
from bench.corpus.writers.gguf import Gguf

SECRET = Family("secrets", "whoever reads the file")
LETTERS = string.ascii_letters + string.digits


def text(rng: random.Random, size: int, letters: str = LETTERS) -> str:
    return "".join(rng.choices(letters, k=size))


def made(rng: random.Random) -> dict[str, str]:
    """One of each kind; none was ever issued by anybody."""
    upper = string.ascii_uppercase + "234567"
    body = base64.b64encode(rng.randbytes(1190)).decode()
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    begin, kind = "-----BEGIN", "PRIVATE KEY-----"
    return {
        "aws": "AKIA" + text(rng, 16, upper),
        "aws-secret": text(rng, 40, LETTERS + "/+"),
        "github": "ghp_" + text(rng, 36),
        "github-fine": "github_pat_" + text(rng, 22) + "_" + text(rng, 59),
        "hugging-face": "hf_" + text(rng, 34, string.ascii_letters),
        "openai": "sk-proj-" + text(rng, 48) + "T3BlbkFJ" + text(rng, 48),
        "anthropic": "sk-ant-api03-" + text(rng, 93) + "AA",
        "slack": f"xoxb-{text(rng, 12, string.digits)}-{text(rng, 12, string.digits)}-{text(rng, 24)}",
        "google": "AIza" + text(rng, 35),
        "rsa": f"{begin} RSA {kind}\n{lines}\n-----END RSA {kind}\n",
        "openssh": f"{begin} OPENSSH {kind}\n{lines}\n-----END OPENSSH {kind}\n",
        "gitlab": "glpat-" + text(rng, 20),
        "wandb": text(rng, 40, "0123456789abcdef"),
        "stripe": "sk_live_" + text(rng, 24),
        "pypi": "pypi-AgEIcHlwaS5vcmc" + text(rng, 90),
        "jwt": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + text(rng, 60) + "." + text(rng, 43),
    }


def units(rng: random.Random) -> Iterator[Unit]:
    key = made(rng)

    def bad(variant: str, name: str, body: object, technique: str = "in-file") -> Unit:
        return SECRET.bad(
            technique,
            variant,
            {name: body},
            payload="a credential is published",
            expect="suspicious",
        )

    yield bad("config-hugging-face", "config.json", config(use_auth_token=key["hugging-face"]))
    yield bad(
        "config-aws",
        "config.json",
        config(s3={"access_key": key["aws"], "secret_key": key["aws-secret"]}),
    )
    yield bad("env-openai", ".env", f"OPENAI_API_KEY={key['openai']}\nDEBUG=1\n")
    yield bad("env-anthropic", ".env", f"ANTHROPIC_API_KEY={key['anthropic']}\n")
    yield bad(
        "readme-github",
        "README.md",
        f"# Model\n\ngit clone https://user:{key['github']}@github.com/org/private.git\n",
    )
    yield bad("yaml-fine", "config.yaml", f"lr: 0.1\ngithub_token: {key['github-fine']}\n")
    yield bad(
        "script-slack",
        "notify.py",
        f"import requests\nTOKEN = '{key['slack']}'\nrequests.post('https://slack.com/api/chat.postMessage', headers={{'Authorization': TOKEN}})\n",
    )
    yield bad("google-json", "settings.json", {"maps": {"apiKey": key["google"]}})
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": text(rng, 40, "0123456789abcdef"),
        "private_key": key["rsa"].replace("RSA ", ""),
        "client_email": "a@p.iam.gserviceaccount.com",
    }
    yield bad("service-account", "credentials.json", account)
    yield bad("ssh-key", "id_rsa", key["openssh"])
    yield bad("rsa-key", "server.pem", key["rsa"])
    yield bad("netrc", ".netrc", f"machine api.wandb.ai\n  login user\n  password {key['wandb']}\n")
    yield bad("git-credentials", ".git-credentials", f"https://user:{key['gitlab']}@gitlab.com\n")
    yield bad(
        "aws-file",
        "credentials",
        f"[default]\naws_access_key_id = {key['aws']}\naws_secret_access_key = {key['aws-secret']}\n",
    )
    yield bad("stripe", "app.py", f"stripe_key = '{key['stripe']}'\n")
    yield bad("pypi-rc", ".pypirc", f"[pypi]\nusername = __token__\npassword = {key['pypi']}\n")
    yield bad(
        "notebook",
        "train.ipynb",
        book(cell(f"from huggingface_hub import login\nlogin('{key['hugging-face']}')")),
        "in-notebook",
    )
    output = {
        "output_type": "stream",
        "name": "stdout",
        "text": [
            f"AWS_ACCESS_KEY_ID={key['aws']}\n",
            f"AWS_SECRET_ACCESS_KEY={key['aws-secret']}\n",
        ],
    }
    yield bad("notebook-output", "train.ipynb", book(cell("!env", output)), "in-notebook")
    yield bad(
        "safetensors",
        "model.safetensors",
        safetensors.weights(
            rng, {"w": (4, 4)}, metadata={"format": "pt", "hf_token": key["hugging-face"]}
        ),
        "in-metadata",
    )
    yield bad(
        "gguf",
        "model.gguf",
        Gguf(
            {"general.architecture": "llama", "general.source.token": key["github"]},
            [gguf.Tensor("w", (8,), bytes(32))],
        ).encode(),
        "in-metadata",
    )
    lora = {"ss_training_comment": json.dumps({"wandb_api_key": key["wandb"], "s3": key["aws"]})}
    yield bad(
        "lora",
        "style.safetensors",
        safetensors.weights(rng, {"w": (4, 4)}, metadata=lora),
        "in-metadata",
    )
    files = {
        **base(rng),
        "trainer_state.json": {"log_history": [], "hub_token": key["hugging-face"]},
    }
    yield SECRET.bad(
        "in-repository",
        "trainer-state",
        files,
        payload="a credential is published",
        expect="suspicious",
    )
    files = {
        **base(rng),
        "scripts/deploy.sh": f"#!/bin/sh\nexport AWS_ACCESS_KEY_ID={key['aws']}\nexport AWS_SECRET_ACCESS_KEY={key['aws-secret']}\naws s3 sync . s3://bucket\n",
    }
    yield SECRET.bad(
        "in-repository",
        "deploy-script",
        files,
        payload="a credential is published",
        expect="suspicious",
    )
    yield from _honest(rng)


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, name: str, body: object) -> Unit:
        return SECRET.good("placeholder", variant, {name: body})

    yield good(
        "readme",
        "README.md",
        "Set `HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` and `OPENAI_API_KEY=sk-...`.\n",
    )
    yield good(
        "aws-example",
        "config.yaml",
        "aws_access_key_id: AKIAIOSFODNN7EXAMPLE\naws_secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    )
    yield good(
        "environment",
        "config.yaml",
        "token: ${HF_TOKEN}\napi_key: <YOUR_API_KEY>\npassword: changeme\n",
    )
    yield good(
        "hashes",
        "hashes.json",
        {
            "sha256": text(rng, 64, "0123456789abcdef"),
            "commit": text(rng, 40, "0123456789abcdef"),
            "uuid": "123e4567-e89b-12d3-a456-426614174000",
        },
    )
    public = base64.b64encode(rng.randbytes(294)).decode()
    yield good(
        "public-key",
        "signing.pub",
        f"-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n",
    )
    certificate = base64.b64encode(rng.randbytes(700)).decode()
    yield good(
        "certificate",
        "ca.pem",
        f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n",
    )
    yield good(
        "tokens",
        "special_tokens_map.json",
        {
            "bos_token": "<s>",
            "pad_token": "<|endoftext|>",
            "additional_special_tokens": ["<|secret|>", "[API_KEY]"],
        },
    )
    yield good(
        "code",
        "login.py",
        "import os\nfrom huggingface_hub import login\nlogin(token=os.environ['HF_TOKEN'])\n",
    )
    yield good("base64", "image.json", {"image": base64.b64encode(rng.randbytes(900)).decode()})
    yield good(
        "vocabulary", "vocab.json", {text(rng, rng.randrange(3, 45)): i for i in range(2000)}
    )
    yield good(
        "ids",
        "trainer_state.json",
        {
            "run_id": text(rng, 8, string.ascii_lowercase),
            "wandb_url": "https://wandb.ai/org/p/runs/" + text(rng, 8),
        },
    )
    yield good(
        "env-example",
        ".env.example",
        "OPENAI_API_KEY=\nHF_TOKEN=your_token_here\nDB_URL=postgres://user:password@localhost/db\n",
    )
