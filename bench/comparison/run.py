"""Ask every peer and Assay about every unit of the corpus, and write the page.

`python bench/compare.py` installs the peers below `.peers/`, generates the corpus there, asks
(a result is kept, so that an interrupted run goes on where it was) and rewrites the tables of
docs/comparison.md.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.comparison.page import write_page
from bench.comparison.peers import PEERS, Asked, InstallError, Peer, ask, ask_assay, install
from bench.comparison.score import Answer, Labelled, corpus
from bench.corpus import layout

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".peers"
PAGE = ROOT / "docs" / "comparison.md"


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help="a corpus that is there already")
    parser.add_argument("--peer", action="append", help="only these, and assay")
    parser.add_argument("--again", action="append", default=[], help="ask these anew")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sample", type=int, default=0, help="so many units, of all families")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    folder = options.corpus or _corpus()
    units = _sampled(corpus(folder, ("dev", "held")), options.sample)
    results: dict[str, list[Asked]] = {}
    missing: dict[str, str] = {}
    for peer in (None, *PEERS):
        name = peer.name if peer else "assay"
        if peer and options.peer and name not in options.peer:
            continue
        try:
            programs = install(peer, FOLDER) if peer else None
        except InstallError as error:
            missing[name] = str(error)
            print(f"{name}: {error}", flush=True)
            continue
        results[name] = _asked(name, peer, programs, units, folder, options)
    write_page(PAGE, units, results, missing)
    return 0


def _sampled(units: list[Labelled], count: int) -> list[Labelled]:
    """Every n-th unit, counted through families and labels in order, so that each has its share."""
    if not count or count >= len(units):
        return units
    ordered = sorted(units, key=lambda unit: (unit.family, unit.malicious, str(unit.path)))
    return [ordered[place * len(ordered) // count] for place in range(count)]


def _corpus() -> Path:
    folder = FOLDER / "corpus"
    if (folder / "labels.json").is_file():
        return folder
    layout.write(folder, layout.units(0, []))
    return folder


def _asked(
    name: str,
    peer: Peer | None,
    programs: Path | None,
    units: list[Labelled],
    folder: Path,
    options: argparse.Namespace,
) -> list[Asked]:
    kept = FOLDER / f"{name}.json"
    known: dict[str, Asked] = {}
    if kept.is_file() and name not in options.again:
        rows = json.loads(kept.read_text(encoding="utf-8"))
        known = {path: Asked(Answer(row[0]), *row[1:]) for path, row in rows.items()}

    def one(unit: Labelled) -> Asked:
        path = str(unit.path.relative_to(folder))
        if path not in known:
            asked = ask(peer, programs, unit.path) if peer and programs else ask_assay(unit.path)
            known[path] = asked
        return known[path]

    with ThreadPoolExecutor(options.workers) as pool:
        found = list(pool.map(one, units))
    rows = {path: [a.answer, a.cpu, a.memory, a.code] for path, a in known.items()}
    kept.write_text(json.dumps(rows), encoding="utf-8")
    print(f"{name}: {len(found)} units", flush=True)
    return found
