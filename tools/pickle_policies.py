"""Collects what real libraries write and updates `policies/written/*.toml`.

    python tools/pickle_policies.py --with .clients/libraries/bin/python
    python tools/pickle_policies.py --from FOLDER [--from FOLDER ...]

The first form has an environment's own libraries write the objects of
`tests/scanning/real_objects`; the second reads folders written so before, for instance by
several releases. Nothing is loaded: the files are read by the scanner's own interpreter.
What a hand-written policy names or calls dangerous is left out, so that writing these files
again loses no judgement; every function and class that is given text is printed, since a
person must look at it before the file is kept.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assay.scanning.pickle import PersistentIdRule, scan_pickle
from assay.scanning.pickle.imports import ImportPolicy, Safety, class_like
from assay.scanning.pickle.ledger import Ledger
from assay.scanning.pickle.names import STANDARD, root_of
from assay.scanning.pickle.policy_files import hand_written_texts, tables
from assay.scanning.pickle.shapes import kind_of
from assay.scanning.pickle.values import Global, Tuple, Value

ROOT = Path(__file__).resolve().parent.parent
WRITE = ROOT / "tests" / "scanning" / "real_objects" / "write.py"
WRITTEN = ROOT / "src" / "assay" / "scanning" / "pickle" / "policies" / "written"
DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "imblearn": "imbalanced-learn",
    "umap": "umap-learn",
    "PIL": "pillow",
    "dateutil": "python-dateutil",
    "sentence_transformers": "sentence-transformers",
    "category_encoders": "category_encoders",
}
"""Distributions by root, where the two differ."""

OWN = frozenset("__main__ plain_objects numpy_objects scipy_objects".split())
_MOST_ARITIES = 3
_SHORTEST_REPEAT = 6
Name = tuple[str, str]


class Seen:
    """What files do with names that no hand-written policy decides about."""

    def __init__(self) -> None:
        self.policy = ImportPolicy(*tables(hand_written_texts()))
        self.built: set[Name] = set()
        self.only_imported: set[Name] = set()
        self.calls: dict[Name, set[tuple[str, ...]]] = defaultdict(set)
        self.refused: set[Name] = set()

    def scan(self, path: Path) -> None:
        """Collect from one file."""
        torch = path.suffix in (".torchpkl", ".torch-legacy")
        ids = PersistentIdRule.TORCH if torch else PersistentIdRule.UNKNOWN
        with _watched(self):
            result = scan_pickle(
                path.read_bytes(), path=path.name, policy=self.policy, persistent_ids=ids
            )
        for found in result.imports:
            name = (found.module, found.name)
            if self._is_open(name) and set(found.uses) <= {"imported"}:
                self.only_imported.add(name)

    def called(self, data: Any, callee: Global, arguments: Value, how: str) -> None:
        """One call, as the ledger keeps it."""
        name = (callee.module, callee.name)
        if not self._is_open(name):
            return
        if how in ("NEWOBJ", "NEWOBJ_EX"):
            self.built.add(name)
        elif isinstance(arguments, Tuple):
            self.calls[name].add(tuple(kind_of(data, item) for item in arguments.items))
        else:
            self.calls[name].add(("data*",))

    def _is_open(self, name: Name) -> bool:
        """Whether a name is a third party's and no person decided about it."""
        module, inner = name
        root = root_of(module)
        if (
            root in STANDARD
            or root in OWN
            or not inner
            or "<" in module
            or name in self.policy.exact
        ):
            return False
        judgement = self.policy.judge(*name)
        if judgement.safety is Safety.DANGEROUS:
            self.refused.add(name)
        decided = judgement.safety is Safety.ALLOWED and not judgement.library
        return judgement.safety is not Safety.DANGEROUS and not decided


