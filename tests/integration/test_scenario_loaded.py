from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from accord import scenario
from accord.flows.load import load_documents
from accord.supply.matching.exposures import Exposure
from accord.wiring import Node, Settings


class Loaded:
    """A node that has read the scenario and nothing else."""

    def __init__(self, home: Path) -> None:
        node = Node(Settings(home))
        node.create()
        self.counts = load_documents(scenario.files(), node.intake, "2026-01-31T00:00:00.000000Z")
        self.exposures = node.exposures.all()
        with node.views.view() as view:
            self.gaps = [(gap.reason, gap.subject) for gap in view.unevaluated()]

    def of(self, component: str, vulnerability: str = "", operator: str = "") -> list[Exposure]:
        return [
            one
            for one in self.exposures
            if one.component == component
            and vulnerability in ("", one.advisory)
            and operator in one.operator
        ]

    def statuses(self, component: str, vulnerability: str) -> set[str]:
        return {one.status for one in self.of(component, vulnerability)}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return Loaded(tmp_path_factory.mktemp("node"))


def test_a_node_takes_every_document(loaded: Loaded) -> None:
    assert loaded.counts.total.new == len(scenario.files())
    assert loaded.counts.quarantined == []


def test_the_list_is_long_enough_to_rank_and_short_enough_to_read(loaded: Loaded) -> None:
    claimed = [one for one in loaded.exposures if one.operator]
    assert 60 <= len(claimed) <= 130
    assert len({one.operator for one in claimed}) >= 12


def test_every_decision_and_status_is_there_more_than_once(loaded: Loaded) -> None:
    decisions = Counter(one.decision for one in loaded.exposures if one.status == "exposed")
    assert all(decisions[word] >= 5 for word in ("act", "attend", "track*", "track"))
    statuses = Counter(one.status for one in loaded.exposures)
    assert set(statuses) == {
        "candidate", "exposed", "fixed", "not_affected", "under_investigation",
    }  # fmt: skip


def test_statements_of_the_maker_are_taken(loaded: Loaded) -> None:
    claimed = loaded.of("log4j-core", "CVE-2021-44228", "(fictional)")
    assert {one.status for one in claimed} == {"not_affected"}
    assert loaded.statuses("activemq-client", "CVE-2023-46604") == {"under_investigation"}
    assert loaded.statuses("spring-webmvc", "CVE-2022-22965") == {"exposed", "fixed"}


def test_a_reseller_does_not_overrule_the_maker(loaded: Loaded) -> None:
    (portal,) = loaded.of("Django", "CVE-2022-34265")
    assert portal.status == "exposed"
    assert [judged.statement.status for judged in portal.statements] == ["affected", "not_affected"]


def test_what_debian_repaired_is_not_exposed(loaded: Loaded) -> None:
    exposed = {(one.product, one.release) for one in loaded.of("libssl1.1", "CVE-2022-0778")}
    assert exposed == {("Plant Historian", "4.0"), ("Plant Historian", "5.1")}


def test_the_release_of_debian_decides_not_the_number(loaded: Loaded) -> None:
    (redis,) = loaded.of("redis-server")
    assert redis.version == "5:6.0.16-1+deb11u1"


@pytest.mark.parametrize(
    ("product", "release"),
    [
        ("GridView SCADA", "4.4"),
        ("Pump Station Control", "2.0"),
        ("Government Mail Platform", "2024.1"),
        ("Patient Portal", "4.0"),
        ("Harbour Logistics Suite", "8.0"),
        ("Meter Telemetry Broker", "1.6"),
    ],
)
def test_a_repaired_release_has_no_exposures(loaded: Loaded, product: str, release: str) -> None:
    assert [o for o in loaded.exposures if (o.product, o.release) == (product, release)] == []


def test_a_sighting_moves_the_rank(loaded: Loaded) -> None:
    seen = loaded.of("Boa Web Server", "CVE-2021-33558")
    assert len(seen) == 7
    assert all(one.inputs.exploitation == "active" for one in seen)
    assert all(one.sightings == 6 and not one.known_exploited for one in seen)
    assert "attend" in {one.decision for one in seen}


def test_known_exploited_and_ransomware_are_marked(loaded: Loaded) -> None:
    (moveit,) = loaded.of("MOVEit Transfer", "CVE-2023-34362")
    assert (moveit.known_exploited_since, moveit.ransomware) == ("2023-06-02", True)
    assert moveit.exploited_by == ("Clop", "Lace Tempest")


def test_the_chain_of_2021_is_whole(loaded: Loaded) -> None:
    server = loaded.of("Microsoft Exchange Server")
    assert {one.advisory for one in server} >= {
        "CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065",
    }  # fmt: skip


def test_a_name_alone_makes_a_candidate(loaded: Loaded) -> None:
    (gateway,) = loaded.of("Barracuda Email Security Gateway")
    assert (gateway.advisory, gateway.status) == ("CVE-2023-2868", "candidate")


def test_the_unclaimed_bill_is_nobodys(loaded: Loaded) -> None:
    nobody = {one.product for one in loaded.exposures if not one.operator}
    assert nobody == {"Visitor Kiosk"}


def test_what_could_not_be_evaluated_is_said(loaded: Loaded) -> None:
    said = "\n".join(f"{reason}: {subject}" for reason, subject in loaded.gaps)
    assert "statement matches nothing: not_affected: pkg:generic/indus-grid-works" in said
    assert "3.2-banksia_patched" in said
