"""Our reading of pickles against the C unpickler's: nothing it imports may escape us."""

from __future__ import annotations

import pickle
import pickletools
import random

import pytest

from assay.core.finding import Verdict, verdict_of
from assay.scanning.pickle import scan_pickle
from assay.scanning.pickle.imports import renamed
from scanning.pickle_oracle import Oracle
from scanning.pickle_streams import CHANGES, TARGETS, VALUES, mutated, program, real_pickles

SEED = 20261124
UNREADABLE = ("invalid load key", "truncated", "Ran out of input", "unsupported pickle protocol")
"""What the loader says of bytes it cannot read. Its other errors come from values that do not fit
together, which a stream of data alone cannot use for anything: the fast pass does not look."""


@pytest.fixture(scope="module")
def oracle():
    with Oracle() as running:
        yield running


def difference(oracle, data):
    """What is wrong with our reading of `data`, or nothing."""
    loaded = oracle.load(data)
    ours = scan_pickle(data, path="f")
    if loaded is None:
        return "the loader died" if not (ours.unread or ours.findings) else None
    seen = {(one.module, one.name) for one in ours.imports}
    told = " ".join(finding.evidence for finding in ours.findings)
    if any(f.rule == "pickle.frame-mismatch" and f.needs_review for f in ours.findings):
        return None  # loaders disagree about such a stream, and that is what is reported
    for module, name in loaded.seen:
        found = any((*renamed(module, name, p),) in seen for p in (0, 4)) or (module, name) in seen
        if not found and f"{module}.{name}" not in told:
            return f"{module}.{name} was imported unseen; ours: {sorted(seen)}"
    unreadable = any(word in loaded.error for word in UNREADABLE)
    if unreadable and verdict_of(ours.findings, ours.unread) is Verdict.CLEAN:
        return f"the loader fails ({loaded.error}) and the scan says clean"
    if loaded.end is not None and not ours.unread and ours.streams < 1:
        return "the loader read a stream and the scan none"
    return None


def test_what_real_pickles_import_is_seen(oracle):
    for data in real_pickles():
        assert difference(oracle, data) is None, data


def test_the_standard_library_s_own_pickles_are_clean():
    for value in VALUES:
        for protocol in range(6):
            result = scan_pickle(pickle.dumps(value, protocol), path="f")
            assert (result.findings, result.unread) == ((), ()), (value, protocol)


def test_the_end_of_every_real_pickle_is_where_pickletools_puts_it():
    for data in real_pickles():
        *_, (_, _, last) = pickletools.genops(data)
        result = scan_pickle(data, path="f")
        assert (result.streams, result.end) == (1, last + 1)


@pytest.mark.parametrize("part", range(4))
def test_random_programs_import_nothing_unseen(oracle, part):
    rng = random.Random(SEED + part)
    for _ in range(2500):
        data = program(rng)
        assert difference(oracle, data) is None, data


@pytest.mark.parametrize("part", range(2))
def test_real_pickles_with_mistakes_import_nothing_unseen(oracle, part):
    rng = random.Random(SEED + 100 + part)
    whole = real_pickles()
    for _ in range(2500):
        data = mutated(rng, rng.choice(whole))
        assert difference(oracle, data) is None, data


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_follows_a_change_of_any_object_is_seen_if_the_loader_gets_there(oracle, change):
    for target in TARGETS.values():
        for before in (b"", b"\x80\x04", b"("):
            data = before + target + change + b"0cos\nsystem\n(S'id'\ntR."
            assert difference(oracle, data) is None, data
