"""What an identity may do in a namespace: decided by the Cedar policies beside this file.

Every role that matches permits its actions; what nothing permits is denied. A `forbid` whose
condition fails is skipped by Cedar, which would turn an error into access, so an answer that
carries any error is a denial here.
"""

from __future__ import annotations

import json
import threading
from functools import cache
from importlib import resources
from typing import Any, Protocol

from assay.access.principals import Grant, Identity
from assay.core.errors import DataError, RefusedError
from assay.store.roles import EVERYWHERE

READ = "read"
PUBLISH = "publish"
REVIEW = "review"
SECURE = "secure"
ADMINISTER = "administer"
ACTIONS = (READ, PUBLISH, REVIEW, SECURE, ADMINISTER)

MAX_CACHED = 10_000
"""Answers kept; the answers depend on nothing but their key, so they never grow old."""

_TYPE = "Assay::"
_Key = tuple[str, tuple[Grant, ...], str, str]


class Rules(Protocol):
    """Compiled policies: what `compiled` gives."""

    def permit(self, principal: dict[str, Any], action: str, namespace: str) -> bool:
        """Whether the policies permit this, without any error on the way."""
        ...


class Authorizer:
    """Answers what an identity may do. Safe to use from any number of threads.

    Args:
        rules: Compiled policies; those delivered with Assay unless given.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or delivered()
        self._known: dict[_Key, bool] = {}
        self._lock = threading.Lock()

    def allows(self, identity: Identity | None, action: str, namespace: str) -> bool:
        """Whether `identity` may do `action` in `namespace`; nobody (None) may do anything.

        Args:
            identity: Who is asking.
            action: One of `ACTIONS`.
            namespace: In any case; `*` asks about the installation as a whole.

        Raises:
            ValueError: there is no such action.
        """
        if action not in ACTIONS:
            raise ValueError(f"no such action: {action!r}")
        if identity is None or not identity.grants:
            return False
        key = (identity.principal.kind, identity.grants, action, namespace.lower())
        known = self._known.get(key)
        if known is None:
            known = self._ask(identity, action, key[-1])
            with self._lock:
                if len(self._known) >= MAX_CACHED:
                    self._known.clear()
                self._known[key] = known
        return known

    def require(
        self, identity: Identity | None, action: str, namespace: str, *, subject: str
    ) -> None:
        """Return if `identity` may do `action` in `namespace`.

        Raises:
            RefusedError: it may not. The text says nothing about what exists.
        """
        if not self.allows(identity, action, namespace):
            where = (
                "in the whole installation"
                if namespace == EVERYWHERE
                else f"in the namespace {namespace[:64]}"
            )
            raise RefusedError(
                f"you may not {action} {where}",
                subject=subject,
                remedy="ask an administrator for the role, or use a token that carries it",
            )

    def _ask(self, identity: Identity, action: str, namespace: str) -> bool:
        attributes = {
            "kind": identity.principal.kind,
            "grants": [
                {"role": grant.role, "namespace": grant.namespace} for grant in identity.grants
            ],
        }
        return self._rules.permit(attributes, action, namespace)


class CedarRules:
    """Policies and their schema, parsed once and checked against each other.

    Args:
        policies: Text of the policies.
        schema: Text of the schema.

    Raises:
        DataError: they cannot be parsed, or a policy speaks of what the schema does not have.
    """

    def __init__(self, policies: str, schema: str) -> None:
        import cedarpy

        self._cedar = cedarpy
        try:
            self._schema = cedarpy.Schema.from_str(schema)
            checked = cedarpy.validate_policies(policies, self._schema)
            mistakes = [str(error) for error in checked.errors]
            if mistakes or not checked.validation_passed:
                raise DataError("; ".join(mistakes) or "not valid", subject="access policies")
            self._policies = cedarpy.PolicySet.from_str(policies)
        except ValueError as error:
            raise DataError(f"cannot be parsed: {error}", subject="access policies") from None

    def permit(self, principal: dict[str, Any], action: str, namespace: str) -> bool:
        """Whether the policies permit this, without any error on the way."""
        caller = {"type": f"{_TYPE}Principal", "id": "caller"}
        place = {"type": f"{_TYPE}Namespace", "id": namespace}
        entities = [
            {"uid": caller, "attrs": principal, "parents": []},
            {"uid": place, "attrs": {"name": namespace}, "parents": []},
        ]
        try:
            answer = self._cedar.is_authorized(
                {
                    "principal": caller,
                    "action": {"type": f"{_TYPE}Action", "id": action},
                    "resource": place,
                    "context": {},
                },
                self._policies,
                json.dumps(entities),
                self._schema,
            )
        except ValueError:
            return False
        return bool(answer.allowed and not answer.diagnostics.errors)


@cache
def delivered() -> CedarRules:
    """The policies delivered with Assay.

    Raises:
        DataError: they were damaged.
    """
    folder = resources.files("assay.access") / "policies"
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir()}
    policies = "\n".join(text for name, text in sorted(texts.items()) if name.endswith(".cedar"))
    return CedarRules(policies, texts.get("schema.cedarschema", ""))
