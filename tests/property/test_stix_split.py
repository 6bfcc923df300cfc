"""STIX objects follow to the same, however many documents they come in and in which order."""

from __future__ import annotations

from typing import Any

import nodes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodes import Document
from stix_objects import bare, bundle, link, ref, sighting, thing

from accord.wiring import Node

NAMES = ("CVE-2026-1000", "CVE-2026-1001")
TIMES = ("2030-01-02T03:04:05.000Z", "2030-02-02T03:04:05.000Z")
_KINDS = ("intrusion-set", "malware", "indicator", "attack-pattern", "campaign")
_RELATIONS = ("uses", "exploits", "targets", "indicates", "attributed-to", "mitigates")
_WATCH = thing("identity", 30, name="CERT-X")

SCENE: list[Document] = [
    ("bill", nodes.bill("Pump", "1", ["pkg:npm/left-pad@1.0.0"])),
    ("a", nodes.osv("OSV-1", aliases=[NAMES[0]])),
    ("b", nodes.osv("OSV-2", aliases=[NAMES[1]], introduced="1.0.0")),
]


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Objects of one bundle: each version of each identifier once."""
    holes = [thing("vulnerability", 10 + n, name=name) for n, name in enumerate(NAMES)]
    kinds = draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=4))
    middle = [thing(kind, 20 + n, name=f"{kind} {n}") for n, kind in enumerate(kinds)]
    every = [*holes, *middle]
    links = [
        link(40 + n, draw(st.sampled_from(middle)), kind, draw(st.sampled_from(every)))
        for n, kind in enumerate(draw(st.lists(st.sampled_from(_RELATIONS), max_size=6)))
    ]
    seen = [
        sighting(
            60 + n, draw(st.sampled_from(every)), count=draw(st.integers(0, 3)),
            where_sighted_refs=[_WATCH["id"]],
        )
        for n in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    first = [*every, *links, *seen, *draw(st.sampled_from([[], [_WATCH]]))]
    again = draw(st.lists(st.sampled_from(first), max_size=3, unique_by=lambda one: one["id"]))
    newer = [one | draw(st.sampled_from(_changes(one, every))) for one in again]
    gone = draw(st.sets(st.integers(0, len(first) - 1), max_size=2))
    return [*(one for n, one in enumerate(first) if n not in gone), *newer]


def _changes(one: dict[str, Any], every: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a later version may say instead."""
    changes: list[dict[str, Any]] = [{}, {"revoked": True}, {"name": "renamed"}]
    if one["type"] == "sighting":
        changes += [{"count": 5}, {"sighting_of_ref": every[-1]["id"]}]
    if one["type"] == "relationship":
        changes += [{"relationship_type": "mitigates"}, {"target_ref": every[0]["id"]}]
    return [{"modified": TIMES[1], **change} for change in changes]


def outcome(node: Node) -> Any:
    """What a person sees, without where it stands."""
    with node.views.view() as view:
        gaps = sorted((g.reason, g.subject, g.name) for g in view.unevaluated())
        known = view.known()
    signals = [
        (name, signal.kind, signal.values, signal.origin)
        for name in NAMES
        for signal in known.signals.of((name,)).signals
    ]
    return nodes.listed(node), sorted(map(repr, signals)), gaps


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_any_split_of_a_bundle_in_any_order_gives_what_the_bundle_gives(
    objects: list[dict[str, Any]], random: Any
) -> None:
    with nodes.fresh() as node:
        nodes.give(node, [*SCENE, ("bundle", bundle(*objects))])
        whole = outcome(node)
    parts = list(objects)
    random.shuffle(parts)
    documents: list[Document] = list(SCENE)
    while parts:
        some = [parts.pop() for _ in range(min(len(parts), random.choice((1, 1, 1, 3))))]
        versions = {one["id"] for one in some}
        if len(some) == 1 or len(versions) < len(some):
            documents += [(f"{ref('x-part', n)}", bare(one)) for n, one in enumerate(some)]
        else:
            documents.append(("some", bundle(*some, id=ref("bundle", random.randrange(1 << 60)))))
    random.shuffle(documents)
    with nodes.fresh() as node:
        for document in documents:
            nodes.give(node, [document])
        assert outcome(node) == whole
