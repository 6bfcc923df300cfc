"""Kinds of feeds with real documents: MISP, CSAF, OSV, EPSS and the catalogue."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import nodes
from publishers import (  # noqa: F401 - fixtures
    Later,
    Publisher,
    added,
    fed_node,
    kinds,
    means,
    once,
    one_publisher,
    publisher,
    send,
    served,
)
from shared import real, real_members

from accord.wiring import Node

CVE = "CVE-2030-0001"


def misp_feed() -> dict[str, bytes]:
    """The real events as a feed: a manifest, and a file for each."""
    files: dict[str, bytes] = {}
    manifest = {}
    for _, data in real_members("data/threat/misp-events-eset.zip", ".json"):
        try:
            event = json.loads(data)
        except ValueError:
            continue
        event = event.get("response", event)
        event = event[0] if isinstance(event, list) else event
        event = event.get("Event", event)
        manifest[event["uuid"]] = {"info": event["info"], "timestamp": str(event["timestamp"])}
        files[f"{event['uuid']}.json"] = json.dumps({"Event": event}).encode()
    return files | {"manifest.json": json.dumps(manifest).encode()}


def test_a_misp_feed_is_read_and_goes_on_where_it_stopped(node: Node, server: Publisher) -> None:
    files = misp_feed()
    served(server, files, "/feed/")
    events = [f"/feed/{name}" for name in files if name != "manifest.json"]

    def closing(handler: Any, asked: Any) -> None:
        if len(server.asked) > 20:
            send(handler, 503, b"", retry_after="120")
        else:
            send(handler, 200, server.files[asked.path])

    server.answers |= dict.fromkeys(events, closing)
    added(node, "eset", "misp", server.url("/feed/"))
    clock = Later()
    ran = once(node, "eset", means(node, clock))
    assert ran.outcome == "failed"
    assert "status 503" in ran.error
    assert ran.new == 19
    (feed,) = node.feeds.all()
    assert feed.health.due >= "2026-02-01T00:02:00"
    had = set(server.paths[1:20])
    server.answers.clear()
    server.asked.clear()
    clock.pass_(hours=1)
    ran = once(node, "eset", means(node, clock))
    assert ran.outcome == "new"
    assert ran.new == len(events) - 19
    assert not had & set(server.paths)
    server.asked.clear()
    assert once(node, "eset", means(node, clock)).read == 0
    assert server.paths == ["/feed/manifest.json"]
    changed = json.loads(files["manifest.json"])
    one = min(changed)
    changed[one]["timestamp"] = "1999999999"
    server.files["/feed/manifest.json"] = json.dumps(changed).encode()
    server.files[f"/feed/{one}.json"] += b" "
    assert once(node, "eset", means(node, clock)).new == 1
    assert server.paths[-1] == f"/feed/{one}.json"


def csaf_provider(server: Publisher, count: int = 16) -> list[str]:
    """Some of CISA's advisories with its own ROLIE feed, moved to this machine."""
    members = dict(real_members("data/csaf/cisa.zip", ".json"))
    feed = json.loads(members["csaf_files/OT/white/cisa-csaf-ot-feed-tlp-white.json"])
    entries: list[Any] = []
    names: list[str] = []
    for entry in feed["feed"]["entry"]:
        own = next(one for one in entry["link"] if one["rel"] == "self")
        name = "csaf_files" + own["href"].partition("csaf_files")[2]
        if name in members and len(entries) < count:
            server.files[f"/{name}"] = members[name]
            entry["link"] = [{"rel": "self", "href": f"/{name}"}]
            entries.append(entry)
            names.append(name)
    feed["feed"]["entry"] = entries
    server.files["/csaf_files/feed.json"] = json.dumps(feed).encode()
    metadata = {"distributions": [{"rolie": {"feeds": [
        {"url": server.url("/csaf_files/feed.json"), "tlp_label": "WHITE"},
        {"url": server.url("/csaf_files/amber.json"), "tlp_label": "AMBER"},
    ]}}]}  # fmt: skip
    server.files["/provider-metadata.json"] = json.dumps(metadata).encode()
    server.answers["/csaf_files/amber.json"] = lambda h, _: send(h, 403)
    return names


