from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.exchange.log import proofs
from accord.exchange.log.merkle import EMPTY, leaf, root
from accord.identity.partners import Untrusted

LEAVES = [leaf(bytes([n])) for n in range(11)]


def of_leaves(level: int, index: int) -> bytes:
    return root(LEAVES[index << level : (index + 1) << level])


def test_the_only_entry_needs_no_proof() -> None:
    assert proofs.inclusion_proof(of_leaves, 0, 1) == ()
    proofs.verify_inclusion(LEAVES[0], 0, 1, (), LEAVES[0])


def test_every_entry_of_every_size_is_proved_and_no_other() -> None:
    for size in range(1, len(LEAVES) + 1):
        whole = root(LEAVES[:size])
        for index in range(size):
            proof = proofs.inclusion_proof(of_leaves, index, size)
            proofs.verify_inclusion(LEAVES[index], index, size, proof, whole)
            for other in set(range(size + 1)) - {index}:
                with pytest.raises(Untrusted):
                    proofs.verify_inclusion(LEAVES[index], other, size, proof, whole)


def test_every_growth_is_proved_and_no_other() -> None:
    roots = [root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for new in range(len(LEAVES) + 1):
        for old in range(new + 1):
            proof = proofs.consistency_proof(of_leaves, old, new)
            proofs.verify_consistency(old, new, roots[old], roots[new], proof)
            for wrong in set(range(new + 1)) - {old}:
                with pytest.raises(Untrusted):
                    proofs.verify_consistency(wrong, new, roots[old], roots[new], proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(Invalid):
        proofs.inclusion_proof(of_leaves, index, size)
    with pytest.raises(Untrusted):
        proofs.verify_inclusion(LEAVES[0], index, size, (), LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_there_is_no_proof_of_shrinking(old: int, new: int) -> None:
    with pytest.raises(Invalid):
        proofs.consistency_proof(of_leaves, old, new)
    with pytest.raises(Untrusted):
        proofs.verify_consistency(old, new, LEAVES[0], LEAVES[0], ())


def test_a_proof_is_neither_longer_nor_shorter_than_needed() -> None:
    inclusion = proofs.inclusion_proof(of_leaves, 4, 7)
    growth = proofs.consistency_proof(of_leaves, 3, 7)
    for more in ((*inclusion, LEAVES[0]), inclusion[:-1], ()):
        with pytest.raises(Untrusted):
            proofs.verify_inclusion(LEAVES[4], 4, 7, more, root(LEAVES[:7]))
    for more in ((*growth, LEAVES[0]), growth[:-1], ()):
        with pytest.raises(Untrusted):
            proofs.verify_consistency(3, 7, root(LEAVES[:3]), root(LEAVES[:7]), more)


def test_a_proof_consists_of_hashes() -> None:
    first, *rest = proofs.inclusion_proof(of_leaves, 4, 7)
    joined = (first + rest[0], *rest[1:])
    with pytest.raises(Untrusted, match="wrong form"):
        proofs.verify_inclusion(LEAVES[4], 4, 7, joined, root(LEAVES[:7]))
    with pytest.raises(Untrusted, match="wrong form"):
        proofs.verify_consistency(3, 7, root(LEAVES[:3]), root(LEAVES[:7]), joined)


def test_nothing_is_before_every_log_and_only_nothing() -> None:
    proofs.verify_consistency(0, 7, EMPTY, root(LEAVES[:7]), ())
    proofs.verify_consistency(0, 0, EMPTY, EMPTY, ())
    for old, new, before, after in (
        (0, 7, LEAVES[0], root(LEAVES[:7])),
        (0, 0, LEAVES[0], LEAVES[0]),
        (7, 7, root(LEAVES[:7]), root(LEAVES[:6])),
    ):
        with pytest.raises(Untrusted, match="roots differ"):
            proofs.verify_consistency(old, new, before, after, ())
    with pytest.raises(Untrusted, match="roots differ"):
        proofs.verify_consistency(7, 7, LEAVES[0], LEAVES[0], (LEAVES[1],))
