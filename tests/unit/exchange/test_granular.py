from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from release_table import ALL, JAPAN, NAMED, OWNER, client
from shared import real_members
from stix2validator import ValidationOptions, validate_instance

from accord.core.errors import Invalid
from accord.exchange.granular import SOURCE, Redacted, Unredactable, cut, redact, renewed
from accord.exchange.objects import read_stix
from accord.exchange.release import Decision, Subject, Way, decide
from accord.identity.markings import Marking, Tlp, marking_id
from accord.identity.recipients import PUBLIC, Recipient

WHEN = "2030-01-02T03:04:05.000Z"
NOW = "2030-06-01T00:00:00.000000Z"
STRANGE = "marking-definition--11111111-2222-4333-8444-555555555555"
GREEN = Marking(Tlp.GREEN)


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number, version=4)}"


def thing(kind: str = "indicator", **members: Any) -> dict[str, Any]:
    common: dict[str, Any] = {"type": kind, "spec_version": "2.1", "id": ref(kind, 1)}
    common |= {"created": WHEN, "modified": WHEN, "name": "one"}
    if kind == "indicator":
        common |= {"pattern": "[url:value = 'x']", "pattern_type": "stix", "valid_from": WHEN}
        common |= {"indicator_types": ["malicious-activity"]}
    return common | members


def marks(tlp: Tlp | str, *selectors: str) -> dict[str, Any]:
    named = marking_id(tlp) if isinstance(tlp, Tlp) else tlp
    return {"marking_ref": named, "selectors": list(selectors)}


def up_to(most: Tlp) -> Callable[[Tlp], bool]:
    return lambda tlp: tlp <= most