def test_a_csaf_provider_by_its_metadata_and_as_a_directory(
    tmp_path: Path, server: Publisher
) -> None:
    names = csaf_provider(server)
    states = []
    for number, address in enumerate(
        ("/provider-metadata.json", "/csaf_files/feed.json", "/", "/index.txt")
    ):
        if address == "/":
            lines = [f'"{name}","2024-01-01T00:00:00Z"' for name in names]
            server.files["/changes.csv"] = "\n".join(lines).encode()
            server.files["/index.txt"] = "\n".join(names).encode()
        made = nodes.new_node(tmp_path / str(number))
        added(made, "cisa", "csaf", server.url(address), trust="full")
        ran = once(made, "cisa")
        assert (ran.outcome, ran.new, ran.quarantined) == ("new", len(names), 0), ran
        assert ("closed to us" in "".join(ran.notes)) == (number == 0)
        again = once(made, "cisa")
        assert (again.outcome, again.read) == ("same", 0)
        # Provider metadata is read each time: where it leads may change while it does not.
        assert (again.bytes > 0) == (number == 0)
        states.append(made.views.state_hash())
        made.engine.dispose()
    assert len(set(states)) == 1


def test_documents_that_are_not_there_are_asked_for_again(node: Node, server: Publisher) -> None:
    names = csaf_provider(server, 6)
    kept = server.files.pop(f"/{names[2]}")
    added(node, "cisa", "csaf", server.url("/csaf_files/feed.json"))
    ran = once(node, "cisa")
    assert (ran.outcome, ran.new) == ("partly", 5)
    assert "1 of 6 documents did not come" in ran.error
    server.files[f"/{names[2]}"] = kept
    server.asked.clear()
    assert once(node, "cisa").new == 1
    assert server.paths == ["/csaf_files/feed.json", f"/{names[2]}"]
    for name in names:
        server.files.pop(f"/{name}")
    node.feeds.remove("cisa")
    added(node, "cisa", "csaf", server.url("/csaf_files/feed.json"))
    assert once(node, "cisa").outcome == "failed"


def test_an_archive_of_osv_and_daily_scores(node: Node, server: Publisher) -> None:
    members = list(real_members("data/osv/PyPI.zip", ".yaml"))[:120]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
        archive.writestr("bill.json", nodes.bill())
    server.files["/all.zip"] = buffer.getvalue()
    server.files["/epss.csv.gz"] = gzip.compress(nodes.epss({CVE: 0.9}), mtime=0)
    added(node, "osv", "osv", server.url("/all.zip"), trust="full")
    added(node, "epss", "epss", server.url("/epss.csv.gz"))
    ran = once(node, "osv")
    assert (ran.new, ran.quarantined) == (len(members), 1)
    with node.views.view() as view:
        (row,) = view.list_documents(quarantined=False).__next__().sources
    assert row == f"feed osv: {server.url('/all.zip')}!/{members[0][0]}"
    assert once(node, "epss").new == 1
    found = {kind: whose for kind, whose in kinds(node).items() if kind != "unopened"}
    assert found == {"OSV advisory": "", "EPSS scores": "feed:epss"}
    again = once(node, "osv")
    assert (again.read, again.new) == (0, 0)


def test_the_real_catalogue(node: Node, server: Publisher) -> None:
    path = real("data/kev/known_exploited_vulnerabilities.json")
    server.files["/kev.json"] = path.read_bytes()
    added(node, "cisa", "kev", server.url("/kev.json"))
    ran = once(node, "cisa")
    assert (ran.new, ran.quarantined, ran.bytes) == (1, 0, path.stat().st_size)
