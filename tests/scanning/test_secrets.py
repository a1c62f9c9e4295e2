"""Credentials are found by their shape and shown masked; examples of them are no finding."""

from __future__ import annotations

import base64
import json
import time

import pytest

from assay.core.finding import Verdict
from scanning.container_making import ELF, judge

MIX = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY2zA4bC6dE8fG0hJ1kM3nP5qR7sT9uV1wX3y"
EVIL = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
KEY = "\n".join(MIX[:64] for _ in range(6))
SECRETS = {
    "aws id": "AKIAQ7RSTUVW2XYZ4BCD",
    "aws key": f"aws_secret_access_key = {MIX[:40]}",
    "github": f"https://user:ghp_{MIX[:36]}@github.com/a/b.git",
    "github fine": f"github_pat_{MIX[:22]}_{MIX[:59]}",
    "gitlab": f"glpat-{MIX[:20]}",
    "hugging face": "hf_" + "tgsImGosphdtfrrkqpzKghHFSJHVzzWVHZ",
    "openai": f"sk-proj-{MIX[:48]}",
    "anthropic": f"sk-ant-api03-{MIX[:60]}",
    "slack": f"xoxb-123456789012-{MIX[:24]}",
    "google": f"AIza{MIX[:35]}",
    "stripe": f"sk_live_{MIX[:30]}",
    "npm": f"npm_{MIX[:36]}",
    "azure": f"AccountKey={MIX[:60]}{MIX[:26]}==",
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{MIX[:43]}",
    "address": "postgres://admin:Zq8vN2kLp4@db.internal/models",
    "netrc": "machine api.example.org login bob password Zq8vN2kLp4xx",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----",
    "openssh key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}\n-----END OPENSSH PRIVATE KEY-----",
    "slack webhook": f"https://hooks.slack.com/services/T01ABCDEF23/B01ABCDEF23/{MIX[:24]}",
    "discord webhook": f"https://discord.com/api/webhooks/123456789012345678/{MIX}",
    "telegram": f"bot 812345678:AA{MIX[:33]}",
}
HARMLESS = {
    "aws example": "AKIAIOSFODNN7EXAMPLE",
    "aws key example": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "placeholder": "export HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "variable": "postgres://user:${DB_PASSWORD}@localhost/models",
    "format": "https://{user}:{password}@github.com/a/b",
    "documented": "postgres://user:password@localhost/models",
    "word": 'token = os.environ["HF_TOKEN"]',
    "password prompt": "password: enter the password here",
    "certificate": f"-----BEGIN CERTIFICATE-----\n{KEY}\n-----END CERTIFICATE-----",
    "public key": f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----",
    "empty key": "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
    "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit": "revision 5f4dcc3b5aa765d61d8327deb882cf99aabbccdd",
    "picture": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3).decode(),
    "arxiv": "https://arxiv.org/abs/1706.03762 and user@example.org",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_credential_needs_a_person_and_is_masked(name: str) -> None:
    judged = judge(f"some notes\n{SECRETS[name]}\n".encode(), "NOTES.txt")
    assert judged.verdict is Verdict.SUSPICIOUS, judged
    told = " ".join(finding.evidence for finding in judged.findings)
    assert "characters)" in told
    assert SECRETS[name][-20:] not in told


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_one_is_clean(name: str) -> None:
    judged = judge(f"some notes\n{HARMLESS[name]}\n".encode(), "NOTES.txt")
    assert not judged.findings, judged


def test_one_is_found_in_a_json_document_and_in_metadata() -> None:
    document = {"log_history": [], "hub_token": SECRETS["hugging face"]}
    judged = judge(json.dumps(document).encode(), "trainer_state.json")
    assert "secret.credential" in judged.rules


@pytest.mark.parametrize("payload", [ELF + bytes(100), EVIL + bytes(90)], ids=["program", "pickle"])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_payload_behind_layers_of_encoding_is_found(payload: bytes, layers: int) -> None:
    text = payload
    for layer in range(layers):
        text = text.hex().encode() if layer % 2 else base64.b64encode(text)
    judged = judge(b'{"icon": "' + text + b'"}', "config.json")
    assert "text.payload" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_an_encoded_picture_is_no_payload() -> None:
    document = {"icon": HARMLESS["picture"], "digest": "ab" * 60}
    assert not judge(json.dumps(document).encode(), "config.json").findings


def test_a_large_vocabulary_costs_little() -> None:
    words = {f"sk-word{number}hf_AKIA://": number for number in range(200_000)}
    raw = json.dumps(words).encode()
    start = time.process_time()
    judge(raw, "vocab.json")
    assert time.process_time() - start < 10
