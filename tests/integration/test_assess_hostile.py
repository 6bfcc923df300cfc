"""What a supplier, a rival or a fast clock tries, so that a verdict is what it should not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import evidence_made as made
import nodes
import pytest
from assessing_made import GUARDED, PROMPT, baseline, form, requirement, verdicts
from buyers_house import Buyers
from evidence_made import PRODUCT, RELEASE, Desk, Key
from work import calls

from accord.assurance.assessing.findings import AGREES
from accord.assurance.assessing.recognition import Found, Recognition, Rule, Statement
from accord.assurance.evidence.described import CONTACT as NAMED
from accord.assurance.evidence.described import RESPONDS
from accord.assurance.model import Level, Link
from accord.core.errors import Invalid
from accord.flows.assessing.tender import read_tender
from accord.flows.evidence.issuers import end
from accord.flows.load import Giver, load_documents

REACHED = "fact@1#disclosure-contact"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    asks = baseline("kite", requirement("contact", REACHED, "verified"))
    nodes.give(desk.node, [("kite", asks)])
    return desk


@pytest.mark.parametrize(
    "said",
    [
        form(NAMED, answer="no"),
        form(NAMED),
        made.form(items=[{"item": NAMED, "answer": "plan", "by": "2027-01-01"}]),
        made.form(items=[{"item": NAMED, "answer": "no", "why": "there is none"}]),
        form(GUARDED, contact="  \u200b"),
    ],
)
def test_a_contact_is_named_by_nothing_but_a_contact(desk: Desk, said: bytes) -> None:
    desk.add(said)
    assert verdicts(desk, "kite") == {"kite": "cannot decide"}


def test_a_contact_ends_with_the_document_that_names_it(desk: Desk) -> None:
    desk.add(form(GUARDED, contact="mailto:psirt@lantern.example", expires="2026-12-01"))
    desk.node.reassess()
    assert verdicts(desk, "kite") == {"kite": "accept"}
    desk.at("2026-12-02T00:00:00.000000Z")
    assert verdicts(desk, "kite") == {"kite": "cannot decide"}
    (event,) = desk.node.reassess().events
    assert (event.buyer, event.after) == ("kite", "cannot decide")


def test_provenance_denies_nothing_once_its_issuers_standing_ended(desk: Desk) -> None:
    asks = baseline("agree", requirement("agree", AGREES, "verified"))
    body = json.loads(nodes.bill(PRODUCT, RELEASE))
    digest = made.ARTEFACT.removeprefix("sha256:")
    body["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": digest}]
    nodes.give(desk.node, [("agree", asks)])
    forge, forger = Key(), Key()
    desk.issuer("Forge", "builder", keys=forge.given, identities=(made.BUILDER,))
    desk.issuer("Forger", "builder", keys=forger.given, identities=("https://forger.example",))
    desk.add(json.dumps(body).encode(), made.envelope(made.provenance(), forge))
    assert verdicts(desk, "agree") == {"agree": "accept"}
    other = json.loads(made.provenance(builder="https://forger.example"))
    (purl,) = {one["purl"] for one in body["components"]}
    uri = f"{purl.rpartition('@')[0]}@0.0.1"
    other["predicate"]["buildDefinition"]["resolvedDependencies"] = [{"uri": uri}]
    desk.add(made.envelope(json.dumps(other).encode(), forger))
    assert verdicts(desk, "agree") == {"agree": "reject"}
    end(desk, "Forger", "A. Sato", "its key was stolen")
    assert verdicts(desk, "agree") == {"agree": "accept"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Buyers]:
    house = Buyers(tmp_path)
    yield house
    house.close()


def test_a_statement_dated_ahead_is_looked_at_on_its_day(house: Buyers) -> None:
    house.rule("au", "in")
    later = house.body("india", house.state("india"))
    at = json.loads(later)["predicate"]["at"]
    later = later.replace(f'"at": "{at}"'.encode(), b'"at": "2026-12-31T00:00:00.000000Z"')
    house.share("india", house.load("india", later))
    house.settle()
    node = house["australia"]
    node.reassess()
    kept = {one.buyer: one.verdict for one in node.assessing.ledger.kept()}
    assert kept["au"] == "cannot decide"
    house.clock.at = "2027-01-01T00:00:00.000000Z"
    node.reassess()
    kept = {one.buyer: one.verdict for one in node.assessing.ledger.kept()}
    assert kept["au"] == house.verdict("australia", "au") == "accept"


def test_a_rival_promises_nothing_in_the_suppliers_place(desk: Desk) -> None:
    asks = baseline("prompt", requirement("prompt", PROMPT, "self-asserted"))
    published = nodes.osv("CVE-2026-0001", published="2026-11-20T00:00:00Z")
    bill = nodes.bill(PRODUCT, RELEASE, supplier="Lantern Works")
    nodes.give(desk.node, [("b", asks), ("bill", bill), ("advisory", published)])
    desk.add(form(GUARDED, responds_within_days=30))
    assert verdicts(desk, "prompt") == {"prompt": "cannot decide"}
    desk.add(form(f"{RESPONDS}1", producer="Rival Ltd"))
    desk.add(form(GUARDED, responds_within_days=2, producer="Rival Ltd"))
    assert verdicts(desk, "prompt") == {"prompt": "cannot decide"}
    desk.add(form(GUARDED, responds_within_days=1, date="2026-10-02"))
    assert verdicts(desk, "prompt") == {"prompt": "reject"}


def test_events_of_a_product_whatever_the_case_of_its_name(desk: Desk) -> None:
    data = made.form(product="\u00dcBER", items=[{"item": GUARDED, "answer": "yes"}])
    desk.add(data, product="\u00dcBER")
    desk.node.reassess()
    events = desk.node.assessing.ledger.events
    assert len(events()) == len(events("\u00fcber")) == len(events("\u00dcBER")) > 0
    assert events(after=10**30) == []


def test_one_supplier_is_one_however_its_name_is_written() -> None:
    offers = (
        f"  - {{product: A, release: '1', supplier: {name}}}\n" for name in ("Kite", "'kite '")
    )
    text = "buyer: kite\noffers:\n" + "".join(offers)
    with pytest.raises(Invalid, match="offered twice"):
        read_tender(text.encode())


def test_a_long_statement_costs_no_more_than_its_length() -> None:
    """A partner's statement of many items, each behind a link, is looked up and not searched."""
    since = "2026-01-01T00:00:00.000000Z"
    rules = [
        Rule(id="r1", by="au", of="in", onward=True, since=since),
        Rule(id="r2", by="in", of="jp", since=since),
    ]

    claims: list[object] = []

    def work(many: int) -> int:
        def stated(name: str, who: str, *links: Link) -> Statement:
            found = tuple(Found(f"x@1#{n}", Level.VERIFIED, links=links) for n in range(many))
            return Statement(id=name, authority=who, at=since, found=found)

        statements = [stated("s2", "jp"), stated("s1", "in", Link("r2", "s2"))]
        recognition = Recognition(rules, statements, "", "2026-06-01T00:00:00.000000Z")
        spent = calls(lambda: claims.extend(recognition.of("au")[0]))
        assert len(claims) == many
        claims.clear()
        return spent

    assert work(400) < 5 * work(100)


