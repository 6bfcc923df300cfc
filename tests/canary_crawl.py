"""Every address of the door as everybody, and what of the canaries comes out."""

from __future__ import annotations

import asyncio
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any, NamedTuple

import exchange_nodes
import msgspec
from canaries import HOLDER, PACKAGE, Holder, later, words_in
from doors import parts
from scanners import by_name, by_purl
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from accord.exchange import acknowledgements
from accord.exchange.acknowledgements import Acknowledgement
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.exchange.log.entries import Kind
from accord.flows.exchange.answering.routes import ROUTES
from accord.flows.exchange.messages import OSV, PREFIX, Request
from accord.identity.keys import LibrarySigner, signer_of
from accord.identity.signatures import sign_request
from accord.web.door.app import DoorApp
from accord.wiring import Node

TOKEN = re.compile(rb"accord_[A-Za-z0-9_-]{40}")
QUESTIONS = (by_name(PACKAGE), by_name(PACKAGE, "1.0.0"), by_purl(f"pkg:npm/{PACKAGE}@1.0.0"))
METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "GET", "POST")
"""Every method is tried on every route."""


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: bytes
    body: bytes

    @property
    def told(self) -> bytes:
        return b"%d\n%s\n%s" % self


Ask = Callable[[str, Request], Answer]
Fill = Callable[[str], list[str]]
Fills = Callable[[str], list[bytes]]
"""What stands in a gap of a route, or in its body, by the log."""


class Crowd:
    """Everybody who asks, each as it proves itself."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        stranger = signer_of(CryptoSigner.generate_ed25519())
        self._signers: dict[str, LibrarySigner] = {
            **holder.signers,
            "a stranger": stranger,
            "signed and with a token": holder.signers["japan"],
        }
        self._tokens = {
            **holder.tokens,
            "a wrong token": f"accord_{'t' * 51}",
            "signed and with a token": holder.tokens["operator-AMBER"],
        }

    @property
    def roles(self) -> list[str]:
        return sorted({*self._signers, *self._tokens, "public"})

    def proven(self, role: str, request: Request, at: str) -> Request:
        """The request with what says who asks."""
        headers = [*request.headers, ("content-length", str(len(request.body)))]
        if role in self._signers:
            signer = self._signers[role]
            nonce = secrets.token_bytes(16)
            headers += sign_request(request, HOLDER, signer, at, nonce)
        if role in self._tokens:
            headers.append(("authorization", f"Bearer {self._tokens[role]}"))
        return msgspec.structs.replace(request, headers=tuple(headers))


class Door:
    """The real application, asked as a server asks it."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self.crowd = Crowd(holder)
        node = holder.node
        made = parts(node.door, node.trust, node.clock, node.people, node.pulse.beat)  # type: ignore[arg-type]
        self.app = DoorApp(msgspec.structs.replace(made, taxii=node.taxii))
        # In a thread of its own: another test's browser may have left a loop running in this one.
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.asked = 0
        self.later(60)

    def close(self) -> None:
        self.app.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def later(self, seconds: float) -> None:
        """The clock goes on: a door that has just begun takes nothing, and nonces are forgotten."""
        self.holder.clock.at = later(self.holder.clock.at, seconds / 3600)

    def ask(self, role: str, request: Request) -> Answer:
        self.asked += 1
        proven = self.crowd.proven(role, request, self.holder.clock.at)
        return asyncio.run_coroutine_threadsafe(self._ask(proven), self._loop).result(60)

    async def _ask(self, request: Request) -> Answer:
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in request.headers],
            "client": ("127.0.0.1", 1),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        headers = b"\n".join(b"%s: %s" % pair for pair in sent[0]["headers"])
        return Answer(sent[0]["status"], headers, b"".join(one["body"] for one in sent[1:]))


