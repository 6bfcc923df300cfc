"""A partner's door in memory: honest, with real notes, tiles and envelopes, until told to lie.

A lie is a function from an honest answer to another one; `lies` holds them by the kind of request.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from sealed import NOW, PARTNERSHIP, directory, signer

from accord.core.digests import digest
from accord.core.times import when
from accord.exchange import acknowledgements
from accord.exchange.envelope import Header, seal
from accord.exchange.log import checkpoint, entries, merkle, names, tiles
from accord.exchange.log.entries import Entry, Kind
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.identity.partners import Directory, Partner

Lie = Callable[[Request, Response], Response]
STIX = "application/stix+json;version=2.1"


def stix(
    name: str, modified: str = "2030-01-01T00:00:00.000Z", kind: str = "indicator", **more: Any
) -> bytes:
    """A small STIX object."""
    content = {
        "type": kind,
        "spec_version": "2.1",
        "id": stix_id(name, kind),
        "created": "2030-01-01T00:00:00.000Z",
        "modified": modified,
        "name": name,
        "pattern": f"[domain-name:value = '{name}.example']",
        "pattern_type": "stix",
        "valid_from": "2030-01-01T00:00:00Z",
        **more,
    }
    return json.dumps(content).encode()


def stix_id(name: str, kind: str = "indicator") -> str:
    return f"{kind}--{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def header_of(body: bytes, origin: str, **more: Any) -> Header:
    """A header that fits a STIX object."""
    content = json.loads(body)
    given = {
        "origin": origin,
        "object": content["id"],
        "version": when(content["modified"]),
        "type": content["type"],
        "media": STIX,
        "tlp": "GREEN",
        "issued": NOW,
        **more,
    }
    return Header(**given)


def document_header(body: bytes, origin: str, subject: str = "", **more: Any) -> Header:
    """A header for a document that is not STIX."""
    given = {
        "origin": origin,
        "object": subject or f"sha256:{digest(body)}",
        "type": "document",
        "media": "application/json",
        "tlp": "GREEN",
        "issued": NOW,
        **more,
    }
    return Header(**given)


def sealed(body: bytes, origin: str, *, by: str = "", **more: Any) -> bytes:
    """An object in its envelope; `by` signs in the place of the origin."""
    return seal(header_of(body, origin, **more), body, [signer(by or origin)])


class Log:
    """One audience log."""

    def __init__(self, owner: str, log: str, name: str) -> None:
        self.owner, self.log, self.name = owner, log, name
        self.entries: list[bytes] = []
        self.blobs: dict[bytes, bytes] = {}
        self.acknowledged: list[acknowledgements.Acknowledgement] = []

    @property
    def origin(self) -> str:
        return names.origin(PARTNERSHIP, self.owner, self.log)

    def give(self, envelope: bytes) -> int:
        """Commit to an envelope; gives its index."""
        number = len(self.entries)
        salt = sha256(f"{self.log} {number}".encode()).digest()
        name = entries.commitment(salt, envelope)
        self.entries.append(entries.write(Entry(Kind.COMMITMENT, name)))
        self.blobs[name] = salt + envelope
        return number

    def share(self, body: bytes, **more: Any) -> int:
        """Seal a STIX object in the owner's name, or another's, and commit to it."""
        return self.give(sealed(body, more.pop("origin", self.owner), **more))

    def share_document(self, body: bytes, subject: str = "", **more: Any) -> int:
        origin = more.pop("origin", self.owner)
        header = document_header(body, origin, subject, **more)
        return self.give(seal(header, body, [signer(origin)]))

    def bury(self, target: int, kind: Kind = Kind.RECALL) -> int:
        """A tombstone; what it names is erased here."""
        gone = entries.read(self.entries[target], target)
        self.blobs.pop(gone.commitment, None)
        self.entries.append(entries.write(Entry(kind, target=target)))
        return len(self.entries) - 1

    def commitment(self, number: int) -> bytes:
        return entries.read(self.entries[number], number).commitment

    def note(self, size: int | None = None, *, by: str = "", origin: str = "") -> bytes:
        """The signed checkpoint of the log, or of what it was."""
        size = len(self.entries) if size is None else size
        root = merkle.root(merkle.leaves(self.entries[:size]))
        point = checkpoint.Checkpoint(origin or self.origin, size, root)
        name = names.key_name(PARTNERSHIP, self.owner)
        return checkpoint.sign(point, name, signer(by or self.owner))

    def tile(self, level: int, number: int, width: int) -> bytes:
        hashes = merkle.leaves(self.entries)
        for _ in range(level):
            full = range(0, len(hashes) - len(hashes) % 256, 256)
            hashes = [merkle.root(hashes[at : at + 256]) for at in full]
        return b"".join(hashes[number * 256 : number * 256 + width])


class LogServer:
    """`accord.flows.exchange.carrying.Carrier` to one partner whose door is in memory."""

    def __init__(self, name: str, to: str, partnership: Directory | None = None) -> None:
        self.name, self.to = name, to
        self.directory = partnership or directory()
        self.logs: dict[str, Log] = {}
        self.lies: dict[str, Lie] = {}
        self.asked: list[Request] = []
        self.withheld: set[bytes] = set()
        self.contradicting: set[str] = set()
        self.blobs_at_most = 1_000

    def log(self, name: str = "all") -> Log:
        """A log, begun where there is none of this name."""
        key = sha256(f"{self.name}/{name}".encode()).hexdigest()[:32]
        return self.logs.setdefault(key, Log(self.name, key, name))

    def lie(self, kind: str, told: Lie) -> None:
        self.lies[kind] = told

    def honest(self) -> None:
        self.lies.clear()

    def count(self, kind: str) -> int:
        """How often something was asked for."""
        return sum(_kind(request) == kind for request in self.asked)

    def send(self, partner: Partner, request: Request) -> Response:
        assert partner.name == self.name
        self.asked.append(request)
        answer = self._answer(request)
        lie = self.lies.get(_kind(request))
        return lie(request, answer) if lie else answer

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix(PREFIX).strip("/")
        first, _, rest = path.partition("/")
        if (first, rest) == ("logs", "") or first == "changes":
            return self._listing()
        if first != "logs":
            return Response(404)
        key, _, rest = rest.partition("/")
        log = self.logs.get(key)
        if log is None:
            return Response(404)
        if rest == "checkpoint":
            return self._checkpoint(log)
        if rest == "blobs":
            return self._blobs(log, request.body)
        if rest == "acknowledgements":
            return self._acknowledge(log, request.body)
        address = tiles.parse_path(rest)
        if address.level is None:
            start = address.number * 256
            return Response(200, body=tiles.bundle(log.entries[start : start + address.width]))
        return Response(200, body=log.tile(address.level, address.number, address.width))

    def _listing(self) -> Response:
        rows = [
            {"log": log.log, "name": log.name, "origin": log.origin, "size": len(log.entries)}
            for log in self.logs.values()
        ]
        return Response(200, body=json.dumps({"logs": rows}).encode())

    def _checkpoint(self, log: Log) -> Response:
        return Response(409 if log.log in self.contradicting else 200, body=log.note())

    def _blobs(self, log: Log, body: bytes) -> Response:
        asked = [body[at : at + 32] for at in range(0, len(body), 32)][: self.blobs_at_most]
        given = [b"" if one in self.withheld else log.blobs.get(one, b"") for one in asked]
        return Response(200, body=b"".join(len(g).to_bytes(4, "big") + g for g in given))

    def _acknowledge(self, log: Log, body: bytes) -> Response:
        word = acknowledgements.read(body, self.directory, self.to)
        held = log.acknowledged[-1].size if log.acknowledged else 0
        if word.old != held:
            return Response(409, body=f"{held}\n".encode())
        root = merkle.root(merkle.leaves(log.entries[: word.size]))
        assert root.hex() == word.root
        log.acknowledged.append(word)
        return Response(200, body=b"{}")


def _kind(request: Request) -> str:
    """`logs`, `changes`, `checkpoint`, `entries`, `tile`, `blobs`, `acknowledgements`."""
    parts = request.path.removeprefix(PREFIX).strip("/").split("/")
    if parts[0] != "logs" or len(parts) == 1:
        return parts[0]
    return "entries" if parts[2:4] == ["tile", "entries"] else parts[2]


def with_body(change: Callable[[bytes], bytes]) -> Lie:
    """A lie about the bytes of an answer."""
    return lambda _, answer: msgspec.structs.replace(answer, body=change(answer.body))
