"""Holds the licences of what a user installs to an allow-list. Exits 1 and names each breach.

LGPL is accepted only for packages that are separately installed and replaceable; GPL and
AGPL never are.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = re.compile(
    r"(MIT(-0)?|MIT No Attribution|Apache( Software License)?|BSD|ISC|PSF|Python Software|MPL|"
    r"Mozilla Public|Unlicense|0BSD|CC0|HPND|Zlib)",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"\b(AGPL|GPL|GNU (Affero )?General)", re.IGNORECASE)
LGPL = re.compile(r"LGPL|Lesser General", re.IGNORECASE)
LGPL_SEPARATE = {"psycopg", "psycopg-binary"}
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?:\s*;\s*(.*?))?\s*\\?$", re.MULTILINE)


def main() -> int:
    """Check every distribution of the run lock that this platform installs."""
    problems, seen = [], 0
    for match in PINNED.finditer((ROOT / "requirements" / "run.txt").read_text()):
        try:
            found = distribution(match[1])
        except PackageNotFoundError:
            if not match[3]:
                problems.append(f"{match[1]}: locked but not installed, so its licence is unread")
            continue
        seen += 1
        problem = _problem(match[1], _licence(found))
        if problem:
            problems.append(problem)
    print("\n".join([*problems, f"licences: {seen} read, {len(problems)} refused"]))
    return 1 if problems or not seen else 0


def _licence(found: Distribution) -> str:
    """The licence a package states: expression first, then classifiers, then free text."""
    meta = found.metadata
    expression = meta.get("License-Expression")
    if expression:
        return expression
    classifiers = [c for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    if classifiers:
        return "; ".join(c.rsplit("::", 1)[-1].strip() for c in classifiers)
    return (meta.get("License") or "").strip()[:200] or _first_lines(found)


def _first_lines(found: Distribution) -> str:
    """The head of the licence file, where the metadata states none."""
    for path in found.files or []:
        if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            return " ".join(path.read_text().split())[:120]
    return ""


def _problem(name: str, licence: str) -> str | None:
    if LGPL.search(licence):
        return None if name.lower() in LGPL_SEPARATE else f"{name}: {licence}"
    if FORBIDDEN.search(licence) or not ALLOWED.search(licence):
        return f"{name}: {licence or 'states no licence'}"
    return None


if __name__ == "__main__":
    sys.exit(main())
