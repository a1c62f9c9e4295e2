"""Rules about credentials and what else a text should not carry."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table

_EXPOSED = References(
    atlas=("AML.T0055",), attack=("T1552",), cwe=("CWE-798", "CWE-312"), owasp=("LLM02:2025",)
)
_WITHDRAW = "Withdraw the credential where it was issued, then remove it from the file."

TITLE = "Secrets and payloads in text"
RULES = table(
    (
        Rule(
            "secret.credential",
            "A credential in a file",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The text holds what has the shape of a credential its issuer gives out. Whoever "
            "gets the model gets it too.",
            _WITHDRAW,
            _EXPOSED,
        ),
        Rule(
            "secret.private-key",
            "A private key in a file",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The text holds a private key. Whoever gets the model can act in the name of its "
            "owner.",
            _WITHDRAW,
            _EXPOSED,
        ),
        Rule(
            "secret.webhook",
            "An address that takes messages",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The text holds the address of a webhook or bot, to which anybody can send. Code uses "
            "such addresses to send away what it finds.",
            "Find out what uses the address; have it withdrawn.",
            _EXPOSED,
        ),
        Rule(
            "text.payload",
            "A payload in a text",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A long encoded text is a program, a pickle that acts, or a command once it is "
            "decoded.",
            "Do not use the file; find out who put it there.",
            HIDDEN_CODE,
        ),
    )
)
