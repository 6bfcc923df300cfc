"""The scenario's four private estates, through the pool: what one computer with all of them gives.

Four whole nodes, each with the operators, bills and contracts of its own country, and four
processes that compute over TLS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asking_made import NAMES, certify
from four_estates import DEADLINE, Four
from pooling import wait_for_processor

from accord.demand.private.errors import NotAsked
from accord.flows.demand.pool import run as flow
from accord.flows.demand.pool.putting_in import put_in
from accord.flows.exchange.sharing import audience
from accord.transport.pooling.parent import Child, NoResult
from accord.transport.pooling.settings import Kept, Run


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Four]:
    certify(monkeypatch, tmp_path)
    house = Four(tmp_path)
    yield house
    house.close()


def in_the_clear(four: Four, items: str, least: int) -> dict[str, set[str]]:
    """What one computer with everybody's items finds; and of it, what each partner holds."""
    held = {name: set(put_in(four[name], items)) for name in NAMES}
    counts = Counter(item for everything in held.values() for item in everything)
    common = {item for item, count in counts.items() if count >= least}
    assert common
    assert common < set(counts)
    return {"": common, **{name: common & own for name, own in held.items()}}


@pytest.mark.parametrize(
    ("items", "one"), [("suppliers", "domain:larkspur.example"), ("components", "pkg:")]
)
def test_the_pool_gives_what_one_computer_with_all_four_in_the_clear_gives(
    four: Four, items: str, one: str
) -> None:
    asked = four.agreed(items)
    ran = four.everybody(asked)
    assert all(isinstance(each, flow.Ran) and each.sent > 0 for each in ran), ran
    clear = in_the_clear(four, items, asked.least)
    assert any(item.startswith(one) for item in clear[""])
    answers = four.answers(asked)
    assert len(answers) == len(NAMES)
    digests: dict[str, set[str]] = {}
    for name, found in zip(NAMES, answers, strict=True):
        assert set(found.ours) == clear[name]
        assert len(found.ours) + len(found.others) == len(clear[""])
        digests[name] = set(found.others)
    # What one does not hold is a digest to it: nobody's name, and nobody's place.
    assert not any(digest in clear[""] for each in digests.values() for digest in each)


def test_what_subtracts_from_it_is_refused_and_names_it(four: Four) -> None:
    asked = four.agreed("suppliers")
    three = [name for name in NAMES if name not in {"australia", "japan"}]
    audience.create(four["australia"].owner, "without-japan", three, everyone=False)
    more: dict[str, Any] = {"size": 500, "deadline": DEADLINE}
    with pytest.raises(NotAsked, match=r"tell what japan alone holds") as told:
        four.propose("australia", "without-japan", **more)
    assert told.value.earlier == asked.id
    with pytest.raises(NotAsked, match=r"how many exactly hold an item"):
        four.propose("india", least=4, **more)
    with pytest.raises(NotAsked, match=r"began or ceased"):
        four.propose("japan", **more)


def test_a_partner_that_drops_out_mid_way_ends_it_for_all_with_nothing_open(
    four: Four, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = four.agreed("components", size=100_000)
    keep = Child.keep

    def dropped(child: Child, run: Run) -> Kept:
        """The process of the third partner is killed once it computes."""
        if run.me != 2:
            return keep(child, run)
        with ThreadPoolExecutor(1) as pool:
            kept = pool.submit(keep, child, run)
            wait_for_processor(child)
            child.kill()
            return kept.result()

    monkeypatch.setattr(Child, "keep", dropped)
    ended = four.everybody(asked)
    assert all(isinstance(one, NoResult) and one.begun for one in ended), ended
    assert "ended without an answer" in str(ended[2])
    four.settle()
    assert four.states(asked) == {"ended"}
    for name in NAMES:
        (part,) = four[name].pool.parts()
        assert part.sealed is None
        assert four[name].pool.shares(asked.id) == []
