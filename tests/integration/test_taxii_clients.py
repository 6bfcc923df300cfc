"""Clients of TAXII that were not written here, against a live node over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import exchange_nodes
import msgspec
import nodes
import pytest
import requests
import sharing
import stix2
from doors import parts, serving
from taxii2client.v21 import Collection, Server, as_pages

from accord.core.errors import Invalid
from accord.flows.exchange import clients, inbox
from accord.flows.exchange.accounts import receipts
from accord.flows.exchange.sharing import audience, wanted
from accord.flows.load import load_documents
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.store.keys import FOLDER
from accord.transport.tls import FILE
from accord.wiring import Node

OWNER = "australia"
MEDIA = "application/taxii+json;version=2.1"
NAMES = [f"h{number}" for number in range(30)]


class Live:
    """A node with a client, and objects of several markings."""

    def __init__(self, node: Node, token: str, port: int, folder: Path) -> None:
        self.node, self.token, self.folder = node, token, folder
        self.url = f"https://127.0.0.1:{port}/taxii2/"

    def server(self, name: str = "grid-siem") -> Server:
        return Server(self.url, user=name, password=self.token, verify=str(self.folder / FILE))

    def collection(self, alias: str) -> Collection:
        (root,) = self.server().api_roots
        (found,) = (one for one in root.collections if one._raw.get("alias") == alias)
        return found


@pytest.fixture(autouse=True, scope="module")
def no_surroundings() -> Iterator[None]:
    """Certificates and proxies of this machine come before what a session is told."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with made(tmp_path_factory.mktemp("taxii")) as found:
        yield found


@contextmanager
def made(home: Path) -> Iterator[Live]:
    with exchange_nodes.partners(home) as house:
        node = house[OWNER]
        audience.create(node.owner, "power", ["india"])
        sharing.give(node, "power", *(sharing.indicator(name) for name in NAMES))
        newer = sharing.indicator(NAMES[0], modified=sharing.LATER, description="newer")
        sharing.give(node, "power", newer)
        sharing.give(node, "power", sharing.indicator("secret", Tlp.RED))
        client = Client(
            name="grid-siem", organisation="Grid", kind="operator", tlp=Tlp.AMBER, certificate=""
        )
        token = clients.add(node.people, node.clock, node.entropy, client)
        folder = node.settings.home / FOLDER
        # Its directory knows no address of the test's: what is made here is for this machine.
        (folder / FILE).unlink(missing_ok=True)
        node.certificate(OWNER)
        whole = parts(node.door, node.trust, node.clock, node.people, node.pulse.beat)  # type: ignore[arg-type]
        whole = msgspec.structs.replace(whole, taxii=node.taxii)
        with serving(whole, folder) as port:
            yield Live(node, token, port, folder)


def test_taxii2_client_finds_its_way(live: Live) -> None:
    server = live.server()
    assert server.title == "accord"
    (root,) = server.api_roots
    assert server.default.url == root.url
    assert root.versions == [MEDIA]
    assert {one.title: (one.can_read, one.can_write) for one in root.collections} == {
        "Everything that you may see": (True, False),
        "For you to post to": (False, True),
    }


def test_taxii2_client_reads_pages_manifests_and_versions(live: Live) -> None:
    whole = live.collection("all")
    pages = list(as_pages(whole.get_objects, per_request=7))
    found = [one for page in pages for one in page.get("objects", [])]
    assert len(pages) == 5
    assert {one["name"] for one in found} == set(NAMES)
    assert len(found) == len(NAMES)
    assert whole.get_objects() == {"more": False, "objects": found}
    listed = whole.get_manifest()["objects"]
    assert [one["id"] for one in listed] == [one["id"] for one in found]
    first = sharing.name_of("indicator", NAMES[0])
    assert whole.get_object(first)["objects"][0]["description"] == "newer"
    assert whole.object_versions(first)["versions"] == [sharing.AT, sharing.LATER]
    assert whole.get_objects(added_after=listed[-1]["date_added"]) == {}
    with pytest.raises(requests.HTTPError) as refused:
        whole.get_object(sharing.name_of("indicator", "secret"))
    assert refused.value.response is not None
    assert refused.value.response.status_code == 404


def test_stix2_reads_a_collection_as_a_source(live: Live) -> None:
    source = stix2.TAXIICollectionSource(live.collection("all"), allow_custom=False)
    first = sharing.name_of("indicator", NAMES[0])
    assert source.get(first).description == "newer"
    assert len(source.all_versions(first)) == 2
    asked = [stix2.Filter("type", "=", "indicator"), stix2.Filter("name", "=", NAMES[3])]
    assert [one.name for one in source.query(asked)] == [NAMES[3]]
    assert len(source.query([stix2.Filter("type", "=", "indicator")])) == len(NAMES)


