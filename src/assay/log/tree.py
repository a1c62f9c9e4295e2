"""The Merkle tree: hashes, roots, proofs and their verification.

Sources: RFC 9162, sections 2.1.1 (hashes), 2.1.3 (inclusion) and 2.1.4 (consistency). Proofs are
made from the hashes of complete subtrees, which never change: `node(level, index)` is the hash
over the leaves from `index * 2**level` up to `(index + 1) * 2**level`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from assay.core.errors import DataError

HASH_BYTES = 32
_sha256 = hashlib.sha256
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

NodeReader = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree at (level, index)."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees' hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes (RFC 9162, 2.1.1).

    Level by level: a hash without a neighbour goes up as it is, which gives the same division.
    """
    hashes = list(leaves)
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        above = [_sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(hashes) % 2:
            above.append(hashes[-1])
        hashes = above
    return hashes[0] if hashes else EMPTY_ROOT


def complete_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The (level, index) of the complete subtrees that make up leaves `start` to `end`.

    `start` must be the beginning of a subtree of the tree's own division.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, size: int, node: NodeReader) -> list[bytes]:
    """The hashes that show a tree of `size` leaves to begin with that of `old` leaves.

    Raises:
        ValueError: `old` is below 1 or above `size`.
    """
    if not 1 <= old <= size:
        raise ValueError(f"no consistency proof leads from {old} to {size} leaves")
    start, end, path, whole = 0, size, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(_range_root(start, end, node))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if the leaf hash is at `index` of the tree with this root (RFC 9162, 2.1.3.2).

    Raises:
        DataError: it is not shown to be.
    """
    if not 0 <= index < size:
        raise DataError(f"a tree of {size} entries has no entry {index}")
    _check_hashes([leaf, *proof])
    value = leaf
    for hash_, left in zip(proof, _sides(index, size - 1, len(proof)), strict=True):
        value = node_hash(hash_, value) if left else node_hash(value, hash_)
    if value != root:
        raise DataError("the inclusion proof leads to another root")


def verify_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the tree of `size` entries begins with that of `old` (RFC 9162, 2.1.4.2).

    Raises:
        DataError: it is not shown to, or `old` is 0, of which nothing can be shown.
    """
    if not 1 <= old <= size:
        raise DataError(f"no consistency proof leads from {old} to {size} entries")
    if old == size:
        if old_root != root:
            raise DataError("one size has two roots")
        if proof:
            raise DataError("the consistency proof is too long")
        return
    _check_hashes([old_root, root, *proof])
    if not proof:
        raise DataError("the consistency proof is empty")
    # The old tree is itself a complete subtree where its size is a power of two.
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    shift = (old & -old).bit_length() - 1
    sides = _sides((old - 1) >> shift, (size - 1) >> shift, len(path) - 1)
    first = second = path[0]
    for hash_, left in zip(path[1:], sides, strict=True):
        if left:
            first, second = node_hash(hash_, first), node_hash(hash_, second)
        else:
            second = node_hash(second, hash_)
    if first != old_root or second != root:
        raise DataError("the consistency proof leads to another root")


def _sides(number: int, last: int, count: int) -> list[bool]:
    """Whether each hash of a path upwards stands on the left (RFC 9162, 2.1.3.2, step 4)."""
    sides = []
    for _ in range(count):
        if last == 0:
            raise DataError("the proof is too long")
        left = bool(number & 1) or number == last
        if left and not number & 1:
            skipped = (number & -number).bit_length() - 1
            number, last = number >> skipped, last >> skipped
        sides.append(left)
        number, last = number >> 1, last >> 1
    if last != 0:
        raise DataError("the proof is too short")
    return sides


def _split(leaves: int) -> int:
    """The largest power of two below `leaves`."""
    return 1 << (leaves - 1).bit_length() - 1


def _range_root(start: int, end: int, node: NodeReader) -> bytes:
    return _folded([node(level, index) for level, index in complete_subtrees(start, end)])


def _folded(hashes: Sequence[bytes]) -> bytes:
    value = hashes[-1]
    for hash_ in reversed(hashes[:-1]):
        value = node_hash(hash_, value)
    return value


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise DataError(f"a hash of the log has {HASH_BYTES} bytes")
