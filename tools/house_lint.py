"""House rules no other linter holds. Exits 1 and names each place.

1. Nothing in src/ may be able to load what it inspects: no import of pickle, marshal,
   shelve, dill, cloudpickle or joblib, no call of torch.load or numpy.load, no eval or
   exec, no importing by a name that is not written in the source.
2. No TODO, FIXME or XXX: what is not done is filed, not left in the code.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOADERS = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "torch"}
CALLS = {"eval", "exec", "__import__", "torch.load", "numpy.load", "np.load", "yaml.load"}
UNFINISHED = re.compile(r"#\s*(TODO|FIXME|XXX)\b")
Problem = tuple[int, str]


def main() -> int:
    """Check every file; print and count what is wrong."""
    count = 0
    for folder in ("src", "tests", "tools", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, text in problems(path, in_source=folder == "src"):
                print(f"{path.relative_to(ROOT)}:{line}: {text}")
                count += 1
    print(f"house lint: {count} problems" if count else "house lint: nothing found")
    return 1 if count else 0


def problems(path: Path, *, in_source: bool) -> Iterator[Problem]:
    """What is wrong in one file."""
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if UNFINISHED.search(line):
            yield number, "unfinished work is not left in the code"
    if in_source:
        for node in ast.walk(ast.parse(text, str(path))):
            yield from _node(node)


def _node(node: ast.AST) -> Iterator[Problem]:
    match node:
        case ast.Import(names=names):
            for name in names:
                if name.name.split(".")[0] in LOADERS:
                    yield node.lineno, f"imports {name.name}, which can load what is inspected"
        case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in LOADERS:
            yield node.lineno, f"imports {module}, which can load what is inspected"
        case ast.Call(func=func) if ast.unparse(func) in CALLS:
            yield node.lineno, f"calls {ast.unparse(func)}"


if __name__ == "__main__":
    sys.exit(main())
