"""What a MISP event becomes in STIX: patterns, markings, ends of validity, clusters."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from misp_events import AT, attribute, cluster, data, event, item, made, name, things
from stix2validator import ValidationOptions, validate_instance

from accord.exchange.hunting.patterns import parse
from accord.exchange.misp import back, types
from accord.exchange.misp.convert import bundle
from accord.exchange.misp.definitions import EXTENSION, SCHEMA
from accord.exchange.misp.reading import objects, read
from accord.exchange.objects import read_document, read_stix
from accord.exchange.threats.facts import Actor, StixIndicator, StixSighting
from accord.identity.markings import Marking, Pap, Tlp

MD5, SHA1, SHA256 = "d" * 32, "e" * 40, "f" * 64
PATTERNS = [
    ("md5", MD5.upper(), f"[file:hashes.'MD5' = '{MD5}']"),
    ("sha1", SHA1, f"[file:hashes.'SHA-1' = '{SHA1}']"),
    ("sha512", "a" * 128, f"[file:hashes.'SHA-512' = '{'a' * 128}']"),
    ("imphash", MD5, f"[file:hashes.'IMPHASH' = '{MD5}']"),
    ("filename|sha256", f"a.exe|{SHA256}", f"[file:hashes.'SHA-256' = '{SHA256}']"),
    ("malware-sample", f"a.exe|{MD5}", f"[file:hashes.'MD5' = '{MD5}']"),
    ("filename", r"C:\it's", r"[file:name = 'C:\\it\'s']"),
    ("domain", "evil.example", "[domain-name:value = 'evil.example']"),
    ("hostname", "www.evil.example", "[domain-name:value = 'www.evil.example']"),
    (
        "domain|ip", "evil.example|192.0.2.7",
        "[domain-name:value = 'evil.example'] OR [ipv4-addr:value = '192.0.2.7']",
    ),
    (
        "ip-dst", "2001:db8::7",
        ("[network-traffic:dst_ref.type = 'ipv6-addr' AND"
        " network-traffic:dst_ref.value = '2001:db8::7']"),
    ),
    (
        "ip-src|port", "192.0.2.7|443",
        ("[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value ="
        " '192.0.2.7' AND network-traffic:src_port = 443]"),
    ),
    ("url", "http://evil.example/a?b", "[url:value = 'http://evil.example/a?b']"),
    ("email-src", "a@evil.example", "[email-message:from_ref.value = 'a@evil.example']"),
    ("mutex", "Global\\x", r"[mutex:name = 'Global\\x']"),
    (
        "regkey", r"HKLM\Software\X",
        (r"[windows-registry-key:key IN ('HKEY_LOCAL_MACHINE\\Software\\X',"
        r" 'HKLM\\Software\\X')]"),
    ),
    ("AS", "AS64500", "[autonomous-system:number = 64500]"),
]  # fmt: skip
NONE = [
    ("md5", "short"), ("sha1", "z" * 40), ("ip-dst", "999.1.1.1"), ("ip-dst|port", "192.0.2.7|x"),
    ("ip-dst|port", "192.0.2.7|65536"), ("domain|ip", "evil.example|nowhere"),
    ("text", "anything"), ("filename|md5", "a.exe"), ("stix2-pattern", "[what"), ("AS", "none"),
]  # fmt: skip


def marking(thing: dict[str, Any]) -> tuple[Marking | None, tuple[str, ...]]:
    content = read_stix(json.dumps(thing).encode())
    return content.marking, content.unknown_markings


@pytest.mark.parametrize(("kind", "value", "pattern"), PATTERNS)
def test_a_type_becomes_its_pattern(kind: str, value: str, pattern: str) -> None:
    (found,) = things(event(attribute(10, kind, value)), "indicator")
    assert (found["pattern"], found["id"]) == (pattern, f"indicator--{name(10)}")
    parse(found["pattern"])


@pytest.mark.parametrize(("kind", "value"), NONE)
def test_what_has_no_pattern_is_kept_and_listed(kind: str, value: str) -> None:
    given_ = event(attribute(10, kind, value))
    assert things(given_, "indicator") == []
    assert [one["content"] for one in things(given_, "note")] in ([value], [])
    (listed,) = made(given_).kept
    assert (listed.place, listed.subject) == ("/Event/Attribute/0", f"{kind} {value}")


@pytest.mark.parametrize(("kind", "value", "pattern"), PATTERNS)
def test_what_is_not_to_be_detected_is_no_indicator(kind: str, value: str, pattern: str) -> None:
    value_ = event(attribute(10, kind, value, to_ids=False))
    assert things(value_, "indicator") == []
    assert [f for f in read(data(value_)).facts if isinstance(f, StixIndicator)] == []
    seen = [*things(value_, "observed-data"), *things(value_, "note")]
    assert [one["id"].partition("--")[2] for one in seen] == [name(10)]


@pytest.mark.parametrize("kind", types.LANGUAGES)
def test_a_rule_keeps_its_language(kind: str) -> None:
    (found,) = things(event(attribute(10, kind, "rule x {}")), "indicator")
    assert (found["pattern"], found["pattern_type"]) == ("rule x {}", types.LANGUAGES[kind])


def levels(*words: str) -> list[dict[str, Any]]:
    return [{"name": word} for word in words]


@pytest.mark.parametrize(
    ("of_event", "of_attribute", "expected"),
    [
        ({}, {}, None),
        ({"Tag": levels("tlp:green")}, {}, Marking(Tlp.GREEN)),
        ({"Tag": levels("tlp:red")}, {"Tag": levels("tlp:clear")}, Marking(Tlp.RED)),
        ({"Tag": levels("tlp:clear")}, {"Tag": levels("tlp:amber")}, Marking(Tlp.AMBER)),
        ({"Tag": levels("tlp:clear")}, {"distribution": "0"}, Marking(Tlp.RED)),
        ({"distribution": "1"}, {"Tag": levels("tlp:clear")}, Marking(Tlp.AMBER_STRICT)),
        (
            {"distribution": "4", "sharing_group_id": "7", "SharingGroup": {"name": "few"}},
            {"Tag": levels("tlp:green")},
            Marking(Tlp.RED),
        ),
        ({"Tag": levels("PAP:RED", "tlp:clear")}, {}, Marking(Tlp.CLEAR, Pap.RED)),
        ({"Tag": levels("PAP:AMBER")}, {}, Marking(Tlp.AMBER, Pap.AMBER)),
    ],
)
def test_the_stricter_of_event_and_attribute_counts(
    of_event: dict[str, Any], of_attribute: dict[str, Any], expected: Marking | None
) -> None:
    value = event(attribute(10, "domain", "evil.example", **of_attribute), **of_event)
    (found,) = things(value, "indicator")
    assert marking(found) == (expected, ())
    (fact,) = [one for one in read(data(value)).facts if isinstance(one, StixIndicator)]
    assert fact.tlp == (None if expected is None else expected.tlp)
    assert fact.pap == (0 if expected is None else expected.pap)


_TAGS = st.sampled_from(
    ["tlp:clear", "tlp:green", "tlp:amber", "tlp:amber+strict", "tlp:red", "PAP:RED", "tlp:mauve"]
)
_LEVELS = st.sampled_from(["0", "1", "2", "3", "4", "5", "9"])


@given(tags=st.lists(_TAGS, max_size=2), own=st.lists(_TAGS, max_size=2), level=_LEVELS,
       inside=_LEVELS, to_ids=st.booleans(), around=_LEVELS)  # fmt: skip
def test_no_part_goes_further_than_it_and_its_event_say(  # noqa: PLR0913 - what may vary
    tags: list[str], own: list[str], level: str, inside: str, around: str, *, to_ids: bool
) -> None:
    """Law: each object of a part is at least as strict as event, object and part together."""
    one = attribute(10, "domain", "evil.example", Tag=levels(*own), distribution=inside)
    one["to_ids"] = to_ids
    value = event(Tag=levels(*tags), distribution=level)
    value["Object"] = [item(20, one, distribution=around)]
    said = read_document("MISP event", data(value))
    for body in objects(data(value)):
        found = read_stix(body)
        if found.type not in {"identity", "report"}:
            assert found.marking == said.marking
            assert bool(found.unknown_markings) == bool(said.unknown_markings)


def test_a_part_that_is_stricter_leaves_the_others_as_they_are() -> None:
    open_ = attribute(10, "domain", "open.example")
    closed = attribute(11, "domain", "closed.example", Tag=levels("tlp:red"))
    value = event(open_, closed, Tag=levels("tlp:green"))
    found = {one["pattern"]: marking(one)[0] for one in things(value, "indicator")}
    assert list(found.values()) == [Marking(Tlp.GREEN), Marking(Tlp.RED)]
    (report,) = things(value, "report")
    assert marking(report)[0] == Marking(Tlp.GREEN)
    assert "closed.example" not in json.dumps(report)


DAY = 86_400


@pytest.mark.parametrize(
    ("more", "until"),
    [
        ({}, "2030-05-01T00:00:00.000Z"),
        ({"last_seen": "2030-02-01T00:00:00Z"}, "2030-06-01T00:00:00.000Z"),
        ({"Sighting": [{"type": "0", "date_sighting": str(AT + 31 * DAY), "uuid": name(30)}]},
         "2030-06-01T00:00:00.000Z"),
        ({"Sighting": [{"type": "1", "date_sighting": str(AT + 31 * DAY), "uuid": name(30)}]},
         "2030-05-01T00:00:00.000Z"),
        ({"Sighting": [{"type": "2", "date_sighting": str(AT + DAY), "uuid": name(30)}]},
         "2030-01-02T00:00:00.000Z"),
    ],
)  # fmt: skip
def test_what_decays_has_an_end(more: dict[str, Any], until: str) -> None:
    (found,) = things(event(attribute(10, "domain", "evil.example", **more)), "indicator")
    assert (found["valid_from"], found["valid_until"]) == ("2030-01-01T00:00:00.000Z", until)


def test_a_hash_does_not_decay() -> None:
    (found,) = things(event(attribute(10, "md5", MD5)), "indicator")
    assert "valid_until" not in found


def test_a_sighting_is_a_sighting_and_a_false_positive_is_none() -> None:
    said = [{"type": kind, "date_sighting": str(AT), "uuid": name(30 + int(kind))} for kind in "01"]
    value = event(attribute(10, "domain", "evil.example", Sighting=said))
    (fact,) = [one for one in read(data(value)).facts if isinstance(one, StixSighting)]
    assert (fact.object, fact.sighted, fact.count) == (
        f"sighting--{name(30)}", f"indicator--{name(10)}", 1,
    )  # fmt: skip


def test_what_was_deleted_is_revoked() -> None:
    (found,) = things(event(attribute(10, "domain", "evil.example", deleted=True)), "indicator")
    assert found["revoked"] is True


# Clusters


def actors(value: Any) -> list[Actor]:
    return [one for one in read(data(value)).facts if isinstance(one, Actor)]


def test_two_clusters_that_share_an_alias_stay_two() -> None:
    value = event(Galaxy=[
        cluster(40, "threat-actor", "Bear", synonyms=["Ursa", "APT 0"]),
        cluster(41, "threat-actor", "Honey", synonyms=["Ursa", "APT 0"]),
        cluster(42, "mitre-intrusion-set", "Ursa", synonyms=["Bear"], external_id="G0001"),
    ])  # fmt: skip
    assert sorted(one.id for one in actors(value)) == [
        f"intrusion-set--{name(42)}", f"threat-actor--{name(40)}", f"threat-actor--{name(41)}",
    ]  # fmt: skip


def test_two_clusters_with_one_identifier_of_mitre_are_one() -> None:
    value = event(Galaxy=[
        cluster(40, "threat-actor", "Bear", external_id=["G0001"]),
        cluster(42, "mitre-intrusion-set", "Ursa", external_id=["G0001"]),
        cluster(43, "threat-actor", "Both", external_id=["G0001", "G0002"]),
    ])  # fmt: skip
    found = {one.id: one.name for one in actors(value)}
    assert found == {f"intrusion-set--{name(42)}": "Ursa", f"threat-actor--{name(43)}": "Both"}


def test_a_cluster_without_an_identifier_is_nobody() -> None:
    galaxy = cluster(40, "mitre-intrusion-set", "APT32", synonyms=["OceanLotus"])
    galaxy["GalaxyCluster"][0]["uuid"] = ""
    reading = read(data(event(Galaxy=[galaxy])))
    assert [one for one in reading.facts if isinstance(one, Actor)] == []
    assert [one.reason for one in reading.not_evaluated] == ["no identifier"]


def test_an_indicator_indicates_the_cluster_on_it_and_not_that_of_the_event() -> None:
    one = attribute(10, "domain", "evil.example", Galaxy=[cluster(40, "threat-actor", "Bear")])
    value = event(one, Galaxy=[cluster(41, "threat-actor", "Honey")])
    (tie,) = things(value, "relationship")
    assert (tie["source_ref"], tie["target_ref"]) == (
        f"indicator--{name(10)}", f"threat-actor--{name(40)}",
    )  # fmt: skip


# Whole bundles


def everything() -> dict[str, Any]:
    every = [attribute(100 + n, kind, value) for n, (kind, value, _) in enumerate(PATTERNS)]
    every += [one | {"uuid": name(200 + n), "to_ids": False} for n, one in enumerate(every)]
    every += [attribute(300 + n, kind, value) for n, (kind, value) in enumerate(NONE)]
    every.append(attribute(400, "vulnerability", "CVE-2030-0001", Tag=levels("tlp:red", "x:y")))
    every.append(attribute(401, "domain", "gone.example", deleted=True, comment="it's gone"))
    seen = [{"type": "0", "date_sighting": str(AT), "uuid": name(30)}]
    inside = [attribute(402, "md5", MD5, object_relation="md5", Sighting=seen)]
    inside[0]["Galaxy"] = [cluster(41, "threat-actor", "Honey", synonyms=["Ursa"])]
    more = {"Galaxy": [cluster(40, "mitre-attack-pattern", "Phishing", external_id=["T1566"])],
            "EventReport": [{"uuid": name(31), "name": "Report", "content": "# Text"}]}  # fmt: skip
    return event(*every, Object=[item(20, *inside), item(21)], Tag=levels("tlp:green"), **more)


def test_the_bundle_is_valid_and_other_libraries_read_it() -> None:
    whole = json.loads(json.dumps(bundle([made(everything())])))
    found = validate_instance(whole, ValidationOptions(version="2.1"))
    assert (found.is_valid, [str(one) for one in found.errors]) == (True, [])
    # Names of algorithms are an open vocabulary, which this library takes for custom content.
    parsed = stix2.parse(whole, version="2.1", allow_custom=True)
    assert len(parsed.objects) == len(whole["objects"])


def test_every_part_keeps_the_definition() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    parts = [
        thing["extensions"][EXTENSION]
        for thing, _ in made(everything()).things
        if "extensions" in thing
    ]
    assert {one["part"] for one in parts} == {"event", "object", "attribute"}
    for one in parts:
        jsonschema.validate(one, SCHEMA)


@pytest.mark.parametrize("unpublished", [True, False])
def test_an_event_comes_back_whole(*, unpublished: bool) -> None:
    value = everything() | {"published": not unpublished}
    whole = json.loads(json.dumps(bundle([made(value)])))
    assert back.events(whole["objects"]).events == [value]


def test_the_same_event_gives_the_same_bytes() -> None:
    assert objects(data(everything())) == objects(data(everything()))


@pytest.mark.parametrize(("kind", "value", "pattern"), PATTERNS)
def test_an_indicator_of_others_becomes_attributes_that_say_the_same(
    kind: str, value: str, pattern: str
) -> None:
    thing = {"type": "indicator", "id": f"indicator--{name(7)}", "pattern": pattern,
             "pattern_type": "stix", "modified": "2030-01-01T00:00:00Z", "name": "n"}  # fmt: skip
    (found,) = back.events([thing]).events
    said = [types.pattern(one["type"], one["value"])[0] for one in found["Attribute"]]
    assert all(one["to_ids"] for one in found["Attribute"])
    if kind == "regkey":
        assert len(said) == 2  # the name of its hive in full, and in short
    elif kind == "domain|ip":
        assert said[0] == pattern.partition(" OR ")[0]
        assert ("ip-dst", "192.0.2.7") in [(o["type"], o["value"]) for o in found["Attribute"]]
    else:
        assert said == [pattern]


def test_a_pattern_of_more_than_values_stays_a_pattern() -> None:
    pattern = "[file:name = 'a'] FOLLOWEDBY [file:name = 'b']"
    thing = {"type": "indicator", "id": f"indicator--{name(7)}", "pattern": pattern,
             "modified": "2030-01-01T00:00:00Z"}  # fmt: skip
    (found,) = back.events([thing]).events
    assert [(o["type"], o["value"]) for o in found["Attribute"]] == [("stix2-pattern", pattern)]


def test_what_has_no_equal_in_misp_is_listed() -> None:
    thing = {"type": "course-of-action", "id": f"course-of-action--{name(8)}"}
    assert back.events([thing]).kept == [(thing["id"], "course-of-action")]