class _watched:  # noqa: N801 - reads as a statement
    """Has the ledger tell about every call while it lasts."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._keep = Ledger.keep

    def __enter__(self) -> None:
        seen, keep = self._seen, self._keep

        def watching(
            ledger: Ledger, callee: Global, given: Value, at: int, how: str, *rest: Any
        ) -> None:
            seen.called(ledger.data, callee, given, how)
            keep(ledger, callee, given, at, how, *rest)

        Ledger.keep = watching  # type: ignore[assignment,method-assign]

    def __exit__(self, *_: object) -> None:
        Ledger.keep = self._keep  # type: ignore[method-assign]


def joined(shapes: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """Argument lists by their number of arguments, each place the kinds that were seen there."""
    by_count: dict[int, list[set[str]]] = {}
    for shape in shapes:
        places = by_count.setdefault(len(shape), [set() for _ in shape])
        for place, kind in zip(places, shape, strict=True):
            place.add(kind)
    if len(by_count) > _MOST_ARITIES or max(by_count) >= _SHORTEST_REPEAT:
        every = {
            kind.rstrip("*") for places in by_count.values() for place in places for kind in place
        }
        return [[_either(every) + "*"]]
    return [[_either(place) for place in by_count[count]] for count in sorted(by_count)]


def _either(kinds: set[str]) -> str:
    if "str" in kinds:
        kinds = kinds - {"word"}
    if len(kinds & {"int", "float", "bool", "number"}) > 1:
        kinds = kinds - {"int", "float", "bool"} | {"number"}
    return "|".join(sorted(kinds))


def document(root: str, versions: dict[str, set[str]], seen: Seen) -> str:
    """A policy file of one root, as text."""
    distribution = DISTRIBUTIONS.get(root, root)
    known = sorted(versions.get(distribution.lower(), ()))
    lines = [
        f"# What {distribution} writes. Collected by tools/pickle_policies.py; judgement is in ../.",
        f"roots = {json.dumps([root])}",
        f"versions = {json.dumps(known)}",
    ]
    mine = {name for name in seen.built | seen.only_imported if root_of(name[0]) == root}
    called = {name for name in seen.calls if root_of(name[0]) == root}
    classes = {name for name in mine - called if name in seen.built or class_like(name[1])}
    lines += _table("classes", classes) + _table("references", mine - called - classes)
    for name in sorted(called):
        is_class = class_like(name[1])
        shapes = joined(seen.calls[name])
        lines += [
            "",
            "[[calls]]",
            f"module = {json.dumps(name[0])}",
            f"names = {json.dumps([name[1]])}",
        ]
        lines += [f'kind = "{"class" if is_class else "function"}"', f"args = {json.dumps(shapes)}"]
    return "\n".join(lines) + "\n"


def _table(title: str, names: set[Name]) -> list[str]:
    if not names:
        return []
    by_module: dict[str, list[str]] = defaultdict(list)
    for module, name in sorted(names):
        by_module[module].append(name)
    return ["", f"[{title}]", *(f"{json.dumps(m)} = {json.dumps(n)}" for m, n in by_module.items())]


def written_by(python: str) -> Iterator[Path]:
    """A folder of files that the libraries of an environment write."""
    with tempfile.TemporaryDirectory() as folder:
        with Path(folder, "files.jsonl").open("wb") as out:
            subprocess.run([python, str(WRITE), folder], check=True, stdout=out)  # noqa: S603
        yield Path(folder)


def main() -> int:
    """Collect, write the files, and say what a person must look at."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--with", dest="python", action="append", default=[], metavar="PYTHON")
    parser.add_argument("--from", dest="folders", action="append", default=[], type=Path)
    parser.add_argument(
        "--only", help="names of files that are read, one `kind/name` a line", type=Path
    )
    options = parser.parse_args()
    seen, versions = Seen(), defaultdict(set)
    only = set(options.only.read_text().split()) if options.only else None
    for folder in [*options.folders, *(f for python in options.python for f in written_by(python))]:
        for name, version in json.loads((folder / "versions.json").read_text()).items():
            versions[name.lower()].add(version)
        for path in sorted(folder.glob("*/*")):
            kind, name = path.parent.name, path.name.rpartition(".")[0]
            if kind != "code" and (only is None or f"{kind}/{name}" in only):
                seen.scan(path)
    _write(seen, versions)
    return 0


def _write(seen: Seen, versions: dict[str, set[str]]) -> None:
    roots = {root_of(module) for module, _ in seen.built | seen.only_imported | set(seen.calls)}
    WRITTEN.mkdir(exist_ok=True)
    for root in sorted(roots):
        (WRITTEN / f"{root}.toml").write_text(document(root, versions, seen), encoding="utf-8")
    for name in sorted(seen.calls):
        kinds = {kind for shape in seen.calls[name] for kind in shape}
        if kinds & {"str", "bytes", "data*"}:
            print(f"given text: {'.'.join(name)} {joined(seen.calls[name])}")
    for name in sorted(seen.refused):
        print(f"dangerous by a hand-written policy, left out: {'.'.join(name)}")


if __name__ == "__main__":
    sys.exit(main())
