"""The laws of release over made-up graphs of objects, beside an oracle that was made by hand.

Every text of every object holds a canary of its own, and every identifier is one. What a decision
gives out is searched for all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from release_table import COLOURS, ORIGINS, OWNER, ROWS, Row, client, may

from accord.core.errors import Invalid
from accord.exchange.graph import Graph
from accord.exchange.objects import read_stix
from accord.exchange.release import Circle, Decision, Subject, Way, decide
from accord.exchange.rules import ALLOWS, DENIES
from accord.identity.markings import Marking, Tlp, marking_id
from accord.identity.recipients import PUBLIC, Recipient

NOW = "2026-11-23T12:00:00.000000Z"
WHEN = "2026-01-01T00:00:00.000Z"
TIMES = ("", "2026-11-23T11:59:59.000000Z", NOW, "2026-11-23T12:00:01.000000Z")
STRANGE = "marking-definition--11111111-2222-4333-8444-555555555555"
CANARY = re.compile(rb"canary-\d+-[a-z0-9.-]+-end")
KINDS = ("indicator", "identity", "report", "relationship", "sighting", "note", "x-custom")
SELECTORS = (
    "description", "name", "labels", "labels.[0]", "labels.[1]", "labels.[2]", "x_deep",
    "x_deep.a", "x_deep.a.[1].b", "x_deep.a.[0]", "x_deep.c", "external_references.[0].description",
    "external_references.[1]", "external_references.[0].source_name", "created_by_ref",
    "missing", "labels.[9]", "id", "created", "not a selector",
)  # fmt: skip
RANK = {"no": 0, "redacted": 1, "yes": 2}


class Thing(msgspec.Struct, frozen=True):
    """One object of a graph, and what its header says."""

    number: int
    kind: str
    origin: str
    marking: Marking
    granular: tuple[tuple[str, tuple[str, ...]], ...]
    refs: tuple[int, ...]
    state: str
    unknown: str
    """`ref` or `nested`: how it bears a marking that nobody understands; or empty."""
    known: bool
    """Whether the node has it."""
    sources: tuple[int, ...] = ()
    """What it was derived from."""

    @property
    def id(self) -> str:
        return f"{self.kind}--{UUID(int=0xACC0_0000 + self.number)}"


def canary(thing: Thing, place: str) -> str:
    return f"canary-{thing.number}-{place.replace('[', '').replace(']', '').replace('_', '-')}-end"


def content(thing: Thing, things: list[Thing]) -> dict[str, Any]:
    """The object as STIX."""

    def word(place: str) -> str:
        return canary(thing, place)

    whole: dict[str, Any] = {
        "type": thing.kind,
        "spec_version": "2.1",
        "id": thing.id,
        "created": WHEN,
        "modified": WHEN,
        "name": word("name"),
        "description": word("description"),
        "labels": [word(f"labels.[{n}]") for n in range(3)],
        "x_deep": {
            "a": [word("x_deep.a.[0]"), {"b": word("x_deep.a.[1].b")}],
            "c": word("x_deep.c"),
        },
        "external_references": [
            {
                "source_name": word(f"external_references.[{n}].source_name"),
                "description": word(f"external_references.[{n}].description"),
            }
            for n in range(2)
        ],
        "object_marking_refs": [marking_id(thing.marking.tlp)],
    }
    names = [things[n % len(things)].id for n in thing.refs]
    whole["description"] += f" see {names[-1]}, and x{names[0]}"
    whole["x_deep"]["d"] = [[names[1]], {names[-1]: 1}]
    whole["external_references"][0]["external_id"] = names[2]
    if thing.unknown == "ref":
        whole["object_marking_refs"].append(STRANGE)
    if thing.unknown == "nested":
        whole["x_deep"]["a"].append({"object_marking_refs": [marking_id(Tlp.CLEAR)]})
    if thing.granular:
        marks = [{"marking_ref": m, "selectors": list(s)} for m, s in thing.granular]
        whole["granular_markings"] = marks
    if thing.kind == "relationship":
        whole |= {"relationship_type": "x", "source_ref": names[0], "target_ref": names[1]}
        names = names[2:]
    if thing.kind == "sighting":
        whole |= {"sighting_of_ref": names[0], "where_sighted_refs": names[1:2]}
        names = names[2:]
    whole["created_by_ref"] = names[0]
    whole["x_deep"]["some_ref"] = names[-1]
    if names[1:]:
        whole["object_refs"] = names[1:]
    return whole


tlps = st.sampled_from(COLOURS)
markings = st.builds(
    Marking,
    tlp=tlps,
    release_at=st.sampled_from((*[""] * 6, *TIMES)),
    expires=st.sampled_from((*[""] * 6, *TIMES)),
)
granular = st.lists(
    st.tuples(
        st.sampled_from([*map(marking_id, COLOURS), STRANGE]),
        st.lists(st.sampled_from((*SELECTORS[:15] * 8, *SELECTORS)), min_size=1, max_size=3).map(
            tuple
        ),
    ),
    max_size=3,
).map(tuple)
some = st.integers(0, 11)


@st.composite
def graphs(draw: st.DrawFn, *, plain: bool = False) -> list[Thing]:
    """Up to eight objects that refer to each other, in circles too."""
    count = draw(st.integers(1, 8))
    return [
        Thing(
            number=number,
            kind=draw(st.sampled_from(KINDS)),
            origin=draw(st.sampled_from((OWNER, OWNER, *ORIGINS))),
            marking=draw(markings),
            granular=() if plain else draw(st.one_of(st.just(()), granular)),
            refs=tuple(draw(st.lists(some, min_size=3, max_size=5))),
            state=draw(st.sampled_from([*["live"] * 9, "held", "recalled", "replaced", "odd"])),
            unknown=draw(st.sampled_from([*[""] * 9, "ref", "nested"])),
            known=draw(st.integers(0, 9)) > 0,
            sources=() if plain else draw(st.sampled_from([(), (), (), (0,), (1, 2)])),
        )
        for number in range(count)
    ]


class Node:
    """A node that holds a graph."""

    def __init__(self, things: list[Thing]) -> None:
        self.things = {thing.id: thing for thing in things}
        self.contents = {thing.id: content(thing, things) for thing in things}
        self._graph = Graph(self._look_up)

    def _look_up(self, name: str) -> Subject | None:
        thing = self.things.get(name)
        if thing is None or not thing.known:
            return None
        body = json.dumps(self.contents[name]).encode()
        said = read_stix(body)
        return Subject(
            name, said.version, thing.kind, thing.origin, thing.marking, thing.state,
            said.granular, bool(said.unknown_markings), body=body,
        )  # fmt: skip

    def subject(self, thing: Thing) -> Subject:
        body = json.dumps(self.contents[thing.id]).encode()
        return self._graph.subject(
            read_stix(body),
            body,
            thing.origin,
            state=thing.state,
            marking=thing.marking,
            sources=[one.id for one in self.sources(thing)],
        )

    def sources(self, thing: Thing) -> list[Thing]:
        every = list(self.things.values())
        return [every[number % len(every)] for number in thing.sources]

    def again(self, decision: Decision, thing: Thing) -> Subject:
        """What was given out, as an object of its own."""
        return self._graph.subject(
            read_stix(decision.body), decision.body, thing.origin, marking=decision.marking
        )

    def decide(self, thing: Thing, row: Row, way: Way) -> Decision:
        return decide(self.subject(thing), row.recipient, way, row.circle, OWNER, NOW)


def shows(thing: Thing, row: Row, way: Way, tlp: Tlp | None = None) -> bool:
    """The oracle: by the table, and by what the object says of time, state and markings."""
    if row.name == "own people":
        return True
    marking = thing.marking
    if thing.state != "live" or (marking.expires and marking.expires <= NOW):
        return False
    theirs = row.recipient.kind == "partner" and row.recipient.name == thing.origin
    if not theirs and (thing.unknown or (marking.release_at and marking.release_at > NOW)):
        return False
    return may(row, max(marking.tlp, tlp or marking.tlp), thing.origin, way)


def hides(thing: Thing, row: Row, way: Way, marking: str) -> bool:
    """Whether a field with this marking is kept from a recipient."""
    if row.name == "own people" or row.recipient.name == thing.origin:
        return False
    colour = next((tlp for tlp in COLOURS if marking_id(tlp) == marking), None)
    return colour is None or not shows(thing, row, way, colour)


def forbidden(thing: Thing, row: Row, way: Way) -> Iterator[bytes]:
    """Beginnings of the canaries that a recipient may not have of an object that it may have."""
    for marking, selectors in thing.granular:
        if hides(thing, row, way, marking):
            for selector in selectors:
                yield canary(thing, selector).removesuffix("-end").encode()


def ends(node: Node, thing: Thing) -> list[str]:
    whole = node.contents[thing.id]
    if thing.kind == "relationship":
        return [whole["source_ref"], whole["target_ref"]]
    return (
        [whole["sighting_of_ref"], *whole["where_sighted_refs"]] if thing.kind == "sighting" else []
    )


def counting(node: Node, thing: Thing) -> list[Thing]:
    """Sources that must show: every one, whoever they are of."""
    return node.sources(thing)


def check(node: Node, thing: Thing, row: Row, way: Way) -> None:
    """One decision beside the oracle."""
    found = node.decide(thing, row, way)
    assert found.rule in (DENIES if found.outcome == "no" else ALLOWS)
    if found.outcome == "no":
        assert found == Decision("no", found.rule)
        return
    assert shows(thing, row, way), (thing, row.name, found.rule)
    if row.name == "own people" or row.recipient.name == thing.origin:
        return
    assert found.marking is not None
    assert found.marking.tlp >= thing.marking.tlp
    # What was made of the recipient's own goes back to it, however that is marked.
    theirs = [s.marking.tlp for s in counting(node, thing) if s.origin == row.recipient.name]
    assert found.marking.tlp in theirs or shows(thing, row, way, found.marking.tlp)
    for one in set(CANARY.findall(found.body)):
        assert one.startswith(f"canary-{thing.number}-".encode())
        assert not any(
            f"{one.decode()[:-4]}.".encode().startswith(f + b".")
            for f in forbidden(thing, row, way)
        )
    for source in counting(node, thing):
        assert source.known
        assert shows(source, row, way)
        assert found.marking.tlp >= source.marking.tlp
    for end in ends(node, thing):
        other = node.things[end]
        assert other.known
        assert shows(other, row, way)
    for name, other in node.things.items():
        if other.known and name != thing.id and not shows(other, row, way):
            assert name.encode() not in found.body


_CLEAR, _AMBER = (Marking(tlp) for tlp in (Tlp.CLEAR, Tlp.AMBER))


@settings(max_examples=150)
@example(
    things=[
        Thing(
            number=number, kind="indicator", origin=origin, marking=marking, granular=(),
            refs=(0, 0, 0), state="live", unknown="", known=True, sources=sources,
        )
        for number, origin, marking, sources in (
            (0, OWNER, _AMBER, ()), (1, "india", _CLEAR, (0,)),
        )
    ],
    way=Way.SYNC,
)  # fmt: skip
@given(graphs(), st.sampled_from(Way))
def test_no_canary_leaves(things: list[Thing], way: Way) -> None:
    """No byte string of what is restricted is in what a recipient outside its audience gets."""
    node = Node(things)
    for thing, row in product(things, ROWS):
        check(node, thing, row, way)


@settings(max_examples=150)
@given(graphs(plain=True), st.sampled_from(ROWS), st.sampled_from(Way))
def test_what_may_leave_does(things: list[Thing], row: Row, way: Way) -> None:
    """Where nothing stands against it the bytes are given out as they are."""
    node = Node(things)
    for thing in things:
        known = {name: one for name, one in node.things.items() if one.known}
        alone = thing.kind not in {"relationship", "sighting"} and all(
            shows(one, row, way) and one.kind not in {"relationship", "sighting"}
            for one in known.values()
        )
        if alone and shows(thing, row, way):
            found = node.decide(thing, row, way)
            assert found.outcome == "yes"
            assert json.loads(found.body) == node.contents[thing.id]


def given_out(node: Node, thing: Thing, row: Row, way: Way = Way.OBJECT) -> tuple[int, set[bytes]]:
    found = node.decide(thing, row, way)
    return RANK[found.outcome], set(CANARY.findall(found.body))


@settings(max_examples=150)
@given(graphs(), st.sampled_from(ROWS), some, tlps, st.data())
def test_a_stricter_marking_never_releases_more(
    things: list[Thing], row: Row, which: int, tlp: Tlp, data: st.DataObject
) -> None:
    changed = things[which % len(things)]
    marking = msgspec.structs.replace(changed.marking, tlp=max(changed.marking.tlp, tlp))
    stricter = [*things]
    stricter[changed.number] = msgspec.structs.replace(
        changed,
        marking=marking,
        granular=(*changed.granular, *data.draw(granular)),
        unknown=changed.unknown or data.draw(st.sampled_from(["", "", "ref"])),
    )
    before, after = Node(things), Node(stricter)
    for old, new in zip(things, stricter, strict=True):
        rank, canaries = given_out(after, new, row)
        most, allowed = given_out(before, old, row)
        assert rank <= most
        assert canaries <= allowed


@settings(max_examples=100)
@given(graphs(), tlps, tlps, st.sampled_from(["operator", "industry", "supplier"]))
def test_a_wider_entitlement_never_sees_less(
    things: list[Thing], one: Tlp, two: Tlp, sort: str
) -> None:
    node = Node(things)
    low, high = (Row("", client(sort, tlp), None, "", "") for tlp in sorted((one, two)))
    operator = Row("", client("operator", max(one, two)), None, "", "")
    for thing in things:
        seen = [given_out(node, thing, Row("", PUBLIC, None, "", ""))]
        seen += [given_out(node, thing, row) for row in (low, high, operator)]
        for (rank, canaries), (more, wider) in pairwise(seen):
            assert rank <= more
            assert canaries <= wider


@settings(max_examples=100)
@given(
    things=graphs(),
    members=st.sets(st.sampled_from(["japan", "india", "united-states"])),
    everyone=st.booleans(),
)
def test_a_new_member_changes_nothing_for_the_others(
    things: list[Thing], members: set[str], *, everyone: bool
) -> None:
    """And an empty audience is nobody."""
    node = Node(things)
    before = Circle("a", OWNER, frozenset(members), everyone=everyone)
    after = Circle("a", OWNER, frozenset({*members, "japan"}), everyone=everyone)
    for thing, name in product(things, ("japan", "india", "united-states")):
        asks = Recipient("partner", name)
        old = decide(node.subject(thing), asks, Way.SYNC, before, OWNER, NOW)
        new = decide(node.subject(thing), asks, Way.SYNC, after, OWNER, NOW)
        assert name == "japan" or old == new
        assert RANK[old.outcome] <= RANK[new.outcome]
        if not everyone and name not in members:
            assert old.outcome == "no"


@settings(max_examples=100)
@given(graphs(), st.sampled_from(ROWS), st.sampled_from(TIMES[1:]))
def test_embargo_and_expiry(things: list[Thing], row: Row, moment: str) -> None:
    """Nothing before its date, nothing from its end on, for anybody but those who have it."""
    node = Node(things)
    for thing in things:
        found = decide(node.subject(thing), row.recipient, Way.OBJECT, row.circle, OWNER, moment)
        if found.outcome == "no" or row.name == "own people":
            continue
        assert not thing.marking.expires or moment < thing.marking.expires
        if found.rule != "originator":
            assert moment >= thing.marking.release_at


@settings(max_examples=100)
@given(graphs(), st.sampled_from(Way))
def test_the_public_sees_clear_only(things: list[Thing], way: Way) -> None:
    node = Node(things)
    for thing in things:
        found = decide(node.subject(thing), PUBLIC, way, None, OWNER, NOW)
        if found.outcome != "no":
            assert thing.marking.tlp is Tlp.CLEAR
            assert found.marking is not None
            assert found.marking.tlp is Tlp.CLEAR
            assert way is not Way.SYNC


@settings(max_examples=200)
@given(graphs(), st.sampled_from(ROWS))
def test_redacting_twice_is_redacting_once(things: list[Thing], row: Row) -> None:
    node = Node(things)
    for thing in things:
        found = node.decide(thing, row, Way.OBJECT)
        if found.outcome != "redacted":
            continue
        again = node.again(found, thing)
        assert again.object != thing.id
        assert again.object == read_stix(node.decide(thing, row, Way.OBJECT).body).object
        second = decide(again, row.recipient, Way.OBJECT, row.circle, OWNER, NOW)
        assert (second.outcome, second.body) == ("yes", found.body)
        assert second.marking == found.marking


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*SELECTORS, STRANGE, marking_id(Tlp.RED)]),
    st.text(max_size=5),
)
marks = ["granular_markings", "selectors", "marking_ref", "object_marking_refs"]
members = st.sampled_from(
    ["type", "id", "modified", "external_references", "a_ref", "x_refs", *marks]
)
anything = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(members, inner, max_size=5)
    ),
    max_leaves=15,
)
bodies = st.one_of(st.binary(max_size=40), anything.map(lambda value: json.dumps(value).encode()))
names = st.sampled_from(["", OWNER, "japan", "india"])
kinds = st.sampled_from(["partner", "client", "public", "self", "", "guest"])
subjects: st.SearchStrategy[Subject] = st.deferred(
    lambda: st.builds(
        Subject,
        object=st.sampled_from(["", "indicator--1", "sha256:1"]),
        version=st.just(""),
        type=st.sampled_from(["", "indicator", *KINDS]),
        origin=names,
        marking=markings,
        state=st.sampled_from(["live", "live", "live", "held", "", "x"]),
        granular=st.booleans(),
        unknown=st.booleans(),
        ends=st.lists(st.one_of(st.none(), subjects), max_size=2).map(tuple),
        sources=st.lists(st.one_of(st.none(), subjects), max_size=2).map(tuple),
        refs=st.lists(st.tuples(st.sampled_from([STRANGE, "a--1"]), subjects), max_size=2).map(
            tuple
        ),
        body=bodies,
    )
)


@settings(max_examples=150)
@given(
    subjects,
    st.builds(Recipient, kinds, names, names, st.sampled_from(["", "operator"]), tlps),
    st.sampled_from([*Way, "list", ""]),
    st.one_of(st.none(), st.builds(Circle, names, names, st.frozensets(names), st.booleans())),
    st.sampled_from(["", "x", *TIMES]),
)
def test_decide_is_total(
    subject: Subject, recipient: Recipient, way: Way, circle: Circle | None, now: str
) -> None:
    """Whatever it is asked, it answers: with bytes under an allowing rule, or with none."""
    found = decide(subject, recipient, way, circle, OWNER, now)
    if found.outcome == "no":
        assert found.rule in DENIES
        assert (found.body, found.marking) == (b"", None)
    else:
        assert found.rule in ALLOWS
        assert found.marking is not None
        assert found.marking >= msgspec.structs.replace(found.marking, tlp=subject.marking.tlp)
    assert found == decide(subject, recipient, way, circle, OWNER, now)


@settings(max_examples=300)
@given(bodies)
def test_reading_refuses_or_reads(body: bytes) -> None:
    try:
        found = read_stix(body)
    except Invalid:
        return
    assert found.object.startswith(f"{found.type}--")
