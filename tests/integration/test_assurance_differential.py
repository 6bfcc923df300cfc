"""What is found of random evidence is the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import random
from pathlib import Path

import evidence_made as made
import pytest
from evidence_made import Desk

from accord.core.errors import AccordError
from accord.flows.assessing.assess import Question, assess_one
from accord.flows.assessing.shown import shown

_NAMES = ("Lantern", "lantern", "LANTERN", "Läntern", "LÄNTERN", "straße", "STRASSE", "a_b", "a%b")
_RELEASES = ("2.1", "2.1-RC", "2.1-rc", "", "v2 ")
_ITEMS = ("PO.1.1", "PS.1.1", "PW.4.1", "RV.1.3", "PO.1.1\x00", "pO.1.1", "é#x")
_WHY = ("", "written down", "nul \x00 in it", "\ud83d\ude00", "a'b\\c%_")


def _form(chance: random.Random) -> bytes:
    items = [
        {
            "item": chance.choice(_ITEMS),
            "answer": chance.choice(("yes", "yes", "no")),
            "why": chance.choice(_WHY),
        }
        for _ in range(chance.randrange(1, 4))
    ]
    return made.form(
        catalogue="ssdf@1.1",
        product=chance.choice(_NAMES),
        releases=[chance.choice(_RELEASES)],
        producer=chance.choice(("Works", "works", "Wörks\x00")),
        date=f"2026-{chance.randrange(1, 12):02}-01",
        items=items,
    )


def _told(desk: Desk, seed: int) -> list[str]:
    chance = random.Random(seed)
    told: list[str] = []
    for _ in range(25):
        body = _form(chance)
        said = json.loads(body)
        product = chance.choice((said["product"], chance.choice(_NAMES)))
        release = chance.choice((said["releases"][0], chance.choice(_RELEASES)))
        try:
            added = desk.add(body, product=product, release=release, artefacts=frozenset())
        except AccordError as refused:
            told.append(f"{type(refused).__name__}: {refused}")
        else:
            told.append(repr([(one.digest, one.releases, one.claims) for one in added.taken]))
    desk.node.reassess()
    told += [repr(one) for one in desk.node.assessing.ledger.standing()]
    for product in _NAMES:
        for release in _RELEASES:
            asked = Question(product=product, release=release, exact=True)
            try:
                found = assess_one(desk.node.assessing, "", made.NOW, asked)
            except AccordError as refused:
                told.append(str(refused))
            else:
                told.append(repr(shown(found)))
    return told


@pytest.mark.parametrize("seed", range(2))
def test_both_databases_tell_the_same(
    tmp_path: Path, sqlite_url: str, postgres_url: str, seed: int
) -> None:
    here, there = (Desk(tmp_path / str(n), url=u) for n, u in enumerate((sqlite_url, postgres_url)))
    try:
        assert _told(here, seed) == _told(there, seed)
    finally:
        here.node.engine.dispose()
        there.node.engine.dispose()
