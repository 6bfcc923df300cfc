from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest

from accord.supply.matching import confidence
from accord.supply.matching.aliases import Names
from accord.supply.matching.exposures import (
    Exposure,
    Hit,
    Known,
    Part,
    Running,
    assemble,
    rank,
)
from accord.supply.matching.signals import Signal, Signals
from accord.supply.matching.vex import Statement, Statements

DAY = "2026-01-0{}T09:00:00.000000Z"
PART = Part(1, 10, "c1", "left-pad", "1.0.0", "pkg:npm/left-pad@1.0.0", "", "Pads", "library")
GRID = Running("Grid", "IN", "energy", "North", "Works", "Pump", "1", "open", "high")


def hit(
    document: int = 20,
    name: str = "OSV-1",
    how: int = confidence.BY_IDENTIFIER,
    component: int = 1,
    **more: Any,
) -> Hit:
    values: dict[str, Any] = {
        "version": 1,
        "affected": document,
        "fixed": "2.0.0",
        "current": True,
    } | more
    return Hit(component=component, how=how, vulnerability=name, document=document, **values)


def known(*hits: Hit, **more: Any) -> Known:
    values: dict[str, Any] = {
        "hits": hits or (hit(),),
        "parts": {1: PART},
        "running": {10: [GRID]},
        "products": {},
        "names": Names([]),
        "learned": {10: DAY.format(1), 20: DAY.format(2), 21: DAY.format(3), 30: DAY.format(4)},
        "advisories": {(20, "OSV-1"): "OSV-1", (21, "CVE-2026-1000"): "CVE-2026-1000"},
        "titles": {},
        "withdrawn": frozenset(),
        "statements": Statements([]),
        "signals": Signals({}),
        "judgements": {},
    }
    return Known(**values | more)


def only(*hits: Hit, **more: Any) -> Exposure:
    (one,) = assemble(known(*hits, **more))
    return one


def statement(status: str, author: str = "Works", product: str = PART.purl) -> Statement:
    return Statement(1, 30, "OSV-1", status, (product,), (), author=author)


def test_an_exposure_says_who_runs_what_and_what_repairs_it() -> None:
    one = only()
    assert (one.operator, one.country, one.sector, one.site) == ("Grid", "IN", "energy", "North")
    assert (one.product, one.release, one.supplier) == ("Pump", "1", "Works")
    assert (one.component, one.version, one.purl) == ("left-pad", "1.0.0", PART.purl)
    assert (one.advisory, one.fixed, one.status, one.candidate) == (
        "OSV-1", ("2.0.0",), "exposed", "",
    )  # fmt: skip
    assert one.first_seen == "2026-01-02"


def test_two_advisories_of_one_vulnerability_make_one_exposure() -> None:
    joined = Names([("OSV-1", "CVE-2026-1000")])
    titles = {(20, "OSV-1"): "By OSV", (21, "CVE-2026-1000"): "By CVE"}
    for hits in permutations((hit(), hit(21, "CVE-2026-1000", fixed="1.5.0"))):
        one = only(*hits, names=joined, titles=titles)
        assert (one.advisory, one.aliases) == ("CVE-2026-1000", ("OSV-1",))
        assert one.advisories == ("CVE-2026-1000", "OSV-1")
        assert (one.fixed, one.title) == (("1.5.0", "2.0.0"), "By CVE")
        assert one.first_seen == "2026-01-02"


def test_names_that_nobody_declares_equal_make_two() -> None:
    assert len(assemble(known(hit(), hit(21, "CVE-2026-1000")))) == 2


def test_a_withdrawn_advisory_counts_for_nothing() -> None:
    assert assemble(known(withdrawn=frozenset({(20, "OSV-1")}))) == []


def test_an_older_edition_only_tells_since_when() -> None:
    assert assemble(known(hit(current=False))) == []
    assert only(hit(21), hit(20, current=False)).first_seen == "2026-01-02"


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [
        (confidence.BY_IDENTIFIER, "exposed", ""),
        (confidence.BY_CPE_BESIDE_PURL, "candidate", "a CPE beside a package URL"),
        (confidence.BY_NAME, "candidate", "supplier and product name"),
    ],
)
def test_only_an_identifier_makes_an_exposure(how: int, status: str, why: str) -> None:
    one = only(hit(how=how))
    assert (one.status, one.candidate) == (status, why)
    assert only(hit(how=how), hit(21)).status == "exposed"


