"""What a partner that comes late to an audience of everyone may fetch: what its owner grants."""

from __future__ import annotations

from pathlib import Path

import pytest
import sealed
from door_house import EARLY, ME, House, made, partner, stix
from msgspec import json
from msgspec.structs import replace

from accord.core.errors import Invalid
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.sharing.owner import Owner

JOINED = "2030-06-02T00:00:00.000000Z"
AFTER = "2030-06-03T00:00:00.000000Z"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return made(database_url, tmp_path)


def join(house: House, name: str, since: str) -> None:
    """The directory says since when somebody is a partner."""
    known = house.trust.known
    partners = [replace(p, since=since) if p.name == name else p for p in known.partners]
    house.trust.known = sealed.directory(*partners)


def fetched(house: House, log: str, name: str) -> list[bool]:
    """Which commitments are answered."""
    return [bool(one) for one in house.blobs(name, log, house.commitments(log))]


def late(house: House) -> str:
    """Two entries, then the USA joins, then two more; gives the log."""
    log = house.audience("everybody", everyone=True)
    house.share("everybody", [stix("malware", "a"), stix("malware", "b")])
    join(house, "usa", JOINED)
    return log


def two_more(house: House) -> None:
    house.clock.at = AFTER
    house.share("everybody", [stix("malware", "c"), stix("malware", "d")])


def test_who_joins_after_an_audience_of_everyone_began_gets_what_comes(house: House) -> None:
    log = late(house)
    assert fetched(house, log, "usa") == [False, False]
    assert json.decode(house.receipts.newest(["partner:usa"], "", 1)[0])["rule"] == "history"
    two_more(house)
    assert fetched(house, log, "usa") == [False, False, True, True]
    assert fetched(house, log, "japan") == [True] * 4
    assert [one.since for one in house.answers.logs("usa")] == [2]
    join(house, "usa", AFTER)
    assert fetched(house, log, "usa") == [False, False, True, True]


def test_who_was_a_partner_before_it_began_has_all_of_it(house: House) -> None:
    log = house.audience("everybody", everyone=True)
    house.clock.at = "2029-12-31T23:59:59.000000Z"  # a clock that went back meanwhile
    house.share("everybody", [stix("malware", "a")])
    join(house, "usa", EARLY)
    assert fetched(house, log, "usa") == [True]


def test_its_past_is_granted_to_who_joined_late(house: House) -> None:
    log = late(house)
    two_more(house)
    owner = Owner(house.trust.known, ME, house.sharing, AFTER)
    with pytest.raises(Invalid, match="--history"):
        audience.add(owner, "everybody", "usa")
    assert audience.add(owner, "everybody", "usa", 3) == 1
    assert fetched(house, log, "usa") == [False, True, True, True]
    assert audience.add(owner, "everybody", "usa", None) == 0
    assert fetched(house, log, "usa") == [True] * 4
    assert fetched(house, log, "japan") == [True] * 4


def test_who_is_no_partner_has_no_past(house: House) -> None:
    log = house.audience("everybody", everyone=True)
    house.share("everybody", [stix("malware", "a")])
    found = house.answers.log(log, "nobody")
    assert found
    assert found.since == found.size == 1
    assert house.post(partner("nobody"), f"/logs/{log}/blobs", bytes(32)).status == 404
