"""Addresses of the API, and what a problem document must be."""

from __future__ import annotations

from urllib.parse import quote

from assay.web.problems import MEDIA_TYPE

V1 = "/api/v1"


def address(model, *rest: str) -> str:
    return "/".join([f"{V1}/models/{model}", *map(quote, rest)])


def assert_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:assay:problem:{code}"
    assert document["detail"]
    assert document["request"] == answer.headers["x-request-id"]
    return document
