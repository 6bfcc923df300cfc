"""Alerts on real nodes, of both databases, by real mail and a real server of the Bot API."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import nodes
import pytest
import sharing
from alerting_house import PLACE, WHO, AlertHouse, said
from buyers_house import Buyers
from evidence_made import PRODUCT, RELEASE
from sqlalchemy import select, update

from accord.core.errors import Invalid, NotFound
from accord.flows.evidence.add import remove
from accord.flows.exchange import clients
from accord.flows.outreach.alerting import draft, egress
from accord.flows.outreach.alerting.draft import Wanted
from accord.flows.outreach.alerting.egress import Withheld
from accord.flows.outreach.alerting.port import Subscriber
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.outreach.alerts import model
from accord.outreach.alerts.rhythm import Rhythm
from accord.store.outreach.alert_tables import subscription
from accord.wiring import Node
from accord.wiring.outreaching import AlertDesk


@pytest.fixture
def house(node: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    """On each database."""
    made = AlertHouse(node, tmp_path)
    yield made
    made.close()


@pytest.fixture
def home(here: Node, tmp_path: Path) -> Iterator[AlertHouse]:
    """On SQLite, where the database makes no difference."""
    made = AlertHouse(here, tmp_path)
    yield made
    made.close()


def test_an_alert_is_sent_updated_and_cancelled(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org", "sector:Energy")
    house.join("mail", "bo@example.org", "region:jp")
    kept: list[Any] = []
    house.post.before = lambda: kept.extend(house.lines("alert:"))
    code = house.alert()
    assert house.deliver().sent == 1
    (mail,) = house.mails()
    assert mail["To"] == "ana@example.org"
    text = said(mail)
    assert code in text
    assert f"https://alerts.example/a/{code}" in text
    assert {(one["recipient"], one["decision"]) for one in kept} == {("public", "yes")}
    assert len(kept) == 2, "once at release, once before the batch"
    house.join("mail", "ana@example.org", "region:jp")
    kinds: list[model.Kind] = ["update", "cancel"]
    for kind in kinds:
        house.post.mails.clear()
        house.follow(code, kind)
        house.deliver()
        word = {"update": "Update", "cancel": "Cancelled"}[kind]
        assert house.to() == [f"ana@example.org: {word}: A flood of false bills"]
    with pytest.raises(Invalid, match="final"):
        draft.follow(house.desk, code, "update", WHO)
    assert house.counts() == {"sent": 3}


def test_nothing_comes_before_it_is_confirmed_and_looking_confirms_nothing(
    house: AlertHouse,
) -> None:
    house.want("mail", "ana@example.org")
    (mail,) = house.mails()
    found = re.search(r"/alerts/confirm/([\w-]{43})", said(mail))
    assert found
    assert house.alert()
    assert house.counts() == {}
    for _ in range(3):
        assert house.ask(f"/alerts/confirm/{found[1]}").status == 200
    assert [one.state for one in house.desk.subscribers.all()] == ["pending"]
    guess = house.ask(f"/alerts/confirm/{'A' * 43}")
    assert (guess.status, house.ask("/alerts/confirm/x", "POST").status) == (404, 404)
    assert house.ask(f"/alerts/confirm/{found[1]}", "POST").status == 200
    guess = house.ask(f"/alerts/confirm/{'A' * 43}", "POST")
    assert house.ask(f"/alerts/confirm/{found[1]}", "POST").body == guess.body
    assert house.release(house.draft().alert.code).matched.queued == 1


def test_a_link_to_confirm_ends_after_two_days(home: AlertHouse) -> None:
    home.want("mail", "ana@example.org")
    found = re.search(r"/alerts/confirm/([\w-]{43})", said(home.mails()[0]))
    assert found
    home.later(days=2, seconds=1)
    assert home.ask(f"/alerts/confirm/{found[1]}", "POST").status == 404


def test_the_database_tells_no_address(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org")
    house.want("mail", "bo@example.org")
    with house.node.engine.connect() as connection:
        rows = [str(row) for row in connection.execute(select(subscription))]
    assert len(rows) == 2
    assert not [row for row in rows if "ana" in row or "bo@" in row or "example.org" in row]
    assert [one.wanted.address for one in house.desk.subscribers.all()] == [
        "ana@example.org", "bo@example.org",
    ]  # fmt: skip


def test_what_an_earlier_release_left_open_is_sealed(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org")
    with house.node.engine.begin() as connection:
        connection.execute(update(subscription).values(address="ana@example.org", address_name=""))
    desk = AlertDesk(house.node)
    assert [one.wanted.address for one in desk.subscribers.all()] == ["ana@example.org"]
    with house.node.engine.connect() as connection:
        assert "ana" not in str(connection.execute(select(subscription)).one())
    house.join("mail", "ana@example.org")
    assert len(house.desk.subscribers.all()) == 1
    house.alert()
    assert house.deliver().sent == 1


def test_a_stranger_changes_nothing_of_what_an_address_has(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org", "sector:energy")
    house.want("mail", "ana@example.org", "region:jp")
    assert house.release(house.draft().alert.code).matched.queued == 1


def test_leaving_is_one_click_and_ends_everything(house: AlertHouse) -> None:
    house.join("mail", "ana@example.org")
    house.join("mail", "bo@example.org")
    code = house.alert()
    house.deliver()
    mail = next(one for one in house.mails() if one["To"] == "ana@example.org")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://alerts.example/alerts/leave/")
    path = address.removeprefix(PLACE.base)
    assert house.ask(path).status == 200
    assert len(house.desk.subscribers.all()) == 2, "looking ends nothing"
    house.follow(code, "update")
    assert house.ask(path, "POST", b"List-Unsubscribe=One-Click").status == 200
    assert [one.wanted.address for one in house.desk.subscribers.all()] == ["bo@example.org"]
    house.post.mails.clear()
    house.deliver()
    assert house.follow(code, "cancel").matched.queued == 1
    house.deliver()
    assert {one["To"] for one in house.mails()} == {"bo@example.org"}
    assert house.counts() == {"sent": 4, "left": 1}
    database = house.node.settings.home / "accord.sqlite"
    if database.exists() and not house.node.settings.database:
        assert b"ana@example.org" not in b"".join(
            bytes(str(row), "utf-8") for row in house.desk.subscribers.all()
        )


def test_it_goes_only_where_its_sources_may(house: AlertHouse) -> None:
    node = house.node
    known = Client(name="grid", organisation="Grid", kind="operator", tlp=Tlp.GREEN)
    clients.add(node.people, node.clock, node.entropy, known)
    house.join("mail", "ana@example.org")
    house.join("mail", "grid@example.org", recipient="client:grid")
    for tlp, source in ((Tlp.CLEAR, Tlp.GREEN), (Tlp.CLEAR, None), (Tlp.AMBER, Tlp.AMBER)):
        kept = house.draft(tlp, house.incident(source))
        with pytest.raises(Withheld, match="stays here"):
            house.release(kept.alert.code)
        assert house.counts() == {}
        assert house.lines("alert:")[0]["decision"] == "no"
    kept = house.draft(Tlp.GREEN)
    done = house.release(kept.alert.code)
    assert done.matched.queued == 1
    assert [one.partition(":")[0] for one in done.withheld] == ["public"]
    house.deliver()
    assert [one["To"] for one in house.mails()] == ["grid@example.org"]
    assert house.ask(f"/a/{kept.alert.code}").status == 404
    assert kept.alert.code.encode() not in house.ask("/alerts.json").body
    house.follow(kept.alert.code, "update")
    clients.revoke(node.people, node.clock, "grid")
    house.post.mails.clear()
    assert house.deliver().kept == 1
    assert house.mails() == []
    assert house.counts() == {"sent": 1, "kept": 1}


def test_an_unmarked_advisory_is_not_for_the_public(home: AlertHouse) -> None:
    nodes.give(home.node, [("a", nodes.osv("OSV-1", aliases=["CVE-2026-0001"])),
                           ("k", nodes.kev("CVE-2026-0001"))])  # fmt: skip
    made = draft.draft(home.desk, Wanted(source="advisory", name="CVE-2026-0001", person=WHO))
    info = made.alert.infos[0]
    assert (info.severity, info.urgency, info.certainty) == ("Severe", "Immediate", "Observed")
    assert info.headline == "Act now: attackers use a weakness in left-pad"
    assert info.instruction == "Install version 2.0.0 or a later one."
    assert len(made.alert.sources) >= 2
    assert made.alert.topics == (model.topic("product:left-pad"),)
    with pytest.raises(Withheld, match="stays here"):
        home.release(made.alert.code)
    assert draft.waiting(home.desk, made.alert.code).state == "draft"


def test_what_bears_no_marking_goes_where_the_nodes_default_may(home: AlertHouse) -> None:
    """Beside a marked object of the same bundle too: the bundle is told of as a whole."""
    node = home.node
    known = Client(name="grid", organisation="Grid", kind="operator", tlp=Tlp.AMBER)
    clients.add(node.people, node.clock, node.entropy, known)
    home.join("mail", "grid@example.org", recipient="client:grid")
    nodes.give(node, [("a", nodes.osv("OSV-1", aliases=["CVE-2026-0001"]))])
    wanted = Wanted(source="advisory", name="CVE-2026-0001", person=WHO, tlp=Tlp.AMBER)
    assert home.release(draft.draft(home.desk, wanted).alert.code).matched.queued == 1
    clear = sharing.stix("vulnerability", "CVE-2026-0002", Tlp.CLEAR)
    clear["name"] = "CVE-2026-0002"
    plain = sharing.stix("indicator", "b", None)
    bundle = nodes.text({"type": "bundle", "id": f"bundle--{uuid4()}", "objects": [clear, plain]})
    nodes.give(node, [("b", bundle)])
    kept = home.draft()
    digest = sha256(bundle).hexdigest()
    alert = msgspec.structs.replace(kept.alert, sources=(digest,), sent=home.clock.at)
    (said,) = egress.judge(home.desk, alert, ["public"])
    assert (said.given, said.rule) == (False, "derived")


def test_an_exposure_is_drafted_with_every_document_behind_it(home: AlertHouse) -> None:
    bill = nodes.bill()
    nodes.give(home.node, [("a", nodes.osv("OSV-1", aliases=["CVE-2026-0001"])), ("b", bill)])
    nodes.give(
        home.node, [("e", nodes.estate(("Grid", "Pump", "1", nodes.serial_of("Pump", "1"))))]
    )
    (found,) = home.node.exposures.all()
    made = draft.draft(home.desk, Wanted(source="exposure", name=found.id, person=WHO))
    assert model.topic("product:Pump") in made.alert.topics
    with home.node.views.view() as view:
        kinds = {view.document(one).kind for one in made.alert.sources}  # type: ignore[union-attr]
    assert {"OSV advisory"} <= kinds
    assert any("CycloneDX" in one for one in kinds)
    assert any("estate" in one.lower() for one in kinds), kinds
    assert "Grid" not in str(made.alert.infos)


def test_who_gets_it_is_as_told_row_by_row(house: AlertHouse) -> None:
    """One statement over all subscribers, against a loop over each."""
    rng = random.Random(7)
    wanted: list[Subscriber] = []
    topics = ["all", "sector:energy", "sector:water", "region:in", "product:pump"]
    for number in range(60):
        one = Subscriber(
            channel="mail", address=f"s{number}@example.org", floor=rng.randrange(5),
            topics=tuple(model.topic(t) for t in rng.sample(topics, rng.randrange(1, 4))),
            rhythm=Rhythm(zone=rng.choice(["UTC", "Asia/Tokyo"]), digest=rng.random() < 0.3),
        )  # fmt: skip
        wanted.append(one)
        secret = f"{number}"
        desk, now = house.desk, house.clock.at
        desk.subscribers.subscribe(one, f"token{number}", secret, "2999", now)
        if number % 7:
            assert desk.subscribers.confirm(secret, now)
    kept = house.draft()
    about = {"all", *(f"{t.kind}:{t.value}" for t in kept.alert.topics)}
    severity = model.SEVERITIES.index(kept.alert.severity)
    expected = {
        one.address
        for number, one in enumerate(wanted)
        if number % 7
        and one.floor <= severity
        and about & {f"{t.kind}:{t.value}" if t.value else t.kind for t in one.topics}
    }
    assert 5 < len(expected) < 50
    assert house.release(kept.alert.code).matched.queued == len(expected)
    house.later(days=2)
    house.deliver()
    assert {one["To"] for one in house.mails()} == expected


def test_a_database_that_fails_leaves_neither_release_nor_queue(
    home: AlertHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.join("mail", "ana@example.org")
    kept = home.draft()
    monkeypatch.setattr("accord.store.outreach.alerts._QUEUE", "INSERT INTO nowhere {who}")
    with pytest.raises(Exception, match="nothing was kept"):
        home.release(kept.alert.code)
    assert draft.waiting(home.desk, kept.alert.code).state == "draft"
    assert home.counts() == {}
    assert home.lines("alert:") == []


def test_anyone_can_see_that_a_message_is_genuine(home: AlertHouse) -> None:
    code = home.alert()
    typed = code.lower().replace("-", "")
    for path in (f"/a/{code}", f"/a/{typed}"):
        page = home.ask(path)
        assert page.status == 200
        assert b"this node sent it" in page.body
        assert b"<script" not in page.body
    assert home.lines(f"alert:{code}")[0]["way"] == "page"
    false = home.ask("/a/AAAA-AAAA")
    assert false.status == 404
    assert b"sent no public message" in false.body
    waiting = home.draft()
    assert home.ask(f"/a/{waiting.alert.code}").status == 404
    assert home.ask(f"/alerts/{code}-1.cap").body.startswith(b"<?xml")
    assert home.ask(f"/alerts/{code}-2.cap").status == 404
    for path in ("/alerts.atom", "/alerts.json"):
        assert code.encode() in home.ask(path).body
    assert home.ask("/alerts.atom", "POST").status == 404


def test_words_of_others_do_not_run_in_a_page(home: AlertHouse) -> None:
    code = home.alert(headline="<script>x</script>", description='a"><img src=x>')
    body = home.ask(f"/a/{code}").body
    assert b"<script>" not in body
    assert b"<img" not in body


def test_an_edit_that_breaks_a_rule_changes_nothing(home: AlertHouse) -> None:
    kept = home.draft()
    code = kept.alert.code
    for wrong in (b"{", b'{"infos": []}', b'{"infos": [], "sent": "x"}'):
        with pytest.raises(Invalid):
            draft.edit(home.desk, code, wrong, WHO)
    assert draft.waiting(home.desk, code).alert == kept.alert
    draft.edit(home.desk, code, draft.editable(kept), WHO)
    assert draft.waiting(home.desk, code).alert == kept.alert
    home.release(code)
    with pytest.raises(NotFound, match="was released"):
        draft.edit(home.desk, code, draft.editable(kept), WHO)


BAD: list[dict[str, Any]] = [
    {"address": "ana"}, {"address": "a\r\nBcc: x@y"}, {"channel": "telegram", "address": "x y"},
    {"channel": "webhook", "address": "file:///etc/passwd"}, {"topics": ()}, {"cap": -1},
    {"floor": 9}, {"rhythm": Rhythm(zone="Nowhere/At")}, {"language": "e\nn"},
    {"rhythm": Rhythm(zone="../../etc/passwd")},
]  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_what_cannot_be_wanted_is_refused(home: AlertHouse, wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"channel": "mail", "address": "a@example.org"}
    made = Subscriber(**{**good, "topics": (model.topic("all"),), **wrong})
    from accord.flows.outreach.alerting.subscribe import subscribe  # noqa: PLC0415
    from accord.wiring.outreaching import zone  # noqa: PLC0415

    with pytest.raises(Invalid):
        subscribe(home.desk, home.carriers[made.channel], PLACE, made, zone)
    assert home.mails() == []
    assert home.desk.subscribers.all() == []


def test_the_commands_lead_from_a_draft_to_what_follows_it(
    home: AlertHouse, tmp_path: Path
) -> None:
    home.join("mail", "ana@example.org")
    place, name = home.node.settings.home, home.incident()
    made = nodes.run("alerts", "draft", "--from", "incident", name, "--person", WHO, home=place)
    code = made.stdout[:9]
    assert made.stdout.startswith(f"{code}-1 is a draft"), made.stderr
    words = nodes.run("alerts", "show", code, "--editable", home=place).stdout
    file = tmp_path / "words.json"
    file.write_text(words.replace("They look like ours.", "Do not pay."))
    assert nodes.run("alerts", "edit", code, file, "--person", WHO, home=place).returncode == 0
    done = nodes.run("alerts", "release", code, "--person", WHO, home=place)
    assert "1 messages wait" in done.stdout, done.stderr
    assert "Do not pay." in nodes.run("alerts", "show", code, "--cap", home=place).stdout
    assert "was released" in nodes.run("alerts", "drop", code, home=place).stderr
    for verb in ("update", "cancel"):
        assert nodes.run("alerts", verb, code, "--person", WHO, home=place).returncode == 0
        assert nodes.run("alerts", "drop", code, home=place).returncode == 0
    assert "ana@example.org" in nodes.run("alerts", "subscribers", home=place).stdout
    listed = msgspec.json.decode(nodes.run("alerts", "list", "--json", home=place).stdout)
    assert [one["identifier"] for one in listed["alerts"]] == [f"{code}-1"]
    assert listed["outbox"] == {"queued": 1}
    unset = nodes.run("alerts", "deliver", home=place)
    assert (unset.returncode, "set ACCORD_PUBLIC" in unset.stderr) == (1, True)
    assert nodes.run("alerts", "dead", home=place).stdout == "There are no dead letters.\n"
    assert "no alert" in nodes.run("alerts", "show", "nonsense", home=place).stderr


def test_a_stated_verdict_is_drafted_with_its_document_and_the_one_before(tmp_path: Path) -> None:
    house = Buyers(tmp_path)
    node = house["india"]
    first = house.state("india")
    wanted = Wanted(source="verdict", name=f"{PRODUCT}@{RELEASE}", person=WHO)
    made = draft.draft(AlertDesk(node), wanted)
    assert made.alert.sources == (first,)
    assert f"was - and is {house.verdict('india', 'in')}." in made.alert.infos[0].description
    for tie in node.proofs.ties(PRODUCT):
        if "form" in tie.kind:
            remove(node, PRODUCT, tie.document, None, ("R. Ana", "gone"))
    second = house.state("india")
    made = draft.draft(AlertDesk(node), wanted)
    assert set(made.alert.sources) == {first, second}
    assert "was accept and is " in made.alert.infos[0].description
    (said,) = egress.judge(
        AlertDesk(node), msgspec.structs.replace(made.alert, sent=house.clock.at), ["public"]
    )
    assert not said.given, "nobody shared the verdict as CLEAR"
    with pytest.raises(NotFound, match="was stated"):
        draft.draft(AlertDesk(node), msgspec.structs.replace(wanted, name="Nothing@1"))
    house.close()