@pytest.mark.parametrize(
    ("said", "status", "decision"),
    [("not_affected", "not_affected", "track"), ("fixed", "fixed", "track"),
     ("under_investigation", "under_investigation", "act"), ("affected", "exposed", "act")],
)  # fmt: skip
def test_what_the_statement_says_the_status_is(said: str, status: str, decision: str) -> None:
    one = only(statements=Statements([statement(said)]))
    assert (one.status, one.decision) == (status, decision)


def test_a_stranger_by_name_closes_nothing_and_upgrades_nothing() -> None:
    by_name = "name:works/pump@1"
    for said in ("not_affected", "affected"):
        heard = Statements([statement(said, "Stranger", by_name)])
        assert only(statements=heard).status == "exposed"
        assert only(hit(how=confidence.BY_NAME), statements=heard).status == "candidate"
    maker = Statements([statement("affected", "Works", by_name)])
    assert only(hit(how=confidence.BY_NAME), statements=maker).status == "candidate"
    maker = Statements([statement("not_affected", "Works", by_name)])
    assert only(statements=maker).status == "not_affected"


def test_a_person_has_the_last_word() -> None:
    candidate = only(hit(how=confidence.BY_NAME))
    for verdict in ("exposed", "not_affected"):
        one = only(hit(how=confidence.BY_NAME), judgements={candidate.id: verdict})
        assert (one.status, one.id) == (verdict, candidate.id)
    heard = Statements([statement("not_affected")])
    assert only(statements=heard, judgements={only().id: "exposed"}).status == "exposed"


def test_an_identifier_follows_from_what_the_exposure_is() -> None:
    one = only()
    later = only(hit(21, affected=99, version=98, fixed=""))
    assert one.id == later.id
    for name in ("operator", "site", "product", "release"):
        other = msgspec.structs.replace(GRID, **{name: "another"})
        assert only(running={10: [other]}).id != one.id
    assert only(parts={1: msgspec.structs.replace(PART, version="1.0.1")}).id != one.id


def test_the_same_component_twice_is_one_row_with_the_graver_word_in_any_order() -> None:
    mild = msgspec.structs.replace(GRID, mission="low", exposure="small", supplier="Other")
    twin = msgspec.structs.replace(PART, id=2, ref="c2")
    signals = Signals({"OSV-1": [Signal(1, "ssvc", ("none", "no", "partial", "", ""))]})
    found = [
        only(hit(), hit(component=2), parts={1: PART, 2: twin}, running={10: [*order]},
             signals=signals)
        for order in permutations((GRID, mild))
    ]  # fmt: skip
    assert found[0] == found[1]
    assert (found[0].parts, found[0].urgency) == ((1, 2), "scheduled")


def test_a_product_that_an_estate_names_is_exposed_itself() -> None:
    assert only(products={1: GRID}, running={}).operator == "Grid"


def test_a_bill_that_nobody_runs_any_more_is_not_listed() -> None:
    assert assemble(known(running={})) == []


def ranked(**more: Any) -> Exposure:
    return msgspec.structs.replace(only(), **more)


def test_open_ones_come_first_then_the_decision_then_the_catalogue_then_the_odds() -> None:
    order = [
        ranked(decision="act", known_exploited=True, known_exploited_since="2026-01-02"),
        ranked(decision="act", known_exploited=True, known_exploited_since="2026-01-01", epss=0.9),
        ranked(decision="act", epss=0.5, status="under_investigation"),
        ranked(decision="act", epss=0.4),
        ranked(decision="act"),
        ranked(decision="attend", known_exploited=True, known_exploited_since="2026-01-02"),
        ranked(decision="track*"),
        ranked(decision="track", epss=1.0),
        ranked(decision="act", status="candidate", epss=1.0),
        ranked(decision="track", status="fixed"),
        ranked(decision="track", status="not_affected"),
    ]
    order.reverse()
    assert sorted(order, key=rank) == order[::-1]
