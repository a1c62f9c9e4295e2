"""`python -m bench.corpus OUT`: write the corpus and its labels."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from bench.corpus import layout


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.corpus", description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other constants")
    parser.add_argument("--family", action="append", default=[], help="only this family module")
    parser.add_argument("--part", choices=["dev", "held"], help="only this part of the split")
    given = parser.parse_args()
    made = layout.units(given.seed, given.family)
    rows = layout.write(given.out, (u for u in made if given.part in (None, u.part)))
    counts = Counter((row["family"], row["label"]) for row in rows)
    for family in sorted({row["family"] for row in rows}):
        print(f"{family:20} {counts[family, 'malicious']:5} {counts[family, 'benign']:5}")
    total = Counter(row["label"] for row in rows)
    print(f"{'all':20} {total['malicious']:5} {total['benign']:5}")


if __name__ == "__main__":
    main()
