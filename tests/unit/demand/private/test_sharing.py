"""Bits of secrets in words, streams out of seeds, and orders."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pools import seed

from accord.demand.private.common.sharing import (
    BLOCK,
    Stream,
    holders,
    rows_of,
    seed_for,
    sliced,
)
from accord.demand.private.common.shuffle import order_of


@pytest.mark.parametrize("count", [64, 192, 64 * 37])
def test_slices_hold_one_bit_of_each_row(count: int) -> None:
    rows = Stream(seed(count)).words((count, 2))
    slices = sliced(rows)
    assert slices.shape == (128, count // 64)
    for row in range(0, count, 7):
        for bit in range(0, 128, 5):
            held = int(slices[bit, row // 64]) >> row % 64 & 1
            assert held == int(rows[row, bit // 64]) >> bit % 64 & 1
    assert (rows_of(slices) == rows).all()


def test_a_stream_is_the_cipher_whatever_the_steps() -> None:
    made = Stream(seed("a"))
    steps = [made.words((n,)) for n in (1, 3, BLOCK - 1, 2 * BLOCK + 5)]
    whole = np.concatenate(steps)
    cipher = Cipher(algorithms.AES256(seed("a")), modes.CTR(bytes(16))).encryptor()
    assert whole.astype("<u8").tobytes() == cipher.update(bytes(whole.nbytes))


def test_seeds_for_two_purposes_are_different() -> None:
    purposes = [("a",), ("b",), ("a", 1), ("a", "11"), ("a", 11, 1)]
    assert len({seed_for(seed("a"), *purpose) for purpose in purposes}) == len(purposes)
    assert seed_for(seed("a"), "a") != seed_for(seed("b"), "a")


def test_every_part_has_two_holders_and_every_partner_two_parts() -> None:
    held = {p: [part for part in range(3) if p in holders(part)] for p in range(3)}
    assert held == {0: [0, 1], 1: [1, 2], 2: [0, 2]}


def test_orders_are_even() -> None:
    """Chi-square over all orders of four rows, 4,800 seeds: 23 degrees of freedom."""
    counts = dict.fromkeys(permutations(range(4)), 0)
    for n in range(4_800):
        counts[tuple(order_of(seed(n), 4).tolist())] += 1
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 60


def test_without_numpy_the_error_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "import accord.demand.private.channel, accord.demand.private.shape\n"
        "from accord.demand.private.errors import NotAble\n"
        "try:\n    import accord.demand.private.common.run\n"
        "except NotAble as wrong:\n    print(wrong)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "install `accord[pool]`" in said.stdout
