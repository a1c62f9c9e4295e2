"""Writes docs/checks.md from the tables of rules; with --check, says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from assay.scanning.catalogue import families
from assay.scanning.rules import Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "checks.md"
_HEAD = """# Checks

Generated from the rules by `python tools/checks_doc.py`. Severity and confidence are a rule's usual
ones; a finding can differ where its evidence is stronger or weaker. A finding of severity high or
above with at least medium confidence makes its unit malicious, whatever the gate.
"""


def page() -> str:
    """The page as it should be."""
    parts = [_HEAD]
    for family, rules in families():
        parts.append(f"## {family}\n")
        parts += [_section(rule) for rule in rules.values()]
    return "\n".join(parts)


def _section(rule: Rule) -> str:
    known = rule.references
    ids = (*known.atlas, *known.attack, *known.cwe, *known.owasp)
    references = f"\n\nReferences: {', '.join(ids)}." if ids else ""
    return (
        f"### {rule.id}\n\n"
        f"{rule.title}. Severity {rule.severity.value}, confidence {rule.confidence.value}.\n\n"
        f"{rule.explanation}\n\n"
        f"What to do: {rule.remedy}{references}\n"
    )


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE.name} is not what the rules say: run python tools/checks_doc.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
