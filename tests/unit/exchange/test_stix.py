from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from shared import real, real_members
from stix_objects import (
    GROUP,
    HOLE,
    MODIFIED,
    RAID,
    SIGN,
    WATCH,
    WHEN,
    WORM,
    bare,
    bundle,
    joins,
    link,
    ref,
    sighting,
    thing,
)

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import Fact, Reading
from accord.exchange.threats import stix
from accord.exchange.threats.facts import Actor, StixName, StixObject
from accord.exchange.threats.joins import NOT_HERE, Place, Sighting


def read(*objects: Any) -> Reading:
    return stix.read(bundle(*objects))


def exploits(*objects: Any) -> list[tuple[str, str, str]]:
    reading = read(*objects)
    assert reading.refused == []
    found = joins([("", reading)]).exploits()
    return [(one.actor, one.vulnerability, one.relation) for one in found]


def sightings(*objects: Any) -> list[Sighting]:
    return list(joins([("", read(*objects))]).sightings())


def problems(*objects: Any) -> list[str]:
    return [problem.reason for problem in joins([("", read(*objects))]).problems()]


def actors(reading: Reading) -> list[Fact]:
    return [fact for fact in reading.facts if isinstance(fact, Actor)]


def test_actors_are_facts_with_their_other_names() -> None:
    assert actors(read(GROUP, WORM)) == [
        Actor(GROUP["id"], "Night Owl", "intrusion-set", ("G1",), MODIFIED),
        Actor(WORM["id"], "Worm", "malware", ("W",), MODIFIED),
    ]


def test_every_object_is_in_the_index() -> None:
    reading = read(GROUP, HOLE, link(40, GROUP, "targets", HOLE, revoked=True))
    tie = ref("relationship", 40), MODIFIED, "", True, "/objects/2", "targets"
    assert [fact for fact in reading.facts if isinstance(fact, StixObject | StixName)] == [
        StixObject(GROUP["id"], MODIFIED, "Night Owl", revoked=False, place="/objects/0"),
        StixObject(HOLE["id"], MODIFIED, "Gate", revoked=False, place="/objects/1"),
        StixName(HOLE["id"], "CVE-2030-0001", "/objects/1"),
        StixObject(*tie, GROUP["id"], HOLE["id"]),
    ]


def test_an_object_by_itself_is_read_as_in_a_bundle() -> None:
    for one in (GROUP, HOLE, link(40, GROUP, "targets", HOLE), sighting(60, HOLE), WATCH):
        alone, together = stix.read_object(bare(one)), read(one)
        assert (alone.subject, alone.edition) == (together.subject, together.edition)
        moved = [
            {name: value for name, value in fact_of(fact).items() if name != "place"}
            for fact in (*alone.facts, *together.facts)
        ]
        assert moved[: len(alone.facts)] == moved[len(alone.facts) :]
        assert alone.kind == "STIX 2.1 object"


def fact_of(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__struct_fields__}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({name: GROUP[name] for name in GROUP if name != "spec_version"}, "STIX 2.0 object"),
        ({"type": "url", "id": ref("url", 80), "value": "https://example.org"}, "STIX 2.1 object"),
    ],
)
def test_the_version_of_an_object_is_its_own(value: Any, kind: str) -> None:
    assert stix.read_object(bare(value)).kind == kind


@pytest.mark.parametrize(
    "bad",
    [
        7, [], {}, GROUP | {"id": ref("tool", 1)}, GROUP | {"spec_version": "1.2"},
        GROUP | {"name": ""}, sighting(60, HOLE, count=-1), GROUP | {"modified": None},
    ],
)  # fmt: skip
def test_a_bad_object_by_itself_is_refused(bad: Any) -> None:
    with pytest.raises(Invalid):
        stix.read_object(bare(bad))


def test_keys_of_an_object_by_itself_stand_once() -> None:
    with pytest.raises(Unreadable):
        stix.read_object(bare(GROUP).replace(b'"name"', b'"name": "x", "name"', 1))


def test_a_direct_relationship_says_who_exploits_what() -> None:
    (found,) = joins([("", read(GROUP, HOLE, link(40, GROUP, "targets", HOLE)))]).exploits()
    assert (found.vulnerability, found.actor, found.actor_id, found.relation) == (
        "CVE-2030-0001", "Night Owl", GROUP["id"], "targets",
    )  # fmt: skip
    assert (found.where, found.via, found.origin) == (Place(1, "/objects/2"), (), "")