def test_stix2_posts_and_a_person_accepts(live: Live) -> None:
    node = live.node
    to = live.collection("inbox")
    to.add_objects = partial(to.add_objects, wait_for_completion=False)
    sink = stix2.TAXIICollectionSink(to)
    posted = stix2.Malware(name="sent in", is_family=False)
    private = stix2.Malware(name="with a person", is_family=False, description="plain enough")
    sink.add([posted, private])
    waiting = {one.object: one for one in node.inbox.posted(50, waiting=True)}
    assert set(waiting) == {posted.id, private.id}
    assert {one.caller for one in waiting.values()} == {"client:grid-siem"}
    for one, name in ((posted, "accept"), (private, "refuse")):
        number = str(waiting[one.id].number)
        said = ("--why", "agreed", "--person", "ann")
        done = nodes.run("inbox", name, number, *said, home=node.settings.home)
        assert done.returncode == 0, done.stderr
    assert not node.inbox.posted(50, waiting=True)
    assert wanted.find([posted.id], node.holdings)
    states = {one.object: one.state for one in node.inbox.posted(50, waiting=False)}
    assert states == {posted.id: "accepted", private.id: "refused"}
    again = live.collection("inbox").add_objects({"objects": [msgspec.json.decode(
        posted.serialize())]})  # fmt: skip
    assert (again.status, again.success_count) == ("complete", 1)


def test_who_waits_for_the_end_is_told_that_a_person_has_not_decided(live: Live) -> None:
    """The clients of others ask every second for a minute, unless they are told otherwise."""
    one = msgspec.json.decode(stix2.Malware(name="slow", is_family=False).serialize())
    status = live.collection("inbox").add_objects({"objects": [one]}, poll_interval=0.1, timeout=1)
    assert (status.status, status.pending_count) == ("pending", 1)
    (row,) = live.node.inbox.posted(9, waiting=True)
    inbox.refuse(live.node.inbox, row.number, "ann", "not ours", live.node.clock.now())
    status.refresh()
    assert (status.status, status.failure_count) == ("complete", 1)
    assert status.failures[0]["message"] == "not ours"
    again = live.collection("inbox").add_objects({"objects": [one]})
    assert (again.status, again.failure_count) == ("complete", 1)
    assert again.failures[0]["message"] == "refused by a person: not ours"


def test_personal_data_is_taken_only_by_who_says_so(tmp_path: Path) -> None:
    with made(tmp_path) as live:
        value = sharing.stix("malware", "x", name="x", is_family=False)
        value["description"] = "Jane Roe, jane.roe@utility.com, tel. +61 2 9374 4000"
        status = live.collection("inbox").add_objects(
            {"objects": [value]}, wait_for_completion=False
        )
        assert (status.status, status.pending_count) == ("pending", 1)
        node = live.node
        (one,) = node.inbox.posted(9, waiting=True)

        def load(source: str, body: bytes) -> Any:
            return load_documents([(source, body)], node.intake, node.clock.now())

        decided = (node.inbox, one.number, "ann", "agreed", node.clock.now(), load)
        with pytest.raises(Invalid, match="personal data"):
            inbox.accept(*decided, personal=False)
        assert inbox.accept(*decided, personal=True).state == "accepted"
        status.refresh()
        assert (status.status, status.success_count) == ("complete", 1)
        with pytest.raises(Invalid, match="was accepted"):
            inbox.refuse(node.inbox, one.number, "ann", "no", node.clock.now())


def test_who_cannot_sign_in_is_told_how(live: Live) -> None:
    session = requests.Session()
    session.verify = str(live.folder / FILE)
    for auth in (None, ("maker", live.token), ("grid-siem", "wrong")):
        answer = session.get(live.url, auth=auth)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == MEDIA
        assert "Basic" in answer.headers["www-authenticate"]
        assert answer.json()["http_status"] == "401"
    bearer = session.get(live.url, headers={"authorization": f"Bearer {live.token}"})
    assert bearer.status_code == 200
    for method, status in (("PUT", 405), ("DELETE", 405)):
        answer = session.request(method, live.url, auth=("grid-siem", live.token))
        assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA)
    for path in ("", "api/collections/all/objects/"):
        got, head = (
            session.request(method, live.url + path, auth=("grid-siem", live.token))
            for method in ("GET", "HEAD")
        )
        assert (head.status_code, head.content, len(got.content) > 0) == (200, b"", True)
        for name in ("content-type", "content-length", "x-taxii-date-added-last"):
            assert head.headers.get(name) == got.headers.get(name)
    bare = session.get(live.url[:-1], auth=("grid-siem", live.token))
    assert (bare.status_code, bare.headers["content-type"]) == (404, MEDIA)
    session.close()


def test_every_object_of_a_page_stands_in_the_receipts(live: Live) -> None:
    live.collection("all").get_objects()
    lines = receipts.lines(
        live.node.receipts, (), ("grid-siem",), sharing.name_of("indicator", NAMES[5]), 1
    )
    (line,) = lines
    assert (line.decision, line.rule, line.way) == ("yes", "green", "list")
    assert (sharing.name_of("indicator", NAMES[5]), "2026-01-01T00:00:00.000000Z") in line.objects
    assert not receipts.lines(live.node.receipts, (), (), sharing.name_of("indicator", "none"), 1)
    secret = sharing.name_of("indicator", "secret")
    assert not receipts.lines(live.node.receipts, (), ("grid-siem",), secret, 1)
    assert not receipts.verify(live.node.receipts, live.node.trust.directory()).wrong
