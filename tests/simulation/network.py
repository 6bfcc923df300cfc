"""The network between nodes in this process: it loses, repeats, cuts, garbles, and remembers all.

Every answer's bytes are kept, so that what a node was ever sent can be held against what it may
see; and every checkpoint, so that a second one of the same size would be noticed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from simulation.faults import NETWORK, Crash
from simulation.things import SECRET
from sqlalchemy import text

from accord.core.digests import digest
from accord.core.errors import AccordError
from accord.exchange import acknowledgements
from accord.exchange.envelope import peek
from accord.exchange.log import checkpoint as notes
from accord.exchange.log.entries import SALT
from accord.flows.exchange.carrying import ClockOff, Refused, Unreachable
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.identity.gate import Gate
from accord.identity.partners import Partner, Untrusted
from accord.identity.recipients import Recipient
from accord.identity.signatures import sign_request
from accord.transport.http import BRIDGED

if TYPE_CHECKING:
    from simulation.world import World

Lie = Callable[[str, Request, Response], Response]
"""By a bad partner, to somebody: another answer than the honest one."""
_FAILED = Response(500)
_LINES = text("SELECT line FROM receipt WHERE recipient = :who")
_FOLLOW = text("SELECT id, size FROM follow WHERE partner = :p AND log = :l")
_APPLIED = text("SELECT number FROM followed_entry WHERE follow_id = :f AND state = 'applied'")


class Network:
    """All wires."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.apart: set[frozenset[str]] = set()
        self.away: set[str] = set()
        self.lies: dict[str, Lie] = {}
        self.between: Callable[[str, str], None] = lambda _caller, _server: None
        self.bytes: dict[str, bytearray] = defaultdict(bytearray)
        self.sent: set[tuple[str, str, str, str]] = set()
        """Who was sent what by whom: caller, server, object, digest of its bytes."""
        self.roots: dict[tuple[str, str, int], set[bytes]] = defaultdict(set)
        self.words: dict[tuple[str, str, str], int] = {}
        """How far each node said that it has applied a partner's log: caller, server, log."""
        self.messages = 0
        self.wrong: list[str] = []
        self.refused: Counter[str] = Counter()
        self.gates: dict[str, Gate] = {}
        self._earlier: dict[tuple[str, str, str], list[Response]] = defaultdict(list)
        self._asked: list[tuple[str, str, Request]] = []
        self._garbled: set[tuple[str, str]] = set()

    def carrier(self, caller: str) -> Wire:
        return Wire(self, caller)

    def send(self, caller: str, server: str, request: Request) -> Response:
        """One request, and what comes back."""
        faults = self.world.faults
        if {caller, server} & self.away or frozenset((caller, server)) in self.apart:
            raise Unreachable(f"{server} does not answer")
        self.world.crash_point(caller, "crash at network")
        self.between(caller, server)
        kind = faults.one_of(NETWORK)
        if kind == "drop":
            raise Unreachable(f"{server} does not answer")
        if faults.armed and self._asked and faults.random.random() < 0.02:
            self._replay()
        if kind == "slow":
            self.world.pass_time(faults.random.randrange(1, 30))
        signed = self._signed(caller, server, request)
        answer = self.deliver(caller, server, signed)
        if kind == "twice":
            answer = self._twice(caller, server, signed, answer)
        self.world.crash_point(caller, "crash at network")
        if kind == "lose answer":
            raise Unreachable(f"{server} does not answer")
        return self._spoiled(kind, caller, server, request, answer)

    def deliver(self, caller: str, server: str, request: Request) -> Response:
        """To the real door, in the name of whoever signed it."""
        world = self.world
        self.messages += 1
        if request.path.endswith("/acknowledgements"):
            self._check_word(caller, server, request)
        with world.busy(server):
            try:
                recipient = self._admitted(caller, server, request)
                self._asked.append((caller, server, request))
                answer = self.answered(recipient, server, request)
            except Crash as crash:
                if crash.name != server:
                    raise
                world.reopen(server)
                raise Unreachable(f"{server} does not answer") from None
            except Untrusted as wrong:
                self.refused["signature"] += 1
                raise self._unsigned(caller, server, wrong) from wrong
            except AccordError:
                answer = _FAILED
        lie = self.lies.get(server)
        if lie is not None:
            answer = lie(caller, request, answer)
        self._keep(caller, server, request, answer)
        return answer

    def answered(self, recipient: Recipient, server: str, request: Request) -> Response:
        """By the door as it stands on the network: a store that fails is an answer too."""
        try:
            return self.world.nodes[server].door.answer(recipient, request)
        except AccordError as wrong:
            self.world.tell(f"  {server} cannot answer: {wrong}")
            return _FAILED

    def _unsigned(self, caller: str, server: str, wrong: Untrusted) -> AccordError:
        """What a real carrier makes of it, which is told the partner's time with the refusal."""
        ours, theirs = (self.world.clocks[name].now() for name in (caller, server))
        off = datetime.fromisoformat(theirs) - datetime.fromisoformat(ours)
        if abs(off.total_seconds()) > BRIDGED:
            return ClockOff(f"{caller}'s clock says {ours}, that of {server} {theirs}")
        return Refused(f"{server} does not take our signature: {wrong}", 401)

    def _signed(self, caller: str, server: str, request: Request) -> Request:
        if not self.gates:
            return request
        node = self.world.nodes[caller]
        nonce = self.world.entropy[caller](16)
        # A door that has just begun tells from when on it takes signatures.
        now = self.gates[server].time(node.clock.now())
        made = sign_request(request, server, node.signers.ed25519, now, nonce)
        return msgspec.structs.replace(request, headers=(*request.headers, *made))

    def _admitted(self, caller: str, server: str, request: Request) -> Recipient:
        if not self.gates:
            return Recipient("partner", caller, caller)
        node = self.world.nodes[server]
        gate = self.gates[server]
        found = gate.admit(request, node.trust.directory(), server, node.clock.now())
        assert found.name == caller
        return found

    def _twice(self, caller: str, server: str, request: Request, first: Response) -> Response:
        try:
            second = self.deliver(caller, server, request)
        except Refused:
            return first
        if self.gates:
            self.wrong.append(f"{server} answers one signature of {caller} twice: {request.path}")
        return self.world.faults.random.choice((first, second))

    def _replay(self) -> None:
        """Somebody sends once more what was on the wire before."""
        caller, server, request = self.world.faults.random.choice(self._asked)
        if {caller, server} & self.away or self.world.is_busy(server):
            return
        self.world.faults.counts["replay"] += 1
        try:
            self.deliver(caller, server, request)
        except AccordError:
            return
        if self.gates:
            self.wrong.append(f"{server} takes a replay of {caller}: {request.path}")

    def _spoiled(
        self, kind: str, caller: str, server: str, request: Request, answer: Response
    ) -> Response:
        chance, body = self.world.faults.random, answer.body
        where = (caller, server, request.path)
        earlier = self._earlier[where]
        listing = request.path == f"{PREFIX}/logs" or "/directory/" in request.path
        if listing:
            earlier.append(answer)
        if kind == "stale" and listing:
            return chance.choice(earlier)
        if "/tile/" in request.path and "/entries/" not in request.path:
            return answer
        if kind == "cut" and body:
            return msgspec.structs.replace(answer, body=body[: chance.randrange(len(body))])
        garbled = (caller, server) in self._garbled
        self._garbled.discard((caller, server))
        if kind == "garble" and body and not garbled and not request.path.endswith("checkpoint"):
            # Not twice in a row: who asks once more for an altered envelope gets it whole.
            self._garbled.add((caller, server))
            if request.path.endswith("/blobs") and chance.random() < 0.5:
                return msgspec.structs.replace(answer, body=_reversed(body))
            at = chance.randrange(len(body))
            data = body[:at] + bytes((body[at] ^ 1 << chance.randrange(8),)) + body[at + 1 :]
            return msgspec.structs.replace(answer, body=data)
        return answer

    def _keep(self, caller: str, server: str, request: Request, answer: Response) -> None:
        self.bytes[caller] += answer.body
        if request.path.endswith("/checkpoint") and answer.status in (200, 409):
            self._keep_note(server, answer.body)
        if not request.path.endswith("/blobs") or answer.status != 200:
            return
        at, body = 0, answer.body
        objects: set[str] = set()
        while at < len(body):
            count = int.from_bytes(body[at : at + 4], "big")
            envelope = body[at + 4 : at + 4 + count][SALT:]
            at += 4 + count
            if envelope and server not in self.world.bad:
                objects.add(self._keep_envelope(caller, server, envelope))
        if objects:
            self._check_receipts(caller, server, objects)

    def _keep_envelope(self, caller: str, server: str, envelope: bytes) -> str:
        opened = peek(envelope)
        header = opened.header
        self.sent.add((caller, server, header.object, digest(opened.body)))
        if SECRET.encode() in opened.body:
            self.wrong.append(f"{server} sends {caller} what is hidden in {header.object}")
        if header.origin != server and header.tlp not in ("CLEAR", "GREEN"):
            self.wrong.append(f"{server} relays {header.tlp} {header.object} to {caller}")
        if (header.origin, header.object) in self.world.oracle.recalled and header.origin == server:
            self.wrong.append(f"{server} sends {header.object} after its recall")
        return header.object

    def _keep_note(self, server: str, note: bytes) -> None:
        try:
            point = notes.peek(note)
        except AccordError:
            return
        if server not in self.world.bad and b"\n\n" in note:
            self.roots[server, point.origin, point.size].add(point.root)

    def _check_receipts(self, caller: str, server: str, objects: set[str]) -> None:
        with self.world.nodes[server].engine.connect() as connection:
            lines = connection.scalars(_LINES, {"who": f"partner:{caller}"})
            said = [msgspec.json.decode(bytes(line)) for line in lines]
        told = {line["object"] for line in said if line["decision"] != "no"}
        if objects - told:
            self.wrong.append(f"{server} sends {objects - told} to {caller} without a receipt")

    def _check_word(self, caller: str, server: str, request: Request) -> None:
        """What is cosigned is applied, tombstones too, for good: as another reader sees it."""
        if caller in self.world.bad or server in self.world.bad:
            return
        node = self.world.nodes[caller]
        directory = node.trust.directory()
        assert directory
        try:
            word = acknowledgements.read(request.body, directory, caller, history=True)
        except AccordError:
            return
        said = (caller, server, word.log)
        self.words[said] = max(word.size, self.words.get(said, 0))
        with node.engine.connect() as connection:
            row = connection.execute(_FOLLOW, {"p": server, "l": word.log}).one()
            applied = set(connection.scalars(_APPLIED, {"f": row.id}))
        if row.size < word.size:
            self.wrong.append(f"{caller} cosigns {word.size} of {server}, having {row.size}")
        left = applied & self.world.tombstones(server, word.log, word.size)
        if left:
            self.wrong.append(f"{caller} cosigns {word.size} of {server} and keeps {left}")


def _reversed(body: bytes) -> bytes:
    """The envelopes of an answer in another order."""
    items: list[bytes] = []
    at = 0
    while at < len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4], "big")
        items.append(body[at:end])
        at = end
    return b"".join(reversed(items))


class Wire:
    """`accord.flows.exchange.carrying.Carrier` of one node."""

    def __init__(self, network: Network, caller: str) -> None:
        self._network, self._caller = network, caller

    def send(self, partner: Partner, request: Request) -> Response:
        return self._network.send(self._caller, partner.name, request)
