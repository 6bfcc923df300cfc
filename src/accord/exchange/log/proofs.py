"""Proofs that an entry is in a log, and that a log only grew.

A proof is made from a look-up of perfect subtrees: `get_hash(level, index)` gives the root over the
leaves `[index * 2**level, (index + 1) * 2**level)`; level 0 are the leaf hashes themselves.

Law (proofs): what is made here is verified here and by any other RFC 6962 implementation; with one
byte of the entry, of a root or of the proof changed, or for another index or older size, it is not.
A root does not tell the size of its tree: take both from one signed checkpoint, never the size from
whoever gives the proof.

Source: RFC 6962, sections 2.1.1 and 2.1.2 (making); RFC 9162, sections 2.1.3.2 and 2.1.4.2
(verifying).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from accord.core.errors import Invalid
from accord.exchange.log.merkle import EMPTY, HASH, MAX_SIZE, fold, node
from accord.identity.partners import Untrusted

GetHash = Callable[[int, int], bytes]


def root_of(get_hash: GetHash, start: int, end: int) -> bytes:
    """Root over the leaves `[start, end)`, where a subtree of the tree begins at `start`."""
    return fold([get_hash(level, at >> level) for level, at in perfect(start, end)])


def perfect(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees that a range falls into, as (level, first leaf), the largest first."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start
        start += 1 << level


def inclusion_proof(get_hash: GetHash, index: int, size: int) -> tuple[bytes, ...]:
    """Hashes that lead from one entry to the root of a tree.

    Raises:
        Invalid: there is no such entry in a tree of this size.
    """
    if not 0 <= index < size:
        raise Invalid(f"a log of {size} entries has no entry {index}")
    path: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return tuple(root_of(get_hash, *part) for part in reversed(path))


def consistency_proof(get_hash: GetHash, old: int, new: int) -> tuple[bytes, ...]:
    """Hashes that lead from the root of the first `old` entries to the root of the first `new`.

    Empty where nothing needs proof: from no entries, and from a tree to itself.

    Raises:
        Invalid: the old tree is larger than the new one.
    """
    if not 0 <= old <= new:
        raise Invalid(f"a log of {new} entries did not grow from one of {old}")
    if old in (0, new):
        return ()
    path: list[tuple[int, int]] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:
        path.append((start, end))
    return tuple(root_of(get_hash, *part) for part in reversed(path))


def _split(count: int) -> int:
    """The largest power of two that is smaller."""
    return 1 << (count - 1).bit_length() - 1


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return only if the entry with this leaf hash stands at the index of the tree.

    Raises:
        Untrusted: it is not proved (RFC 9162, section 2.1.3.2).
    """
    if not 0 <= index < size < MAX_SIZE or not _hashes(leaf_hash, root, *proof):
        raise Untrusted(f"entry {index} of {size}: the proof has the wrong form")
    at, last, result = index, size - 1, leaf_hash
    for one in proof:
        if last == 0:
            raise Untrusted(f"entry {index} of {size}: the proof is too long")
        if at & 1 or at == last:
            result = node(one, result)
            at, last = _left_border(at, last)
        else:
            result = node(result, one)
        at, last = at >> 1, last >> 1
    if last or result != root:
        raise Untrusted(f"entry {index} of {size} is not in the log with this root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return only if the tree of `new` entries begins with the tree of `old`.

    Raises:
        Untrusted: it is not proved (RFC 9162, section 2.1.4.2).
    """
    if not 0 <= old <= new < MAX_SIZE or not _hashes(old_root, new_root, *proof):
        raise Untrusted(f"from {old} to {new} entries: the proof has the wrong form")
    if old in (0, new):
        expected = new_root if old == new else EMPTY
        if proof or old_root != expected or (new == 0 and new_root != EMPTY):
            raise Untrusted(f"from {old} to {new} entries: the roots differ")
        return
    if not proof:
        raise Untrusted(f"from {old} to {new} entries: the proof is empty")
    path = proof if old & (old - 1) else [old_root, *proof]
    before, after = _both_roots(old, new, path)
    if before != old_root or after != new_root:
        raise Untrusted(f"the log of {new} entries does not begin with the one of {old}")


def _both_roots(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            raise Untrusted(f"from {old} to {new} entries: the proof is too long")
        if at & 1 or at == last:
            before, after = node(one, before), node(one, after)
            at, last = _left_border(at, last)
        else:
            after = node(after, one)
        at, last = at >> 1, last >> 1
    if last:
        raise Untrusted(f"from {old} to {new} entries: the proof is too short")
    return before, after


def _left_border(at: int, last: int) -> tuple[int, int]:
    """Up to where the node is a right child, or the first of its level."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _hashes(*candidates: bytes) -> bool:
    return all(len(one) == HASH for one in candidates)
