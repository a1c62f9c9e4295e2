"""Keeps small files that real libraries wrote: `freeze.py FOLDER ...`, each written by `write.py`.

Files are chosen so that together they import as many different names as possible, in every
form, within the budget. `provenance.json` says which release of which library wrote each.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from assay.scanning.pickle import scan_pickle

PLACE = Path(__file__).resolve().parent.parent / "real_pickles"
MOST_BYTES = 4096
ALL_BYTES = 190_000
_WROTE = {
    "plain": ("python",),
    "numpy": ("numpy",),
    "pandas": ("pandas", "numpy"),
    "scipy": ("scipy", "numpy"),
    "sklearn": ("scikit-learn", "numpy"),
    "boosting": ("xgboost", "lightgbm", "catboost"),
    "torch": ("torch", "torchvision"),
    "language": ("transformers", "tokenizers", "spacy", "sentence-transformers"),
    "code": ("dill", "cloudpickle", "python"),
}


def main(folders: list[Path]) -> None:
    """Choose, copy and say where each is from."""
    candidates = [
        (path, folder, _features(path))
        for folder in folders
        for path in sorted(folder.glob("*/*"))
        if path.stat().st_size <= MOST_BYTES and path.suffix != ".json"
    ]
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()
    covered: set[str] = set()
    left, provenance = ALL_BYTES, {}
    while candidates:
        path, folder, features = max(
            candidates, key=lambda one: (len(one[2] - covered) / (300 + one[0].stat().st_size))
        )
        if not features - covered:
            break
        candidates = [one for one in candidates if one[0] != path]
        if (left := left - path.stat().st_size) < 0:
            break
        covered |= features
        kept = f"{path.parent.name}-{path.name}.{folder.name}"
        shutil.copyfile(path, PLACE / kept)
        provenance[kept] = _releases(folder, path.parent.name)
    text = json.dumps(provenance, indent=1, sort_keys=True)
    (PLACE / "provenance.json").write_text(text + "\n", encoding="utf-8")


def _features(path: Path) -> set[str]:
    """What a file shows: the names it imports, and the kind of object in each form."""
    found = scan_pickle(path.read_bytes(), path=path.name)
    form = path.suffix
    return {f"{one} {form}" if form in (".p0", ".p2") else str(one) for one in found.imports} | {
        f"{path.parent.name} {form}"
    }


def _releases(folder: Path, kind: str) -> dict[str, str]:
    versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    lower = {name.lower(): version for name, version in versions.items()}
    names = ("python", *_WROTE.get(kind, ()))
    return {name: lower[name] for name in names if name in lower}


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
