"""No code that answers requests reads a blob but through `permitted_bytes`."""

from __future__ import annotations

import ast
from pathlib import Path

import assay

SOURCE = Path(assay.__file__).parent
READERS = {"read", "open"}
ALLOWED = {
    "releases/serving.py": "the one way, behind may_serve",
    "releases/damage.py": "reads damaged files again before they are served again",
}
ANSWERS = ("api", "registry", "console", "web", "releases", "evidence", "app.py")


def readers(path: Path) -> list[int]:
    """Lines that read from something called `blobs` that is not the table of rows."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr not in READERS:
            continue
        value = node.value
        name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
        if name in ("blobs", "_blobs"):
            found.append(node.lineno)
    return found


def test_no_second_way_to_bytes():
    found = {
        str(path.relative_to(SOURCE)): readers(path)
        for place in ANSWERS
        for path in ([SOURCE / place] if place.endswith(".py") else (SOURCE / place).rglob("*.py"))
        if path.exists()
    }
    assert {path for path, lines in found.items() if lines} == set(ALLOWED)


def test_bytes_are_read_after_asking():
    """In `permitted_bytes` the first look comes before the first read."""
    tree = ast.parse((SOURCE / "releases/serving.py").read_text(encoding="utf-8"))
    body = next(node for node in tree.body if getattr(node, "name", "") == "permitted_bytes")
    calls = [
        node.func.id
        for node in ast.walk(body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert "_look" in calls
    lines = {
        node.func.id: node.lineno
        for node in sorted(
            (n for n in ast.walk(body) if isinstance(n, ast.Call)), key=lambda n: -n.lineno
        )
        if isinstance(node.func, ast.Name)
    }
    assert lines["_look"] < lines["_checked"]


def test_only_serving_makes_permits():
    makers = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Permit"
    }
    assert makers == {"releases/serving.py"}
