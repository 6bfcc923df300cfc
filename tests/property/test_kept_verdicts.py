"""Verdicts that are kept are those that would be found now, whatever happened since.

Law (nothing is final): after an update each kept verdict is what a node finds that assesses all of
the same documents at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import evidence_made as made
import nodes
import pytest
from evidence_made import Desk
from kept_stories import GUARDED, baseline, begun, kept, play, wrong

from accord.flows.judge import confirm

SEEDS = 24


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_final(seed: int) -> None:
    play(seed)


LATER = "2026-12-20T12:00:00.000000Z"


def exploited(desk: Desk) -> None:
    """A release with a part that is known to be exploited."""
    desk.add(made.form(items=[{"item": GUARDED, "answer": "yes"}]))
    documents = [nodes.bill("Lantern", "2.1"), nodes.osv("CVE-2026-0001")]
    give(desk, *documents, nodes.kev("CVE-2026-0001"))


def give(desk: Desk, *documents: bytes) -> None:
    nodes.give(desk.node, [(f"file {n}", one) for n, one in enumerate(documents)], desk.clock.now())


def brought_up(desk: Desk, then: Callable[[], object]) -> None:
    """What happens changes a verdict, and an update notices which."""
    desk.node.reassess()
    before = kept(desk)
    then()
    desk.node.reassess()
    assert wrong(desk) == []
    assert kept(desk) != before


EDITIONS = {
    "catalogue": nodes.kev("CVE-2000-0009", released="2026-03-01T00:00:00Z"),
    "advisory": nodes.osv("CVE-2026-0001", "right-pad", modified="2026-03-01T00:00:00Z"),
    "bill": nodes.bill("Lantern", "2.1", [], version=2, created="2026-03-01T00:00:00Z"),
}


@pytest.mark.parametrize("name", EDITIONS)
def test_an_edition_that_says_less_is_noticed(name: str) -> None:
    with begun() as desk:
        exploited(desk)
        brought_up(desk, lambda: give(desk, EDITIONS[name]))


def test_the_first_and_last_word_on_a_source_are_noticed() -> None:
    """Until an advisory speaks of anything of npm, nothing is known of what is from there."""
    with begun() as desk:
        desk.add(made.form(items=[{"item": GUARDED, "answer": "yes"}]))
        give(desk, nodes.bill("Lantern", "2.1"), nodes.kev("CVE-2000-0009"))
        word = nodes.osv("CVE-2026-0001", "of-nobody")
        brought_up(desk, lambda: give(desk, word))

        def erased() -> None:
            with desk.node.intake.unit() as unit:
                unit.remove([sha256(word).hexdigest()])
                unit.settle()

        brought_up(desk, erased)


def test_a_persons_word_on_an_exposure_is_noticed() -> None:
    with begun() as desk:
        exploited(desk)
        (exposure,) = (one for one in desk.node.exposures.all() if one.product == "Lantern")
        brought_up(
            desk,
            lambda: confirm(desk.node, exposure.id, "not_affected", person="Ana", why="x"),
        )


def test_a_document_that_comes_after_its_record_is_noticed() -> None:
    with begun() as desk:
        (taken,) = desk.add(made.form(items=[{"item": GUARDED, "answer": "yes"}])).taken
        body = desk.node.assessing.scores.body(taken.digest)
        with desk.node.intake.unit() as unit:
            unit.remove([taken.digest])
            unit.settle()
        brought_up(desk, lambda: give(desk, body))


@pytest.mark.parametrize("dates", [{"since": "2026-12-01"}, {"until": "2026-12-01"}])
def test_a_baseline_that_begins_or_ends_is_noticed(dates: dict[str, str]) -> None:
    with begun() as desk:
        desk.add(made.form(items=[{"item": GUARDED, "answer": "yes"}]))
        give(desk, baseline("later", GUARDED, **dates))
        brought_up(desk, lambda: desk.at(LATER))
