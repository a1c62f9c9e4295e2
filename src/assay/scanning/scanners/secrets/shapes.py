"""The shapes of credentials, each with a literal a search for it begins at.

Sources: the issuers' own documentation of their token formats (AWS, GitHub, GitLab, Hugging
Face, OpenAI, Anthropic, Slack, Discord, Telegram, Google, Stripe, npm, PyPI, SendGrid, Docker,
Azure), RFC 7468 (keys), RFC 7519 (JWT), RFC 3986 (user information in addresses).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of credential.

    Attributes:
        what: Its name for people.
        anchors: Literals, one of which every such credential holds.
        before: Bytes before the anchor at which the pattern may begin.
        source: A pattern for the whole; its group is what is secret.
        rule: The rule a finding is of.
    """

    what: str
    anchors: tuple[bytes, ...]
    source: bytes
    before: int = 0
    rule: str = "secret.credential"

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """The pattern, compiled when the first anchor is met: most texts hold none."""
        return _compiled(self.source)


_compiled = cache(re.compile)


_END = rb"(?![A-Za-z0-9_])"


def _shape(
    what: str,
    anchors: tuple[bytes, ...],
    pattern: bytes,
    *,
    before: int = 0,
    rule: str = "secret.credential",
) -> Shape:
    return Shape(what, anchors, pattern, before, rule)


SHAPES: tuple[Shape, ...] = (
    _shape("AWS access key id", (b"AKIA", b"ASIA"), rb"(A[KS]IA[A-Z2-7]{16})" + _END),
    _shape(
        "AWS secret access key",
        (b"aws_secret_access_key", b"AWS_SECRET_ACCESS_KEY", b"SecretAccessKey"),
        rb"(?:aws_secret_access_key|AWS_SECRET_ACCESS_KEY|SecretAccessKey)"
        rb"[\"']?\s{0,8}[:=]\s{0,8}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    ),
    _shape(
        "GitHub token",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        rb"(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})" + _END,
    ),
    _shape("GitLab token", (b"glpat-",), rb"(glpat-[A-Za-z0-9_-]{20,64})"),
    _shape("Hugging Face token", (b"hf_",), rb"(hf_[A-Za-z]{34}|hf_[A-Za-z0-9]{34,40})" + _END),
    _shape(
        "OpenAI key",
        (b"sk-proj-", b"sk-svcacct-", b"T3BlbkFJ"),
        rb"(sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}|"
        rb"sk-[A-Za-z0-9]{16,24}T3BlbkFJ[A-Za-z0-9]{16,24})",
        before=32,
    ),
    _shape("API key", (b"sk-",), rb"(sk-[A-Za-z0-9]{48})" + _END),
    _shape("Anthropic key", (b"sk-ant-",), rb"(sk-ant-[a-z0-9]{3,12}-[A-Za-z0-9_-]{40,200})"),
    _shape(
        "Slack token",
        (b"xox", b"xapp-"),
        rb"(xox[abeoprs]-[0-9A-Za-z-]{20,250}|xapp-1-[0-9A-Za-z-]{30,250})",
    ),
    _shape("Google API key", (b"AIza",), rb"(AIza[0-9A-Za-z_-]{35})(?![0-9A-Za-z_-])"),
    _shape("Google OAuth token", (b"ya29.",), rb"(ya29\.[0-9A-Za-z_-]{60,400})"),
    _shape("Stripe key", (b"sk_live_", b"rk_live_"), rb"([sr]k_live_[0-9A-Za-z]{24,120})"),
    _shape("npm token", (b"npm_",), rb"(npm_[A-Za-z0-9]{36})" + _END),
    _shape("PyPI token", (b"pypi-AgE",), rb"(pypi-AgE[A-Za-z0-9_-]{50,400})"),
    _shape("SendGrid key", (b"SG.",), rb"(SG\.[\w-]{22}\.[\w-]{43})(?![\w-])"),
    _shape("Docker token", (b"dckr_pat_",), rb"(dckr_pat_[A-Za-z0-9_-]{27,60})"),
    _shape("Databricks token", (b"dapi",), rb"(?<![A-Za-z0-9])(dapi[0-9a-f]{32})" + _END, before=1),
    _shape("Replicate token", (b"r8_",), rb"(?<![A-Za-z0-9])(r8_[A-Za-z0-9]{37})" + _END, before=1),
    _shape(
        "Weights & Biases key",
        (b"WANDB_API_KEY", b"wandb_api_key", b"api.wandb.ai"),
        rb"(?:WANDB_API_KEY|wandb_api_key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?([0-9a-f]{40})" + _END,
    ),
    _shape(
        "Azure storage key",
        (b"AccountKey=", b"SharedAccessKey="),
        rb"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{42,88}={0,2})",
    ),
    _shape(
        "JSON web token",
        (b"eyJ",),
        rb"(eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000})",
    ),
    _shape(
        "password in an address",
        (b"://",),
        rb"[a-z][a-z0-9+.-]{1,20}://[^/\s:@'\"<>{}$%]{0,64}:([^/\s:@'\"<>{}$%]{6,128})@[\w.-]{3,}",
        before=22,
    ),
    _shape(
        "password in a netrc file",
        (b"machine ",),
        rb"machine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{6,200})",
    ),
    _shape(
        "password in a configuration",
        (b"password", b"PASSWORD"),
        rb"(?:^|[\s\"'_])(?:password|PASSWORD)[\"']?[ \t]{0,8}[:=][ \t]{0,8}"
        rb"[\"']?([^\s\"'<>{}$%()\[\],;]{12,128})",
        before=1,
    ),
    _shape(
        "private key",
        (b"-----BEGIN ",),
        rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY(?: BLOCK)?-----"
        rb"((?:\\n|\\r|[\sA-Za-z0-9+/=:,-]){64,200})",
        rule="secret.private-key",
    ),
    _shape(
        "Slack webhook",
        (b"hooks.slack.com/",),
        rb"hooks\.slack\.com/(services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{20,30})",
        rule="secret.webhook",
    ),
    _shape(
        "Discord webhook",
        (b"/api/webhooks/",),
        rb"discord(?:app)?\.com/api/webhooks/([0-9]{16,20}/[\w-]{50,90})",
        before=16,
        rule="secret.webhook",
    ),
    _shape(
        "Telegram bot",
        (b":AA",),
        rb"(?<![0-9])([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])",
        before=11,
        rule="secret.webhook",
    ),
)
