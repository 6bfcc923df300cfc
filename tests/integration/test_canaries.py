"""Every address of the door, as everybody, over everything that a node may hold: what is for a
caller is found, and nothing else is, in any byte that comes out.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from uuid import uuid4

import httpx
import msgspec
import nodes
import pytest
from canaries import HOLDER, READERS, Holder, later, words_in
from canary_crawl import METHODS, TOKEN, Addresses, Answer, Crowd, Door, Looking, crawl
from doors import parts, serving
from litestar.testing import TestClient
from sqlalchemy import Engine, text

from accord.core.clock import SystemClock
from accord.flows.exchange.answering.routes import ROUTES
from accord.flows.exchange.answering.taxii import door as taxii
from accord.flows.exchange.answering.taxii.collections import of_caller
from accord.flows.exchange.messages import PREFIX, TAXII, Request
from accord.identity.markings import Tlp
from accord.identity.recipients import Recipient
from accord.store.keys import FOLDER
from accord.transport.tls import client_context, ensure_certificate
from accord.web.app import application
from accord.web.door import limits

START = later(SystemClock().now(), -24)


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    """Whoever changes it says so in its table, or puts it back."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PARTNER", "CLIENT", "TAXII", "PUBLIC", "EVERYONE", "FAILED"):
            patch.setattr(limits, name, limits.Rate(1e9, 1e9))
        made = Holder(tmp_path_factory.mktemp("four"), START)
        yield made
        made.close()


@pytest.fixture
def door(holder: Holder) -> Iterator[Door]:
    made = Door(holder)
    yield made
    made.close()


