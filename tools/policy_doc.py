"""Write the table of facts in docs/policy.md from the code. `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from assay.policy.facts import FACTS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "policy.md"
BEGIN, END = "<!-- facts -->\n", "<!-- /facts -->"


def written(page: str) -> str:
    """The page with the table as the code has it."""
    rows = [f"| `{name}` | {_kind(fact.kind)} | {fact.meaning} |" for name, fact in FACTS.items()]
    table = "\n".join(["| fact | type | meaning |", "|---|---|---|", *rows]) + "\n"
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}{table}{END}{rest.partition(END)[2]}"


def _kind(kind: object) -> str:
    choices = getattr(kind, "choices", None)
    return " ".join(f"`{word}`" for word in choices) if choices else str(kind)


if __name__ == "__main__":
    now = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(now != written(now))
    PAGE.write_text(written(now), encoding="utf-8")
