from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from shared import real, real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import Limits
from accord.core.reading import Reading
from accord.exchange.threats import links, stix
from accord.exchange.threats.facts import Actor, Exploits, Sighting

WHEN = "2030-01-02T03:04:05.000Z"
MODIFIED = "2030-01-02T03:04:05.000000Z"


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number)}"


def thing(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    common = {"type": kind, "id": ref(kind, number), "created": WHEN, "modified": WHEN}
    return common | {"spec_version": "2.1", "name": f"{kind} {number}"} | fields


def link(number: int, source: Any, kind: str, target: Any, **fields: Any) -> dict[str, Any]:
    ends = {"source_ref": source["id"], "relationship_type": kind, "target_ref": target["id"]}
    return thing("relationship", number, **(ends | fields))


def sighting(number: int, of: Any, **fields: Any) -> dict[str, Any]:
    return thing("sighting", number, **({"sighting_of_ref": of["id"]} | fields))


def bundle(*objects: Any, **fields: Any) -> bytes:
    whole = {"type": "bundle", "id": ref("bundle", 1), "objects": objects}
    return json.dumps(whole | fields).encode()


def read(*objects: Any) -> Reading:
    return stix.read(bundle(*objects))


def exploits(*objects: Any) -> list[tuple[str, str, str]]:
    reading = read(*objects)
    assert reading.refused == []
    return [
        (fact.actor, fact.vulnerability, fact.relation)
        for fact in reading.facts
        if isinstance(fact, Exploits)
    ]


def sightings(*objects: Any) -> list[Sighting]:
    return [fact for fact in read(*objects).facts if isinstance(fact, Sighting)]


HOLE = thing(
    "vulnerability",
    10,
    name="Gate",
    external_references=[{"source_name": "cve", "external_id": "cve-2030-0001"}],
)
GROUP = thing("intrusion-set", 20, name="Night Owl", aliases=["Night Owl", "G1"])
WORM = thing("malware", 21, name="Worm", x_mitre_aliases=["Worm", "W"])
RAID = thing("campaign", 22, name="Raid")
SIGN = thing("indicator", 23)
WATCH = thing("identity", 30, name="CERT-X")


def test_actors_are_facts_with_their_other_names() -> None:
    assert read(GROUP, WORM).facts == [
        Actor(GROUP["id"], "Night Owl", "intrusion-set", ("G1",), MODIFIED),
        Actor(WORM["id"], "Worm", "malware", ("W",), MODIFIED),
    ]


def test_a_direct_relationship_says_who_exploits_what() -> None:
    reading = read(GROUP, HOLE, link(40, GROUP, "targets", HOLE))
    assert reading.facts[-1] == Exploits(
        "CVE-2030-0001", "Night Owl", GROUP["id"], "targets", MODIFIED, "/objects/2"
    )


def test_chains_within_the_bundle_are_followed_and_named() -> None:
    uses, hits = link(40, GROUP, "uses", WORM), link(41, WORM, "exploits", HOLE)
    assert exploits(GROUP, WORM, HOLE, uses, hits) == [
        ("Night Owl", "CVE-2030-0001", "uses Worm, exploits"),
        ("Worm", "CVE-2030-0001", "exploits"),
    ]
    made = link(42, RAID, "attributed-to", GROUP)
    aims = link(43, RAID, "targets", HOLE)
    assert exploits(RAID, GROUP, HOLE, made, aims) == [
        ("Raid", "CVE-2030-0001", "targets"),
        ("Night Owl", "CVE-2030-0001", "Raid attributed-to it, targets"),
    ]


def test_a_chain_is_as_new_as_its_newest_link() -> None:
    newer = link(40, GROUP, "uses", WORM, modified="2030-05-01T00:00:00Z")
    reading = read(GROUP, WORM, HOLE, newer, link(41, WORM, "exploits", HOLE))
    dates = {fact.actor: fact.modified for fact in reading.facts if isinstance(fact, Exploits)}
    assert dates == {"Night Owl": "2030-05-01T00:00:00.000000Z", "Worm": MODIFIED}


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


def test_relationships_that_branch_without_end_are_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "LIMITS", Limits(items=3))
    tools = [thing("malware", number) for number in range(100, 103)]
    uses = [link(200 + i, one, "uses", HOLE) for i, one in enumerate(tools)]
    uses += [link(300 + i, GROUP, "uses", one) for i, one in enumerate(tools)]
    with pytest.raises(TooLarge):
        read(GROUP, HOLE, *tools, *uses)


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
            "2030-01-03T00:00:00.000000Z", 3, MODIFIED, revoked=False, place="/objects/2",
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


