"""MISP events on a node: loaded, hunted for, shared part by part, and superseded by a later one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from hunted import looked, zeek
from misp_events import AT, MALFORMED, REAL, attribute, data, event, item, name, real
from shared import real_members

from accord.exchange.misp.events import read
from accord.exchange.misp.types import HASHES
from accord.identity.markings import Tlp
from accord.wiring import Node

pytest.importorskip("duckdb")

DAY = "1893456000.5"


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path)
    yield made
    made.hunting.close()
    made.engine.dispose()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Node]:
    """A node on SQLite, where the database makes no difference."""
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def dns(*names: str) -> bytes:
    return zeek([(DAY, "10.0.0.1", "9.9.9.9", one, "-", "-", "-") for one in names])


def hits(node: Node, folder: Path, log: bytes) -> set[tuple[str, str, str]]:
    path = folder / "dns.log"
    path.write_bytes(log)
    found = looked(node, path, keep=False).findings
    return {(one.indicator, one.value, one.marking) for one in found}


def test_planted_values_of_the_real_events_are_found_and_no_others(
    here: Node, tmp_path: Path
) -> None:
    loaded = nodes.give(here, real_members(REAL, ".json"))
    assert [(one.source, "byte 1532403" in one.reason) for one in loaded.quarantined] == [
        (MALFORMED, True)
    ]
    assert len(loaded.digests) == 54
    flagged: list[dict[str, Any]] = []
    unflagged: set[str] = set()
    for _, body in real():
        (whole,) = read(body)
        every = [*whole.attributes, *(each for obj in whole.objects for each in obj.attributes)]
        flagged += [each.value for each in every if each.to_ids]
        unflagged |= {each.text.lower() for each in every if not each.to_ids}
    usable = [one for one in flagged if one["type"] in {"domain", "sha1", "md5", "ip-dst"}]
    planted = random.Random(4).sample(usable, 150)
    quiet = sorted(unflagged - {one["value"].lower() for one in flagged})
    silent = [one for one in quiet if one.endswith((".com", ".org", ".net")) and "/" not in one]
    assert len(silent) > 50
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs", planted, silent)
    done = looked(here, tmp_path / "logs", keep=False)
    assert done.troubles == []
    values = {one["value"].lower() for one in planted}
    found = {one.indicator for one in done.findings}
    assert {f"indicator--{one['uuid']}" for one in planted} - found == set()
    by_id = {f"indicator--{one['uuid']}": one["value"].lower() for one in flagged}
    for hit in found:
        told = by_id[hit]
        assert any(told in value or value in told for value in values), told


def write(folder: Path, planted: list[dict[str, Any]], silent: list[str]) -> None:
    """Logs that hold the planted values, and others that nobody asked to detect."""
    names = [one["value"] for one in planted if one["type"] == "domain"]
    (folder / "dns.log").write_bytes(dns(*names, *silent))
    hashes = [
        {"EventData": {"Hashes": f"{one['type'].upper()}={one['value'].upper()}"}}
        for one in planted
        if one["type"] in HASHES
    ]
    (folder / "windows.json").write_text(json.dumps(hashes))
    flows = [{"timestamp": "2030-01-01T00:00:00Z", "event_type": "stats"}]
    flows += [
        {"timestamp": "2030-01-01T00:00:00Z", "event_type": "flow", "dest_ip": one["value"]}
        for one in planted
        if one["type"] == "ip-dst"
    ]
    (folder / "eve.json").write_text("".join(json.dumps(one) + "\n" for one in flows))


def test_an_indicator_bears_the_stricter_of_its_own_and_the_events_marking(
    node: Node, tmp_path: Path
) -> None:
    red = attribute(11, "domain", "red.example", Tag=[{"name": "tlp:red"}])
    green = attribute(12, "domain", "green.example")
    value = event(red, Object=[item(20, green)], Tag=[{"name": "tlp:green"}])
    nodes.give(node, [("event", data(value))])
    assert hits(node, tmp_path, dns("red.example", "green.example")) == {
        (f"indicator--{name(11)}", "red.example", "TLP:RED"),
        (f"indicator--{name(12)}", "green.example", "TLP:GREEN"),
    }


def test_a_later_edition_takes_the_place_of_an_earlier_one_in_whatever_order(
    node: Node, tmp_path: Path
) -> None:
    old = event(attribute(11, "domain", "old.example"))
    gone = attribute(11, "domain", "old.example", to_ids=False)
    new = event(gone, attribute(12, "domain", "new.example"), timestamp=str(AT + 60))
    for documents in ([old, new], [new, old]):
        with nodes.fresh() as other:
            nodes.one_by_one(other, [("event", data(one)) for one in documents])
            found = hits(other, tmp_path, dns("old.example", "new.example"))
            assert {value for _, value, _ in found} == {"new.example"}
            other.hunting.close()


def test_an_indicator_of_an_event_is_shared_alone_under_its_own_marking(tmp_path: Path) -> None:
    node = sharing.house(tmp_path)
    green = attribute(12, "domain", "green.example", Tag=[{"name": "tlp:green"}])
    red = attribute(13, "domain", "canary.example", Tag=[{"name": "tlp:red"}])
    nodes.give(node, [("event", data(event(green, red)))])
    found = sharing.shared(node, f"indicator--{name(12)}", "pair")
    assert [(one.object, one.what, one.tlp) for one in found.outcomes] == [
        (f"indicator--{name(12)}", "shared", "GREEN")
    ]
    (row,) = sharing.rows(node)
    (envelope,) = node.sharing.envelopes([row.shared_id]).values()
    assert b"canary" not in envelope
    again = sharing.one(node, f"misp:{name(1)}", "pair")
    assert (again.what, again.tlp) == ("shared", Tlp.RED.word)
    sharing.check(node)
    node.engine.dispose()
