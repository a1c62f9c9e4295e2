"""The documents of /api/v1, as OpenAPI shows them. Real answers are tested against these."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TREE = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
VERSION = "3f2a91c0d1e2f3a4b5c6d7e8f90123456789abcd"
MAX_REASON = 2000
MAX_NUMBER = 2**53 - 1
"""Largest number an address takes: exact in every JSON reader, and within a database's."""

Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_REASON,
        description="Why, in words; it is recorded in the audit trail.",
        examples=["reviewed the training report"],
    ),
]


class Document(BaseModel):
    """A request body: exactly the fields described, nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        """JSON can escape half a character, which no answer, row or signature can hold."""
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("holds a surrogate without its other half") from None
        except RecursionError:
            raise ValueError("is nested too deep") from None
        return value


class Answer(BaseModel):
    """An answer: exactly the fields described."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    type: str = Field(examples=["urn:assay:problem:not-approved"])
    title: str = Field(examples=["Refused"])
    status: int = Field(examples=[403])
    detail: str = Field(examples=["is evaluated: nobody has approved it"])
    code: str = Field(description="The stable word for what happened.", examples=["not-approved"])
    subject: str | None = Field(None, examples=["acme/sentiment@3f2a91c"])
    remedy: str | None = Field(None, examples=["ask a reviewer to approve it"])
    request: str | None = Field(None, description="Names this request in the server's log.")


class UploadStart(Document):
    """What is going to be uploaded."""

    model: str = Field(examples=["acme/sentiment"])
    manifest: dict[str, Any] = Field(
        description="An `assay.manifest/1` document: every file with size and digest.",
        examples=[
            {
                "schema": "assay.manifest/1",
                "files": [{"path": "model.safetensors", "size": 4, "digest": TREE}],
            }
        ],
    )


class UploadStarted(Answer):
    """An upload that waits for bytes."""

    upload: str = Field(description="Id of the upload.", examples=["01JD3Z6Q6T8M1W2X3Y4Z5A6B7C"])
    missing: list[str] = Field(
        description="Digests whose bytes have to be sent. Bytes of releases the caller may read, "
        "or sent within the hour, are not asked for again."
    )
    expires: datetime


class UploadCommit(Document):
    """Makes a release of an upload."""

    title: str = Field("", max_length=500, examples=["retrained on October data"])
    parent: str | None = Field(
        None, description="The revision this one replaces; refused if it is not the newest."
    )
    signatures: list[str] = Field(
        default_factory=list,
        max_length=32,
        description="Sigstore bundles (OpenSSF Model Signing) in base64.",
    )


class Move(Document):
    """A change of a release's state."""

    reason: Reason
    acknowledged: list[str] = Field(
        default_factory=list,
        max_length=10_000,
        description="Ids of the findings the approver has seen and accepts (approve only).",
    )
    envelope: dict[str, Any] | None = Field(
        None, description="The approver's own DSSE envelope (approve only)."
    )


class AliasMove(Document):
    """Where an alias is to point."""

    revision: str = Field(examples=["3f2a91c"])
    reason: Reason


class PrincipalNew(Document):
    """Somebody, or something, that may hold roles."""

    name: str = Field(examples=["alice"])
    kind: Literal["person", "robot", "agent"] = "person"
    owner: str | None = Field(None, description="The person who answers for a robot or agent.")


class RoleBinding(Document):
    """A role in a namespace; `*` stands for every namespace."""

    principal: str = Field(examples=["alice"])
    role: str = Field(examples=["reviewer"])
    namespace: str = Field(examples=["acme"])


class TokenNew(Document):
    """A token to be made."""

    name: str = Field(examples=["ci"])
    roles: list[str] = Field(min_length=1, examples=[["reader"]])
    namespaces: list[str] = Field(min_length=1, examples=[["acme"]])
    days: int = Field(30, ge=1, le=90, description="Until it expires, days.")
    principal: str | None = Field(None, description="Whose, when it is not the caller's own.")


class NamespaceSettings(Document):
    """How a namespace is governed."""

    mode: Literal["observe", "warn", "enforce"] = Field(
        description="Whether policy only notes, warns, or blocks."
    )
    trust_rule: dict[str, Any] | None = Field(
        description="Whose signature a release needs; null asks for none. To be named in any case: "
        "nobody drops it by only changing the mode.",
        examples=[None],
    )


class PolicyText(Document):
    """A policy to be put in force."""

    source: str = Field(
        min_length=1, max_length=262_144, description="The policy file's text (docs/policy.md)."
    )


class Block(Document):
    """A digest that is to be refused everywhere."""

    digest: str = Field(description="Of a file, or of a tree.", examples=[TREE])
    reason: Reason


class FindingRow(Answer):
    """Something a scan found; `id` is what an approver acknowledges."""

    id: str
    rule: str
    title: str
    severity: Literal["info", "low", "medium", "high", "critical"]
    confidence: Literal["low", "medium", "high"]
    path: str
    location: dict[str, Any]
    evidence: str
    explanation: str
    remedy: str
    references: dict[str, list[str]]


class UnreadRow(Answer):
    """A file, or part of one, that could not be read."""

    path: str
    reason: str


class IntakeRow(Answer):
    """How far the intake is."""

    state: Literal["pending", "running", "done", "failed"]
    error: str | None = None


class Model(Answer):
    """A model and its newest release the caller sees."""

    model: str = Field(examples=["acme/sentiment"])
    newest: dict[str, Any] | None = Field(examples=[{"version": VERSION, "state": "approved"}])


class Models(Answer):
    """A page of models, by name."""

    models: list[Model]
    after: str | None = Field(description="Pass as `after` for the next page; null at the end.")
