"""Real nodes through each other's doors: shared, synced, acknowledged, recalled, and receipted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
from door_house import items, sighting_or_link, stix, stix_id
from exchange_nodes import HandClock, close, partnership
from msgspec.structs import replace

from accord.flows.exchange.accounts.receipts import lines, verify
from accord.flows.exchange.accounts.stats import stats
from accord.flows.exchange.accounts.status import status
from accord.flows.exchange.following.sync import Report, sync
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.flows.exchange.sharing import recall, wanted
from accord.flows.exchange.sharing.share import share
from accord.identity.markings import Tlp
from accord.identity.partners import Partner
from accord.identity.recipients import Recipient
from accord.wiring import Node

NAMES = ("australia", "india", "japan")
OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
SECRET = stix("malware", "not for all", description="seen at the dam")


class Wires:
    """Carries requests in this process, and keeps all that came back."""

    def __init__(self, made: dict[str, Node], me: str) -> None:
        self._made, self._me = made, me
        self.heard = b""

    def send(self, partner: Partner, request: Request) -> Response:
        answer = self._made[partner.name].door.answer(Recipient("partner", self._me), request)
        self.heard += answer.body
        return answer


@pytest.fixture
def made(tmp_path: Path) -> Iterator[dict[str, Node]]:
    found = partnership(tmp_path, NAMES, HandClock("2030-06-01T12:00:00.000000Z"))
    yield found
    close(found)


def pulled(made: dict[str, Node], me: str, of: str = "australia") -> tuple[Report, bytes]:
    wires = Wires(made, me)
    means = replace(made[me].syncing, carrier=wires, refresh=lambda _: None)
    return sync(of, means), wires.heard


def objects() -> list[bytes]:
    link = sighting_or_link(
        "relationship", "link", relationship_type="indicates",
        source_ref=stix_id("indicator", "seen"), target_ref=stix_id("malware", "not for all"),
    )  # fmt: skip
    return [stix("indicator", "seen"), SECRET, link]


def give(node: Node, audience: str, bodies: list[bytes]) -> None:
    bundle = {"type": "bundle", "id": stix_id("bundle", audience)}
    data = json.dumps({**bundle, "objects": [json.loads(body) for body in bodies]})
    nodes.give(node, [(f"{audience}.json", data.encode())])
    names = [json.loads(body)["id"] for body in bodies]
    shared = share(node.sharer, wanted.find(names, node.holdings), audience)
    assert {outcome.what for outcome in shared.outcomes} == {"shared"}


def test_what_is_shared_arrives_is_acknowledged_and_is_taken_back(made: dict[str, Node]) -> None:
    ours = made["australia"]
    clock = ours.clock
    assert isinstance(clock, HandClock)
    ours.sharing.create("two", everyone=False, members=["japan"], at=clock.at)
    give(ours, "two", objects())
    clock.at = "2030-06-01T12:00:04.000000Z"
    report, heard = pulled(made, "japan")
    assert report.good, report
    assert b"seen at the dam" not in heard  # it travels in base64
    assert len(lines(ours.receipts, ["japan"], [], "", 0)) == 3
    nothing, heard = pulled(made, "india")
    assert nothing.good
    assert heard == b'{"logs":[],"recalled":"","heard":true}'
    found = verify(ours.receipts, ours.trust.directory())
    assert (found.cosignatures, found.wrong) == (1, ())
    told = status(ours.accounts, ours.trust.directory(), "australia").kept.audiences[0]
    assert [(member.partner, member.acknowledged) for member in told.members] == [("japan", 3)]
    given, taken = (stats(made[name].accounts, NAMES).partners for name in ("australia", "japan"))
    assert [(one.partner, one.way, one.median) for one in given if one.partner != "australia"] == [
        ("japan", "to", 4.0)
    ]
    assert [(one.partner, one.way, one.applied) for one in taken] == [("australia", "from", 3)]

    recall.recall(ours.recaller, stix_id("malware", "not for all"), "wrong")
    report, heard = pulled(made, "japan")
    assert report.good, report
    newest = status(ours.accounts, ours.trust.directory(), "australia").kept.audiences[0]
    assert newest.members[0].acknowledged == newest.size == 5  # both tombstones
    assert verify(ours.receipts, ours.trust.directory()).wrong == ()


def test_a_link_is_not_sent_once_its_end_was_taken_back(made: dict[str, Node]) -> None:
    ours = made["australia"]
    ours.sharing.create("two", everyone=False, members=["japan"], at=ours.clock.now())
    give(ours, "two", objects())
    log = ours.sharing.audiences()[0].log
    entries = ours.answers.entries(1, 0, 3)
    recall.recall(ours.recaller, stix_id("malware", "not for all"), "wrong")
    asked = Request("POST", f"{PREFIX}/logs/{log}/blobs", body=b"".join(e[1:] for e in entries))
    answer = ours.door.answer(Recipient("partner", "japan"), asked)
    assert [bool(one) for one in items(answer.body)] == [True, False, False]
    rules = {(line.object[:8], line.rule) for line in lines(ours.receipts, ["japan"], [], "", 3)}
    assert rules == {
        ("indicato", "amber"),
        ("malware-", "recalled"),
        ("relation", "retracted"),
    }


def test_clients_see_what_partners_gave_within_its_marking(made: dict[str, Node]) -> None:
    ours = made["australia"]
    ours.sharing.create("all", everyone=True, members=[], at=ours.clock.now())
    give(ours, "all", objects())
    report, _ = pulled(made, "japan")
    assert report.good, report
    asked = Request("GET", f"{PREFIX}/objects")
    shown = json.loads(made["japan"].door.answer(OPERATOR, asked).body)["objects"]
    assert json.loads(SECRET) in shown
    assert {one["type"] for one in shown} == {"indicator", "malware", "relationship"}
    public = made["japan"].door.answer(Recipient("public"), asked)
    assert "objects" not in json.loads(public.body)


def test_a_node_of_no_partnership_answers_nobody(tmp_path: Path) -> None:
    alone = nodes.new_node(tmp_path)
    for caller in (Recipient("partner", "japan"), OPERATOR, Recipient("public")):
        answer = alone.door.answer(caller, Request("GET", f"{PREFIX}/logs"))
        assert answer.status == 404
    shown = alone.door.answer(OPERATOR, Request("GET", f"{PREFIX}/objects"))
    assert json.loads(shown.body)["type"] == "bundle"
    alone.engine.dispose()
