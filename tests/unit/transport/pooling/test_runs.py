"""Partners in processes of their own, over TLS on this machine, against the clear."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from pooling import HERE, Opened, ask, children, peers_of, run_of, wait_for_processor

from accord.demand.private.bands import limits, number
from accord.demand.private.questions import Given, Ranking, Totals
from accord.transport.pooling.parent import Child, NoResult
from accord.transport.pooling.settings import Place

QUANTITIES = (limits(10, 1_000), limits(1, 20), (7,))
SEED = 20_261_123


def chosen(count: int, tops: tuple[int, ...], agencies: int, chance: random.Random) -> Given:
    behind = tuple(chance.randrange(agencies) for _ in range(count))
    numbers = (tuple(chance.randrange(top) * (n > 0) for n in behind) for top in tops)
    return Given(tuple(numbers), behind)


def in_the_clear(question: Totals, given: list[Given]) -> list[list[int] | None]:
    rows: list[list[int] | None] = []
    for item in range(question.items):
        behind = [one.agencies[item] for one in given]
        if sum(n > 0 for n in behind) < question.partners or sum(behind) < question.agencies:
            rows.append(None)
            continue
        sums = [sum(one.numbers[q][item] for one in given) for q in range(len(QUANTITIES))]
        rows.append([number(n, found) for n, found in zip(sums, QUANTITIES, strict=True)])
    return rows


def answers(told: list[Opened | NoResult]) -> list[Opened]:
    for one in told:
        assert isinstance(one, Opened), one
    return [one for one in told if isinstance(one, Opened)]


def edges() -> list[Given]:
    """Items just at a limit, just below it, and just at and below the thresholds."""
    agencies = (
        (1, 1, 1, 1, 2, 1, 3),
        (1, 1, 1, 1, 0, 0, 0),
        (1, 1, 1, 0, 0, 2, 0),
        (0, 0, 0, 0, 1, 0, 0),
    )
    values = (
        (4, 3, 999, 5, 9, 1, 50),
        (3, 3, 1, 5, 0, 0, 0),
        (3, 3, 0, 0, 0, 8, 0),
        (0, 0, 0, 0, 8, 0, 0),
    )
    return [Given((row, row, row), behind) for row, behind in zip(values, agencies, strict=True)]


def test_totals_are_the_bands_of_the_clear_sums(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    given = edges()
    for i, one in enumerate(given):
        more = chosen(18, (400, 12, 5), 3, chance)
        columns = (a + b for a, b in zip(one.numbers, more.numbers, strict=True))
        given[i] = Given(tuple(columns), one.agencies + more.agencies)
    question = Totals(25, QUANTITIES, 2, 3)
    expected = in_the_clear(question, given)
    assert expected[:3] == [[1, 4, 1], [0, 3, 1], [7, 5, 1]]
    assert expected[3] is None
    assert expected[6] is None
    assert expected[4:6] == [[1, 4, 1], [0, 3, 1]]
    for told in answers(ask(tmp_path, question, given)):
        assert told.rows == expected
        assert told.sent > 0


def test_a_ranking_is_the_order_of_the_clear_sums(tmp_path: Path) -> None:
    """Equals in the order of the question; too few behind an ask never come, however high."""
    priorities = ((5, 9, 0, 99, 7, 1, 0), (5, 1, 0, 0, 7, 1, 0), (0, 0, 10, 0, 1, 0, 0))
    behind = ((1, 1, 1, 5, 1, 1, 0), (1, 1, 0, 0, 1, 1, 0), (0, 0, 2, 0, 1, 0, 1))
    given = [Given((row,), who) for row, who in zip(priorities, behind, strict=True)]
    told = answers(ask(tmp_path, Ranking(7, 4, 50, 2, 2), given))
    assert [one.order for one in told] == [[4, 0, 1, 2]] * 3
    assert [one.rows for one in told] == [[]] * 3


def test_fewer_asks_than_places(tmp_path: Path) -> None:
    """An ask with nothing but agencies behind it is still before those with too few."""
    given = [
        Given(((3, 0, 0),), (2, 1, 1)),
        Given(((0, 0, 1),), (0, 1, 1)),
        Given(((0,) * 3,), (0,) * 3),
    ]
    told = answers(ask(tmp_path, Ranking(3, 3, 10, 2, 2), given))
    assert [one.order for one in told] == [[2, 1]] * 3


def test_a_partner_that_is_ended_mid_way(tmp_path: Path) -> None:
    question = Totals(4_000, QUANTITIES, 2, 3)
    given = chosen(4_000, (400, 12, 5), 3, random.Random(SEED))
    with children(3) as started, ThreadPoolExecutor(3) as pool:
        peers = peers_of(tmp_path, [child.port for child in started])
        runs = [run_of(tmp_path, peers, me, question, given) for me in range(3)]
        ends = [pool.submit(child.keep, run) for child, run in zip(started, runs, strict=True)]
        wait_for_processor(started[0])
        started[2].kill()
        for end in ends[:2]:
            with pytest.raises(NoResult, match=r"india: partner .* Nothing was opened") as told:
                end.result(20)
            assert told.value.peer == 2
        with pytest.raises(NoResult, match="ended without an answer"):
            ends[2].result(20)


def test_nothing_of_the_environment_or_the_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would stop or change it, if it were read."""
    (tmp_path / "mpyc.py").write_text("raise SystemExit('imported from the folder')")
    (tmp_path / ".config").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("MPYC_NONUMPY", "1")
    given = [Given(((1, 2),), (1, 1))] * 3
    told = answers(ask(tmp_path / "keys", Ranking(2, 1, 5, 2, 2), given))
    assert [one.order for one in told] == [[1]] * 3


def test_who_does_not_come_is_named(tmp_path: Path) -> None:
    question = Totals(1, QUANTITIES, 2, 3)
    with children(1) as (alone,):
        peers = peers_of(tmp_path, [alone.port, 1, 1])
        run = run_of(tmp_path, peers, 0, question, Given(((1,),) * 3, (1,)))
        with pytest.raises(
            NoResult, match=r"not over after 0\.3 seconds; waited for: australia, india"
        ):
            alone.keep(msgspec.structs.replace(run, seconds=0.3))


def test_an_address_of_another_machine_is_told_at_once() -> None:
    with pytest.raises(NoResult, match=r"[Aa]ddress"):
        Child(Place("192.0.2.1", 0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run": "short"}, "16 bytes"),
        ({"me": 3}, "none of the partners"),
        ({"seconds": 0.0}, "ends within"),
        ({"given": Given((), ())}, "about 1 items"),
        ({"keys": "/nowhere"}, "door.pem"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, change: dict[str, object], said: str) -> None:
    question = Totals(1, QUANTITIES, 2, 3)
    with Child(Place(HERE, 0)) as child:
        peers = peers_of(tmp_path, [child.port, 1, 1])
        run = run_of(tmp_path, peers, 0, question, Given(((1,),) * 3, (1,)))
        with pytest.raises(NoResult, match=said):
            child.keep(msgspec.structs.replace(run, **change))
