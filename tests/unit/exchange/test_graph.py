from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from release_table import JAPAN, NAMED, OWNER

from accord.exchange.graph import DEPTH, Graph, subject_of
from accord.exchange.objects import read_stix
from accord.exchange.release import Decision, Subject, Way, decide
from accord.identity.markings import UNMARKED, Marking, Tlp, marking_id
from accord.identity.recipients import PUBLIC

WHEN = "2030-01-02T03:04:05.000Z"
NOW = "2030-06-01T00:00:00.000000Z"


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number)}"


def body(kind: str, number: int, **members: Any) -> bytes:
    common = {"type": kind, "id": ref(kind, number), "created": WHEN, "modified": WHEN}
    return json.dumps(common | members).encode()


class Node:
    """What a node knows, and how often it was asked."""

    def __init__(self, *bodies: bytes, tlp: Tlp = Tlp.CLEAR) -> None:
        self.asked: list[str] = []
        self._known = {json.loads(one)["id"]: (one, tlp) for one in bodies}

    def mark(self, name: str, tlp: Tlp) -> None:
        self._known[name] = (self._known[name][0], tlp)

    def look_up(self, name: str) -> Subject | None:
        self.asked.append(name)
        if name not in self._known:
            return None
        data, tlp = self._known[name]
        return Subject(name, "", name.partition("--")[0], OWNER, Marking(tlp), body=data)

    def subject(self, data: bytes, **members: Any) -> Subject:
        members.setdefault("marking", Marking(Tlp.CLEAR))
        return subject_of(read_stix(data), data, OWNER, self.look_up, **members)


def public(one: Subject) -> Decision:
    return decide(one, PUBLIC, Way.OBJECT, None, OWNER, NOW)


def test_a_plain_object() -> None:
    data = body("indicator", 1, object_marking_refs=[marking_id(Tlp.GREEN)], labels=["tlp:x"])
    one = subject_of(read_stix(data), data, "japan", Node().look_up, state="held")
    assert (one.object, one.type, one.origin) == (ref("indicator", 1), "indicator", "japan")
    assert (one.state, one.marking, one.body) == ("held", Marking(Tlp.GREEN), data)
    assert one.unknown
    assert not one.granular
    bare = body("indicator", 1)
    assert subject_of(read_stix(bare), bare, OWNER, Node().look_up).marking == Marking(UNMARKED)


def test_the_strictest_of_header_and_content_counts() -> None:
    data = body("indicator", 1, object_marking_refs=[marking_id(Tlp.GREEN)])
    assert Node().subject(data, marking=Marking(Tlp.CLEAR)).marking == Marking(Tlp.GREEN)
    assert Node().subject(data, marking=Marking(Tlp.RED)).marking == Marking(Tlp.RED)


def test_ends() -> None:
    one, two = body("malware", 1), body("tool", 2)
    link = body("relationship", 3, source_ref=ref("malware", 1), target_ref=ref("tool", 2))
    node = Node(one, two)
    assert public(node.subject(link)).rule == "clear"
    node.mark(ref("tool", 2), Tlp.GREEN)
    assert public(node.subject(link)).rule == "ends-hidden"
    assert public(Node(one).subject(link)).rule == "ends-hidden"


def test_the_ends_of_an_end_are_found_in_its_body() -> None:
    link = body("relationship", 3, source_ref=ref("malware", 1), target_ref=ref("tool", 2))
    seen = body("sighting", 4, sighting_of_ref=ref("relationship", 3))
    node = Node(body("malware", 1), body("tool", 2), link)
    assert public(node.subject(seen)).rule == "clear"
    node.mark(ref("malware", 1), Tlp.RED)
    assert public(node.subject(seen)).rule == "ends-hidden"
    assert public(Node(link).subject(seen)).rule == "ends-hidden"


def test_an_end_that_shows_only_in_part_is_hidden() -> None:
    marks = [{"marking_ref": marking_id(Tlp.RED), "selectors": ["description"]}]
    node = Node(body("malware", 1, description="x", granular_markings=marks))
    assert (
        public(node.subject(body("sighting", 4, sighting_of_ref=ref("malware", 1)))).outcome == "no"
    )
    made = Node(body("malware", 1, created_by_ref=ref("identity", 9)), body("identity", 9))
    seen = body("sighting", 4, sighting_of_ref=ref("malware", 1))
    assert public(made.subject(seen)).outcome == "yes"
    made.mark(ref("identity", 9), Tlp.RED)
    assert public(made.subject(seen)).outcome == "no"