def test_what_a_verified_builder_says_is_not_toppled_by_strangers(desk: Desk) -> None:
    body = json.loads(nodes.bill(PRODUCT, RELEASE))
    digest = made.ARTEFACT.removeprefix("sha256:")
    body["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": digest}]
    nodes.give(desk.node, [("agree", baseline("agree", requirement("it", AGREES, "verified")))])
    key = Key()
    desk.issuer("Forge", "builder", keys=key.given, identities=(made.BUILDER,))
    desk.add(json.dumps(body).encode(), made.envelope(made.provenance(), key))
    assert verdicts(desk, "agree") == {"agree": "accept"}
    rival = json.loads(made.provenance(builder="https://rival.example"))
    package = body["components"][0]["purl"].rpartition("@")[0]
    others = [{"uri": f"{package}@0.0.1"}]
    rival["predicate"]["buildDefinition"]["resolvedDependencies"] = others
    desk.add(json.dumps(rival).encode())
    assert verdicts(desk, "agree") == {"agree": "accept"}
    # A builder that was verified and says so is heard.
    own = json.loads(made.provenance())
    own["predicate"]["buildDefinition"]["resolvedDependencies"] = others
    desk.add(made.envelope(json.dumps(own).encode(), key))
    assert verdicts(desk, "agree") == {"agree": "reject"}


def test_another_partners_date_makes_no_answer_late(desk: Desk) -> None:
    asks = baseline("prompt", requirement("prompt", PROMPT, "self-asserted"))
    own = nodes.osv("CVE-2026-0001", published="2026-11-20T00:00:00Z")
    nodes.give(desk.node, [("asks", asks), ("bill", nodes.bill(PRODUCT, RELEASE)), ("own", own)])
    desk.add(form(GUARDED, responds_within_days=30))
    assert verdicts(desk, "prompt") == {"prompt": "cannot decide"}
    theirs = nodes.osv("X-1", aliases=["CVE-2026-0001"], published="2001-11-20T00:00:00Z")
    load_documents([("x", theirs)], desk.node.intake, desk.clock.now(), giver=Giver("in", "India"))
    assert verdicts(desk, "prompt") == {"prompt": "cannot decide"}
    nodes.give(desk.node, [("theirs", theirs)])
    assert verdicts(desk, "prompt") == {"prompt": "reject"}
