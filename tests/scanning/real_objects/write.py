"""Writes real objects with the real libraries, in every form a program would: `write.py FOLDER [KIND ...]`.

Run in an environment that has the libraries; what is missing is left out and said. Prints
one JSON line per file: kind, name, form, path. `versions.json` in the folder says which
releases of which distributions wrote them.
"""

# ruff: noqa: T201, BLE001 - it reports, and goes on with the next object

from __future__ import annotations

import importlib
import importlib.metadata
import io
import json
import pickle
import pickletools
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent
KINDS = (
    "plain",
    "numpy",
    "pandas",
    "scipy",
    "sklearn",
    "boosting",
    "torch",
    "language",
    "other",
    "code",
)
_LARGE_BYTES = 2 << 20
"""Above this an object is written in two forms only."""
_ONLY_TORCH = {"dynamic-quantised", "static-quantised"}
"""Native objects inside, on which other picklers end the process."""

Writer = Callable[[object], bytes]


def writers(kind: str) -> Iterator[tuple[str, Writer]]:
    """Forms by name."""
    if kind != "code":
        for protocol in range(6):
            yield f"p{protocol}", _protocol(protocol)
        yield "optimised", _optimised
        yield "python", _python
    yield from _optional("joblib", "joblib", _joblib)
    yield from _optional("dill", "dill", _dill)
    yield from _optional("cloudpickle", "cloudpickle", _cloudpickle)
    if kind == "code":
        yield from _optional("dill-recursive", "dill", _dill_recursive)
        yield from _optional("cloudpickle-p2", "cloudpickle", _cloudpickle_old)
    if kind in ("torch", "language"):
        yield from _optional("torch", "torch", _torch)
        yield from _optional("torch-legacy", "torch", _torch_legacy)


def _protocol(protocol: int) -> Writer:
    return lambda value: pickle.dumps(value, protocol)


def _optimised(value: object) -> bytes:
    return pickletools.optimize(pickle.dumps(value, 4))


def _python(value: object) -> bytes:
    """By the pickler written in Python, which frames otherwise."""
    file = io.BytesIO()
    pickle._Pickler(file, 4).dump(value)
    return file.getvalue()


def _optional(
    form: str, library: str, make: Callable[[ModuleType], Writer]
) -> Iterator[tuple[str, Writer]]:
    try:
        yield form, make(importlib.import_module(library))
    except ImportError:
        print(f"{library} is not here", file=sys.stderr)


def _joblib(library: ModuleType) -> Writer:
    return _into_file(library.dump)


def _dill(library: ModuleType) -> Writer:
    return library.dumps


def _dill_recursive(library: ModuleType) -> Writer:
    return lambda value: library.dumps(value, recurse=True)


def _cloudpickle(library: ModuleType) -> Writer:
    return library.dumps


def _cloudpickle_old(library: ModuleType) -> Writer:
    return lambda value: library.dumps(value, protocol=2)


def _torch(library: ModuleType) -> Writer:
    return _into_file(library.save)


def _torch_legacy(library: ModuleType) -> Writer:
    return _into_file(
        lambda value, file: library.save(value, file, _use_new_zipfile_serialization=False)
    )


def _into_file(save: Callable[[object, io.BytesIO], object]) -> Writer:
    def write(value: object) -> bytes:
        file = io.BytesIO()
        save(value, file)
        return file.getvalue()

    return write


def named(kind: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """The objects of a kind; those with code of their own live in `__main__`."""
    if kind == "code":
        main = sys.modules["__main__"].__dict__
        path = FOLDER / "code_objects.py"
        exec(compile(path.read_text(), str(path), "exec"), main)
        return main["objects"]()
    return importlib.import_module(f"{kind}_objects").objects()


def files(kind: str) -> Iterator[tuple[str, str, bytes]]:
    """Name, form and content of every file of a kind that can be written here."""
    forms = list(writers(kind))
    for name, make in named(kind):
        try:
            value = make()
        except Exception as error:
            print(
                f"{kind}/{name}: not made: {type(error).__name__}: {str(error)[:100]}",
                file=sys.stderr,
            )
            continue
        large = False
        for form, write in forms:
            if (large or name in _ONLY_TORCH) and form not in ("joblib", "torch", "torch-legacy"):
                continue
            if name in _ONLY_TORCH and form == "joblib":
                continue
            try:
                content = write(value)
            except Exception as error:
                print(
                    f"{kind}/{name}: not as {form}: {type(error).__name__}: {str(error)[:80]}",
                    file=sys.stderr,
                )
                continue
            large = large or len(content) > _LARGE_BYTES
            yield name, form, content


def main(folder: Path, kinds: list[str]) -> None:
    """Write the files of kinds."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(FOLDER))
    folder.mkdir(parents=True, exist_ok=True)
    versions = {one.name: one.version for one in importlib.metadata.distributions()}
    versions["python"] = sys.version.split()[0]
    (folder / "versions.json").write_text(json.dumps(versions, indent=1, sort_keys=True))
    for kind in kinds:
        place = folder / kind
        place.mkdir(parents=True, exist_ok=True)
        for name, form, content in files(kind):
            path = place / f"{name}.{form}"
            path.write_bytes(content)
            print(
                json.dumps({"kind": kind, "name": name, "form": form, "path": str(path)}),
                flush=True,
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(KINDS))
