"""An object that is passed on and on, and recalled while not everybody can be told.

Somebody is cut off meanwhile, was taken out of the audience, got it altered or not at all, passes
it on although it was recalled, or knows it from its own people too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nodes
from simulation.oracle import Sealed
from simulation.plans import FAR, Plan
from simulation.things import KINDS, Thing
from simulation.world import World
from sqlalchemy import text

from accord.core.errors import AccordError
from accord.exchange.envelope import peek
from accord.exchange.log.entries import SALT
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing import audience, recall, share, wanted
from accord.flows.exchange.sharing.plan import Options
from accord.wiring import Node

_TRIES = 4
_KINDS = tuple(kind for kind in KINDS if kind not in ("sighting", "granular"))
"""Those that go on as they are: a sighting shows only where what was seen does."""


class Journey:
    """One object, from hand to hand."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.world, self.random = plan, plan.world, plan.random
        self.way = self.random.sample(self.world.names, len(self.world.names))
        """Who gets it from whom, its originator first."""
        self.item: Sealed | None = None
        last = len(self.way) - 1
        self.until = self.random.choice((*range(1, last), last, last, last))
        """So many have it, or should, when it is recalled."""

    @property
    def origin(self) -> str:
        return self.way[0]

    def go(self) -> None:
        """All of it."""
        if not self._begins():
            return
        self.world.faults.counts["went far"] += 1
        how = self.random.choice(("", "", "altered", "withheld", "never asked"))
        for at in range(1, self.until + 1):
            if not self._passed_on(at, how if at == self.until else ""):
                break
        self._happens()
        self._recalled()
        # Who has not heard of it may pass it on still.
        for at in range(self.until, len(self.way)):
            if not self._passed_on(at, ""):
                break
        for _ in range(3):
            self.plan.sync(self.random.choice(self.way))

    def _begins(self) -> bool:
        """Its originator shows it to the next one, and perhaps to somebody else too."""
        plan, owner = self.plan, self.origin
        to = self._room(0)
        thing = Thing(owner, len(plan.things[owner]), self.random.choice(_KINDS))
        plan.things[owner].append(thing)
        thing.next()
        tlp, expires = self.random.choice(("CLEAR", "GREEN")), "2026-06-30T00:00:00.000000Z"
        one = plan.oracle.audiences[owner, to]
        if not plan.show(owner, one, thing, tlp, expires, "") or not one.shown:
            return False
        self.item = one.shown[-1]
        return True

    def _room(self, at: int) -> str:
        """A new audience of who stands there: the next one, and perhaps the one after it."""
        owner, name = self.way[at], f"{FAR}{at}"
        members = [self.way[at + 1]]
        if len(self.way) > at + 2 and self.random.random() < 0.2:
            members.append(self.way[at + 2])
        self.world.tell(f"{owner} makes {name} of {members}")

        def act(node: Node) -> None:
            if node.sharing.audience(name) is None:
                audience.create(node.owner, name, members)

        self.world.surely(owner, act)
        self.plan.oracle.create(owner, name, members, everyone=False)
        return name

    def _passed_on(self, at: int, how: str) -> bool:
        """The next one asks for it, and passes it on; whether it went."""
        giver, taker = self.way[at - 1], self.way[at]
        if how == "never asked":
            return False
        if how:
            self.world.faults.counts[f"{how} at the recall"] += 1
            self.world.network.lies[giver] = self._spoils(taker, how)
        for _ in range(_TRIES):
            self.world.sync(taker, giver)
            if self._has(taker):
                break
        self.world.network.lies.pop(giver, None)
        return self._has(taker) and (at + 1 == len(self.way) or self._relays(at))

    def _relays(self, at: int) -> bool:
        name = self.way[at]
        assert self.item
        item = self.item
        known = (name, f"{FAR}{at}") in self.plan.oracle.audiences
        to = f"{FAR}{at}" if known else self._room(at)
        self.world.tell(f"{name} passes {item.object} on to {to}")

        def act(node: Node) -> Any:
            (outcome,) = share.share(
                node.sharer, wanted.find([item.object], node.holdings), to, Options()
            ).outcomes
            return outcome

        try:
            outcome: Any = self.world.surely(name, act)
        except AccordError as wrong:
            # It has heard of the recall, or its directory is of long ago.
            self.world.tell(f"  {wrong}")
            return False
        went = outcome.what in ("shared", "already shared")
        if went:
            self.world.faults.counts["passed on"] += 1
            # A newer version may have come by another log meanwhile: then that one went.
            if outcome.version != item.version:
                item = self.item = self._held(name, outcome.version)
            self.plan.oracle.share(name, to, item, self.world.clocks[name].now())
        return went

    def _held(self, name: str, version: str) -> Sealed:
        """Another version of it, as a node has it."""
        assert self.item
        edition = (*self.item.name, version)
        return min(
            (
                one.shown[at]
                for one in self.plan.oracle.audiences.values()
                for at in one.grants(name)
                if one.shown[at].edition == edition
            ),
            key=repr,
        )

    def _spoils(self, taker: str, how: str) -> Callable[[str, Request, Response], Response]:
        """On its way this object is altered, or it is not given."""
        assert self.item
        name = self.item.object

        def told(caller: str, request: Request, answer: Response) -> Response:
            if caller != taker or not request.path.endswith("/blobs") or answer.status != 200:
                return answer
            at, made = 0, b""
            while at < len(answer.body):
                end = at + 4 + int.from_bytes(answer.body[at : at + 4], "big")
                blob, at = answer.body[at + 4 : end], end
                if blob and peek(blob[SALT:]).header.object == name:
                    where = blob.index(b'"sig":"') + 12
                    other = b"A" if blob[where : where + 1] != b"A" else b"B"
                    altered = blob[:where] + other + blob[where + 1 :]
                    blob = altered if how == "altered" else b""
                made += len(blob).to_bytes(4, "big") + blob
            return Response(200, answer.headers, made)

        return told

    def _has(self, name: str) -> bool:
        assert self.item
        query = text("SELECT count(*) FROM shared WHERE origin = :o AND object = :n"
                     " AND state = 'live' AND envelope IS NOT NULL")  # fmt: skip
        named = {"o": self.item.origin, "n": self.item.object}
        with self.world.nodes[name].engine.connect() as connection:
            return bool(connection.scalar(query, named))

    def _happens(self) -> None:
        """Before it is recalled, somebody is cut off, or loses its place."""
        network, counts = self.world.network, self.world.faults.counts
        at = self.random.randrange(1, len(self.way))
        if self.random.random() < 0.5:
            network.away = {self.way[at]}
            counts["away at the recall"] += 1
        elif self.random.random() < 0.5:
            network.apart.add(frozenset((self.way[at - 1], self.way[at])))
            counts["cut off at the recall"] += 1
        if self.random.random() < 0.4:
            self._taken_out(self.random.randrange(1, len(self.way)))
        if self.random.random() < 0.2:
            self._given_by_its_people(self.way[-1])

    def _taken_out(self, at: int) -> None:
        owner, who, name = self.way[at - 1], self.way[at], f"{FAR}{at - 1}"
        if (owner, name) not in self.plan.oracle.audiences:
            return
        self.world.tell(f"{owner} takes {who} out of {name}")

        def out(node: Node) -> None:
            found = node.sharing.audience(name)
            if found and who in found.named():
                audience.remove(node.owner, name, who)

        self.world.surely(owner, out)
        self.plan.oracle.dismiss(owner, name, who)
        self.world.faults.counts["taken out at the recall"] += 1

    def _given_by_its_people(self, name: str) -> None:
        document = self.plan.things[self.origin][-1].documents[-1]
        self.world.tell(f"{name} is given it by its own people")
        self.world.surely(name, lambda node: nodes.give(node, [("theirs.json", document)]))
        self.plan.oracle.own[name].add(self.world.digest(document))
        self.plan.given[name].append(document)

    def _recalled(self) -> None:
        assert self.item
        owner, name = self.origin, self.item.object
        self.world.tell(f"{owner} recalls {name}")
        now = self.world.clocks[owner].now()

        def act(node: Node) -> None:
            if (owner, name) not in node.sharing.known([name]).finals:
                recall.recall(node.recaller, name, "wrong")

        self.world.surely(owner, act)
        self.plan.oracle.release(owner, now)
        self.plan.oracle.recall(owner, name)


def far(world: World, plan: Plan) -> None:
    """One object goes far, and is recalled."""
    del world
    Journey(plan).go()
