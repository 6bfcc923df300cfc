from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from shared import real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.exchange import objects
from accord.exchange.objects import Content, read_document, read_stix, resolved
from accord.identity.markings import UNMARKED, Marking, Pap, Tlp, definition, marking_id

WHEN = "2030-01-02T03:04:05.000Z"
LATER = "2030-01-03T03:04:05.000Z"
AMBER_ONE = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
STRANGE = "marking-definition--11111111-2222-4333-8444-555555555555"


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number)}"


def read(kind: str = "indicator", **members: Any) -> Content:
    common = {"type": kind, "id": ref(kind, 1), "created": WHEN, "modified": LATER}
    return read_stix(json.dumps(common | {"name": "one"} | members).encode())


def test_what_it_says_of_itself() -> None:
    found = read(created_by_ref=ref("identity", 2), revoked=True)
    assert found == Content(
        object=ref("indicator", 1),
        version="2030-01-03T03:04:05.000000Z",
        type="indicator",
        created="2030-01-02T03:04:05.000000Z",
        created_by=ref("identity", 2),
        refs=(ref("identity", 2),),
        revoked=True,
        title="one",
    )


def test_observables_have_no_versions() -> None:
    body = {"type": "ipv4-addr", "id": ref("ipv4-addr", 1), "value": "198.51.100.1"}
    found = read_stix(json.dumps(body).encode())
    assert (found.version, found.created, found.title) == ("", "", "198.51.100.1")


def test_markings_of_both_vocabularies_and_the_strictest() -> None:
    assert read(object_marking_refs=[marking_id(Tlp.GREEN)]).marking == Marking(Tlp.GREEN)
    assert read(object_marking_refs=[AMBER_ONE]).marking == Marking(Tlp.AMBER)
    both = [AMBER_ONE, marking_id(Tlp.RED), marking_id(Tlp.CLEAR)]
    assert read(object_marking_refs=both).marking == Marking(Tlp.RED)
    assert read(labels=["PAP:RED", "tlp:green", "x"]).marking == Marking(Tlp.GREEN, Pap.RED)
    clear = read(labels=["tlp:clear"], object_marking_refs=[AMBER_ONE])
    assert clear.marking == Marking(Tlp.AMBER)
    assert read().marking is None


def test_unknown_markings() -> None:
    assert read(object_marking_refs=[AMBER_ONE, STRANGE]).unknown_markings == (STRANGE,)
    assert read(labels=["tlp:ex:chr"]).unknown_markings == ("tlp:ex:chr",)
    inside = {"x": [{"object_marking_refs": [AMBER_ONE]}], "granular_markings": []}
    assert sorted(read(extensions=inside).unknown_markings) == [
        "nested granular_markings",
        "nested object_marking_refs",
    ]


def test_granular() -> None:
    one = {"marking_ref": AMBER_ONE, "selectors": ["name"]}
    assert read(granular_markings=[one]).granular
    assert not read(granular_markings=[]).granular
    assert not read(granular_markings=[{"lang": "ja", "selectors": ["name"]}]).granular
    assert read(granular_markings=[{"lang": "ja", "selectors": ["name"]}, one]).granular


