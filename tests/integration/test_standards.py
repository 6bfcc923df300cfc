"""Standards on a node: shipped, loaded in their place, listed, and the same after a rebuild."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
import standards
from shared import real, real_members
from typer.testing import CliRunner

from accord.assurance.baselines.timeline import Overlap
from accord.cli.app import app
from accord.core.errors import NotFound
from accord.core.times import when
from accord.exchange.accept import OURS_TO_SAY
from accord.flows.load import Giver, load_documents
from accord.flows.rebuild import rebuild
from accord.flows.standards import listing
from accord.flows.standards.buyers import buyers
from accord.flows.standards.merged import Library, library
from accord.flows.standards.port import Standing
from accord.flows.standards.shipped import documents, shipped
from accord.wiring import Node

TODAY = when("2026-11-23")
SHIPPED = {"au": 45, "in": 40, "jp": 37, "partnership": 33, "us": 42, "us-example-agency": 15}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.engine.dispose()


def run(node: Node, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--home", str(node.settings.home)])


def test_shipped_standards_are_valid_and_need_no_correction() -> None:
    for path, _, reading in documents():
        assert (path, reading.refused, reading.not_evaluated) == (path, [], [])
    found = only_shipped()
    counts = {name: len(found.requirements(one[0])) for name, one in found.baselines.items()}
    assert counts == SHIPPED
    assert {"slsa@1.0", "sigstore@1", "fact@1"} <= found.catalogues.keys()
    assert found.crosswalk.loops == ()


class _Nothing:
    def loaded(self, as_of: str = "") -> Standing:
        return Standing()


def only_shipped() -> Library:
    return library(_Nothing())


def test_each_shipped_baseline_covers_the_four_groups() -> None:
    for line in listing.baselines(only_shipped(), TODAY):
        assert line.in_force
        assert all(line.requirements.values()), line.baseline
        assert line.problem == ""


def _real(node: Node) -> None:
    loaded = [("ism", real("data/standards/ISM_catalog.json").read_bytes())]
    loaded.append(("p-sscrm", real("data/standards/p-sscrm-2_0.json").read_bytes()))
    loaded += real_members("data/standards/osps-baseline.zip")
    loaded += real_members("data/standards/cyclonedx-standards.zip", ".json")
    nodes.give(node, loaded)


def test_every_item_of_the_shipped_baselines_exists_in_the_publishers_catalogues(
    node: Node,
) -> None:
    _real(node)
    found = library(node.standards)
    assert len(found.catalogues) == 15 + len(shipped().catalogues)
    for line in listing.baselines(found, TODAY):
        assert line.missing == (), line.baseline
        assert all(name.startswith("sbom@") for name in line.absent), line.absent
    ends = {end for one in shipped().mappings for end in (one.source, one.target)}
    assert ends <= found.items.keys()
    assert found.dangling == ("bsimm@15#SDF3.2", "bsimm@15#SR2.4")
    before = node.views.state_hash()
    rebuild(node.intake)
    assert node.views.state_hash() == before
    listed = json.loads(run(node, "catalogues", "--json").stdout)
    osps = next(one for one in listed if one["catalogue"] == "osps@unversioned")
    assert (osps["documents"], osps["items"]["control"]) == (8, 41)
    assert sorted(one[0] for one in osps["corrected"]) == ["P0.3.1", "P0.4.2", "RV 2.2"]
    told = run(node, "catalogues")
    assert "bsimm@15#SDF3.2, which does not exist" in told.output


def test_a_loaded_later_version_takes_the_place_of_a_shipped_one(node: Node) -> None:
    later = standards.BASELINE.replace("baseline: kite", "baseline: us")
    later = later.replace("2026-01-01", "2026-06-01").replace('"2026.1"', '"2026.2"')
    nodes.give(node, [("us.yaml", later.encode())])
    found = library(node.standards)
    assert found.baseline("us", when("2026-05-31")).owner == "united-states"
    chosen = found.baseline("us", when("2026-06-01"))
    assert (chosen.owner, len(found.requirements(chosen))) == ("Kite Agency", 1)
    earlier = later.replace('"2026.2"', '"2026.0"').replace("2026-06-01", "2026-01-23")
    nodes.give(node, [("us-0.yaml", earlier.encode())])
    found = library(node.standards)
    assert [one.owner for one in found.baselines["us"]] == ["Kite Agency"] * 2
    with pytest.raises(NotFound, match="no version of us holds on 2026-01-22"):
        found.baseline("us", when("2026-01-22"))


def test_a_loaded_text_of_a_shipped_version_takes_its_place_whole(node: Node) -> None:
    same = standards.BASELINE.replace("baseline: kite", "baseline: us")
    same = same.replace("2026-01-01", "2026-06-01")
    nodes.give(node, [("us", same.encode())])
    found = library(node.standards)
    assert [len(found.requirements(one)) for one in found.baselines["us"]] == [1]


def test_two_texts_of_one_version_are_never_taken_together(node: Node) -> None:
    other = standards.BASELINE.replace("k-1", "k-2")
    nodes.give(node, [("a", standards.BASELINE.encode()), ("b", other.encode())])
    assert "are one version in two texts" in run(node, "baselines").output
    with pytest.raises(Overlap):
        library(node.standards).baseline("kite", TODAY)
    dated = other.replace("owner:", "updated: 2026-02-01\nowner:")
    older = standards.BASELINE.replace("owner:", "updated: 2026-01-15\nowner:")
    name = [
        ("c", dated.replace("kite", "kine").encode()),
        ("d", older.replace("kite", "kine").encode()),
    ]
    nodes.give(node, name)
    found = library(node.standards)
    chosen = found.baseline("kine", TODAY)
    assert [one.requirement for one in found.requirements(chosen)] == ["k-2"]


def test_buyers_are_ready_to_be_assessed_and_one_that_overlaps_stands_aside(node: Node) -> None:
    other = standards.BASELINE.replace('"2026.1"', '"2026.2"')
    nodes.give(node, [("a", standards.BASELINE.encode()), ("b", other.encode())])
    found, problems = buyers(library(node.standards), TODAY)
    assert {one.name: len(one.needs) for one in found} == SHIPPED
    assert list(problems) == ["kite"]
    assert "hold on the same day" in problems["kite"]
    need = next(need for need in found[0].needs if need.id == "bill")
    assert need.items == (("ism@2025.12.9#ism-1730", "sbom@ntia-2021#all"),)
    assert need.accepts == {"bill"}
    ended = standards.BASELINE.replace("kite", "kine").replace(
        "owner:", "until: 2027-01-01\nowner:"
    )
    nodes.give(node, [("c", ended.encode())])
    kine = next(one for one in buyers(library(node.standards), TODAY)[0] if one.name == "kine")
    assert kine.until == when("2027-01-01")
    early, _ = buyers(library(node.standards), when("2020-01-01"))
    assert early == []


def test_versions_that_overlap_are_told_and_cannot_be_used(node: Node) -> None:
    other = standards.BASELINE.replace('"2026.1"', '"2026.2"')
    nodes.give(node, [("a", standards.BASELINE.encode()), ("b", other.encode())])
    done = run(node, "baselines")
    assert done.exit_code == 1
    assert "kite@2026.1 (2026-01-01 to open) and kite@2026.2" in done.output
    assert run(node, "baselines", "kite").exit_code == 1


def test_an_item_that_its_catalogue_lacks_is_told_when_asked(node: Node) -> None:
    nodes.give(node, [("kite", standards.BASELINE.encode())])
    done = run(node, "baselines")
    assert done.exit_code == 0
    assert "names catalogues not here: lantern-manual@2026.1, ssdf@1.1" in done.output
    manual = standards.written(standards.OSCAL)
    nodes.give(node, [("lantern", manual.replace(b'"lm-1"', b'"lm-2"'))])
    done = run(node, "baselines", "kite")
    assert done.exit_code == 1
    assert "requirement k-1: there is no item lantern-manual@2026.1#lm-1" in done.output


def test_commands_list_items_and_requirements(node: Node) -> None:
    nodes.give(node, [("lantern", standards.written(standards.OSCAL))])
    assert "Wicks are trimmed." in run(node, "catalogues", "lantern-manual").output
    assert json.loads(run(node, "catalogues", "slsa", "--json").stdout)[0]["item"] == "build-l1"
    assert run(node, "catalogues", "nowhere").exit_code == 1
    detail = json.loads(run(node, "baselines", "partnership", "--json").stdout)
    wanted = {one["requirement"]["requirement"]: one for one in detail["requirements"]}
    assert wanted["respond-06"]["level"] == "verified"
    assert wanted["respond-06"]["titles"]["fact@1#no-known-exploited"].startswith("No vulner")
    assert "source: " in run(node, "baselines", "au").output


def test_as_of_a_day_before_it_was_loaded_a_baseline_is_not_there(node: Node) -> None:
    nodes.give(node, [("kite", standards.BASELINE.encode())])
    assert "kite" in library(node.standards).baselines
    assert "kite" not in library(node.standards, when("2020-01-01")).baselines


def test_a_broken_crosswalk_or_baseline_leaves_nothing_behind(node: Node) -> None:
    loop = standards.collection(("a:1", "equal-to", "b:1"), ("b:1", "equal-to", "a:1"))
    empty = standards.BASELINE.partition("requirements:")[0] + "requirements: []\n"
    loaded = nodes.give(node, [("loop", standards.written(loop)), ("empty", empty.encode())])
    assert [one.whole for one in loaded.quarantined] == [True, True]
    assert "a loop" in loaded.quarantined[0].reason
    found = node.standards.loaded()
    assert (found.mappings, found.baselines, found.requirements) == ((), (), ())


def test_a_loop_across_two_crosswalks_only_supports(node: Node) -> None:
    one = standards.collection(("a:1", "equal-to", "b:1"), title="one")
    other = standards.collection(("b:1", "equal-to", "a:1"), title="other")
    nodes.give(node, [("1", standards.written(one)), ("2", standards.written(other))])
    found = library(node.standards).crosswalk
    assert len(found.loops) == 2
    assert [carried.satisfies for carried in found.sources("a@1#1")] == [False]
    assert "is part of a loop" in run(node, "catalogues").output


def test_what_another_party_gave_is_not_taken_for_what_this_node_asks(node: Node) -> None:
    giver = Giver(origin="feed:other")
    load_documents([("kite", standards.BASELINE.encode())], node.intake, TODAY, giver)
    assert node.standards.loaded().baselines == ()


def test_partners_do_not_say_what_this_node_asks() -> None:
    assert {"baseline", "catalogue", "OSCAL mapping collection"} <= OURS_TO_SAY


def test_a_document_may_be_a_bill_and_a_standard_at_once(node: Node) -> None:
    both = {
        **standards.CYCLONEDX,
        "components": [{"type": "library", "name": "x", "version": "1", "purl": "pkg:pypi/x@1"}],
    }
    nodes.give(node, [("both", standards.written(both))])
    assert "ssdf@9.9" in library(node.standards).catalogues
    with node.views.view() as view:
        assert len(view.bill_summaries()) == 1
