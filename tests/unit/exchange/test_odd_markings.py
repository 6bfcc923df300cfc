"""What looks like a marking and is none of the known forms is unknown: it goes to nobody."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import misp_events
import pytest

from accord.exchange.granular import renewed
from accord.exchange.objects import Content, read_document, read_stix
from accord.identity.markings import TLP_EXTENSION, Marking, Tlp, from_tags, marking_id

WHEN = "2030-01-02T03:04:05.000Z"
RED = marking_id(Tlp.RED)
RED_HERE = {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": "red"}}


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number)}"


def one(**members: Any) -> dict[str, Any]:
    common = {"type": "indicator", "id": ref("indicator", 1), "created": WHEN, "modified": WHEN}
    return common | members


def read(**members: Any) -> Content:
    return read_stix(json.dumps(one(**members)).encode())


@pytest.mark.parametrize(
    "members",
    [
        {"extensions": RED_HERE},
        {"x_marking_ref": RED},
        {"x_marking_refs": [RED]},
        {"object_marking_ref": RED},
        {"objectMarkingRefs": [RED]},
        {"x_tlp": "RED"},
        {"x": [{"tlp_2_0": "red"}]},
        {"PAP": "red"},
        {"\uff54\uff4c\uff50": "red"},
        {"granular_markings": [{"lang": "en", "selectors": ["id"], "marking_refs": [RED]}]},
        {"granular_markings": [{"lang": RED, "selectors": ["id"]}]},
        {"granular_markings": [{"lang": 7, "selectors": ["id"]}]},
    ],
)
def test_members(members: dict[str, Any]) -> None:
    assert read(**members).unknown_markings


def test_members_that_are_none() -> None:
    other = {"extension-definition--1": {"papers": ["tlp:red"], "a_ref": RED}}
    marks = [{"lang": "pt-BR", "selectors": ["id"]}]
    assert read(extensions=other, granular_markings=marks).unknown_markings == ()


@pytest.mark.parametrize(
    "tag",
    [
        "tlp", "tlp_red", "TLP_RED", "tlp2:red", "tlpv2:red", "TLP RED", "tlp/red", "TLPRED",
        'tlp="red"', "marking:tlp:red", "circl:tlp=red", "tlp :red", "pap", "PAP_RED", "x:pap:red",
        "\u200etlp:red", "t\u200blp:red", "\uff54\uff4c\uff50:red", "tlp\uff1ared", "\u0422LP:RED",
        "TL\u0420:red", "tlp:R\u0415D", "t\u0301lp:red", "\u1d1b\u029f\u1d18:red",
    ],
)  # fmt: skip
def test_labels(tag: str) -> None:
    assert from_tags([tag]) == (None, (tag,))


@pytest.mark.parametrize(
    "members",
    [
        {"object_marking_refs": [RED]},
        {"granular_markings": []},
        {"labels": ["tlp:red"]},
        {"extensions": RED_HERE},
        {"x": [{"deep": RED}]},
    ],
)
def test_bundles(members: dict[str, Any]) -> None:
    def marks(**more: Any) -> tuple[str, ...]:
        whole = {"type": "bundle", "id": ref("bundle", 1), "objects": [one()], "x_maker": "me"}
        return read_document("STIX bundle", json.dumps(whole | more).encode()).unknown_markings

    assert marks(labels=["a"]) == ()
    assert marks(**members) == (f"bundle {next(iter(members))}",)


@pytest.mark.parametrize(
    "where",
    [
        {"Tag": {"name": "tlp:red"}},
        {"EventTag": [{"Tag": {"name": "tlp:red"}}]},
        {"Attribute": [{"AttributeTag": {"Tag": {"name": "tlp:red"}}}]},
        {"EventTag": [{"Tag": [{"name": "tlp:red"}], "tag_id": "1"}]},
    ],
)
def test_tags_of_misp(where: dict[str, Any]) -> None:
    found = read_document("MISP event", json.dumps({"Event": where}).encode())
    assert (found.marking, found.unknown_markings) == (Marking(Tlp.RED), ())


@pytest.mark.parametrize(
    "where",
    [
        {"Tag": "tlp:red"},
        {"Tag": ["tlp:red"]},
        {"Tag": [{"Name": "tlp:red"}]},
        {"Tag": {"name": ["tlp:red"]}},
        {"EventTag": [{"tag_id": "12"}]},
        {"AttributeTag": {"Tag": 7}},
    ],
)
def test_tags_of_misp_in_another_form(where: dict[str, Any]) -> None:
    found = read_document("MISP event", json.dumps({"Event": where}).encode())
    assert found.marking is None
    assert found.unknown_markings


@pytest.mark.parametrize(
    ("distribution", "known"),
    [
        ({"text": "Disclosure is not limited."}, True),
        ({"text": "Disclosure is not limited (TLP:WHITE).", "tlp": {"label": "CLEAR"}}, True),
        ({"text": "TLP:RED", "tlp": {"label": "RED"}}, True),
        ({"text": "TLP:RED"}, False),
        ({"text": "TLP:RED", "tlp": {"label": "CLEAR"}}, False),
        ({"text": "TLP:AMBER+STRICT", "tlp": {"label": "AMBER"}}, False),
        ({"text": "tlp red", "tlp": {"label": "RED"}}, False),
        ({"text": ["TLP:RED"], "tlp": {"label": "RED"}}, False),
    ],
)
def test_the_text_of_a_csaf_document(distribution: dict[str, Any], *, known: bool) -> None:
    body = json.dumps({"document": {"distribution": distribution}}).encode()
    assert (read_document("CSAF", body).unknown_markings == ()) is known


def test_a_redacted_object_does_not_refer_to_its_original() -> None:
    new = json.loads(renewed(one(name="new"), one(), named=True))
    assert read_stix(json.dumps(new).encode()).refs == ()
    assert read_stix(json.dumps(new | {"name": "x"}).encode()).refs == (ref("indicator", 1),)


@pytest.mark.parametrize(
    "tag",
    [
        'iep:traffic-light-protocol="RED"', "Traffic Light Protocol: RED", "RED", "[red]",
        "traffic_light:green", "iep2-policy:x", "stix marking: red", "CLEAR", "amber+strict",
    ],
)  # fmt: skip
def test_tags_that_speak_of_sharing_in_no_known_way(tag: str) -> None:
    assert from_tags([tag]) == (None, (tag,))


def test_tags_that_speak_of_something_else() -> None:
    other = ["redis", "benchmarking", "traffic", "green-energy", "recipe", "infrared camera"]
    assert from_tags(other) == (None, ())


@pytest.mark.parametrize(
    "members",
    [
        {"tlp": "red"}, {"TLP": "RED"}, {"x_tlp": "red"}, {"marking": "tlp:red"},
        {"labels": ["x", "tlp:red"]}, {"tag_names": ["RED"]}, {"object_marking_refs": [RED]},
        {"x_distribution": "0"}, {"iep": {"x": 1}}, {"trafficLight": "red"},
        {"\uff54\uff4c\uff50": "red"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["event", "attribute", "object"])
def test_members_of_events(members: dict[str, Any], where: str) -> None:
    content = read_document("MISP event", misp_events.data(_event(members, where)))
    assert content.unknown_markings
    for thing in misp_events.things(_event(members, where), "indicator"):
        assert read_stix(json.dumps(thing).encode()).unknown_markings


@pytest.mark.parametrize(
    "group", [{"sharing_group_id": "7"}, {"sharing_group_id": 7}, {"SharingGroup": {"name": "x"}}]
)
@pytest.mark.parametrize("where", ["event", "attribute", "object"])
def test_a_sharing_group_alone_is_one(group: dict[str, Any], where: str) -> None:
    content = read_document("MISP event", misp_events.data(_event(group, where)))
    assert content.marking == Marking(Tlp.RED)


def test_members_of_events_that_mark_nothing() -> None:
    none = {"sharing_group_id": "0", "labels": ["banking"], "tlp": None, "marking": ""}
    content = read_document("MISP event", misp_events.data(_event(none, "event")))
    assert (content.marking, content.unknown_markings) == (None, ())


def _event(members: dict[str, Any], where: str) -> dict[str, Any]:
    """An event in which one attribute, the object that holds it, or itself bears some members."""
    one = misp_events.attribute(
        9, "domain", "a.example", **(members if where == "attribute" else {})
    )
    inside = misp_events.item(8, one, **(members if where == "object" else {}))
    return misp_events.event(Object=[inside], **(members if where == "event" else {}))
