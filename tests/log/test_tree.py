"""Roots and proofs against the definition of RFC 9162, and proofs that were tampered with."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import DataError
from assay.log.tiles import TILE_WIDTH, Growth, Tile, index_path, levels, width_at
from assay.log.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"%d" % number) for number in range(700)]


def defined_root(leaves):
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def node(level, index):
    return root_of(LEAVES[index << level : (index + 1) << level])


def test_hashes_are_those_of_rfc_6962():
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert EMPTY_ROOT == hashlib.sha256(b"").digest() == root_of([])


@given(st.integers(0, len(LEAVES)))
def test_the_root_is_the_defined_one_however_it_is_made(size):
    expected = defined_root(LEAVES[:size])
    assert root_of(LEAVES[:size]) == expected
    growth = Growth()
    growth.add((b"", leaf) for leaf in LEAVES[:size])
    assert growth.root() == expected


@given(st.data())
def test_every_inclusion_proof_verifies_and_no_changed_one_does(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    root, leaf = root_of(LEAVES[:size]), LEAVES[index]
    proof = inclusion_proof(index, size, node)
    verify_inclusion(leaf, index, size, proof, root)
    assert len(proof) <= size.bit_length()
    for other in changed(proof, data):
        with pytest.raises(DataError):
            verify_inclusion(leaf, index, size, other, root)
    with pytest.raises(DataError):
        verify_inclusion(LEAVES[(index + 1) % 700], index, size, proof, root)
    wrong = data.draw(st.integers(0, size).filter(lambda number: number != index))
    with pytest.raises(DataError):
        verify_inclusion(leaf, wrong, size, proof, root)


@given(st.data())
def test_every_consistency_proof_verifies_and_no_changed_one_does(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(1, size))
    roots = root_of(LEAVES[:old]), root_of(LEAVES[:size])
    proof = consistency_proof(old, size, node)
    verify_consistency(old, roots[0], size, roots[1], proof)
    for other in changed(proof, data):
        with pytest.raises(DataError):
            verify_consistency(old, roots[0], size, roots[1], other)
    if old != size:
        with pytest.raises(DataError):
            verify_consistency(old, roots[1], size, roots[0], proof)


def changed(proof, data):
    """A proof with a bit turned, a hash less, a hash more, two in another order."""
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        yield [*proof[:at], flipped, *proof[at + 1 :]]
        yield proof[:-1]
        yield proof[1:]
        yield [*proof[:at], proof[at][:-1], *proof[at + 1 :]]
    if len(proof) > 1:
        yield proof[::-1]
    yield [*proof, LEAVES[0]]
    yield [LEAVES[0], *proof]


def test_what_cannot_be_proved_is_not_asked_for():
    with pytest.raises(ValueError, match="no leaf 5"):
        inclusion_proof(5, 5, node)
    for old in (0, 6):
        with pytest.raises(ValueError, match="no consistency proof"):
            consistency_proof(old, 5, node)
        with pytest.raises(DataError, match="no consistency proof"):
            verify_consistency(old, EMPTY_ROOT, 5, EMPTY_ROOT, [])


@given(st.lists(st.integers(1, 300), max_size=5))
def test_files_do_not_depend_on_how_entries_were_batched(batches):
    whole, parts = Growth(), Growth()
    total = min(sum(batches), len(LEAVES))
    at_once = whole.add((b"e%d" % n, LEAVES[n]) for n in range(total))
    files: dict[Tile, bytes] = {}
    for width in batches:
        end = min(parts.size + width, total)
        added = parts.add((b"e%d" % n, LEAVES[n]) for n in range(parts.size, end))
        for tile, data in added.items():
            assert files.setdefault(tile, data) == data
    assert parts.size == total
    assert parts.root() == whole.root()
    for tile, data in at_once.items():
        assert files[tile] == data
        width = width_at(tile.level or 0, tile.index, total)
        assert width == tile.width
    assert {tile.level for tile in at_once} - {None} == set(range(levels(total)))


def test_a_log_of_seventy_thousand_has_the_tiles_the_specification_names():
    size = 70_000
    assert width_at(0, 272, size) == TILE_WIDTH
    assert width_at(0, 273, size) == 112
    assert width_at(1, 0, size) == TILE_WIDTH
    assert width_at(1, 1, size) == 17
    assert width_at(2, 0, size) == 1
    assert levels(size) == 3
    assert (width_at(0, 1, 256), width_at(1, 0, 256)) == (0, 1)


@pytest.mark.parametrize(
    ("index", "path"), [(0, "000"), (67, "067"), (1234067, "x001/x234/067"), (1000, "x001/000")]
)
def test_paths_are_those_of_the_specification(index, path):
    assert index_path(index) == path
    for tile in (Tile(0, index), Tile(63, index, 255), Tile(None, index, 1)):
        assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/00/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/x000/000", "tile/0/x001", "tile/data/000", "tile/0/000/", "/tile/0/000",
        "tile/0/000.p/257", "tile/0/" + "x001/" * 2000 + "001", "tile/0/000.p/01", "checkpoint", "tile/entries/../000",
    ],
)  # fmt: skip
def test_other_paths_are_refused(path):
    with pytest.raises(DataError, match="not the path of a tile"):
        Tile.parse(path)