class Addresses:
    """What is asked for, by the routes of the door; a route that is not here fails the test."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        house = holder.house
        self._sizes: dict[str, int] = {}
        self._notes: dict[str, bytes] = {}
        self.commitments: dict[str, list[bytes]] = {}
        for owner in (HOLDER, "india"):
            node = house[owner]
            for found in node.sharing.audiences():
                entries = node.answers.entries(found.id, 0, found.size)
                self._sizes[found.log] = found.size
                self._notes[found.log] = node.notary.checkpoint(found.log)
                self.commitments[found.log] = [
                    data[1:] for data in entries if data[0] == Kind.COMMITMENT
                ]
        self.objects = [case.id for case in holder.cases]
        self._scanned = holder.scanned
        assert not self._sizes.keys() ^ holder.logs.keys()
        self._acknowledged = _words(house["japan"], holder)
        self._rests: dict[str, Fill] = {
            "/directory/{rest}": self._files,
            "/logs/{log}/tile/{rest}": self._tiles,
            "/objects/{rest}": lambda _: [*self.objects, "x", f"{self.objects[0]}/x"],
            "/vulns/{id}": lambda _: [*self._scanned, "x", "%2e%2e/x", "%00", "x" * 800],
        }
        self._bodies: dict[str, Fills] = {
            "/logs/{log}/checkpoint": lambda log: [b"", *self._notes.values(), b"\0" * 99],
            "/logs/{log}/blobs": self._blobs,
            "/query": lambda _: [*QUESTIONS, b"{}", b"", b"x" * 70_000],
            "/querybatch": lambda _: [b'{"queries":[' + b",".join(QUESTIONS) + b"]}", b"{}", b"["],
            "/logs/{log}/acknowledgements": lambda log: [b"", b"{}", *self._acknowledged],
        }
        self._queries = {
            "/objects": ["", "limit=1", "limit=7", "limit=0", "next=W10", "limit=1&limit=1", "a=b",
                         f"next={_token(self.objects[5])}"],
            "/recalls": ["", f"after={'0' * 64}", "after=x", "after=", "since=x"],
            "/changes": ["", f"recalled={'0' * 64}", "recalled=x", "since=x", "wait=0",
                         f"since={next(iter(self._sizes))}:1"],
        }  # fmt: skip
        self._none = {"/logs", "/objects", "/changes", "/logs/{log}/checkpoint"}

    def requests(self) -> Iterator[Request]:
        """All of them, for every role the same."""
        for route in ROUTES:
            yield from self._route(route.method, route.pattern, route.prefix)
        for route in ROUTES:
            path = route.prefix + route.pattern.replace("{log}", next(iter(self._sizes)))
            path = path.replace("{rest}", self.objects[0]).replace("{id}", self._scanned[0])
            for method in METHODS:
                yield Request(method, path)
        for path in ("", "/", "/accord", PREFIX, f"{PREFIX}/", f"{PREFIX}//logs", f"{PREFIX}/LOGS",
                     f"{PREFIX}/logs/", f"{PREFIX}/logs/../objects", f"{PREFIX}/audiences",
                     f"{PREFIX}/objects/%2e%2e/logs", f"{PREFIX}/" + "x" * 33_000):  # fmt: skip
            yield Request("GET", path)
        yield Request("POST", f"{PREFIX}/logs/x/blobs", body=b"x" * 70_000)

    def content(self) -> Iterator[Request]:
        """Only what gives content out, so often that whoever may have it has it."""
        yield Request("GET", f"{PREFIX}/logs")
        yield Request("GET", f"{PREFIX}/recalls")
        yield Request("GET", f"{PREFIX}/objects")
        for name in self.objects:
            yield Request("GET", f"{PREFIX}/objects/{name}")
        yield from (Request("POST", f"{OSV}/query", body=body) for body in QUESTIONS)
        for log, those in self.commitments.items():
            yield Request("POST", f"{PREFIX}/logs/{log}/blobs", body=b"".join(those))

    def _route(self, method: str, pattern: str, prefix: str) -> Iterator[Request]:
        logs = [*self._sizes, "nowhere"] if "{log}" in pattern else [""]
        gap = "{rest}" in pattern or "{id}" in pattern
        assert pattern in self._rests or not gap, f"{pattern} is not crawled"
        assert pattern in self._bodies or method == "GET", f"{pattern} is not crawled"
        known = {*self._rests, *self._bodies, *self._queries, *self._none}
        assert pattern in known, f"{pattern} is not crawled"
        for log in logs:
            for rest in self._rests.get(pattern, _nothing)(log):
                path = prefix + pattern.replace("{log}", log)
                path = path.replace("{rest}", rest).replace("{id}", rest)
                if method == "POST":
                    yield from (Request("POST", path, body=b) for b in self._bodies[pattern](log))
                else:
                    yield from (Request(method, path, q) for q in self._queries.get(pattern, [""]))

    def _files(self, _: str) -> list[str]:
        trusted = self._holder.node.trust.trusted()
        assert trusted
        return [*trusted.files, "99.root.json", "../accord.sqlite"]

    def _tiles(self, log: str) -> list[str]:
        size = self._sizes.get(log, 1)
        return [f"0/000.p/{size}", f"entries/000.p/{size}", "0/000", "entries/000", "1/000.p/1",
                f"0/000.p/{size + 1}", "0/x001/000", "entries/000.p/0", "63/000"]  # fmt: skip

    def _blobs(self, log: str) -> list[bytes]:
        """Its own, everybody's, one that is not, and what is no question."""
        every = b"".join(one for those in self.commitments.values() for one in those)
        own = b"".join(self.commitments.get(log, []))
        return [own, every, bytes(32), b"x" * 33, b"", bytes(32 * 1001)]


