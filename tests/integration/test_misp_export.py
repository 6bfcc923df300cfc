"""A feed for MISP holds what its recipient may see, and nothing else, not even as a hash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from house_of_nodes import Nodes
from misp_events import AT, attribute, data, event, item, name
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import AccordError, Invalid, NotFound
from accord.exchange.misp.events import read
from accord.exchange.objects import read_document
from accord.flows.exchange import clients
from accord.flows.exchange.accounts.receipts import lines
from accord.flows.exchange.sharing import audience, recall
from accord.flows.misp import export
from accord.identity.clients import Client
from accord.identity.markings import Marking, Tlp, marking_id
from accord.wiring import Node

COLOURS = ("clear", "green", "amber", "amber+strict", "red")
CLIENTS = (
    ("operator", "operator", Tlp.AMBER), ("industry", "industry", Tlp.GREEN),
    ("supplier", "supplier", Tlp.CLEAR), ("wide", "industry", Tlp.AMBER),
)  # fmt: skip
CLEAR = {"Tag": [{"name": "tlp:clear"}]}
WIDTH = {"0": 0, "4": 0, "1": 1, "2": 2, "3": 3, "5": 0}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Australia, with an event and an indicator under every colour, shared where they may go."""
    made = sharing.house(tmp_path_factory.mktemp("misp-export"))
    audience.create(made.owner, "empty", [])
    audience.create(made.owner, "two", ["india"])
    for number, colour in enumerate(COLOURS):
        tag = [{"name": f"tlp:{colour}"}, {"name": "about:x"}]
        one = attribute(100 + number, "domain", f"event-{colour}.example", Tag=tag)
        many = [one, attribute(200 + number, "domain|ip", f"two-{colour}.example|192.0.2.{number}")]
        inside = [attribute(300 + number, "text", f"text-{colour}", object_relation="text")]
        value = event(
            *many, uuid=name(10 + number), info=f"info-{colour}", Object=[item(20, *inside)],
            Tag=tag, distribution="3",
        )  # fmt: skip
        nodes.give(made, [("event", data(value))])
        tlp = next(tlp for tlp in Tlp if tlp.word.lower() == colour)
        sharing.load(made, sharing.indicator(f"stix-{colour}", tlp))
        for what in (f"misp:{name(10 + number)}", sharing.name_of("indicator", f"stix-{colour}")):
            assert sharing.one(made, what, "pair").what == "shared"
            sharing.one(made, what, "two")
    for to in ("pair", "two"):
        assert sharing.one(made, f"indicator--{name(100)}", to).what == "shared"
    for label, kind, tlp in CLIENTS:
        client = Client(name=label, organisation="An organisation", kind=kind, tlp=tlp)
        clients.add(made.people, made.clock, made.entropy, client)
    yield made
    made.engine.dispose()