def test_chains_are_followed_and_named() -> None:
    uses, hits = link(40, GROUP, "uses", WORM), link(41, WORM, "exploits", HOLE)
    assert exploits(GROUP, WORM, HOLE, uses, hits) == [
        ("Worm", "CVE-2030-0001", "exploits"),
        ("Night Owl", "CVE-2030-0001", "uses Worm, exploits"),
    ]
    made = link(42, RAID, "attributed-to", GROUP)
    aims = link(43, RAID, "targets", HOLE)
    assert exploits(RAID, GROUP, HOLE, made, aims) == [
        ("Raid", "CVE-2030-0001", "targets"),
        ("Night Owl", "CVE-2030-0001", "Raid attributed-to it, targets"),
    ]


def test_a_chain_names_every_relationship_on_the_way() -> None:
    uses, hits = link(40, GROUP, "uses", WORM), link(41, WORM, "exploits", HOLE)
    found = joins([("", read(GROUP, WORM, HOLE, uses, hits))]).exploits()
    ways = {one.actor: (one.where.place, [place.place for place in one.via]) for one in found}
    assert ways == {"Worm": ("/objects/4", []), "Night Owl": ("/objects/4", ["/objects/3"])}


def test_a_chain_has_three_relationships_at_most() -> None:
    tools = [thing("tool", number, name=f"T{number}") for number in range(100, 104)]
    uses = [
        link(200 + number, one, "uses", other)
        for number, (one, other) in enumerate(pairwise(tools))
    ]
    found = exploits(HOLE, *tools, *uses, link(300, tools[-1], "exploits", HOLE))
    assert [actor for actor, _, _ in found] == ["T103", "T102", "T101"]


def test_the_shortest_way_is_the_one_that_is_named() -> None:
    found = exploits(
        GROUP, WORM, HOLE,
        link(40, GROUP, "uses", WORM), link(41, WORM, "exploits", HOLE),
        link(42, GROUP, "targets", HOLE),
    )  # fmt: skip
    assert found[0] == ("Night Owl", "CVE-2030-0001", "targets")
    assert len(found) == 2


def test_circles_end() -> None:
    other = thing("malware", 24, name="Other")
    found = exploits(
        WORM, other, HOLE,
        link(40, WORM, "uses", other), link(41, other, "uses", WORM),
        link(42, WORM, "exploits", HOLE),
    )  # fmt: skip
    assert found == [
        ("Worm", "CVE-2030-0001", "exploits"),
        ("Other", "CVE-2030-0001", "uses Worm, exploits"),
    ]


def test_relationships_that_branch_without_end_are_told_and_hide_nobody_elses() -> None:
    tools = [thing("malware", number) for number in range(100, 103)]
    flood = [link(200 + i, one, "uses", HOLE) for i, one in enumerate(tools)]
    flood += [link(300 + i, GROUP, "uses", one) for i, one in enumerate(tools)]
    readings = [("mallory", read(GROUP, HOLE, *tools, *flood))]
    readings.append(("", read(HOLE, WORM, link(400, WORM, "exploits", HOLE))))
    assert "too many ways to follow" not in {p.reason for p in joins(readings).problems()}
    bounded = joins(readings, most=2)
    assert ("Worm", "") in {(one.actor, one.origin) for one in bounded.exploits()}
    assert "too many ways to follow" in {p.reason for p in joins(readings, most=2).problems()}


def test_a_vulnerability_without_a_cve_goes_by_its_name() -> None:
    names = [
        thing("vulnerability", 11, name="Zero Day"),
        thing("vulnerability", 12, name="cve-2030-0002"),
    ]
    found = exploits(
        GROUP, *names, *(link(50 + i, GROUP, "targets", one) for i, one in enumerate(names))
    )
    assert [name for _, name, _ in found] == ["Zero Day", "CVE-2030-0002"]


def test_a_sighting_of_a_vulnerability() -> None:
    seen = sighting(
        60, HOLE, count=3, first_seen=WHEN, last_seen="2030-01-03T00:00:00Z",
        where_sighted_refs=[WATCH["id"], ref("identity", 99)],
    )  # fmt: skip
    assert sightings(HOLE, WATCH, seen) == [
        Sighting(
            "CVE-2030-0001", seen["id"], f"CERT-X, {ref('identity', 99)}", MODIFIED,
            "2030-01-03T00:00:00.000000Z", 3, MODIFIED, "", Place(1, "/objects/2"),
        )
    ]  # fmt: skip


