from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.exchange.log import merkle
from accord.exchange.log.merkle import EMPTY, Frontier, leaf, node, root

A, B, C = leaf(b"a"), leaf(b"b"), leaf(b"c")


def test_an_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root([]) == Frontier().root() == EMPTY


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf(A + B) != node(A, B)
    assert merkle.leaves([b"a", b"b"]) == [A, B]


def test_the_larger_subtree_stands_on_the_left() -> None:
    assert root([A]) == A
    assert root([A, B, C]) == node(node(A, B), C)


def test_a_frontier_holds_one_hash_for_each_bit_of_its_size() -> None:
    edge = Frontier().extend([A, B, C])
    assert edge == Frontier(3, (node(A, B), C))
    assert edge.extend([]) == edge


def test_a_frontier_can_be_kept_as_bytes() -> None:
    edge = Frontier().extend([A, B, C])
    assert merkle.read(edge.write()) == edge
    assert merkle.read(Frontier().write()) == Frontier()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        (1).to_bytes(8, "big"),
        (2).to_bytes(8, "big") + A + B,
        (1).to_bytes(8, "big") + A + b"\x00",
        (1).to_bytes(8, "big") + A[:-1],
        (1 << 62).to_bytes(8, "big") + A,
        (0).to_bytes(8, "big") + b"\x00",
    ],
)
def test_what_is_no_frontier_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        merkle.read(data)


def test_a_frontier_that_exists_is_valid() -> None:
    with pytest.raises(Invalid, match="0 hashes are not the edge of a tree of 1"):
        Frontier(1)
    with pytest.raises(Invalid, match="-1"):
        Frontier(-1)