def test_a_revoked_sighting_is_kept_as_revoked() -> None:
    (found,) = sightings(HOLE, sighting(60, HOLE, revoked=True))
    assert found.revoked


def test_a_revoked_actor_is_kept_as_revoked_and_exploits_nothing() -> None:
    reading = read(GROUP | {"revoked": True}, HOLE, link(40, GROUP, "targets", HOLE))
    assert [type(fact) for fact in reading.facts] == [Actor]
    assert [one.reason for one in reading.not_evaluated] == ["revoked"]


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([GROUP, link(40, GROUP, "targets", HOLE)], "points outside the bundle"),
        ([GROUP, HOLE, link(40, GROUP, "targets", HOLE, revoked=True)], "revoked"),
        ([GROUP, HOLE | {"revoked": True}, link(40, GROUP, "targets", HOLE)], "revoked"),
        ([sighting(60, HOLE)], "points outside the bundle"),
        ([SIGN, sighting(60, SIGN)], "tied to no vulnerability"),
        ([HOLE, sighting(60, HOLE, count=0)], "seen zero times"),
    ],
)
def test_what_cannot_be_followed_is_said(objects: list[Any], reason: str) -> None:
    reading = read(*objects)
    assert [one.reason for one in reading.not_evaluated] == [reason]
    assert not any(isinstance(fact, Exploits | Sighting) for fact in reading.facts)


def test_relationships_without_bearing_are_passed_over() -> None:
    cure, way = thing("course-of-action", 70), thing("attack-pattern", 71)
    reading = read(cure, way, link(40, cure, "mitigates", way), link(41, cure, "mitigates", HOLE))
    assert (reading.facts, reading.refused, reading.not_evaluated) == ([], [], [])


def test_the_newest_version_of_a_relationship_counts() -> None:
    old = link(40, GROUP, "targets", HOLE)
    new = old | {"revoked": True, "modified": "2030-02-01T00:00:00Z"}
    for order in ([old, new], [new, old]):
        assert exploits(GROUP, HOLE, *order) == []


def test_two_objects_that_claim_one_version_are_not_both_taken() -> None:
    reading = read(GROUP, GROUP | {"name": "Day Owl"}, GROUP)
    assert [one.place for one in reading.refused] == ["/objects/1"]
    assert [fact.name for fact in reading.facts if isinstance(fact, Actor)] == ["Night Owl"]


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
    assert [type(fact) for fact in reading.facts][-1] is Exploits
    assert len(reading.facts) == 2


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
    assert len(stix.read(data).facts) == 1


def test_the_real_examples() -> None:
    found = [stix.read(data) for _, data in real_members("data/threat/stix-examples.zip", ".json")]
    assert not any(reading.refused for reading in found)
    said = [fact for one in found for fact in one.facts if isinstance(fact, Exploits)]
    assert len(said) == 6
    assert {fact.actor for fact in said} == {"admin@338", "menuPass", "th3bug"}


def test_the_real_catalogues() -> None:
    for name, actors in (("ics-attack.json", 54), ("mobile-attack-17.1.json", 137)):
        reading = stix.read(real(f"data/threat/{name}").read_bytes())
        assert reading.refused == []
        assert len(reading.facts) == actors


def test_the_real_single_objects() -> None:
    found = [
        stix.read(data)
        for _, data in real_members("data/threat/enterprise-attack-stix20.zip", ".json")
    ]
    assert not any(reading.refused for reading in found)
    assert all(reading.subject and reading.edition for reading in found)
    assert sum(len(reading.facts) for reading in found) == 1026


def test_names_times_actors_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LIMITS", Limits(items=100))
    names = [{"source_name": "cve", "external_id": f"CVE-2030-{n:05}"} for n in range(60)]
    hole = HOLE | {"external_references": names}
    assert len(exploits(GROUP, hole, link(40, GROUP, "targets", hole))) == 60
    with pytest.raises(TooLarge):
        read(GROUP, WORM, hole, link(40, GROUP, "targets", hole), link(41, WORM, "exploits", hole))
