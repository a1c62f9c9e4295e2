"""Writes docs/formats.md from the table of formats; with --check, says whether it is current."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from assay.scanning.kinds import KINDS, PACKED, Kind, Packed

PAGE = Path(__file__).resolve().parent.parent / "docs" / "formats.md"
_HEAD = """# Formats

Generated from the table of formats by `python tools/formats_doc.py`. A file is recognised by its
content; the endings are those of names that claim a format, and are compared with it. What is not
here is `unknown`. What is looked for in each is described in [checks](checks.md).
"""


def page() -> str:
    """The page as it should be."""
    parts = [_HEAD, "## Files\n", "| family | what it is | names | read as |", "|---|---|---|---|"]
    parts += [_kind(kind) for kind in KINDS]
    parts += ["\n## Archives with a meaning\n"]
    parts += ["| family | what it is | known by a member named | read as |", "|---|---|---|---|"]
    parts += [_packed(packed) for packed in PACKED]
    return "\n".join(parts) + "\n"


def _kind(kind: Kind) -> str:
    names = " ".join(f"`{ending}`" for ending in kind.endings)
    return f"| {kind.family} | {kind.title} | {names} | {_purpose(kind.module)} |"


def _packed(packed: Packed) -> str:
    patterns = ", ".join(f"`{pattern}`".replace("|", "\\|") for pattern in packed.members)
    return f"| {packed.family} | {packed.title} | {patterns} | {_purpose(packed.module)} |"


def _purpose(module: str) -> str:
    """The first line of the scanner's own description."""
    found = importlib.import_module(f"assay.scanning.scanners.{module}")
    return str(found.__doc__).strip().splitlines()[0].replace("|", "\\|")


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE.name} is not what the table says: run python tools/formats_doc.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
