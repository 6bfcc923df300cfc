"""Nodes whose directory is behind: one that has just been taken up, one whose keys were rotated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from house_of_nodes import Nodes
from msgspec.structs import replace

from accord.flows.exchange.answering.routes import ROUTES, Policy
from accord.flows.exchange.following.sync import sync_all
from accord.flows.exchange.messages import PREFIX, Request
from accord.flows.exchange.sharing import audience
from accord.identity.recipients import Recipient
from accord.identity.signatures import sign_request, verify_request


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(tmp_path, ("australia", "japan"))
    yield made
    made.close()


def test_a_rotated_key_opens_the_directory_and_nothing_else(house: Nodes) -> None:
    owner = house["australia"]
    audience.create(owner.owner, "pair", ["japan"], everyone=False)
    log = owner.sharing.audiences()[0].log
    late = Recipient("partner", "japan", "Japan", outgoing=True)
    for route in ROUTES:
        path = route.pattern.replace("{log}", log).replace("{rest}", "timestamp.json")
        answer = owner.door.answer(late, Request(route.method, f"{PREFIX}{path}"))
        assert (answer.status == 200) == (route.policy is Policy.RENEWING), route.pattern


def test_a_newcomer_signs_before_its_directory_holds_it(house: Nodes) -> None:
    """The others took it up already; it has only the directory that it was invited with."""
    newcomer, known = house["japan"], house["australia"].trust.directory()
    assert known is not None
    before = newcomer.trust.trusted()
    assert before is not None
    trusted = before
    behind = [one for one in before.directory.partners if one.name != "japan"]

    class Behind:
        def me(self) -> str:
            return "japan"

        def trusted(self) -> object:
            return replace(trusted, directory=replace(trusted.directory, partners=tuple(behind)))

    newcomer.__dict__["trust"] = Behind()
    headers = sign_request(
        Request("GET", f"{PREFIX}/directory/timestamp.json"),
        "australia",
        newcomer.signers.ed25519,
        house.clock.now(),
        bytes(16),
    )
    request = Request("GET", f"{PREFIX}/directory/timestamp.json", headers=headers)
    assert verify_request(request, known, "australia").partner.name == "japan"


def test_a_partner_that_leaves_meanwhile_stops_no_other(tmp_path: Path) -> None:
    """The first that is asked brings a directory in which the second is no member any more."""
    house = Nodes(tmp_path, ("australia", "india", "japan"))
    try:
        asks = house["australia"]
        known = asks.trust.directory()
        assert known is not None
        left = tuple(
            replace(one, removed=house.clock.now()) if one.name == "japan" else one
            for one in known.partners
        )

        class Told:
            def __init__(self) -> None:
                self.now = known

            def me(self) -> str:
                return "australia"

            def directory(self) -> object:
                return self.now

        told = Told()

        def refresh(_: object) -> None:
            told.now = replace(known, partners=left)

        means = replace(house.means("australia"), trust=told, refresh=refresh)
        assert [(one.partner, one.good) for one in sync_all(means)] == [("india", True)]
    finally:
        house.close()