@pytest.mark.parametrize(
    "members",
    [
        {"object_marking_refs": "x"},
        {"object_marking_refs": [7]},
        {"object_marking_refs": 7},
        {"object_marking_refs": True},
        {"object_marking_refs": None},
        {"granular_markings": 7},
        {"granular_markings": None},
        {"object_marking_refs": ["TLP:RED"]},
        {"labels": "tlp:red"},
        {"granular_markings": {"selectors": ["name"]}},
        {"granular_markings": ["x"]},
        {"granular_markings": [{"marking_ref": AMBER_ONE}]},
        {"granular_markings": [{"marking_ref": AMBER_ONE, "selectors": "name"}]},
        {"granular_markings": [{"marking_ref": AMBER_ONE, "selectors": [1]}]},
        {"granular_markings": [{"selectors": ["name"]}]},
        {"granular_markings": [{"marking_ref": "x", "selectors": ["name"]}]},
        {"created_by_ref": "me"},
        {"modified": "2029-01-01T00:00:00Z"},
        {"revoked": "yes"},
        {"id": "report--x"},
        {"id": ref("report", 1)},
        {"type": "bundle", "id": ref("bundle", 1)},
    ],
)
def test_refused(members: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read(**members)


def test_json_that_is_refused() -> None:
    text = json.dumps({"type": "indicator", "id": ref("indicator", 1)})
    doubled = text[:-1] + ', "object_marking_refs": [], "object_marking_refs": []}'
    with pytest.raises(Unreadable, match="uplicate"):
        read_stix(doubled.encode())
    with pytest.raises(TooLarge):
        read(x=json.loads("[" * 150 + "]" * 150))
    with pytest.raises(Invalid):
        read_stix(b"[]")


def test_references_at_any_depth() -> None:
    found = read(
        "report",
        created_by_ref=ref("identity", 2),
        object_refs=[ref("malware", 3), ref("malware", 3), ref("tool", 4)],
        extensions={"a": {"b": [{"src_ref": ref("ipv4-addr", 5)}]}},
        objects={"0": {"src_ref": "1", "to_refs": ["2"], "n_refs": [7, None]}},
        object_marking_refs=[AMBER_ONE],
        granular_markings=[{"marking_ref": AMBER_ONE, "selectors": ["name"]}],
        description=f"see {ref('malware', 9)}",
    )
    numbers = ref("identity", 2), ref("malware", 3), ref("tool", 4), ref("ipv4-addr", 5)
    assert found.refs == (*numbers, ref("malware", 9))
    assert found.ends == ()


def test_too_many_references(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MOST_REFS", 3)
    assert read("report", object_refs=[ref("tool", n) for n in range(3)]).refs
    with pytest.raises(TooLarge, match="4 references"):
        read("report", object_refs=[ref("tool", n) for n in range(4)])


def test_ends() -> None:
    two = {"source_ref": ref("malware", 2), "target_ref": ref("tool", 3)}
    assert read("relationship", **two).ends == (ref("malware", 2), ref("tool", 3))
    seen = {
        "sighting_of_ref": ref("indicator", 2),
        "observed_data_refs": [ref("observed-data", 3)],
        "where_sighted_refs": [ref("identity", 4), ref("identity", 5)],
    }
    ends = read("sighting", created_by_ref=ref("identity", 9), **seen).ends
    assert ends == (
        *list(seen.values())[:1],
        *seen["observed_data_refs"],
        *seen["where_sighted_refs"],
    )
    assert read("language-content", object_ref=ref("note", 2)).ends == (ref("note", 2),)


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("relationship", {"source_ref": ref("malware", 2)}),
        ("relationship", {"source_ref": "x", "target_ref": ref("tool", 3)}),
        ("sighting", {}),
        ("sighting", {"sighting_of_ref": ref("tool", 2), "observed_data_refs": ["0"]}),
        ("sighting", {"sighting_of_ref": ref("tool", 2), "where_sighted_refs": ref("tool", 2)}),
        ("language-content", {}),
    ],
)
def test_ends_that_are_missing(kind: str, members: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read(kind, **members)


def test_a_title_drives_nothing_and_is_short() -> None:
    assert read(name="a\x1b[31m\nb").title == "a\ufffd[31m\ufffdb"
    assert len(read(name="x" * 1000).title) == 200
    assert read(name=" ", abstract="an abstract").title == "an abstract"
    assert read(name=7).title == "indicator"


def test_marking_definitions_are_objects_too() -> None:
    assert read_stix(json.dumps(definition(Tlp.RED)).encode()).type == "marking-definition"
    alike = definition(Tlp.RED) | {"id": STRANGE}
    with pytest.raises(Invalid, match="looks like TLP"):
        read_stix(json.dumps(alike).encode())


def held(text: str, name: str = STRANGE) -> bytes:
    body = {"type": "marking-definition", "id": name, "definition_type": "statement"}
    return json.dumps(body | {"definition": {"statement": text}}).encode()


def test_definitions_that_the_node_holds() -> None:
    marked = read(object_marking_refs=[STRANGE])
    assert resolved(marked, {STRANGE: held("Copyright 2026 CERT")}.get).unknown_markings == ()
    pap = resolved(marked, {STRANGE: held("PAP:RED")}.get)
    assert (pap.marking, pap.unknown_markings) == (Marking(UNMARKED, Pap.RED), ())
    both = read(object_marking_refs=[STRANGE, marking_id(Tlp.GREEN)], labels=["PAP:AMBER"])
    found = resolved(both, {STRANGE: held("PAP:GREEN")}.get).marking
    assert found == Marking(Tlp.AMBER, Pap.AMBER)


@pytest.mark.parametrize(
    "body", [None, b"{", held("secret"), held("TLP:CLEAR"), held("PAP:RED", marking_id(Tlp.RED))]
)
def test_definitions_that_do_not_help(body: bytes | None) -> None:
    marked = read(object_marking_refs=[STRANGE])
    assert resolved(marked, lambda _: body) == marked


def test_documents() -> None:
    def csaf(label: Any) -> Content:
        body = {"document": {"distribution": {"tlp": {"label": label}}}}
        return read_document("CSAF", json.dumps(body).encode())

    assert csaf("WHITE").marking == Marking(Tlp.CLEAR)
    assert csaf("AMBER+STRICT").marking == Marking(Tlp.AMBER_STRICT)
    assert csaf("VIOLET").unknown_markings == ("tlp:VIOLET",)
    assert csaf({}).unknown_markings == ("tlp:{}",)
    assert csaf("").unknown_markings == ("tlp:",)
    bare = read_document("CSAF", b'{"document": []}')
    assert (bare.marking, bare.unknown_markings) == (None, ())
    bill = b'{"metadata": {"distributionConstraints": {"tlp": "AMBER_AND_STRICT"}}}'
    assert read_document("CycloneDX JSON", bill).marking == Marking(Tlp.AMBER_STRICT)
    assert read_document("OSV JSON", b"anything") == Content("", "", "OSV JSON")


def test_the_strictest_tag_of_a_misp_event_counts() -> None:
    inner = {"Attribute": [{"Tag": [{"name": "tlp:red"}, {"name": 7}, "x"]}], "Tag": "x"}
    event = {"response": [{"Event": {"Tag": [{"name": "tlp:white"}], "Object": [inner]}}]}
    found = read_document("MISP event", json.dumps(event).encode())
    assert found.marking == Marking(Tlp.RED)


@pytest.mark.parametrize(
    ("level", "tlp"),
    [
        (0, Tlp.RED),
        ("0", Tlp.RED),
        ("1", Tlp.AMBER_STRICT),
        ("2", Tlp.AMBER),
        ("3", Tlp.CLEAR),
        ("4", Tlp.RED),
        (None, Tlp.CLEAR),
    ],
)
def test_a_distribution_of_misp_is_a_marking(level: object, tlp: Tlp) -> None:
    def read(event: dict[str, object]) -> Content:
        return read_document("MISP event", json.dumps({"Event": event}).encode())

    white: dict[str, object] = {"Tag": [{"name": "tlp:white"}]}
    assert read({"distribution": level, **white}).marking == Marking(tlp)
    attribute = {"distribution": level, "value": "192.0.2.1"}
    inside = read({"distribution": "3", "Attribute": [attribute, {"distribution": "5"}], **white})
    assert (inside.marking, inside.unknown_markings) == (Marking(tlp), ())
    alone = read({"distribution": level})
    assert alone.marking == (None if tlp is Tlp.CLEAR else Marking(tlp))
    red = read({"distribution": level, "Tag": [{"name": "tlp:red"}]})
    assert red.marking == Marking(Tlp.RED)


@pytest.mark.parametrize("level", ["5", 6, -1, "", "all", True, 0.0, [0], {"a": 0}])
def test_a_distribution_that_misp_has_not_is_unknown(level: object) -> None:
    event = {"Event": {"distribution": level, "Tag": [{"name": "tlp:white"}]}}
    assert read_document("MISP event", json.dumps(event).encode()).unknown_markings


def test_a_bundle_is_as_strict_as_its_strictest_object() -> None:
    def one(number: int, **members: Any) -> dict[str, Any]:
        common = {"type": "indicator", "id": ref("indicator", number)}
        return common | {"created": WHEN, "modified": WHEN} | members

    marks = [{"marking_ref": AMBER_ONE, "selectors": ["id"]}]
    whole = [
        one(1, object_marking_refs=[marking_id(Tlp.GREEN)], created_by_ref=ref("identity", 7)),
        one(2, object_marking_refs=[marking_id(Tlp.RED), STRANGE]),
        one(3, x_ref=ref("indicator", 1), granular_markings=marks),
    ]
    body = json.dumps({"type": "bundle", "id": ref("bundle", 1), "objects": whole}).encode()
    found = read_document("STIX bundle", body)
    assert found.marking == Marking(Tlp.RED)
    assert found.unknown_markings == (STRANGE,)
    assert found.refs == (ref("identity", 7),)
    assert found.granular
    assert read_document("STIX object", json.dumps(whole[0]).encode()).object == ref("indicator", 1)


def test_real_examples_are_read() -> None:
    seen: dict[str, Content] = {}
    for name, data in real_members("data/threat/stix-examples.zip", ".json"):
        for value in json.loads(data)["objects"]:
            seen[f"{name} {value['id']}"] = read_stix(json.dumps(value).encode())
    assert len(seen) > 100
    marked = [one for one in seen.values() if one.marking]
    assert {one.marking.tlp for one in marked if one.marking} == {Tlp.AMBER, Tlp.RED}
    assert sum(one.granular for one in seen.values()) == 1