def test_references() -> None:
    report = body(
        "report",
        1,
        name="r",
        published=WHEN,
        created_by_ref=ref("identity", 2),
        object_refs=[ref("tool", 3), ref("relationship", 4), ref("tool", 9)],
    )
    link = body("relationship", 4, source_ref=ref("tool", 3), target_ref=ref("tool", 5))
    node = Node(body("identity", 2), body("tool", 3), link, body("tool", 5))
    assert public(node.subject(report)).outcome == "yes"
    node.mark(ref("tool", 5), Tlp.GREEN)
    found = public(node.subject(report))
    assert found.outcome == "redacted"
    content = json.loads(found.body)
    assert content["object_refs"] == [ref("tool", 3), ref("tool", 9)]
    assert content["created_by_ref"] == ref("identity", 2)
    node.mark(ref("identity", 2), Tlp.AMBER)
    assert "created_by_ref" not in json.loads(public(node.subject(report)).body)


def test_circles_end() -> None:
    one = body(
        "relationship", 1, source_ref=ref("relationship", 2), target_ref=ref("relationship", 1)
    )
    two = body(
        "relationship", 2, source_ref=ref("relationship", 1), target_ref=ref("relationship", 2)
    )
    node = Node(one, two)
    assert public(node.subject(one)).outcome == "no"
    assert sorted(node.asked) == [ref("relationship", 1), ref("relationship", 2)]
    itself = body("identity", 3, created_by_ref=ref("identity", 3))
    assert public(Node(itself).subject(itself)).outcome == "yes"
    made = body("sighting", 4, sighting_of_ref=ref("identity", 3))
    assert public(Node(itself).subject(made)).outcome == "yes"


def test_what_is_too_far_away_is_unknown() -> None:
    chain = [body("tool", 0)]
    for number in range(1, DEPTH + 1):
        chain.append(body("sighting", number, sighting_of_ref=json.loads(chain[-1])["id"]))
    node = Node(*chain)
    assert public(node.subject(chain[DEPTH - 1])).outcome == "yes"
    assert public(node.subject(chain[DEPTH])).outcome == "no"


def test_a_long_chain_of_references_is_not_followed() -> None:
    chain = [body("relationship", 1, source_ref=ref("tool", 1), target_ref=ref("tool", 1))]
    for n in range(2, 500):
        last = ref("relationship", n - 1)
        ends = {"source_ref": last, "target_ref": last, "x_ref": last}
        chain.append(body("relationship", n, **ends))
    node = Node(*chain, body("tool", 1))
    assert public(node.subject(chain[-1])).outcome == "no"
    assert len(node.asked) <= 2 * DEPTH


def test_sources() -> None:
    node = Node(body("tool", 1), body("tool", 2))
    data = body("note", 3)
    assert public(node.subject(data, sources=[ref("tool", 1), ref("tool", 2)])).outcome == "yes"
    node.mark(ref("tool", 2), Tlp.AMBER)
    derived = node.subject(data, sources=[ref("tool", 1), ref("tool", 2)])
    assert public(derived).rule == "derived"
    assert decide(derived, JAPAN, Way.SYNC, NAMED, OWNER, NOW).marking == Marking(Tlp.AMBER)
    assert public(node.subject(data, sources=[ref("tool", 9)])).rule == "derived"


def test_what_cannot_be_read_goes_nowhere() -> None:
    broken = Subject(ref("tool", 1), "", "tool", OWNER, Marking(Tlp.CLEAR), body=b"{")

    def look_up(_: str) -> Subject:
        return broken

    data = body("sighting", 4, sighting_of_ref=ref("tool", 1))
    assert public(subject_of(read_stix(data), data, OWNER, look_up)).outcome == "no"
    assert public(Graph(look_up).completed(broken)).outcome == "no"
    link = Subject(ref("relationship", 1), "", "relationship", OWNER, Marking(Tlp.CLEAR), body=b"{")
    report = body("report", 1, name="r", object_refs=[ref("relationship", 1), ref("tool", 2)])
    node = Node(body("tool", 2))
    found = public(
        subject_of(
            read_stix(report), report, OWNER,
            lambda name: link if name == link.object else node.look_up(name),
            marking=Marking(Tlp.CLEAR),
        )
    )  # fmt: skip
    assert json.loads(found.body)["object_refs"] == [ref("tool", 2)]


def test_one_batch_looks_everything_up_once() -> None:
    node = Node(body("identity", 1))
    graph = Graph(node.look_up)
    for number in range(2, 50):
        data = body("tool", number, created_by_ref=ref("identity", 1))
        graph.subject(read_stix(data), data, OWNER)
    assert node.asked == [ref("identity", 1)]


def test_a_bare_subject_is_completed() -> None:
    marks = [{"marking_ref": marking_id(Tlp.RED), "selectors": ["name"]}]
    said = {"name": "x", "labels": ["tlp:x"], "sighting_of_ref": ref("tool", 1)}
    data = body("sighting", 4, **said, granular_markings=marks)
    node = Node(body("tool", 1), data)
    bare = node.look_up(ref("sighting", 4))
    assert bare is not None
    found = Graph(node.look_up).completed(bare)
    assert not bare.unknown
    assert found.unknown
    assert found.granular
    assert [end.object for end in found.ends if end] == [ref("tool", 1)]
