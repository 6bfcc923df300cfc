"""A partner that cheats, with its true keys: in its own log, in its answers, and with its requests.

Every attack ends refused, and named; what it shows honestly is taken as before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
import sharing
from sqlalchemy import text

from accord.exchange.envelope import Header, peek, seal
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.flows.exchange.sharing.port import Copy
from accord.identity.markings import Tlp, parse_tlp
from accord.identity.recipients import Recipient
from accord.wiring import Node

if TYPE_CHECKING:
    from simulation.plans import Plan

_TRIES = 5

_STIX = "application/stix+json;version=2.1"


class Bad:
    """One partner that cheats."""

    def __init__(self, plan: Plan, name: str) -> None:
        self.plan, self.world, self.name = plan, plan.world, name
        self.count = 0
        self.refused = 0
        self._before: list[bytes] | None = None
        self.world.bad.add(name)

    @property
    def node(self) -> Node:
        return self.world.nodes[self.name]

    def poison(self) -> None:
        """Entries that may not be taken, under true checkpoints, to everybody."""
        victim = next(name for name in self.world.nodes if name != self.name)
        to = "poison"
        others = [name for name in self.world.nodes if name != self.name]
        self.world.surely(self.name, lambda node: self._begin(node, to, others))
        self.plan.oracle.create(self.name, to, others, everyone=False)
        kinds: list[Callable[[str], tuple[Header, bytes] | None]] = [
            self._forged, self._in_anothers_name, self._relaxed, self._mistitled, self._altered,
            self._beyond_its_marking, self._with_nonsense,
        ]  # fmt: skip
        self.world.random.shuffle(kinds)
        for kind in kinds:
            made = kind(victim)
            if made is not None:
                self._commit(to, *made)
        self.world.network.lies[self.name] = self._gives_anything(to)
        for name in others:
            self._refuses(name, to)
        del self.world.network.lies[self.name]

    def _gives_anything(self, to: str) -> Callable[[str, Request, Response], Response]:
        """Its door decides nothing and checks nothing."""

        def told(_: str, request: Request, answer: Response) -> Response:
            found = self.node.sharing.audience(to)
            if not found or request.path != f"{PREFIX}/logs/{found.log}/blobs":
                return answer
            query = text("SELECT e.data, e.salt, s.envelope FROM entry e JOIN shared s"
                         " ON s.id = e.shared_id WHERE e.audience_id = :a")  # fmt: skip
            with self.node.engine.connect() as connection:
                rows = connection.execute(query, {"a": found.id}).all()
            blobs = {bytes(row.data)[1:]: bytes(row.salt) + bytes(row.envelope) for row in rows}
            asked = [request.body[at : at + 32] for at in range(0, len(request.body), 32)]
            body = b"".join(len(blobs[one]).to_bytes(4, "big") + blobs[one] for one in asked)
            return Response(200, body=body)

        return told

    def _begin(self, node: Node, to: str, others: list[str]) -> None:
        if node.sharing.audience(to) is None:
            node.sharing.create(to, everyone=False, members=others, at=node.clock.now())

    def _header(self, body: bytes, **more: str) -> Header:
        value = json.loads(body)
        given = {
            "origin": self.name, "object": value["id"], "version": "2026-01-01T00:00:00.000000Z",
            "type": value["type"], "media": _STIX, "tlp": "GREEN", "pap": "CLEAR",
            "issued": self.node.clock.now(), **more,
        }  # fmt: skip
        return Header(**given)

    def _body(self, tlp: Tlp | None = None, **more: str) -> bytes:
        self.count += 1
        return json.dumps(
            sharing.indicator(f"poison-{self.name}-{self.count}", tlp, **more)
        ).encode()

    def _sealed(self, header: Header, body: bytes) -> tuple[Header, bytes]:
        return header, seal(header, body, [self.node.signers.ed25519])

    def _forged(self, victim: str) -> tuple[Header, bytes]:
        body = self._body()
        return self._sealed(self._header(body, origin=victim), body)

    def _in_anothers_name(self, victim: str) -> tuple[Header, bytes]:
        directory = self.node.trust.directory()
        assert directory
        partner = directory.partner(victim)
        assert partner
        body = self._body(created_by_ref=partner.identity)
        return self._sealed(self._header(body), body)

    def _relaxed(self, _: str) -> tuple[Header, bytes]:
        body = self._body(Tlp.RED)
        return self._sealed(self._header(body), body)

    def _mistitled(self, _: str) -> tuple[Header, bytes]:
        body = self._body()
        name = sharing.name_of("indicator", "another")
        return self._sealed(self._header(body, object=name), body)

    def _with_nonsense(self, _: str) -> tuple[Header, bytes]:
        body = self._body()
        return self._sealed(self._header(body), body[:-9] + b'"\xff": 1}')

    def _altered(self, _: str) -> tuple[Header, bytes] | None:
        for envelope in self._others(5):
            header = peek(envelope).header
            at = envelope.index(b'"payload":"') + 11
            other = b"A" if envelope[at + 19 : at + 20] != b"A" else b"B"
            return header, envelope[: at + 19] + other + envelope[at + 20 :]
        return None

    def _beyond_its_marking(self, victim: str) -> tuple[Header, bytes] | None:
        """A true envelope of another partner, who allowed nobody to pass it on."""
        for envelope in self._others(5):
            header = peek(envelope).header
            if parse_tlp(header.tlp) > Tlp.GREEN and header.origin != victim:
                return header, envelope
        return None

    def _others(self, most: int) -> list[bytes]:
        """Envelopes of other partners, as they were before anything was altered."""
        if self._before is None:
            self._before = self._envelopes(most)
        return self._before

    def _envelopes(self, most: int) -> list[bytes]:
        query = text("SELECT envelope FROM shared WHERE origin <> :me AND envelope IS NOT NULL"
                     " ORDER BY digest LIMIT :n")  # fmt: skip
        with self.node.engine.connect() as connection:
            found = connection.scalars(query, {"me": self.name, "n": most})
            return [bytes(one) for one in found]

    def _commit(self, to: str, header: Header, envelope: bytes) -> None:
        self.world.tell(f"{self.name} puts poison into {to}: {header.origin} {header.object}")
        copy = Copy(
            origin=header.origin, object=header.object, version=header.version, type=header.type,
            media=header.media, digest=sha256(envelope).hexdigest(), tlp=1, pap=0, release_at="",
            expires="", created="", issued=header.issued, state="live", refs=(), title="",
            content=sha256(envelope).hexdigest(), made_of="",
        )  # fmt: skip
        with self.world.faults.none(), self.node.sharing.unit() as unit:
            known = unit.known([header.object]).copies
            here = [one.id for one in known if one.digest == copy.digest]
            unit.append(to, here or unit.keep([(copy, envelope)]), header.issued)
        self.count += 1

    def _refuses(self, name: str, to: str) -> None:
        """Every one of them is set aside with its reason, by everybody."""
        world = self.world
        world.pass_time(1)
        assert world.quietly(name, self.name)
        query = text("SELECT e.state, e.reason, s.origin FROM followed_entry e JOIN follow f ON"
                     " f.id = e.follow_id LEFT JOIN shared s ON s.id = e.shared_id"
                     " WHERE f.partner = :p AND f.name = :n")  # fmt: skip
        with world.nodes[name].engine.connect() as connection:
            rows = connection.execute(query, {"p": self.name, "n": to}).all()
        assert rows, name
        for row in rows:
            # An envelope of its own that comes back to its originator is no harm.
            assert row.state == "quarantined" or row.origin == name, row
            self.refused += row.state == "quarantined"
            assert row.state != "quarantined" or row.reason, row

    def lie(self) -> None:
        """Answers that contradict each other: stopped, kept as evidence, resumed by a person."""
        world = self.world
        others = [name for name in world.nodes if name != self.name]
        victim = world.random.choice(others)
        world.pass_time(1)
        if not world.quietly(victim, self.name):
            return
        follows = [f for f in world.nodes[victim].following.logs(self.name) if f.checkpoint]
        follows = [f for f in follows if f.size and not f.stopped and self._member(victim, f.name)]
        if not follows:
            return
        follow = world.random.choice(follows)
        how = world.random.choice(("split", "back", "endless", "many", "slow", "altered"))
        if how == "back" and follow.size < 2:
            how = "split"
        if how == "altered":
            self.plan.share(self.name)
        world.tell(f"{self.name} lies to {victim}: {how}")
        world.network.lies[self.name] = self._lie(how, follow.log, follow.size, victim)
        with world.calm():
            report = world.sync(victim, self.name)
        del world.network.lies[self.name]
        assert report is not None
        if how in ("split", "back"):
            self._caught(victim, report.logs)
        elif how not in ("slow", "altered"):
            assert not report.good, report
        self.refused += how not in ("slow", "altered")
        assert world.nodes[victim].following.logs(self.name)
        world.pass_time(1)
        assert world.quietly(victim, self.name)

    def _member(self, victim: str, audience: str) -> bool:
        return victim in self.plan.oracle.audiences[self.name, audience].since

    def _caught(self, victim: str, logs: Sequence[object]) -> None:
        node = self.world.nodes[victim]
        assert any(getattr(log, "stopped", "") for log in logs), logs
        with node.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT ours, theirs FROM evidence WHERE partner = :p"), {"p": self.name}
            ).all()
        assert rows
        assert all(row.ours and row.theirs for row in rows)
        with self.world.calm():
            report = self.world.sync(victim, self.name)
        assert report
        assert not report.good
        with self.world.faults.none():
            assert node.following.resume(self.name)

    def _lie(
        self, how: str, log: str, size: int, victim: str
    ) -> Callable[[str, Request, Response], Response]:
        origin = self._origin(log)

        def note(count: int, root: bytes) -> bytes:
            point = notes.Checkpoint(origin, count, root)
            name = names.key_name(origin.split("/", maxsplit=1)[0], self.name)
            return notes.sign(point, name, self.node.signers.ed25519)

        def told(caller: str, request: Request, answer: Response) -> Response:
            if caller != victim:
                return answer
            checkpoint = request.path == f"{PREFIX}/logs/{log}/checkpoint"
            if how == "many" and request.path == f"{PREFIX}/logs":
                rows = [{"log": f"l{n}", "name": "x", "origin": "x", "size": 1}
                        for n in range(2000)]  # fmt: skip
                return msgspec.structs.replace(answer, body=json.dumps({"logs": rows}).encode())
            if how == "altered" and "/tile/entries/" in request.path and answer.status == 200:
                return msgspec.structs.replace(answer, body=answer.body[:-1] + b"~")
            if how == "slow":
                self.world.pass_time(20)
            root = sha256(b"another").digest()
            if checkpoint and how == "split":
                return Response(200, body=note(size, root))
            if checkpoint and how == "back":
                return Response(200, body=note(size - 1, root))
            if checkpoint and how == "endless":
                return Response(200, body=note(size + 10**9, root))
            return answer

        return told

    def _origin(self, log: str) -> str:
        directory = self.node.trust.directory()
        assert directory
        return names.origin(directory.partnership, self.name, log)

    def pry(self) -> None:
        """It asks for the logs and envelopes of audiences that it is not in."""
        world = self.world
        me = Recipient("partner", self.name, self.name)
        for (owner, name), one in world.oracle.audiences.items():
            if owner == self.name or self.name in one.since:
                continue
            node = world.nodes[owner]
            found = node.sharing.audience(name)
            assert found
            rows = sharing.rows(node, name)
            wanted = b"".join(bytes(row.data)[1:] for row in rows if row.state)[:32_000]
            nowhere = Request("GET", f"{PREFIX}/logs/{'0' * 32}/checkpoint")
            before = self._asks(owner, me, nowhere)
            for request in (
                Request("GET", f"{PREFIX}/logs/{found.log}/checkpoint"),
                Request("POST", f"{PREFIX}/logs/{found.log}/checkpoint"),
                Request("GET", f"{PREFIX}/logs/{found.log}/tile/entries/000"),
                Request("POST", f"{PREFIX}/logs/{found.log}/blobs", body=wanted),
                Request("POST", f"{PREFIX}/logs/{found.log}/acknowledgements", body=b"{}"),
            ):
                answer = self._asks(owner, me, request)
                assert (answer.status, answer.body) == (404, before.body), request
                self.refused += 1

    def _asks(self, owner: str, me: Recipient, request: Request) -> Response:
        """What the door says, asked again while its disk fails: a failure tells nothing either."""
        for _ in range(_TRIES):
            answer = self.world.network.answered(me, owner, request)
            if answer.status != 500 or answer.body:
                return answer
        with self.world.faults.none():
            return self.world.network.answered(me, owner, request)