def written(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def given(node: Node, to: str, folder: Path) -> export.Exported:
    if to == "public":
        return export.to_public(node.exporter, folder)
    kind, _, which = to.partition(":")
    run = export.to_client if kind == "client" else export.to_audience
    return run(node.exporter, which, folder)


SEES = {
    "public": 1, "client:supplier": 1, "client:industry": 2, "client:operator": 3, "client:wide": 2,
    "audience:pair": 5, "audience:two": 5,
}  # fmt: skip
"""How many colours each may see, by TLP 2.0, written by hand."""


@pytest.mark.parametrize("to", SEES)
def test_a_recipient_gets_what_it_may_see_and_no_word_or_hash_of_the_rest(
    node: Node, tmp_path: Path, to: str
) -> None:
    done = given(node, to, tmp_path)
    files = written(tmp_path)
    everything = b"\n".join(files.values())
    everything += "\n".join(files).encode()
    for number, colour in enumerate(COLOURS):
        shown = number < SEES[to]
        said = [
            f"event-{colour}.example",
            f"two-{colour}.example",
            f"info-{colour}",
            f"stix-{colour}.example",
            f'text-{colour}"',
            name(10 + number),
            name(100 + number),
        ]
        said += [digest(f"event-{colour}.example"), digest(f"192.0.2.{number}"),
                 digest(f"stix-{colour}.example")]  # fmt: skip
        assert [word.encode() in everything for word in said] == [shown] * len(said), colour
    # One indicator is a part of an event that goes too: as an attribute it stands there alone.
    assert (done.events, done.indicators, done.attributes) == (SEES[to], SEES[to] + 1, SEES[to])
    assert done.withheld == (2 if to == "client:wide" else 0)


def digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("to", SEES)
def test_the_files_are_a_feed_by_the_rules_of_the_format(
    node: Node, tmp_path: Path, to: str
) -> None:
    given(node, to, tmp_path)
    files = written(tmp_path)
    manifest = json.loads(files.pop("manifest.json"))
    hashes = set(files.pop("hashes.csv").decode().split())
    assert {f"{one}.json" for one in manifest} == files.keys()
    wanted, seen = set(), set[str]()
    for file, body in files.items():
        (one,) = read(body)
        assert (one.refused, f"{one.uuid}.json") == ((), file)
        said = manifest[one.uuid]
        for key in ("info", "date", "timestamp", "analysis", "threat_level_id"):
            assert said.get(key) == one.value.get(key)
        assert said["Orgc"].keys() == {"name", "uuid"}
        assert [tag["name"] for tag in said["Tag"]] == [tag["name"] for tag in one.value["Tag"]]
        inside = [*one.attributes, *(each for obj in one.objects for each in obj.attributes)]
        assert not seen & {each.uuid for each in inside}
        seen |= {each.uuid for each in inside}
        for each in inside:
            parts = each.text.split("|") if "|" in each.type else [each.text]
            wanted |= {f"{digest(part)},{one.uuid}" for part in parts}
    assert hashes == wanted


@pytest.mark.parametrize("to", SEES)
def test_tags_and_distribution_never_say_more_than_the_marking(
    node: Node, tmp_path: Path, to: str
) -> None:
    given(node, to, tmp_path)
    for file, body in written(tmp_path).items():
        if file in {"manifest.json", "hashes.csv"}:
            continue
        value = json.loads(body)["Event"]
        (tag,) = [t["name"] for t in value["Tag"] if t["name"].startswith("tlp:")]
        colour = tag.removeprefix("tlp:")
        assert colour in str(value["info"]).lower()
        widest = {"clear": 3, "green": 1}.get(colour, 0)
        assert WIDTH[value["distribution"]] <= widest
        said = read_document("MISP event", body).marking
        assert said is not None
        assert said.tlp >= next(tlp for tlp in Tlp if tlp.word.lower() == colour)


def test_a_marking_that_the_node_made_stricter_is_what_goes_out(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    group = {"distribution": "4", "sharing_group_id": "7", "SharingGroup": {"name": "secret-club"}}
    one = attribute(100, "domain", "a.example", distribution="3")
    other = attribute(101, "domain", "b.example", **group)
    value = event(one, other, Tag=[{"name": "tlp:clear"}], distribution="3")
    nodes.give(made, [("event", data(value))])
    assert sharing.one(made, f"misp:{name(1)}", "pair").tlp == "RED"
    given(made, "audience:pair", tmp_path / "feed")
    body = (tmp_path / "feed" / f"{name(1)}.json").read_bytes()
    assert b"secret-club" not in body
    assert b"tlp:clear" not in body
    found = json.loads(body)["Event"]
    assert found["distribution"] == "0"
    assert [each["distribution"] for each in found["Attribute"]] == ["0", "0"]
    assert read_document("MISP event", body).marking == Marking(Tlp.RED)
    made.engine.dispose()


def test_every_decision_is_in_the_log_by_way_of_export(node: Node, tmp_path: Path) -> None:
    given(node, "client:industry", tmp_path)
    told = [one for one in lines(node.receipts, (), ["industry"], "", 1000) if one.way == "export"]
    yes = {one.object for one in told if one.decision == "yes"}
    assert {f"misp:{name(10)}", f"misp:{name(11)}"} <= yes
    assert not {f"misp:{name(12)}", f"misp:{name(13)}", f"misp:{name(14)}"} & yes
    assert {len(one.digest) for one in told if one.decision == "yes"} == {64}


def test_the_log_says_yes_of_what_is_in_the_feed_alone(tmp_path: Path) -> None:
    """Release lets each go; the feed holds neither the recalled event nor what has no equal."""
    made = sharing.house(tmp_path / "node")
    shared_event(made, attribute(100, "domain", "gone.example"))
    shared_event(made, attribute(101, "domain", "stays.example"), number=3)
    assert sharing.one(made, f"report--{name(1)}", "pair").what == "shared"
    recall.recall(made.recaller, f"report--{name(1)}", "wrong")
    actor = sharing.stix("malware", "no-equal", Tlp.CLEAR, name="M", is_family=False)
    assert [one.what for one in sharing.give(made, "pair", actor)] == ["shared"]
    everything = exported(made, tmp_path / "feed")[1]
    assert b"stays.example" in everything
    assert b"gone.example" not in everything
    told = {
        one.object: (one.decision, one.rule, bool(one.digest))
        for one in lines(made.receipts, (), (), "", 1000)
        if one.way == "export"
    }
    assert told[f"misp:{name(3)}"] == ("yes", "clear", True)
    assert told[f"misp:{name(1)}"] == ("no", "left-out", False)
    assert told[actor["id"]] == ("no", "left-out", False)
    made.engine.dispose()


class _Full:
    """Answers of a node whose disclosure log takes nothing more."""

    def __init__(self, node: Node) -> None:
        self._answers = node.answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answers, name)

    def record(self, _: object) -> None:
        raise AccordError("the disk is full")


def test_nothing_is_written_where_the_decisions_cannot_be_kept(node: Node, tmp_path: Path) -> None:
    exporter = node.exporter
    import msgspec  # noqa: PLC0415 - here only

    means = msgspec.structs.replace(exporter.means, answers=_Full(node))
    broken = msgspec.structs.replace(exporter, means=means)
    with pytest.raises(AccordError, match="disk is full"):
        export.to_public(broken, tmp_path / "feed")
    assert not (tmp_path / "feed").exists()


def test_what_was_recalled_leaves_the_feed_with_its_file(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    value = event(attribute(100, "domain", "gone.example"), Tag=[{"name": "tlp:clear"}])
    nodes.give(made, [("event", data(value))])
    sharing.one(made, f"misp:{name(1)}", "pair")
    folder = tmp_path / "feed"
    assert given(made, "public", folder).events == 1
    recall.recall(made.recaller, f"misp:{name(1)}", "wrong")
    done = given(made, "public", folder)
    assert (done.events, done.removed) == (0, 1)
    assert sorted(written(folder)) == ["hashes.csv", "manifest.json"]
    assert b"gone.example" not in b"".join(written(folder).values())
    made.engine.dispose()


def test_a_field_that_a_recipient_may_not_see_is_cut_out(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    part = [{"selectors": ["description"], "marking_ref": marking_id(Tlp.RED)}]
    one = sharing.indicator("cut", Tlp.CLEAR, description="a canary", granular_markings=part)
    part = [{"selectors": ["pattern"], "marking_ref": marking_id(Tlp.RED)}]
    two = sharing.indicator("canary", Tlp.CLEAR, granular_markings=part)
    two["name"] = "nothing"
    assert [o.what for o in sharing.give(made, "pair", one, two)] == ["shared"] * 2
    done = given(made, "public", tmp_path / "feed")
    everything = b"".join(written(tmp_path / "feed").values())
    assert b"cut.example" in everything
    assert b"canary" not in everything
    assert digest("canary.example").encode() not in everything
    assert (done.attributes, done.withheld) == (1, 1)
    made.engine.dispose()


def test_an_empty_audience_is_nobody_and_a_stranger_is_not_known(
    node: Node, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="nobody is in the audience"):
        given(node, "audience:empty", tmp_path)
    with pytest.raises(NotFound, match="no audience"):
        given(node, "audience:strangers", tmp_path)
    with pytest.raises(NotFound, match="no client 'nobody'; clients are: industry"):
        given(node, "client:nobody", tmp_path)


def test_a_folder_of_other_things_is_left_alone(node: Node, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    words = ["misp", "export", "--to", str(tmp_path), "--public"]
    home = ["--home", str(node.settings.home)]
    found = CliRunner().invoke(app, [*words, *home])
    assert isinstance(found.exception, Invalid)
    assert "holds other files" in str(found.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]
    assert CliRunner().invoke(app, [*words, *home, "--client", "industry"]).exit_code == 2


def test_the_command_writes_a_feed(node: Node, tmp_path: Path) -> None:
    words = ["misp", "export", "--to", str(tmp_path), "--client", "industry", "--json"]
    found = CliRunner().invoke(app, [*words, "--home", str(node.settings.home)])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["events"] == 2


def exported(node: Node, folder: Path) -> tuple[export.Exported, bytes]:
    done = given(node, "public", folder)
    return done, b"".join(written(folder).values())


def shared_event(node: Node, *attributes: Any, number: int = 1, **more: Any) -> None:
    value = event(*attributes, uuid=name(number), **(CLEAR | more))
    nodes.give(node, [("event", data(value))])
    assert sharing.one(node, f"misp:{name(number)}", "pair").what == "shared"


@pytest.mark.parametrize(
    "bad",
    [
        {"Attribute": [attribute(100, "domain", "fine.example"), "no attribute"]},
        {"Attribute": [attribute(100, "domain", "fine.example"), {"uuid": name(7), "type": "x"}]},
        {"Attribute": [attribute(100, "domain", "fine.example"), {"uuid": name(7), "value": "x"}]},
        {"Attribute": [attribute(100, "domain", "fine.example")], "Object": ["no object"]},
        {
            "Attribute": [attribute(100, "domain", "fine.example")],
            "Object": [{"uuid": name(7), "name": "file", "Attribute": {"a": 1}}],
        },
        {
            "Attribute": [attribute(100, "domain", "fine.example")],
            "Object": [item(7, "no attribute")],
        },
    ],
)
def test_a_part_that_breaks_the_format_is_passed_over_and_told(
    tmp_path: Path, bad: dict[str, Any]
) -> None:
    made = sharing.house(tmp_path / "node")
    shared_event(made, **bad)
    shared_event(made, attribute(101, "domain", "other.example"), number=3)
    done, everything = exported(made, tmp_path / "feed")
    assert (done.events, done.passed_over) == (2, 1)
    assert b"fine.example" in everything
    assert b"other.example" in everything
    made.engine.dispose()


def test_a_recalled_part_leaves_its_event(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    inside = item(20, attribute(102, "domain", "inside.example"))
    parts = [attribute(100, "domain", "gone.example"), attribute(101, "domain", "stays.example")]
    shared_event(made, *parts, Object=[inside])
    for number in (100, 102):
        what = f"indicator--{name(number)}"
        assert sharing.one(made, what, "pair").what == "shared"
        recall.recall(made.recaller, what, "wrong")
    done, everything = exported(made, tmp_path / "feed")
    assert (done.events, done.passed_over) == (1, 2)
    assert b"stays.example" in everything
    for text in ("gone.example", "inside.example"):
        assert text.encode() not in everything
        assert digest(text).encode() not in everything
    made.engine.dispose()


def test_a_recalled_report_keeps_the_event_that_it_stands_for(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    shared_event(made, attribute(100, "domain", "gone.example"))
    assert sharing.one(made, f"indicator--{name(100)}", "pair").what == "shared"
    assert sharing.one(made, f"report--{name(1)}", "pair").what == "shared"
    recall.recall(made.recaller, f"report--{name(1)}", "wrong")
    assert b"gone.example" not in exported(made, tmp_path / "feed")[1]
    made.engine.dispose()


def test_parts_of_a_recalled_event_do_not_go(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    shared_event(made, attribute(100, "domain", "gone.example"))
    assert sharing.one(made, f"indicator--{name(100)}", "pair").what == "shared"
    recall.recall(made.recaller, f"misp:{name(1)}", "wrong")
    done, everything = exported(made, tmp_path / "feed")
    assert (done.events, done.attributes, done.passed_over) == (0, 0, 1)
    assert b"gone.example" not in everything
    made.engine.dispose()


def test_an_event_names_others_only_where_they_go_too(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    one = [attribute(100, "domain", "a.example")]
    shared_event(made, *one, number=5, info="secret words", Tag=[{"name": "tlp:red"}])
    shared_event(made, attribute(101, "domain", "b.example"), number=6)
    related = [{"Event": {"uuid": name(n), "info": t}} for n, t in ((5, "secret words"), (6, "b"))]
    for number, extends in ((7, 5), (8, 6)):
        part = attribute(100 + number, "domain", "c.example")
        shared_event(made, part, number=number, RelatedEvent=related, extends_uuid=name(extends))
    done, everything = exported(made, tmp_path / "feed")
    assert done.events == 3
    assert b"secret words" not in everything
    assert name(5).encode() not in everything
    for number in (7, 8):
        body = json.loads((tmp_path / "feed" / f"{name(number)}.json").read_bytes())["Event"]
        assert [each["Event"]["uuid"] for each in body["RelatedEvent"]] == [name(6)]
        assert body.get("extends_uuid") == (name(6) if number == 8 else None)
    made.engine.dispose()


def test_a_partners_event_never_takes_the_place_of_ours(tmp_path: Path) -> None:
    four = Nodes(tmp_path)
    here, there = four["australia"], four["japan"]
    for made in (here, there):
        audience.create(made.owner, "all", [], everyone=True)
    forged = attribute(101, "domain", "forged.example")
    shown = event(attribute(100, "domain", "ours.example"), **CLEAR)
    kept = event(attribute(105, "domain", "kept.example"), uuid=name(3), Tag=[{"name": "tlp:red"}])
    nodes.give(here, [("shown", data(shown)), ("kept", data(kept))])
    sharing.one(here, f"misp:{name(1)}", "all")
    theirs = [
        event(forged, timestamp=str(AT + 99), **CLEAR),
        event(forged | {"uuid": name(106)}, uuid=name(3), timestamp=str(AT + 99), **CLEAR),
        event(attribute(102, "domain", "theirs.example"), uuid=name(4), **CLEAR),
    ]
    body = json.dumps([{"Event": one} for one in theirs]).encode()
    (digest_,) = nodes.give(there, [("theirs", body)]).digests
    assert sharing.one(there, digest_, "all").what == "shared"
    assert four.sync("australia", "japan").logs[0].new == 1
    done, everything = exported(here, tmp_path / "feed")
    assert (done.events, done.passed_over) == (2, 2)
    assert b"ours.example" in everything
    assert b"theirs.example" in everything
    assert b"forged.example" not in everything
    four.close()


def test_of_partners_the_first_by_name_gives_an_event(tmp_path: Path) -> None:
    four = Nodes(tmp_path)
    for partner, later in (("japan", 99), ("india", 0)):
        made = four[partner]
        audience.create(made.owner, "all", [], everyone=True)
        one = attribute(100, "domain", f"{partner}.example")
        value = event(one, timestamp=str(AT + later), **CLEAR)
        more = event(uuid=name(3), **CLEAR) if partner == "japan" else None
        listed = [{"Event": one} for one in (value, more) if one]
        (what,) = nodes.give(made, [("events", json.dumps(listed).encode())]).digests
        assert sharing.one(made, what, "all").what == "shared"
        assert four.sync("australia", partner).logs[0].new == 1
    done, everything = exported(four["australia"], tmp_path / "feed")
    assert done.events == 2
    assert b"india.example" in everything
    assert b"japan.example" not in everything
    four.close()