def _nothing(_: str) -> list[str]:
    return [""]


def _words(japan: Node, holder: Holder) -> list[bytes]:
    """Japan's word for each log that it may read: taken from Japan, refused from all others."""
    found = []
    for made in holder.node.sharing.audiences():
        if "japan" in holder.logs[made.log]:
            note = holder.node.notary.checkpoint(made.log)
            point = notes.peek(note)
            at = notes.posix(holder.clock.at)
            name = names.key_name(exchange_nodes.NAME, "japan")
            signed = notes.cosign(note, name, japan.signers.ed25519, at).decode()
            word = Acknowledgement(log=made.log, old=0, size=point.size, root=point.root.hex(),
                                   quarantined=(), checkpoint=signed)  # fmt: skip
            found.append(acknowledgements.write(word, japan.signers.ed25519))
    return found


def _token(object_: str) -> str:
    return urlsafe_b64encode(msgspec.json.encode((object_, ""))).decode().rstrip("=")


class Looking:
    """What was found of the words in what came out, by role."""

    def __init__(self, holder: Holder, addresses: Addresses) -> None:
        self._holder = holder
        self._addresses = addresses
        self.found: dict[str, set[str]] = {}
        self.leaks: list[tuple[str, str, str, str]] = []
        self.statuses: set[int] = set()
        self._known: dict[bytes, frozenset[str]] = {}

    def look(self, role: str, request: Request, answer: Answer) -> None:
        self.statuses.add(answer.status)
        assert answer.status < 500 or b"damaged" not in answer.body, "what failed is ours to know"
        told = answer.told
        if told not in self._known:
            self._known[told] = words_in(told) | self._bare(told)
        words = self._known[told]
        self.found.setdefault(role, set()).update(words)
        for word in words:
            if role not in self._allowed(word):
                self.leaks.append((role, request.method, f"{request.path}?{request.query}", word))

    def _bare(self, told: bytes) -> set[str]:
        """Names of logs, commitments in any of their forms, names of others, and tokens."""
        found = {log for log in self._holder.logs if log.encode() in told}
        for log, those in self._addresses.commitments.items():
            for one in those:
                if one in told or one.hex().encode() in told:
                    found.add(f"an entry of {log}")
        return found | {"a token" for _ in TOKEN.findall(told)}

    def _allowed(self, word: str) -> frozenset[str]:
        if word.startswith("an entry of "):
            word = word.removeprefix("an entry of ")
        if word in self._holder.logs:
            return self._holder.logs[word]
        return self._holder.allowed.get(word, frozenset())

    def check(self) -> None:
        """Nothing that is not for somebody was found, and everything that is, was."""
        assert not self.leaks, sorted({(role, word) for role, _, _, word in self.leaks})[:20]
        for role, words in self.found.items():
            missing = self._holder.may(role) - words
            assert not missing, (role, sorted(missing)[:10])


def crawl(ask: Ask, roles: list[str], requests: list[Request], looking: Looking) -> None:
    """Ask for everything as each role, and go on through the pages."""
    for role in roles:
        for request in requests:
            answer = ask(role, request)
            looking.look(role, request, answer)
            while link := re.search(rb"link: <([^?>]*)\?([^>]*)>", answer.headers):
                onward = Request("GET", link[1].decode(), link[2].decode())
                answer = ask(role, onward)
                looking.look(role, onward, answer)
