"""STIX objects to share, and a node's log as its members would read it; for tests."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import exchange_nodes
import nodes
from sqlalchemy import select

from accord.exchange.log import merkle
from accord.exchange.log.entries import Entry, Kind, commitment, read
from accord.flows.exchange.sharing import audience, share, wanted
from accord.flows.exchange.sharing.plan import Options, Outcome
from accord.flows.exchange.sharing.share import Shared
from accord.identity.markings import Tlp, marking_id
from accord.store.exchange import tables
from accord.wiring import Node

AT = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-02T00:00:00.000Z"


def name_of(kind: str, name: str) -> str:
    """The identifier of a made-up object."""
    return f"{kind}--{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def stix(kind: str, label: str, tlp: Tlp | None = Tlp.GREEN, **more: Any) -> dict[str, Any]:
    """A STIX object that bears a TLP marking, or none."""
    value: dict[str, Any] = {
        "type": kind,
        "spec_version": "2.1",
        "id": name_of(kind, label),
        "created": AT,
        "modified": AT,
    }
    if tlp is not None:
        value["object_marking_refs"] = [marking_id(tlp)]
    return value | more


def indicator(name: str, tlp: Tlp | None = Tlp.GREEN, **more: Any) -> dict[str, Any]:
    """An indicator."""
    described = {"name": name, "pattern": f"[domain-name:value = '{name}.example']"}
    fixed = {"pattern_type": "stix", "valid_from": AT}
    return stix("indicator", name, tlp, **described, **fixed, **more)


def bundle(*objects: dict[str, Any]) -> bytes:
    """A bundle of objects."""
    whole = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(objects)}
    return json.dumps(whole).encode()


def load(node: Node, *objects: dict[str, Any]) -> str:
    """Load objects as a bundle; gives its digest."""
    loaded = nodes.give(node, [("test.json", bundle(*objects))])
    assert not loaded.quarantined, loaded.quarantined
    return loaded.digests[0]


def shared(node: Node, name: str, to: str, **options: Any) -> Shared:
    """Share by name."""
    found = wanted.find([name], node.holdings)
    return share.share(node.sharer, found, to, Options(**options))


def one(node: Node, name: str, to: str, **options: Any) -> Outcome:
    """What became of the one object shared."""
    (outcome,) = shared(node, name, to, **options).outcomes
    return outcome


def give(node: Node, to: str, *objects: dict[str, Any], **options: Any) -> list[Outcome]:
    """Load objects and share them."""
    return shared(node, load(node, *objects), to, **options).outcomes


def house(folder: Path, url: str = "", **more: Any) -> Node:
    """Australia among its partners, with the audience `pair` of India and Japan."""
    urls = {"australia": url} if url else None
    made = exchange_nodes.partnership(folder, database_urls=urls, **more)
    for name, other in made.items():
        if name != "australia":
            other.engine.dispose()
    node = made["australia"]
    audience.create(node.owner, "pair", ["india", "japan"])
    return node


def entries(node: Node, name: str = "pair") -> list[Entry]:
    """A log as it is read by its members."""
    return [read(bytes(row.data), row.number) for row in rows(node, name)]


def rows(node: Node, name: str = "pair") -> list[Any]:
    """The rows of a log's entries, in order."""
    found = node.sharing.audience(name)
    assert found
    table = tables.entry
    query = select(table).where(table.c.audience_id == found.id).order_by(table.c.number)
    with node.engine.connect() as connection:
        return list(connection.execute(query))


def check(node: Node) -> None:
    """Head, entries, rows of envelopes and commitments agree, in every log."""
    for found in node.sharing.audiences():
        head = node.sharing.head(found.log)
        kept = rows(node, found.name)
        data = [bytes(row.data) for row in kept]
        assert head
        assert head.size == len(data) == found.size
        assert head.root == merkle.root(merkle.leaves(data))
        for row in kept:
            entry = read(bytes(row.data), row.number)
            assert (entry.kind is Kind.COMMITMENT) == bool(row.state)
            assert (row.salt is not None) == (row.state == "live")
            if row.state == "live":
                envelope = node.sharing.envelopes([row.shared_id])[row.shared_id]
                assert commitment(bytes(row.salt), envelope) == entry.commitment
