"""The Authorization header."""

from __future__ import annotations

import pytest

from assay.web.bearer import bearer_secret
from assay.web.problems import Unauthenticated, problem_of


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc ", " Bearer abc"])
def test_a_bearer_token_is_read(header):
    assert bearer_secret({"authorization": header}) == "abc"


def test_no_header_is_no_credential():
    assert bearer_secret({}) is None
    assert bearer_secret({"cookie": "session=abc"}) is None


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "Bearer a b", "Bearer é", "abc"]
)
def test_anything_else_is_not_a_credential_but_an_error(header):
    with pytest.raises(Unauthenticated) as caught:
        bearer_secret({"authorization": header})
    answer = problem_of(caught.value)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert b"unauthenticated" in answer.body


def test_basic_is_taken_only_where_it_is_asked_for():
    header = {"authorization": "Basic dXNlcjpzZWNyZXQ="}
    assert bearer_secret(header, basic=True) == "secret"
    with pytest.raises(Unauthenticated):
        bearer_secret({"authorization": "Basic !!"}, basic=True)