def test_who_made_the_sighting_saw_it_where_nobody_else_is_named() -> None:
    (found,) = sightings(HOLE, WATCH, sighting(60, HOLE, created_by_ref=WATCH["id"]))
    assert (found.seen_by, found.count) == ("CERT-X", 1)


@pytest.mark.parametrize(
    "ties",
    [
        [link(40, WORM, "exploits", HOLE), link(41, SIGN, "indicates", WORM)],
        [link(41, SIGN, "indicates", HOLE)],
    ],
)
def test_a_sighting_of_an_indicator_speaks_of_what_it_indicates(ties: list[Any]) -> None:
    (found,) = sightings(SIGN, WORM, HOLE, *ties, sighting(60, SIGN))
    assert found.vulnerability == "CVE-2030-0001"


def test_a_sighting_of_malware_speaks_of_what_it_exploits() -> None:
    (found,) = sightings(WORM, HOLE, link(40, WORM, "exploits", HOLE), sighting(60, WORM))
    assert found.vulnerability == "CVE-2030-0001"


def test_a_revoked_sighting_saw_nothing() -> None:
    assert sightings(HOLE, sighting(60, HOLE, revoked=True)) == []


def test_a_revoked_actor_is_kept_as_revoked_and_exploits_nothing() -> None:
    objects = [GROUP | {"revoked": True}, HOLE, link(40, GROUP, "targets", HOLE)]
    assert [fact for fact in actors(read(*objects)) if isinstance(fact, Actor) and fact.revoked]
    assert exploits(*objects) == []
    assert problems(*objects) == ["revoked"]


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([GROUP, link(40, GROUP, "targets", HOLE)], NOT_HERE),
        ([GROUP, HOLE, link(40, GROUP, "targets", HOLE, revoked=True)], "revoked"),
        ([GROUP, HOLE | {"revoked": True}, link(40, GROUP, "targets", HOLE)], "revoked"),
        ([sighting(60, HOLE)], NOT_HERE),
        ([SIGN, sighting(60, SIGN)], "tied to no vulnerability"),
        ([HOLE, sighting(60, HOLE, count=0)], "seen zero times"),
        ([HOLE, sighting(60, HOLE, revoked=True)], "revoked"),
    ],
)
def test_what_cannot_be_followed_is_said(objects: list[Any], reason: str) -> None:
    assert problems(*objects) == [reason]
    assert (exploits(*objects), sightings(*objects)) == ([], [])


def test_relationships_without_bearing_are_passed_over() -> None:
    cure, way = thing("course-of-action", 70), thing("attack-pattern", 71)
    reading = read(cure, way, link(40, cure, "mitigates", way), link(41, cure, "mitigates", HOLE))
    assert not any(fact.relation for fact in reading.facts if isinstance(fact, StixObject))
    assert (reading.refused, reading.not_evaluated) == ([], [])


def test_the_newest_version_of_a_relationship_counts() -> None:
    old = link(40, GROUP, "targets", HOLE)
    new = old | {"revoked": True, "modified": "2030-02-01T00:00:00Z"}
    for order in ([old, new], [new, old]):
        assert exploits(GROUP, HOLE, *order) == []


def test_two_objects_that_claim_one_version_are_not_both_taken() -> None:
    reading = read(GROUP, GROUP | {"name": "Day Owl"}, GROUP)
    assert [one.place for one in reading.refused] == ["/objects/1"]
    assert [fact.name for fact in actors(reading) if isinstance(fact, Actor)] == ["Night Owl"]


def test_a_single_object_is_what_the_bundle_is_an_edition_of() -> None:
    reading = read(GROUP)
    assert (reading.subject, reading.edition) == (f"stix:{GROUP['id']}", MODIFIED)
    assert read(GROUP, WORM).subject == read().subject == ""


def test_the_version_is_told_by_the_bundle() -> None:
    assert read(GROUP).kind == "STIX 2.1 bundle"
    assert stix.read(bundle(GROUP, spec_version="2.0")).kind == "STIX 2.0 bundle"


