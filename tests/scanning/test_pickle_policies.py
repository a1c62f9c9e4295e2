"""The policy files: readable, whole, judged by people first, and cheap to begin with."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import resources

import pytest

from assay.scanning.pickle.imports import ImportPolicy, Safety, builtin_policy
from assay.scanning.pickle.names import root_of
from assay.scanning.pickle.policy_files import Shelf, builtin_texts, hand_written_texts, tables

FOLDER = resources.files("assay.scanning.pickle").joinpath("policies")
BY_HAND = sorted((f for f in FOLDER.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
WRITTEN = sorted(FOLDER.joinpath("written").iterdir(), key=lambda f: f.name)
KINDS = re.compile(
    r"none|bool|int|float|number|str|bytes|list|tuple|dict|set|data|instance|class|callable|"
    r"import|word|any|object|buffer|name|path-of-names|passable|made|made-code|made-function|"
    r"made-class|range-text|='[^']+'|@[\w.]+|partial=[\w.]+"
)


def parsed(file):
    return tomllib.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", BY_HAND + WRITTEN, ids=lambda file: file.name)
def test_a_file_names_its_roots_and_only_what_is_below_them(file):
    document = parsed(file)
    rows = [*document.get("allow", ()), *document.get("danger", ()), *document.get("library", ())]
    modules = {m for row in rows for m in row.get("modules", document.get("modules", ()))}
    modules |= {row["module"] for row in document.get("calls", ())}
    modules |= {*document.get("classes", {}), *document.get("references", {})}
    if file.name != "dangerous.toml":
        assert {root_of(module) for module in modules} <= set(document["roots"])


@pytest.mark.parametrize("file", BY_HAND + WRITTEN, ids=lambda file: file.name)
def test_every_kind_of_argument_is_one_there_is(file):
    document = parsed(file)
    for row in [*document.get("allow", ()), *document.get("calls", ())]:
        for shape in (*row.get("args", ()), *row.get("doubtful", ()), *row.get("state", ())):
            for place, kinds in enumerate(shape):
                last = place == len(shape) - 1
                for kind in (kinds.removesuffix("*") if last else kinds).split("|"):
                    assert KINDS.fullmatch(kind), (row, kind)


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_what_was_collected_says_from_which_releases_and_overrules_nobody(file):
    document = parsed(file)
    assert document["versions"]
    by_hand = ImportPolicy(*tables(hand_written_texts()))
    names = [(m, n) for table in ("classes", "references") for m, ns in
             document.get(table, {}).items() for n in ns]  # fmt: skip
    names += [(row["module"], n) for row in document.get("calls", ()) for n in row["names"]]
    assert names == [] or all(
        by_hand.judge(*name).safety is not Safety.DANGEROUS and name not in by_hand.exact
        for name in names
    )


def test_the_libraries_people_pickle_are_covered():
    wanted = (
        "torch numpy sklearn scipy pandas xgboost lightgbm catboost joblib dill cloudpickle "
        "transformers sentence_transformers spacy keras builtins collections datetime"
    )
    roots = {root for file in BY_HAND for root in parsed(file).get("roots", ())}
    assert set(wanted.split()) <= roots


def test_nothing_is_parsed_before_it_is_asked_for():
    shelf = Shelf(builtin_texts())
    assert ("numpy", "dtype") not in shelf.exact
    shelf.open("numpy")
    assert ("numpy", "dtype") in shelf.exact
    assert ("torch", "device") not in shelf.exact
    shelf.open_all()
    assert ("torch", "device") in shelf.exact
    shelf.open("torch")


def test_the_order_of_opening_changes_no_judgement():
    names = [("joblib.memory", "Memory"), ("pyarrow.lib", "OSFile"), ("numpy", "load"),
             ("keras.src.models.sequential", "Sequential._unpickle_model"),
             ("sklearn.base", "np.load"), ("spacy.util", "raise_error")]  # fmt: skip
    whole = ImportPolicy.builtin()
    assert len(whole.exact) > 1000
    for name in names:
        assert ImportPolicy.builtin().judge(*name) == whole.judge(*name)


def test_a_policy_is_ready_within_fifteen_milliseconds():
    measure = (
        "from assay.scanning.pickle.imports import builtin_policy\n"
        "import time; begin = time.process_time()\n"
        "policy = builtin_policy(); policy.judge('os', 'system')\n"
        "print((time.process_time() - begin) * 1000)"
    )
    runs = [float(subprocess.run([sys.executable, "-c", measure], check=True, capture_output=True,
                                 text=True).stdout) for _ in range(3)]  # fmt: skip
    assert min(runs) < 15


def test_every_split_of_a_dotted_name_is_judged_alike():
    policy = builtin_policy()
    for module, name in (("xgboost.core", "DMatrix"), ("sklearn.svm._classes", "SVC")):
        outer, _, last = module.rpartition(".")
        assert policy.judge(outer, f"{last}.{name}").safety is policy.judge(module, name).safety
    assert policy.judge("torch", "hub.load").safety is Safety.DANGEROUS
    assert policy.judge("sklearn", "base.np.load").safety is Safety.DANGEROUS
