"""What a node receives while numbers are added up can be made up from its own and from what opens.

Two sets of hidden numbers whose sums lie in one band: whichever the others hold, each number that a
node receives is as likely as any other of the field, and what it can put together of two partners'
numbers goes with neither set.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

PROGRAM = Path(__file__).resolve().parents[3] / "pool_views.py"
RUNS, CLASSES = 12, 16
ANSWERS = "answers"
"""What everybody ends with: chance, until all give their masks."""
LABEL, WORD = 8, 8
FAR = 12.0
"""Standard deviations of what chance makes, of figures with 15 degrees of freedom: chance gets so
far once in 10^10."""
HIDDEN = ((1, 1), (1 << 20, 1 << 20))
"""What the other two hold for each item; the node itself holds `OWN`."""
OWN = 1 << 20

View = dict[tuple[int, str], NDArray[np.object_]]
"""All numbers of a message over all runs, by who sent it and its label."""


Opened = dict[str, NDArray[np.object_]]
"""What is opened behind masks, by where in the computation that is."""


def views(node: int, hidden: tuple[int, int], *, spoiled: str = "no") -> tuple[View, Opened, int]:
    others = [i for i in range(3) if i != node]
    numbers = {node: OWN, **dict(zip(others, hidden, strict=True))}
    with ExitStack() as stack:
        ends: list[dict[int, int]] = [{}, {}, {}]
        for i, j in ((0, 1), (0, 2), (1, 2)):
            one, other = (stack.enter_context(end) for end in socket.socketpair())
            ends[i][j], ends[j][i] = one.fileno(), other.fileno()
        programs = [
            subprocess.Popen(
                [sys.executable, PROGRAM, str(me), json.dumps(ends[me]), str(numbers[me]),
                 str(RUNS), spoiled],
                stdout=subprocess.PIPE, pass_fds=list(ends[me].values()),
            )
            for me in range(3)
        ]  # fmt: skip
    told = [program.communicate(timeout=60)[0] for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0]
    said = json.loads(told[node])
    modulus = int(said["modulus"])
    opened = {
        place: np.array([int(text) % modulus for text in texts], dtype=object)
        for place, texts in said["opened"].items()
    }
    opened[ANSWERS] = np.array([int(text) for text in said["answers"]], dtype=object)
    return _by_message(said["views"], -(-modulus.bit_length() // 64)), opened, modulus


def _by_message(runs: list[list[tuple[int, str]]], words: int) -> View:
    found: dict[tuple[int, str], list[NDArray[np.object_]]] = {}
    for messages in runs:
        for peer, text in messages:
            data = bytes.fromhex(text)
            found.setdefault((peer, data[:LABEL].hex()), []).append(_numbers(data[LABEL:], words))
    assert {len(rows) for rows in found.values()} == {RUNS}
    return {name: np.concatenate(rows) for name, rows in found.items()}


def _numbers(data: bytes, words: int) -> NDArray[np.object_]:
    rows = np.frombuffer(data, "<u8").reshape(-1, words).astype(object)
    numbers: NDArray[np.object_] = rows[:, 0]
    for i in range(1, words):
        numbers = numbers + (rows[:, i] << 64 * i)
    return numbers


def worst(node: int, spoiled: str = "no") -> float:
    """The figure that is furthest from chance, in standard deviations."""
    (first, opened, modulus), (second, opened_then, _) = (
        views(node, one, spoiled=spoiled) for one in HIDDEN
    )
    assert {name: len(rows) for name, rows in first.items()} == {
        name: len(rows) for name, rows in second.items()
    }
    figures = [_even(_classes(rows, modulus)) for view in (first, second) for rows in view.values()]
    figures += [_even(_classes(one[ANSWERS], modulus)) for one in (opened, opened_then)]
    joined = {**_together(first, modulus, node), **opened}
    then = {**_together(second, modulus, node), **opened_then}
    assert joined.keys() == then.keys()
    for label, one in joined.items():
        largest = int(max(*one, *then[label])) + 1
        figures.append(_alike(_classes(one, largest), _classes(then[label], largest)))
        low, low_then = one % CLASSES, then[label] % CLASSES
        figures.append(_alike(_classes(low, CLASSES), _classes(low_then, CLASSES)))
    return max(map(abs, figures))


def _together(view: View, modulus: int, node: int) -> dict[str, NDArray[np.object_]]:
    """What the numbers of both others give of each message: where one thing was shared, that."""
    one, other = (i + 1 for i in range(3) if i != node)
    inverse = pow(other - one, -1, modulus)
    found = {}
    for (peer, label), rows in view.items():
        rest = view.get((other - 1, label))
        if peer == one - 1 and rest is not None and len(rest) == len(rows):
            found[label] = (rows * other - rest * one) * inverse % modulus
    return found


def _classes(rows: NDArray[np.object_], largest: int) -> NDArray[np.int64]:
    places = (rows * CLASSES // largest).astype(np.int64)
    return np.bincount(places, minlength=CLASSES)


def _even(counts: NDArray[np.int64]) -> float:
    mean = counts.sum() / CLASSES
    return _chi(float((((counts - mean) ** 2) / mean).sum()), CLASSES - 1)


def _alike(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Whether anything goes with what is hidden; what both never have says nothing."""
    both = one + other
    had = both > 0
    if had.sum() < 2:
        return 0.0
    return _chi(float((((one - other)[had] ** 2) / both[had]).sum()), int(had.sum()) - 1)


def _chi(statistic: float, freedom: int) -> float:
    return (statistic - freedom) / sqrt(2 * freedom)


@pytest.mark.parametrize("node", [0, 2])
def test_a_view_tells_nothing_but_what_opens(node: int) -> None:
    assert worst(node) < FAR


@pytest.mark.parametrize("spoiled", ["shares", "masks", "answers"])
def test_what_is_spoiled_on_purpose_is_noticed(spoiled: str) -> None:
    assert worst(1, spoiled) > FAR