def redacted(value: dict[str, Any], hidden: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
    found = redact(json.dumps(value).encode(), GREEN, up_to(Tlp.GREEN), hidden, **options)
    assert isinstance(found, Redacted)
    whole: dict[str, Any] = json.loads(found.body)
    return whole


def valid(value: dict[str, Any]) -> bool:
    return bool(validate_instance(value, ValidationOptions(version="2.1")).is_valid)


def test_a_field_is_cut_and_the_object_is_new() -> None:
    one = thing(description="hidden", granular_markings=[marks(Tlp.RED, "description")])
    found = redacted(one)
    assert "description" not in found
    assert "granular_markings" not in found
    assert found["id"] != one["id"]
    assert found["id"].startswith("indicator--")
    assert UUID(found["id"][11:]).version == 5
    assert (found["created"], found["modified"]) == (WHEN, WHEN)
    assert found["object_marking_refs"] == [marking_id(Tlp.GREEN)]
    assert found["external_references"][0]["source_name"] == SOURCE
    assert found["external_references"][0]["external_id"] == one["id"]
    kept = set(one) - {"description", "granular_markings", "id"}
    assert {key: found[key] for key in kept} == {key: one[key] for key in kept}
    assert valid(found)


def test_the_new_identifier_follows_from_what_is_left() -> None:
    def named(**members: Any) -> str:
        return str(
            redacted(thing(granular_markings=[marks(Tlp.RED, "description")], **members))["id"]
        )

    first = named(description="hidden")
    assert first == named(description="another secret")
    assert first != named(description="hidden", confidence=5)
    assert first != named(description="hidden", modified="2030-01-02T03:04:06.000Z")
    assert first != named(description="hidden", id=ref("indicator", 2))


def test_nothing_to_cut() -> None:
    body = json.dumps(thing(granular_markings=[marks(Tlp.GREEN, "name")])).encode()
    assert redact(body, GREEN, up_to(Tlp.GREEN)) is None
    assert redact(json.dumps(thing()).encode(), GREEN, up_to(Tlp.CLEAR), [ref("tool", 9)]) is None


def test_an_unknown_marking_of_a_field_hides_it() -> None:
    found = redacted(thing(description="hidden", granular_markings=[marks(STRANGE, "description")]))
    assert "description" not in found


def test_languages_are_no_markings() -> None:
    lang = {"lang": "ja", "selectors": ["name", "description"]}
    one = thing(description="x", granular_markings=[lang])
    assert redact(json.dumps(one).encode(), GREEN, up_to(Tlp.CLEAR)) is None
    both = thing(description="x", granular_markings=[lang, marks(Tlp.RED, "description")])
    assert redacted(both)["granular_markings"] == [{"lang": "ja", "selectors": ["name"]}]


def test_a_marking_with_a_language_is_a_marking() -> None:
    both = marks(Tlp.RED, "description") | {"lang": "ja"}
    assert "description" not in redacted(thing(description="x", granular_markings=[both]))
    neither = {"selectors": ["description"]}
    assert "description" not in redacted(thing(description="x", granular_markings=[neither]))


def test_items_of_lists_and_the_selectors_after_them() -> None:
    one = thing(
        labels=["a", "b", "c", "d"],
        granular_markings=[
            marks(Tlp.RED, "labels.[0]", "labels.[2]"),
            marks(Tlp.GREEN, "labels.[1]", "labels.[2]", "labels.[3]", "labels"),
        ],
    )
    found = redacted(one)
    assert found["labels"] == ["b", "d"]
    assert found["granular_markings"] == [marks(Tlp.GREEN, "labels.[0]", "labels.[1]", "labels")]


def test_nothing_empty_is_left() -> None:
    every = marks(Tlp.RED, "labels.[0]", "labels.[1]", "x_deep.a.b.[0]")
    found = redacted(
        thing(labels=["a", "b"], x_deep={"a": {"b": ["c"]}}, granular_markings=[every])
    )
    assert "labels" not in found
    assert "x_deep" not in found
    kept = redacted(
        thing(labels=["a"], x_empty=[], x={}, granular_markings=[marks(Tlp.RED, "labels")])
    )
    assert (kept["x_empty"], kept["x"]) == ([], {})


def test_nested_fields_and_whole_objects() -> None:
    one = thing(
        x_deep={"a": {"b": "hidden", "c": "seen"}, "d": {"e": "hidden"}},
        external_references=[
            {"source_name": "s", "url": "hidden", "hashes": {"SHA-256": "hidden"}},
            {"source_name": "hidden", "url": "goes with it"},
        ],
        granular_markings=[
            marks(Tlp.RED, "x_deep.a.b", "x_deep.d"),
            marks(
                Tlp.AMBER, "external_references.[0].url", "external_references.[0].hashes.SHA-256"
            ),
            marks(Tlp.AMBER, "external_references.[1].source_name"),
        ],
    )
    found = redacted(one)
    assert found["x_deep"] == {"a": {"c": "seen"}}
    assert found["external_references"][0] == {"source_name": "s"}
    assert len(found["external_references"]) == 2
    assert "hidden" not in json.dumps(found)
    assert "goes with it" not in json.dumps(found)


def test_half_a_kill_chain_phase_goes_whole() -> None:
    phases = [
        {"kill_chain_name": "k", "phase_name": "hidden"},
        {"kill_chain_name": "l", "phase_name": "p"},
    ]
    mark = marks(Tlp.RED, "kill_chain_phases.[0].phase_name")
    found = redacted(thing(kill_chain_phases=phases, granular_markings=[mark]))
    assert found["kill_chain_phases"] == phases[1:]


@pytest.mark.parametrize(
    ("kind", "members", "selector"),
    [
        ("indicator", {}, "pattern"),
        ("indicator", {}, "valid_from"),
        ("indicator", {}, "created"),
        ("indicator", {}, "modified"),
        ("indicator", {}, "id"),
        ("indicator", {}, "type"),
        ("indicator", {}, "spec_version"),
        ("indicator", {"object_marking_refs": [STRANGE]}, "object_marking_refs"),
        ("indicator", {"object_marking_refs": [STRANGE]}, "object_marking_refs.[0]"),
        ("indicator", {}, "granular_markings"),
        ("identity", {}, "name"),
        ("report", {"published": WHEN, "object_refs": ["tool--1"]}, "object_refs.[0]"),
        ("malware", {"is_family": True}, "is_family"),
        ("location", {"region": "asia"}, "region"),
        ("location", {"latitude": 1.0, "longitude": 2.0}, "longitude"),
        ("relationship", {"source_ref": "a--1", "target_ref": "b--1"}, "target_ref"),
    ],
)
def test_half_an_object_is_none(kind: str, members: dict[str, Any], selector: str) -> None:
    one = thing(kind, **members, granular_markings=[marks(Tlp.RED, selector)])
    with pytest.raises(Unredactable):
        redact(json.dumps(one).encode(), GREEN, up_to(Tlp.GREEN))


def test_one_of_several_is_enough() -> None:
    one = thing(
        "location", region="asia", country="jp", granular_markings=[marks(Tlp.RED, "region")]
    )
    assert "region" not in redacted(one)
    two = thing("location", region="asia", latitude=1.0, longitude=2.0)
    both = marks(Tlp.RED, "latitude", "longitude")
    assert "latitude" not in redacted(two | {"granular_markings": [both]})


def test_what_stix_two_required() -> None:
    old = thing("identity", identity_class="individual")
    old["granular_markings"] = [marks(Tlp.RED, "identity_class")]
    assert "identity_class" not in redacted(old)
    del old["spec_version"]
    with pytest.raises(Unredactable, match="identity_class"):
        redacted(old)


@pytest.mark.parametrize(
    "selector",
    ["missing", "name.x", "labels.[7]", "labels.x", "labels.[x]", "labels.[-1]", "", ".", "a b"],
)
def test_a_selector_that_selects_nothing_hides_all(selector: str) -> None:
    one = thing(labels=["a"], granular_markings=[marks(Tlp.RED, selector)])
    with pytest.raises(Invalid):
        redact(json.dumps(one).encode(), GREEN, up_to(Tlp.GREEN))


@pytest.mark.parametrize(
    "members",
    [
        {"granular_markings": "x"},
        {"granular_markings": [{"selectors": "name"}]},
        {"granular_markings": [{"marking_ref": 7, "selectors": ["name"]}]},
        {"object_marking_refs": [{}]},
        {"external_references": "x"},
        {"modified": 7},
        {"type": "bundle"},
        {"id": 7},
        {"type": 7},
    ],
)
def test_what_has_no_form(members: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        redact(json.dumps(thing() | members).encode(), GREEN, up_to(Tlp.GREEN))


def test_references_to_what_is_hidden() -> None:
    hidden = ref("identity", 7)
    one = thing(
        "report",
        published=WHEN,
        report_types=["threat-report"],
        created_by_ref=hidden,
        object_refs=[hidden, ref("tool", 2), hidden],
        x_deep=[{"a_ref": hidden, "b": 1}, {"c_refs": [hidden]}],
        x_names=[hidden],
        description=hidden,
    )
    found = redacted(one, (hidden,))
    assert "created_by_ref" not in found
    assert found["object_refs"] == [ref("tool", 2)]
    assert found["x_deep"] == [{"b": 1}]
    assert "x_names" not in found
    assert "description" not in found


def test_what_is_hidden_is_named_nowhere() -> None:
    hidden = ref("identity", 7)
    one = thing(
        "indicator",
        **{hidden: "x", f"x_{hidden}": {"a": 1}},
        name=f"made by {hidden.upper()}, not {ref('tool', 2)}",
        description=f"see-{hidden},x{hidden}",
        x_refs=[[hidden]],
        x_ref=f" {hidden} ",
        x_other=[{"deep": hidden}, 1],
        external_references=[
            {"source_name": "a", "external_id": hidden},
            {"source_name": "b", "url": f"https://a.example/{hidden}"},
        ],
    )
    body = json.dumps(one).replace("--00", "\\u002d-00")
    assert hidden in read_stix(body.encode()).refs
    found = redacted(one, (hidden,))
    assert hidden[10:] not in json.dumps(found).lower()
    assert found["name"] == f"made by [withheld], not {ref('tool', 2)}"
    assert found["x_other"] == [1]
    assert found["external_references"][:2] == [
        {"source_name": "a"},
        {"source_name": "b", "url": "https://a.example/[withheld]"},
    ]
    assert read_stix(json.dumps(found).encode()).refs == (ref("tool", 2),)


def test_the_strictest_of_what_remains() -> None:
    one = thing(
        description="hidden",
        object_marking_refs=[marking_id(Tlp.CLEAR), STRANGE],
        granular_markings=[marks(Tlp.RED, "description"), marks(Tlp.AMBER, "name")],
    )
    found = redact(json.dumps(one).encode(), Marking(Tlp.CLEAR), up_to(Tlp.AMBER))
    assert found is not None
    assert found.marking == Marking(Tlp.AMBER)
    content = json.loads(found.body)
    assert content["object_marking_refs"] == [marking_id(Tlp.AMBER), STRANGE]
    assert content["granular_markings"] == [marks(Tlp.AMBER, "name")]
    assert read_stix(found.body).marking == Marking(Tlp.AMBER)


def test_a_stranger_is_not_named_as_creator() -> None:
    one = thing(
        description="x",
        created_by_ref=ref("identity", 7),
        granular_markings=[marks(Tlp.RED, "description")],
    )
    assert redacted(one)["created_by_ref"] == ref("identity", 7)
    assert "created_by_ref" not in redacted(one, foreign=True)


def test_observables_name_no_original() -> None:
    one: dict[str, Any] = {"type": "domain-name", "id": ref("domain-name", 1), "value": "x.example"}
    one |= {"spec_version": "2.1", "resolves_to_refs": [ref("ipv4-addr", 2)]}
    found = redacted(one, (ref("ipv4-addr", 2),))
    assert set(found) == {"type", "id", "value", "spec_version", "object_marking_refs"}


def test_members_cut_by_name() -> None:
    body = json.dumps(thing(created_by_ref=ref("identity", 7))).encode()
    found = json.loads(cut(body, ("created_by_ref", "where_sighted_refs"), GREEN, named=False))
    assert "created_by_ref" not in found
    assert "external_references" not in found
    assert found["id"] != ref("indicator", 1)
    assert cut(body, ("where_sighted_refs",), GREEN) == body
    with pytest.raises(Unredactable, match="pattern"):
        cut(body, ("pattern",), GREEN)


def test_changed_in_the_hand() -> None:
    one = thing(external_references=[{"source_name": "s", "url": "https://cert.example/1"}])
    found = json.loads(renewed({**one, "name": "[redacted]"}, one))
    assert found["name"] == "[redacted]"
    assert [each["source_name"] for each in found["external_references"]] == ["s", SOURCE]
    assert valid(found)


def released(value: dict[str, Any], recipient: Recipient, **members: Any) -> Decision:
    content = read_stix(body := json.dumps(value).encode())
    one = Subject(
        content.object, content.version, content.type, members.pop("origin", OWNER),
        content.marking or GREEN, granular=content.granular, body=body, **members,
    )  # fmt: skip
    circle = members.get("circle", NAMED) if recipient.kind == "partner" else None
    return decide(one, recipient, Way.OBJECT, circle, OWNER, NOW)


def test_release_cuts_by_recipient() -> None:
    one = thing(
        object_marking_refs=[marking_id(Tlp.CLEAR)],
        labels=["public", "community", "operators", "named"],
        granular_markings=[
            marks(Tlp.GREEN, "labels.[1]"),
            marks(Tlp.AMBER, "labels.[2]"),
            marks(Tlp.RED, "labels.[3]"),
        ],
    )

    def labels(recipient: Recipient, **members: Any) -> list[str]:
        found: list[str] = json.loads(released(one, recipient, **members).body)["labels"]
        return found

    assert labels(JAPAN) == ["public", "community", "operators", "named"]
    assert labels(client("operator", Tlp.AMBER)) == ["public", "community", "operators"]
    assert labels(client("operator", Tlp.GREEN)) == ["public", "community"]
    assert labels(client("supplier", Tlp.AMBER)) == ["public", "community"]
    assert labels(PUBLIC) == ["public"]
    assert labels(PUBLIC, origin="india") == ["public"]
    assert released(one, JAPAN).outcome == "yes"
    assert released(one, PUBLIC).outcome == "redacted"
    made = thing(**one | {"created_by_ref": ref("identity", 7)})
    assert b"created_by_ref" in released(made, PUBLIC).body
    assert b"created_by_ref" not in released(made, PUBLIC, origin="india").body
    assert released(one, PUBLIC).marking == Marking(Tlp.CLEAR)
    assert released(one, PUBLIC).rule == "clear"
    assert valid(json.loads(released(one, PUBLIC).body))


def test_what_another_partner_signed_goes_whole_or_not_at_all() -> None:
    one = thing(description="x", granular_markings=[marks(Tlp.AMBER, "description")])
    assert released(one, JAPAN, origin="india").rule == "relay-whole"
    assert released(one, JAPAN, origin="japan").outcome == "yes"
    low = thing(description="x", granular_markings=[marks(Tlp.GREEN, "description")])
    assert released(low, JAPAN, origin="india").outcome == "yes"


def test_red_fields_stay_where_the_audience_is_all() -> None:
    one = thing(description="x", granular_markings=[marks(Tlp.RED, "description")])
    content = read_stix(body := json.dumps(one).encode())
    subject = Subject(content.object, "", "indicator", OWNER, GREEN, body=body)  # not said granular
    assert decide(subject, JAPAN, Way.SYNC, NAMED, OWNER, NOW).outcome == "yes"
    assert decide(subject, JAPAN, Way.SYNC, ALL, OWNER, NOW).outcome == "redacted"


def test_what_cannot_be_redacted_stays() -> None:
    half = thing(granular_markings=[marks(Tlp.RED, "pattern")])
    assert released(half, PUBLIC).rule == "public-only-clear"
    assert released(half, client("operator", Tlp.GREEN)).rule == "granular-required"
    wrong = thing(granular_markings=[marks(Tlp.RED, "missing")])
    assert released(wrong, client("operator", Tlp.GREEN)).rule == "granular-unreadable"
    document = Subject("sha256:1", "", "STIX bundle", OWNER, GREEN, granular=True, body=b'{"type":')
    assert decide(document, JAPAN, Way.SYNC, NAMED, OWNER, NOW).rule == "granular-unreadable"
    bundle = b'{"type": "bundle", "id": "bundle--1", "objects": []}'
    whole = Subject("sha256:1", "", "STIX bundle", OWNER, GREEN, granular=True, body=bundle)
    assert decide(whole, JAPAN, Way.SYNC, NAMED, OWNER, NOW).rule == "granular-unreadable"
    text = Subject("sha256:1", "", "advisory", OWNER, GREEN, body=b"on granular_markings")
    assert decide(text, JAPAN, Way.SYNC, NAMED, OWNER, NOW).outcome == "yes"


def test_the_example_of_the_standard() -> None:
    (body,) = (
        json.dumps(value).encode()
        for name, data in real_members("data/threat/stix-examples.zip", ".json")
        for value in json.loads(data)["objects"]
        if "granular_markings" in value
    )
    found = redact(body, GREEN, up_to(Tlp.GREEN))
    assert found is not None
    content = json.loads(found.body)
    assert "description" not in content
    assert content["indicator_types"] == ["malicious-activity"]
    assert valid(content)
