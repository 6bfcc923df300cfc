"""What one document marks more strictly leaves in no event, not even as a word or a hash."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from house_of_nodes import Nodes
from misp_events import attribute, data, event, item, name
from typer.testing import CliRunner

from accord.cli.app import app
from accord.flows.exchange.accounts.receipts import lines
from accord.flows.exchange.sharing import audience
from accord.flows.misp import export
from accord.identity.markings import Tlp, marking_id
from accord.wiring import Node

CLEAR = {"Tag": [{"name": "tlp:clear"}]}
RED = {"Tag": [{"name": "tlp:red"}]}
CANARY = "canary.example"
LATER = "2031-01-01T00:00:00.000Z"
PATTERN = f"[domain-name:value = '{CANARY}']"


def give(node: Node, *attributes: Any, number: int = 1, **more: Any) -> None:
    value = event(*attributes, uuid=name(number), **(CLEAR | more))
    nodes.give(node, [("event", data(value))])


def shared(node: Node, number: int = 1, to: str = "pair", **options: Any) -> None:
    assert sharing.one(node, f"misp:{name(number)}", to, **options).what == "shared"


def out(node: Node, folder: Path) -> tuple[export.Exported, str]:
    done = export.to_public(node.exporter, folder)
    return done, "\n".join(one.name + one.read_text() for one in sorted(folder.iterdir()))


def silent(everything: str) -> bool:
    hashed = md5(CANARY.encode(), usedforsecurity=False).hexdigest()
    return not any(one in everything.lower() for one in (CANARY, hashed, name(100)))


def told(node: Node) -> dict[str, tuple[str, str, bool]]:
    every = lines(node.receipts, (), (), "", 1000)
    found = reversed([one for one in every if one.way == "export"])
    return {one.object: (one.decision, one.rule, bool(one.digest)) for one in found}


def another_event(node: Node) -> None:
    give(node, attribute(100, "domain", CANARY), number=3, **RED)


def an_attribute_of_another_event(node: Node) -> None:
    own = [attribute(100, "domain", CANARY, **RED), attribute(103, "domain", "b.example")]
    give(node, *own, number=3)


def the_same_value_under_another_name(node: Node) -> None:
    give(node, attribute(105, "domain", CANARY), number=3, **RED)


def a_later_edition(node: Node) -> None:
    own = [attribute(100, "domain", CANARY, **RED), attribute(101, "domain", "stays.example")]
    give(node, *own, timestamp=str(1893456099))


def an_object(node: Node, **more: Any) -> None:
    value = sharing.indicator("x", more.pop("tlp", Tlp.RED), **more)
    own = {"id": f"indicator--{name(100)}", "pattern": PATTERN, "modified": LATER}
    sharing.load(node, value | own)


def an_object_of_the_same_pattern(node: Node) -> None:
    sharing.load(node, sharing.indicator("x", Tlp.RED) | {"pattern": PATTERN})


def a_field_of_an_object(node: Node) -> None:
    part = [{"selectors": ["pattern"], "marking_ref": marking_id(Tlp.RED)}]
    an_object(node, tlp=Tlp.CLEAR, granular_markings=part)


def a_persons_word(node: Node) -> None:
    value = event(attribute(100, "domain", CANARY), uuid=name(3))
    nodes.give(node, [("event", data(value))])
    shared(node, 3, tlp=Tlp.RED)


@pytest.mark.parametrize(
    "marks",
    [
        another_event, an_attribute_of_another_event, the_same_value_under_another_name,
        a_later_edition, an_object, an_object_of_the_same_pattern, a_field_of_an_object,
        a_persons_word,
    ],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_an_attribute_marked_more_strictly_elsewhere_is_left_out(
    tmp_path: Path, marks: Any
) -> None:
    made = sharing.house(tmp_path / "node")
    comment = attribute(102, "text", "also", comment=f"belongs to {CANARY}", to_ids=False)
    reference = {"uuid": name(50), "object_uuid": name(20), "referenced_uuid": name(100)}
    inside = item(20, attribute(104, "domain", "inside.example"), ObjectReference=[reference])
    give(made, attribute(100, "domain", CANARY), attribute(101, "domain", "stays.example"),
         attribute(106, "domain", f"other-{CANARY}"), comment, Object=[inside])  # fmt: skip
    shared(made)
    before = out(made, tmp_path / "before")[1]
    assert not silent(before)
    assert told(made)[f"misp:{name(1)}"][:2] == ("yes", "clear")
    marks(made)
    done, everything = out(made, tmp_path / "feed")
    assert silent(everything.replace(f"other-{CANARY}", ""))
    for text in ("stays.example", "inside.example", f"other-{CANARY}"):
        assert text in everything
    assert (done.events, done.stricter) == (1, 1)
    said = told(made)
    assert said[f"misp:{name(1)}"] == ("redacted", "clear", True)
    assert said[f"indicator--{name(100)}"] == ("no", "left-out", False)
    made.engine.dispose()


def test_an_indicator_marked_more_strictly_later_is_in_no_event_of_its_own(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    give(made, attribute(100, "domain", CANARY), attribute(101, "domain", "stays.example"))
    shared(made)
    assert sharing.one(made, f"indicator--{name(100)}", "pair").what == "shared"
    another_event(made)
    done, everything = out(made, tmp_path / "feed")
    assert silent(everything)
    assert (done.events, done.indicators, done.stricter, done.no_equal) == (1, 0, 2, 0)
    assert told(made)[f"indicator--{name(100)}"] == ("no", "left-out", False)
    made.engine.dispose()


def test_what_a_partner_marks_more_strictly_is_left_out(tmp_path: Path) -> None:
    four = Nodes(tmp_path)
    here, there = four["australia"], four["japan"]
    for made in (here, there):
        audience.create(made.owner, "two", ["japan" if made is here else "australia"])
    give(here, attribute(100, "domain", CANARY), attribute(101, "domain", "stays.example"))
    shared(here, to="two")
    give(there, attribute(100, "domain", CANARY), number=3, **RED)
    shared(there, 3, to="two")
    assert four.sync("australia", "japan").logs[0].new == 1
    done, everything = out(here, tmp_path / "feed")
    assert silent(everything)
    assert "stays.example" in everything
    assert done.stricter == 1
    four.close()


@pytest.mark.parametrize("more", [{"info": f"About {CANARY}."}, {}], ids=["named", "empty"])
def test_an_event_that_names_it_itself_or_holds_nothing_else_does_not_go(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    made = sharing.house(tmp_path / "node")
    others = [attribute(101, "domain", "stays.example")] if more else []
    give(made, attribute(100, "domain", CANARY), *others, **more)
    shared(made)
    another_event(made)
    done, everything = out(made, tmp_path / "feed")
    assert silent(everything)
    assert (done.events, done.stricter, done.passed_over) == (0, 1, 1)
    assert told(made)[f"misp:{name(1)}"] == ("no", "left-out", False)
    made.engine.dispose()


def test_what_is_marked_no_more_strictly_or_by_nobody_goes(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    parts = [attribute(100, "domain", CANARY), attribute(101, "domain", "x.example")]
    nodes.give(made, [("event", data(event(*parts)))])
    shared(made, tlp=Tlp.CLEAR)
    give(made, attribute(100, "domain", CANARY), number=3)
    nodes.give(made, [("event", data(event(attribute(101, "domain", "x.example"), uuid=name(4))))])
    done, everything = out(made, tmp_path / "feed")
    assert CANARY in everything
    assert "x.example" in everything
    assert (done.events, done.stricter) == (1, 0)
    made.engine.dispose()


def test_a_person_is_told_of_what_is_left_out(tmp_path: Path) -> None:
    made = sharing.house(tmp_path / "node")
    give(made, attribute(100, "domain", CANARY), attribute(101, "domain", "stays.example"))
    shared(made)
    another_event(made)
    words = ["misp", "export", "--to", str(tmp_path / "feed"), "--public", "--home"]
    found = CliRunner().invoke(app, [*words, str(made.settings.home)])
    assert found.exit_code == 0, found.output
    assert "1 are left out, since something else here marks them more strictly" in found.stderr
    found = CliRunner().invoke(app, [*words, str(made.settings.home), "--json"])
    assert json.loads(found.stdout)["stricter"] == 1
    made.engine.dispose()
