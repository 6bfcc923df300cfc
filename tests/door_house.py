"""A node that answers, with audiences and envelopes in its database: for tests of the door."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import nodes
import sealed
from sqlalchemy import Engine

from accord.exchange import envelope
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.exchange.log.entries import Kind
from accord.exchange.objects import read_stix
from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.door import Door
from accord.flows.exchange.answering.nearby import Nearby
from accord.flows.exchange.answering.taxii.door import Taxii
from accord.flows.exchange.answering.taxii.last_word import KINDS
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.flows.exchange.sharing.around import Around
from accord.flows.exchange.sharing.checkpoints import Notary
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.port import Copy
from accord.identity.directory.records import Charter
from accord.identity.directory.trusted import Trusted
from accord.identity.keys import Signers
from accord.identity.markings import Marking, Tlp
from accord.identity.partners import Directory
from accord.identity.recipients import Recipient
from accord.store.exchange.answers import SqlAnswers
from accord.store.exchange.high_water import FileHighWater
from accord.store.exchange.holdings import SqlHoldings
from accord.store.exchange.receipts import SqlReceipts
from accord.store.exchange.sharing import SqlSharing
from accord.store.exchange.taxii import SqlShelf
from accord.store.osv import SqlAdvisories

ME = "australia"
PARTNERS = ("australia", "india", "japan", "usa")
STIX = "application/stix+json;version=2.1"
EARLY = "2030-01-01T00:00:00.000000Z"


def partner(name: str) -> Recipient:
    return Recipient("partner", name, name.title())


class Clock:
    """A clock that a test sets."""

    def __init__(self, at: str = sealed.NOW) -> None:
        self.at = at

    def now(self) -> str:
        return self.at


class Trust:
    """The directory, as a test says."""

    def __init__(self, *left: str, me: str = ME) -> None:
        self._me = me
        self.files: dict[str, bytes] = {"timestamp.json": b"{}", "1.root.json": b"{ }"}
        self.left(*left)

    def left(self, *names: str) -> None:
        """Who has left the partnership."""
        self.known = sealed.directory(
            *(sealed.partner(p, removed=EARLY if p in names else "") for p in PARTNERS)
        )

    def directory(self) -> Directory | None:
        return self.known

    def trusted(self) -> Trusted | None:
        charter = Charter(sealed.PARTNERSHIP, self.known.policy, 1)
        return Trusted(
            self.known, charter, self.files, 1, b"", "2100-01-01T00:00:00.000000Z", frozenset()
        )

    def me(self) -> str:
        return self._me


_NEEDED: dict[str, dict[str, Any]] = {
    "indicator": {
        "pattern": "[ipv4-addr:value = '192.0.2.1']",
        "pattern_type": "stix",
        "valid_from": "2030-01-01T00:00:00.000Z",
    },
    "malware": {"is_family": False},
}


def stix(kind: str, name: str, **more: Any) -> bytes:
    """An object of STIX 2.1 with an identifier that follows from its name."""
    common = {
        "type": kind,
        "spec_version": "2.1",
        "id": stix_id(kind, name),
        "created": "2030-01-01T00:00:00.000Z",
        "modified": "2030-01-01T00:00:00.000Z",
        "name": name,
    }
    return msgspec.json.encode({**common, **_NEEDED.get(kind, {}), **more})


def stix_id(kind: str, name: str) -> str:
    return f"{kind}--{uuid.uuid5(uuid.NAMESPACE_DNS, name)}"


def sighting_or_link(kind: str, name: str, **more: Any) -> bytes:
    """A relationship or a sighting: they have no name."""
    body = msgspec.json.decode(stix(kind, name, **more))
    del body["name"]
    return msgspec.json.encode(body)


class House:
    """Australia's node."""

    def __init__(self, engine: Engine, folder: Path, trust: Trust | None = None) -> None:
        self.engine = engine
        self.trust = trust or Trust()
        self.clock = Clock()
        high_water = FileHighWater(folder / "log-state.json")
        self.sharing = SqlSharing(engine, high_water)
        self.answers = SqlAnswers(engine, self.trust, high_water, self.clock)
        self.receipts = SqlReceipts(engine, high_water)
        self.signers = Signers(sealed.signer(ME))
        notary = Notary(self.sharing, self.trust, self.signers, self.clock)
        advisories = SqlAdvisories(engine)
        means = Means(self.answers, self.trust, notary, self._around, self.clock, advisories)
        self.door = Door(means)
        self.taxii = Taxii(means, SqlShelf(engine, KINDS, self.clock), secrets.token_bytes)

    def _around(self) -> Nearby:
        owner = Owner(self.trust.known, ME, self.sharing, self.clock.now())
        return Nearby(lambda: Around(owner, SqlHoldings(self.engine), Tlp.AMBER))

    def audience(self, name: str, *members: str, everyone: bool = False) -> str:
        """Make an audience; gives the name of its log."""
        self.sharing.create(name, everyone=everyone, members=members, at=EARLY)
        found = self.sharing.audience(name)
        assert found
        return found.log

    def keep(
        self, bodies: Sequence[bytes], marking: Marking, origin: str = ME, state: str = "live"
    ) -> list[int]:
        """Seal objects and keep them; gives their numbers."""
        made = [self._sealed(body, marking, origin, state) for body in bodies]
        with self.sharing.unit() as unit:
            return unit.keep(made)

    def _sealed(self, body: bytes, marking: Marking, origin: str, state: str) -> tuple[Copy, bytes]:
        content = read_stix(body)
        header = envelope.Header(
            origin=origin, object=content.object, version=content.version, type=content.type,
            media=STIX, tlp=marking.tlp.word, pap=marking.pap.name, created=content.created,
            issued=EARLY, expires=marking.expires, release_at=marking.release_at,
            title=content.title,
        )  # fmt: skip
        data = envelope.seal(header, body, [sealed.signer(origin)])
        copy = Copy(
            origin=origin, object=content.object, version=content.version, type=content.type,
            media=STIX, digest=sha256(data).hexdigest(), tlp=marking.tlp, pap=marking.pap,
            release_at=marking.release_at, expires=marking.expires, created=content.created,
            issued=EARLY, state=state, refs=content.refs, title=content.title,
            content=sha256(body).hexdigest(),
        )  # fmt: skip
        return copy, data

    def append(self, audience: str, shared: Sequence[int]) -> range:
        with self.sharing.unit() as unit:
            return unit.append(audience, shared, self.clock.now())

    def share(
        self, audience: str, bodies: Sequence[bytes], tlp: Tlp = Tlp.GREEN, origin: str = ME
    ) -> range:
        """Seal, keep and append."""
        return self.append(audience, self.keep(bodies, Marking(tlp), origin))

    def recall(self, shared: Sequence[int], kind: Kind = Kind.RECALL) -> None:
        with self.sharing.unit() as unit:
            unit.retract(shared, kind, self.clock.now())
            unit.erase(shared, "recalled")

    def get(self, caller: Recipient, path: str, query: str = "") -> Response:
        return self.door.answer(caller, Request("GET", f"{PREFIX}{path}", query))

    def post(self, caller: Recipient, path: str, body: bytes) -> Response:
        return self.door.answer(caller, Request("POST", f"{PREFIX}{path}", body=body))

    def commitments(self, log: str, caller: str = "japan") -> list[bytes]:
        """The commitments of a log, in order."""
        found = self.answers.log(log, caller)
        assert found
        entries = self.answers.entries(found.audience, 0, found.size)
        return [data[1:] for data in entries if data[0] == Kind.COMMITMENT]

    def blobs(self, caller: str, log: str, commitments: Sequence[bytes]) -> list[bytes]:
        """The items of an answer, in order; empty for withheld."""
        response = self.post(partner(caller), f"/logs/{log}/blobs", b"".join(commitments))
        assert response.status == 200, response
        return list(items(response.body))

    def note(self, log: str, size: int, root: bytes, signer: str = ME) -> bytes:
        """A checkpoint signed by a key, whatever the log is."""
        origin = names.origin(sealed.PARTNERSHIP, ME, log)
        name = names.key_name(sealed.PARTNERSHIP, ME)
        return notes.sign(notes.Checkpoint(origin, size, root), name, sealed.signer(signer))


def items(body: bytes) -> list[bytes]:
    """Salt and envelope of each item."""
    found, at = [], 0
    while at < len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4], "big")
        found.append(body[at + 4 : end])
        at = end
    assert at == len(body)
    return found


def made(url: str, folder: Path) -> House:
    """On a database by its address; on SQLite where it is empty."""
    node = nodes.on(url, folder) if url else nodes.new_node(folder)
    return House(node.engine, folder)
