"""Hub addresses."""

from __future__ import annotations

import pytest

from assay.registry.huggingface_paths import Operation, Wanted, wanted

M = "acme/m"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/agent-harnesses", Wanted(Operation.HARNESSES)),
        ("HEAD", "/api/telemetry/a/b", Wanted(Operation.TELEMETRY)),
        ("GET", "/api/whoami-v2", Wanted(Operation.WHOAMI)),
        ("GET", "/api/models?search=x", Wanted(Operation.LIST)),
        ("GET", "/api/models/acme/m", Wanted(Operation.INFO, M)),
        ("GET", "/api/models/acme/m/revision/v1", Wanted(Operation.INFO, M, "v1")),
        (
            "GET",
            "/api/models/acme/m/revision/refs%2Fpr%2F1",
            Wanted(Operation.INFO, M, "refs/pr/1"),
        ),
        ("GET", "/api/models/acme/m/tree/main", Wanted(Operation.TREE, M)),
        ("GET", "/api/models/acme/m/tree/v1/a/b%20c", Wanted(Operation.TREE, M, "v1", "a/b c")),
        ("POST", "/api/models/acme/m/paths-info/v1", Wanted(Operation.PATHS_INFO, M, "v1")),
        ("GET", "/api/models/acme/m/refs", Wanted(Operation.REFS, M)),
        ("GET", "/api/models/acme/m/commits/main", Wanted(Operation.COMMITS, M)),
        ("GET", "/api/models/acme/m/auth-check", Wanted(Operation.AUTH_CHECK, M)),
        (
            "GET",
            "/api/models/acme/m/auth-check/write",
            Wanted(Operation.AUTH_CHECK, M, "main", "write"),
        ),
        ("HEAD", "/acme/m/resolve/main/a/b.bin", Wanted(Operation.RESOLVE, M, "main", "a/b.bin")),
        ("GET", "/acme/m/resolve/a%2Fb/c%2Fd", Wanted(Operation.RESOLVE, M, "a/b", "c/d")),
        ("GET", "/acme/m/resolve/main/%C3%A9", Wanted(Operation.RESOLVE, M, "main", "é")),
        ("GET", "/api/models/gpt2", Wanted(Operation.ABSENT, "gpt2")),
        ("GET", "/gpt2/resolve/main/config.json", Wanted(Operation.ABSENT, "gpt2")),
        ("GET", "/api/datasets/a/b", Wanted(Operation.ABSENT, "datasets/a/b")),
        ("GET", "/datasets/a/b/resolve/main/x", Wanted(Operation.ABSENT, "datasets/a/b")),
    ],
)
def test_a_hub_address_is_understood(method, path, expected):
    assert wanted(method, path.encode()) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/models/acme/m"),
        ("POST", "/api/models/acme/m/commit/main"),
        ("PUT", "/acme/m/resolve/main/x"),
        ("POST", "/api/repos/create"),
        ("GET", "/console"),
        ("GET", "/"),
        ("GET", "/acme/m/resolve/main"),
        ("GET", "/acme/m/resolve/main/%ff"),
        ("DELETE", "/api/models/acme/m"),
        ("GET", "/healthz"),
    ],
)
def test_everything_else_is_left_to_other_routes(method, path):
    assert wanted(method, path.encode()) is None
