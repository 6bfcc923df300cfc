"""Nodes whose directory is behind: one that has just been taken up, one whose keys were rotated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from house_of_nodes import Nodes
from msgspec.structs import replace

from accord.flows.exchange import audience
from accord.flows.exchange.messages import PREFIX, Request
from accord.flows.exchange.routes import ROUTES, Policy
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
    behind = [one for one in before.directory.partners if one.name != "japan"]

    class Behind:
        def me(self) -> str:
            return "japan"

        def trusted(self) -> object:
            return replace(before, directory=replace(before.directory, partners=tuple(behind)))

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