def test_no_canary_leaves(
    door: Door, holder: Holder, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Law (one egress): each role finds just what the table says, over every route and method."""
    caplog.set_level(logging.DEBUG)
    addresses = Addresses(holder)
    looking = Looking(holder, addresses)
    requests = list(addresses.requests())
    for role in door.crowd.roles:
        door.later(120)
        crawl(door.ask, [role], requests, looking)
    looking.check()
    assert looking.statuses >= {200, 400, 401, 404, 405, 413, 414, 422}
    logged = caplog.text.encode() + "".join(capfd.readouterr()).encode()
    assert b"refused a request" in logged
    assert not words_in(logged) & holder.allowed.keys()
    assert not TOKEN.search(logged)
    with capfd.disabled():
        sys.stdout.write(
            f"\n{len(ROUTES)} routes, {len(door.crowd.roles)} roles, {len(holder.cases)} objects:"
            f" {door.asked:,} requests, {len(holder.allowed)} canaries looked for,"
            f" leaks {len(looking.leaks)}\n"
        )


def _asked_in_taxii(holder: Holder) -> Iterator[Request]:
    """Every address of TAXII, with every collection of anybody and every object."""
    means = holder.node.answering
    names = {one.collection.id for role in ("india", "japan", "united-states")
             for one in of_caller(means, Recipient("partner", role))}  # fmt: skip
    gaps = {"collection": [*sorted(names), "all", "inbox", "nowhere"],
            "object": [*(case.id for case in holder.cases), "x"]}  # fmt: skip
    word = holder.secret()
    posted = {"type": "malware", "id": f"malware--{uuid4()}", "x_": word}
    body = msgspec.json.encode({"objects": [posted, 7]})
    typed = (("content-type", "application/taxii+json"),)
    for pattern, _ in taxii.ROUTES:
        paths = [re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)]
        for gap, values in gaps.items():
            few = ["all"] if gap == "collection" and "{object}" in paths[0] else values
            paths = [one.replace(f"{{{gap}}}", v) for one in paths
                     for v in (few if f"{{{gap}}}" in one else [""])]  # fmt: skip
        for path in paths:
            yield Request("GET", path)
            if "{object}" not in pattern and path.endswith(("objects/", "manifest/")):
                yield from (Request("GET", path, query) for query in (
                    "limit=3", "match%5Bversion%5D=all", "match%5Bversion%5D=first&limit=2",
                    "limit=0"))  # fmt: skip
        for method in METHODS:
            yield Request(method, paths[0], headers=typed, body=body if method == "POST" else b"")
    for path in (TAXII[:-1], f"{TAXII}x/", f"{taxii.ROOT}collections/inbox/objects/"):
        yield Request("POST", path, headers=typed, body=body)


def test_no_canary_leaves_in_taxii(door: Door, holder: Holder) -> None:
    """Law (one egress): by another protocol, each role finds no more than the table says."""
    looking = Looking(holder, Addresses(holder))
    requests = list(_asked_in_taxii(holder))
    for role in door.crowd.roles:
        door.later(120)
        for request in requests:
            onward: Request | None = request
            while onward is not None:
                answer = door.ask(role, onward)
                looking.look(role, onward, answer)
                found = re.search(rb'"next":"([\w-]+)"', answer.body[:200])
                query = re.sub(r"&?next=[^&]*", "", request.query)
                onward = found and msgspec.structs.replace(
                    request, query=f"{query}&next={found[1].decode()}"
                )
    assert not looking.leaks, sorted({(role, word) for role, _, _, word in looking.leaks})[:20]
    plain = Looking(holder, Addresses(holder))
    for role in holder.tokens:
        crawl(door.ask, [role], [Request("GET", f"{PREFIX}/objects")], plain)
        assert plain.found[role] <= looking.found[role], role
    assert looking.statuses >= {200, 202, 400, 401, 403, 404, 405}


def test_an_embargo_ends_when_it_ends(door: Door, holder: Holder) -> None:
    """A second before, it is nobody's; then it is whose its marking says."""
    some = frozenset({"india", "japan"})
    for at, who in (
        (later(holder.release_at, -1 / 3600), frozenset[str]()),
        (holder.release_at, READERS[Tlp.GREEN] | some),
    ):
        if holder.clock.at > at:
            continue
        holder.clock.at = at
        holder.allow(holder.embargoed.words, who)
        for role in ("japan", "operator-AMBER"):
            door.ask(role, Request("GET", f"{PREFIX}/logs"))
        looking = _glanced(door, holder)
        looking.check()
        seen = {role for role, words in looking.found.items() if holder.embargoed.words & words}
        assert seen == who


def _glanced(door: Door, holder: Holder) -> Looking:
    """Only what gives content out."""
    addresses = Addresses(holder)
    looking = Looking(holder, addresses)
    crawl(door.ask, door.crowd.roles, list(addresses.content()), looking)
    return looking


def test_no_failure_tells_of_anything(door: Door, holder: Holder) -> None:
    """Damaged envelopes and tiles, a lost database, a node that signs nothing: nothing is told."""
    engine = holder.node.engine
    damages = (
        ("UPDATE shared SET digest = 'x' || digest", "UPDATE shared SET digest = substr(digest, 2)",
         500),
        ("UPDATE tile SET level = level + 1", "UPDATE tile SET level = level - 1", 500),
        ("ALTER TABLE entry RENAME TO cnry000away", "ALTER TABLE cnry000away RENAME TO entry", 503),
        ("INSERT INTO setting VALUES ('sealed', 'cnry000why')",
         "DELETE FROM setting WHERE name = 'sealed'", 503),
    )  # fmt: skip
    addresses = Addresses(holder)
    requests = [one for one in addresses.requests() if one.method in ("GET", "POST")]
    for harm, mend, status in damages:
        door.later(120)
        looking = Looking(holder, addresses)
        _run(engine, harm)
        try:
            for role in ("japan", "india", "united-states", "operator-AMBER", "public"):
                crawl(door.ask, [role], requests, looking)
        finally:
            _run(engine, mend)
            _run(engine, "DELETE FROM setting WHERE name = 'sealed'")
        assert not looking.leaks, (harm, looking.leaks[:5])
        assert status in looking.statuses, harm
    door.later(120)
    _glanced(door, holder).check()


def _run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_the_same_over_tls(holder: Holder) -> None:
    """What the network carries is what the application says: real sockets, TLS 1.3, signatures."""
    node = holder.node
    folder = node.settings.home / FOLDER
    pin = ensure_certificate(folder, HOLDER, node.clock)
    addresses = Addresses(holder)
    looking = Looking(holder, addresses)
    wanted = [*addresses.content(), Request("GET", f"{PREFIX}/x"), Request("PUT", f"{PREFIX}/x")]
    made = parts(node.door, node.trust, node.clock, node.people, node.pulse.beat)  # type: ignore[arg-type]
    crowd = Crowd(holder)
    with serving(made, folder) as port:
        holder.clock.at = later(holder.clock.at, 0.1)
        context = client_context([pin], node.clock)
        base = f"https://127.0.0.1:{port}"
        with httpx.Client(verify=context, base_url=base, trust_env=False) as client:

            def ask(role: str, request: Request) -> Answer:
                given = crowd.proven(role, request, holder.clock.at)
                target = f"{given.path}?{given.query}" if given.query else given.path
                answer = client.request(
                    given.method, target, headers=list(given.headers), content=given.body
                )
                headers = b"\n".join(b"%s: %s" % pair for pair in answer.headers.raw)
                return Answer(answer.status_code, headers, answer.content)

            crawl(ask, crowd.roles, wanted, looking)
    looking.check()
    assert {200, 401, 404, 405} <= looking.statuses


def test_the_pages_are_for_this_machine_alone(holder: Holder) -> None:
    """The pages show the node's own people everything, so nobody else may come to them."""
    app = application(holder.node)
    for host in ("australia.example", "127.0.0.1.evil.example", "0.0.0.0:80", "[::2]", ""):
        with TestClient(app, base_url="http://127.0.0.1") as client:
            for path in ("/documents", "/documents.json", "/search?q=cnry", "/health"):
                answer = client.get(path, headers={"host": host})
                assert answer.status_code == 400
                assert not words_in(answer.content)
    listed = nodes.run("serve", "--help").stdout
    assert "--host" not in listed
