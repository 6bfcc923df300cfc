"""Joint asks between whole nodes: consents by sync, sent by mail, answered by a link, fixed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from buyers_house import WHO, Buyers, agreed, terms

from accord.core.errors import Invalid, NotFound
from accord.demand.asks import consent
from accord.flows.demand.asks import agree
from accord.flows.rebuild import rebuild


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Buyers]:
    house = Buyers(tmp_path)
    yield house
    house.close()


def test_an_ask_is_joint_once_every_named_partner_consents(house: Buyers) -> None:
    asked = terms("australia", "india")
    id_, document = agree.agree(house["australia"], asked, WHO)
    house.share("australia", document, tlp="CLEAR")
    house.settle()
    known = agree.one(house["india"], id_[:8])
    assert (known.state, known.agreed, known.missing) == ("proposed", ("australia",), ("india",))
    _, second = agree.agree(house["india"], known.terms, WHO)
    house.share("india", second, tlp="CLEAR")
    assert not agree.one(house["japan"], id_).joint
    house.settle()
    for name in house.nodes:
        found = agree.one(house[name], id_)
        assert (found.state, found.agreed) == ("agreed", ("australia", "india"))
        assert found.overdue("2026-07-01T00:00:00.000000Z")
        assert not found.overdue("2026-06-30T23:00:00.000000Z")


def test_a_consent_counts_by_its_origin_alone(house: Buyers) -> None:
    asked = terms("australia", "india")
    forged = consent.write(asked, "india", WHO, house.clock.at, agreed=True)
    id_, document = agree.agree(house["australia"], asked, WHO)
    for digest in (document, house.load("australia", forged)):
        house.share("australia", digest, tlp="CLEAR")
    house.settle()
    for name in house.nodes:
        assert agree.one(house[name], id_).missing == ("india",), name


def test_consent_withdrawn_makes_it_joint_no_more_and_may_be_given_again(house: Buyers) -> None:
    id_ = agreed(house, "australia", "india")
    house.tick()
    found, ended = agree.withdraw(house["india"], id_, WHO)
    house.share("india", ended, tlp="CLEAR")
    house.settle()
    known = agree.one(house["australia"], id_)
    assert (known.state, known.missing) == ("proposed", ("india",))
    with pytest.raises(Invalid, match="does not consent"):
        agree.withdraw(house["india"], id_, WHO)
    house.tick()
    _, again = agree.agree(house["india"], found.terms, WHO)
    house.share("india", again, tlp="CLEAR")
    house.settle()
    assert agree.one(house["australia"], id_).joint


def test_consents_survive_a_rebuild_and_recall_takes_them(house: Buyers) -> None:
    id_ = agreed(house, "australia", "india")
    before = agree.every(house["japan"])
    rebuild(house["japan"].intake)
    assert agree.every(house["japan"]) == before
    (given,) = [s for s in agree.one(house["india"], id_).consents if s.fact.partner == "india"]
    house.recall("india", given.document)
    house.settle()
    assert agree.one(house["japan"], id_).missing == ("india",)


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"supplier": "Lantern\r\nBcc: x@y"}, "one line"),
    ({"supplier": ""}, "one line"),
    ({"requirement": "ssdf"}, "no item of a catalogue"),
    ({"products": ()}, "not 1 to 50"),
    ({"products": ("b", "a")}, "in order"),
    ({"text": "a\x1b[2J"}, "plain text"),
    ({"text": "a" * 4_001}, "plain text"),
    ({"due": "tomorrow"}, "not a day"),
    ({"due": "2026-02-31"}, "not a date"),
    ({"due": "2026-01-31"}, "is over"),
    ({"partners": ("Australia",)}, "short name"),
    ({"partners": ("india",)}, "not asked for consent"),
)


def test_what_is_no_ask_is_told_and_nothing_is_kept(house: Buyers) -> None:
    for more, wrong in WRONG:
        with pytest.raises(Invalid, match=wrong):
            agree.agree(house["australia"], terms("australia", **more), WHO)
    assert not agree.every(house["australia"])


def test_a_statement_about_other_terms_is_refused(house: Buyers) -> None:
    body = consent.write(terms("india"), "india", WHO, house.clock.at, agreed=True)
    changed = body.replace(b"Please say", b"Please tell")
    with pytest.raises(Invalid, match="not about the ask"):
        consent.read(changed)
    assert msgspec.json.decode(body)["subject"][0]["digest"]["sha256"] == terms("india").id


def test_partners_are_named_as_such_or_as_buyers(house: Buyers) -> None:
    assert agree.named(house["australia"], ["in"]) == ("australia", "india")
    assert agree.named(house["australia"], ["japan"]) == ("australia", "japan")
    with pytest.raises(NotFound, match="no partner"):
        agree.named(house["australia"], ["atlantis"])