@pytest.mark.parametrize(
    "bad",
    [
        7, None, [], {}, {"type": "tool"}, GROUP | {"id": "intrusion-set--1"}, GROUP | {"id": None},
        GROUP | {"id": ref("tool", 1)}, GROUP | {"type": "Intrusion Set"}, GROUP | {"type": 7},
        GROUP | {"modified": "yesterday"}, GROUP | {"modified": 5}, GROUP | {"created": None},
        GROUP | {"modified": "2029-01-01T00:00:00Z"}, GROUP | {"revoked": "no"},
        GROUP | {"name": 7}, GROUP | {"name": ""}, GROUP | {"aliases": "G1"},
        HOLE | {"external_references": {}}, HOLE | {"name": []},
        link(40, GROUP, "targets", HOLE, source_ref="Night Owl"),
        link(40, GROUP, "targets", HOLE, target_ref=None),
        link(40, GROUP, "", HOLE),
        sighting(60, HOLE, sighting_of_ref="x"), sighting(60, WORM, count=-1),
        sighting(60, WORM, count=True), sighting(60, WORM, count=10**30),
        sighting(60, WORM, where_sighted_refs="CERT-X"),
    ],
)  # fmt: skip
def test_a_bad_object_is_refused_and_its_neighbours_kept(bad: Any) -> None:
    hit = link(41, WORM, "exploits", thing("vulnerability", 11, name="CVE-2030-0002"))
    reading = read(WORM, thing("vulnerability", 11, name="CVE-2030-0002"), hit, bad)
    assert [one.place for one in reading.refused] == ["/objects/3"]
    assert len(list(joins([("", reading)]).exploits())) == 1
    assert sum(isinstance(fact, StixObject) for fact in reading.facts) == 3


def test_observables_need_no_dates() -> None:
    reading = read(GROUP, {"type": "url", "id": ref("url", 80), "value": "https://example.org"})
    assert reading.refused == []


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"[]", Invalid),
        (b'{"type": "report"}', Invalid),
        (bundle(id="bundle--1"), Invalid),
        (bundle(id=ref("report", 1)), Invalid),
        (bundle(spec_version="1.2"), Invalid),
        (bundle(spec_version=["2.0"]), Invalid),
        (bundle(objects={}), Invalid),
        (bundle(GROUP).replace(b'"type"', b'"type": "x", "type"', 1), Unreadable),
        (bundle(GROUP).replace(b'"name"', b'"name": "x", "name"', 1), Unreadable),
        (bundle(x=float("nan")), Unreadable),
        (bundle(GROUP | {"name": "\ud800"}), Unreadable),
        (bundle(GROUP | {"x": 7}).replace(b'"x": 7', b'"x": 1e999'), Unreadable),
        (bundle(GROUP)[:-1], Unreadable),
        (b'{"type": "bundle", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}", TooLarge),
    ],
)
def test_what_is_no_bundle_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        stix.read(data)


def test_huge_whole_numbers_do_no_harm() -> None:
    data = bundle(GROUP | {"x": 7}).replace(b'"x": 7', b'"x": ' + b"9" * 300)
    assert len(actors(stix.read(data))) == 1


def test_the_real_examples() -> None:
    found = [stix.read(data) for _, data in real_members("data/threat/stix-examples.zip", ".json")]
    assert not any(reading.refused for reading in found)
    said = [fact for one in found for fact in joins([("", one)]).exploits()]
    assert len(said) == 6
    assert {fact.actor for fact in said} == {"admin@338", "menuPass", "th3bug"}


def test_the_real_catalogues() -> None:
    for name, count in (("ics-attack.json", 54), ("mobile-attack-17.1.json", 137)):
        reading = stix.read(real(f"data/threat/{name}").read_bytes())
        assert reading.refused == []
        assert len(actors(reading)) == count


def test_the_real_single_objects() -> None:
    found = [
        stix.read(data)
        for _, data in real_members("data/threat/enterprise-attack-stix20.zip", ".json")
    ]
    assert not any(reading.refused for reading in found)
    assert all(reading.subject and reading.edition for reading in found)
    assert sum(len(actors(reading)) for reading in found) == 1026
    assert sum(isinstance(fact, StixObject) for one in found for fact in one.facts) == len(found)


def test_names_times_actors_are_counted() -> None:
    names = [{"source_name": "cve", "external_id": f"CVE-2030-{n:05}"} for n in range(60)]
    hole = HOLE | {"external_references": names}
    ways = [link(40, GROUP, "targets", hole), link(41, WORM, "exploits", hole)]
    readings = [("", read(GROUP, WORM, hole, *ways))]
    assert len(list(joins(readings).exploits())) == 120
    assert len(list(joins(readings, most=100).exploits())) == 60
