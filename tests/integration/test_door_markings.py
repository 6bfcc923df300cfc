"""What is kept under several markings is answered under the strictest of them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import msgspec
import pytest
from door_house import House, made, stix, stix_id

from accord.identity.markings import Marking, Pap, Tlp
from accord.identity.recipients import PUBLIC, Recipient

OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
SUPPLIER = Recipient("client", "maker", "Maker", "supplier", Tlp.GREEN)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return made(database_url, tmp_path)


def listed(house: House, caller: Recipient) -> set[str]:
    answer = house.get(caller, "/objects")
    return {one["name"] for one in msgspec.json.decode(answer.body).get("objects", [])}


@pytest.mark.parametrize("origin", ["australia", "india"])
def test_the_most_restrictive_wins(house: House, origin: str) -> None:
    pairs = list(product(Tlp, Tlp))
    for first, second in pairs:
        body = stix("malware", f"{first.word} {second.word}")
        house.keep([body], Marking(first), origin)
        house.keep([body], Marking(second, Pap.RED), origin)
    for caller, most in ((PUBLIC, Tlp.CLEAR), (SUPPLIER, Tlp.GREEN), (OPERATOR, Tlp.AMBER)):
        wanted = {f"{a.word} {b.word}" for a, b in pairs if max(a, b) <= most}
        assert listed(house, caller) == wanted
        for a, b in pairs:
            path = f"/objects/{stix_id('malware', f'{a.word} {b.word}')}"
            assert (house.get(caller, path).status == 200) == (max(a, b) <= most)


def test_another_origin_or_version_says_nothing_of_it(house: House) -> None:
    house.keep([stix("malware", "one")], Marking(Tlp.CLEAR))
    house.keep([stix("malware", "one")], Marking(Tlp.RED), origin="japan")
    later = stix("malware", "one", modified="2030-02-01T00:00:00.000Z")
    house.keep([later], Marking(Tlp.RED))
    assert listed(house, PUBLIC) == {"one"}


def test_what_was_taken_back_says_nothing_of_it(house: House) -> None:
    house.keep([stix("malware", "one")], Marking(Tlp.CLEAR))
    red = house.keep([stix("malware", "one")], Marking(Tlp.RED))
    assert listed(house, PUBLIC) == set()
    with house.sharing.unit() as unit:
        unit.erase(red, "replaced")
    assert listed(house, PUBLIC) == {"one"}


def test_a_relay_stops_once_a_stricter_copy_is_here(house: House) -> None:
    log = house.audience("all", everyone=True)
    house.share("all", [stix("malware", "one"), stix("malware", "two")], Tlp.GREEN, origin="india")
    commitments = house.commitments(log)
    assert all(house.blobs("japan", log, commitments))
    house.keep([stix("malware", "one")], Marking(Tlp.AMBER), origin="india")
    first, second = house.blobs("japan", log, commitments)
    assert (first, bool(second)) == (b"", True)


def test_what_has_expired_says_nothing_of_it(house: House) -> None:
    log = house.audience("all", everyone=True)
    end = "2031-01-01T00:00:00.000000Z"
    house.share("all", [stix("malware", "one")], Tlp.CLEAR)
    house.keep([stix("malware", "one")], Marking(Tlp.RED, expires=end))
    path = f"/objects/{stix_id('malware', 'one')}"
    house.clock.at = "2030-12-31T23:59:59.999999Z"
    assert (house.get(PUBLIC, path).status, listed(house, PUBLIC)) == (404, set())
    house.clock.at = end
    assert (house.get(PUBLIC, path).status, listed(house, PUBLIC)) == (200, {"one"})
    assert all(house.blobs("japan", log, house.commitments(log)))
