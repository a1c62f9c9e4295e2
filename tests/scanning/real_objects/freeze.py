"""Keeps small files that real libraries wrote: `freeze.py FOLDER ...`, each written by `write.py`.

Files are chosen so that together they import as many different names as possible within the
budget. A name ends in the folder the file is from; `provenance.json` says which releases were
in it.
"""

from __future__ import annotations

import heapq
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from assay.scanning.pickle import scan_pickle

PLACE = Path(__file__).resolve().parent.parent / "real_pickles"
MOST_BYTES = 4095
ALL_BYTES = 180_000
FEWEST_NEW = 3
"""A file that shows fewer names that no other shows is left out."""
_NAMED = frozenset(
    "python numpy pandas scipy scikit-learn xgboost lightgbm catboost torch torchvision joblib "
    "dill cloudpickle transformers tokenizers sentence-transformers spacy keras statsmodels "
    "imbalanced-learn category_encoders networkx nltk polars pyarrow sympy omegaconf".split()
)
"""Distributions whose release is written down."""


def main(folders: list[Path]) -> None:
    """Choose, copy and say where each is from."""
    smallest: dict[frozenset[str], Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/*")):
            if path.stat().st_size <= MOST_BYTES and path.suffix != ".json":
                features = _features(path)
                known = smallest.get(features)
                if known is None or path.stat().st_size < known.stat().st_size:
                    smallest[features] = path
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()
    for path in _chosen(smallest):
        shutil.copyfile(path, PLACE / f"{path.parent.name}-{path.name}.{path.parent.parent.name}")
    releases = {folder.name: _releases(folder) for folder in folders}
    text = json.dumps(releases, indent=1, sort_keys=True)
    (PLACE / "provenance.json").write_text(text + "\n", encoding="utf-8")


def _chosen(candidates: dict[frozenset[str], Path]) -> Iterator[Path]:
    """Files that show most for their size, until nothing new is shown or the budget is spent."""
    covered: set[str] = set()
    left = ALL_BYTES
    heap = [(float("-inf"), number, features) for number, features in enumerate(candidates)]
    while heap:
        worth, number, features = heapq.heappop(heap)
        path = candidates[features]
        fresh = len(features - covered)
        now = -fresh / (1000 + path.stat().st_size)
        if now > worth:
            if fresh >= FEWEST_NEW:
                heapq.heappush(heap, (now, number, features))
            continue
        if (left := left - path.stat().st_size) < 0:
            break
        covered |= features
        yield path


def _features(path: Path) -> frozenset[str]:
    """What a file shows: the names it imports, and the kind of object in its form."""
    found = scan_pickle(path.read_bytes(), path=path.name)
    return frozenset((*map(str, found.imports), f"{path.parent.name} {path.suffix}"))


def _releases(folder: Path) -> dict[str, str]:
    versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    return {name: version for name, version in versions.items() if name.lower() in _NAMED}


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
