"""What must hold once everything has settled."""

from __future__ import annotations

from simulation.oracle import Oracle, Sealed
from simulation.plans import Plan
from simulation.world import World
from sqlalchemy import text

from accord.exchange.log import merkle
from accord.flows.exchange.accounts import receipts
from accord.flows.exchange.sharing import recall
from accord.flows.prepare import packer, prepare
from accord.store.exchange import state

AT = "2026-03-01T09:00:00.000000Z"
_HELD = text(
    "SELECT s.origin, s.object, s.version, s.tlp, s.expires, s.release_at, d.digest, s.envelope"
    " FROM shared s LEFT JOIN shared_document d ON d.shared_id = s.id"
    " WHERE s.state = 'live' AND s.origin <> :me"
)
_WORDS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")

Row = tuple[str, ...]


def everything(world: World, plan: Plan, *, facts: bool = True) -> None:
    """All checks, on every node."""
    assert not world.network.wrong, world.network.wrong
    honest = [name for name in world.names if name not in world.bad]
    slack: dict[str, bool] = {}
    for name in honest:
        slack[name] = held(world, name)
        documents(world, name, slack=slack[name])
        logs(world, name)
        chains(world, name)
        remembered(world, name)
        recalled_nowhere(world, name)
        acknowledged(world, name)
        world.cursor(name)
    equal(world)
    one_log(world)
    nothing_leaked(world, plan)
    if facts:
        name = world.random.choice(honest)
        if not slack[name]:
            same_facts(world, plan, name)


def held(world: World, name: str) -> bool:
    """Just what the oracle says, byte for byte; tells whether something may be either way."""
    oracle, now = world.oracle, world.clocks[name].now()
    sure, maybe = oracle.held(name, now)
    with world.nodes[name].engine.connect() as connection:
        rows = connection.execute(_HELD, {"me": name}).all()
    real: set[Row] = set()
    for row in rows:
        assert row.envelope, (name, row.object)
        word = _word(row.tlp)
        real.add((*row[:3], word, *row[4:7]))
    wanted = {_row(one) for one in sure}
    allowed = wanted | {_row(one) for one in maybe}
    assert not wanted - real, f"{name} lacks {sorted(wanted - real)}"
    assert not real - allowed, f"{name} holds {sorted(real - allowed)}"
    return bool(maybe)


def _word(tlp: int) -> str:
    return _WORDS[tlp]


def _row(one: Sealed) -> Row:
    return (
        one.origin, one.object, one.version, one.tlp, one.expires, one.release_at, one.digest
    )  # fmt: skip


def expected(oracle: Oracle, name: str, now: str) -> dict[str, str]:
    """Digests of the documents that a node must have, and in whose name."""
    found: dict[str, str] = {}
    for one in oracle.held(name, now)[0]:
        found[one.digest] = min(found.get(one.digest, one.origin), one.origin)
    return found | dict.fromkeys(oracle.own[name], "")


def documents(world: World, name: str, *, slack: bool) -> None:
    """Documents are those of this node's people and those that are held, and no others."""
    wanted = expected(world.oracle, name, world.clocks[name].now())
    with world.nodes[name].engine.connect() as connection:
        rows = connection.execute(text("SELECT digest, origin FROM document")).all()
    real = {row.digest: row.origin for row in rows}
    if slack:
        assert wanted.items() <= real.items(), (name, wanted, real)
    else:
        assert wanted == real, (name, wanted.items() ^ real.items())


def logs(world: World, name: str) -> None:
    """Heads are roots of entries; every member of today has cosigned to the end."""
    node = world.nodes[name]
    with node.engine.connect() as connection:
        query = text("SELECT h.*, a.name, a.scope FROM head h JOIN audience a"
                     " ON a.id = h.audience_id")  # fmt: skip
        for row in connection.execute(query).all():
            data = connection.scalars(
                text("SELECT data FROM entry WHERE audience_id = :a ORDER BY number"),
                {"a": row.audience_id},
            )
            entries = [bytes(one) for one in data]
            assert (row.size, row.root) == (len(entries), merkle.root(merkle.leaves(entries)))
            members = world.oracle.audiences[name, row.name].since
            for member in members:
                query = text("SELECT max(size) FROM cosignature WHERE audience_id = :a"
                             " AND partner = :p")  # fmt: skip
                most = connection.scalar(query, {"a": row.audience_id, "p": member})
                if member not in world.bad:
                    assert (most or 0) == row.size, (name, row.name, member, most, row.size)
        recalled = {o for who, o in world.oracle.recalled if who == name}
        left = connection.execute(
            text("SELECT object, envelope FROM shared WHERE origin = :me"), {"me": name}
        )
        assert not [row.object for row in left if row.object in recalled and row.envelope]


def remembered(world: World, name: str) -> None:
    """The largest tree that was signed of each log stands in the file beside the database."""
    for (server, origin, size), roots in world.network.roots.items():
        if server == name and size:
            mark = world.nodes[name].high_water.mark(origin.rsplit("/", 1)[-1])
            assert mark, f"{name} does not remember that it signed {origin}"
            assert mark.size >= size, (name, origin, mark.size, size)
            assert mark.size > size or {bytes.fromhex(mark.root)} == roots, (name, origin)


def recalled_nowhere(world: World, name: str) -> None:
    """What its originator recalled is gone, by whatever ways it came; its own people's stays."""
    names = {
        item.digest: item.name
        for one in world.oracle.audiences.values()
        for item in (*one.shown, *one.waiting)
    }
    with world.nodes[name].engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT origin, object FROM shared WHERE state = 'live' OR envelope IS NOT NULL"
        )
        kept = {(row.origin, row.object) for row in rows}
        rows = connection.exec_driver_sql("SELECT digest FROM document WHERE origin <> ''")
        theirs = {names[row.digest] for row in rows if row.digest in names}
    assert not kept & world.oracle.recalled, f"{name} keeps {kept & world.oracle.recalled}"
    again = theirs & world.oracle.recalled
    assert not again, f"{name} keeps documents of {again}"


def acknowledged(world: World, name: str) -> None:
    """Everybody who could get what was recalled has said that it is gone."""
    for one in recall.status(world.nodes[name].recaller):
        could = any(seen.object == one.object for seen in world.oracle.ever[one.partner])
        assert one.acknowledged or not could or one.partner in world.bad, (name, one)


def equal(world: World) -> None:
    """Members that were granted the same of a log hold the same by it."""
    for (owner, name), one in world.oracle.audiences.items():
        found = world.nodes[owner].sharing.audience(name)
        assert found
        groups: dict[frozenset[int], list[str]] = {}
        for member in one.since:
            if member not in world.bad and owner not in world.bad:
                same_places(world, owner, found.log, member)
                groups.setdefault(frozenset(one.seen_by(member)), []).append(member)
        for members in groups.values():
            digests = {m: _log_hash(world, m, owner, found.log, members) for m in members}
            assert len(set(digests.values())) == 1, (owner, name, digests)


def _log_hash(world: World, member: str, owner: str, log: str, members: list[str]) -> str:
    with world.nodes[member].engine.connect() as connection:
        return state.log_hash(connection, owner, log, members)


_HERE = text(
    "SELECT e.number, s.digest FROM entry e JOIN audience a ON a.id = e.audience_id"
    " JOIN shared s ON s.id = e.shared_id WHERE a.log = :log"
)
_THERE = text(
    "SELECT e.number, s.digest FROM followed_entry e JOIN follow f ON f.id = e.follow_id"
    " JOIN shared s ON s.id = e.shared_id WHERE f.partner = :owner AND f.log = :log"
)


def same_places(world: World, owner: str, log: str, member: str) -> None:
    """The follower's tree is the owner's, and each entry stands for the same at both."""
    with world.nodes[owner].engine.connect() as connection:
        here = {row.number: row.digest for row in connection.execute(_HERE, {"log": log})}
        query = text("SELECT root FROM head h JOIN audience a ON a.id = h.audience_id"
                     " WHERE a.log = :log")  # fmt: skip
        root = connection.scalar(query, {"log": log})
    with world.nodes[member].engine.connect() as connection:
        named = {"owner": owner, "log": log}
        for row in connection.execute(_THERE, named):
            assert here[row.number] == row.digest, (owner, log, member, row.number)
        query = text("SELECT root FROM follow WHERE partner = :owner AND log = :log")
        assert connection.scalar(query, named) == root, (owner, log, member)


def chains(world: World, name: str) -> None:
    """The disclosure log is whole, and so is every partner's word."""
    found = receipts.verify(world.nodes[name].receipts, world.nodes[name].trust.directory())
    assert found.broken is None, (name, found)
    assert not found.wrong, (name, found)


def one_log(world: World) -> None:
    """No honest node has ever signed two different logs of one size."""
    for (server, origin, size), roots in world.network.roots.items():
        assert len(roots) == 1, f"{server} signed {len(roots)} logs {origin} of {size}"


def nothing_leaked(world: World, plan: Plan) -> None:
    """No byte of what a node may not see was ever in an answer to it."""
    for name in world.names:
        seen = bytes(world.network.bytes[name])
        allowed = {one.digest for one in world.oracle.ever[name]}
        objects = {one.object for one in world.oracle.ever[name]}
        for owner in world.names:
            for thing in plan.things[owner]:
                if owner == name or not thing.object or thing.object in objects:
                    continue
                assert thing.label.encode() not in seen, f"{name} was sent {thing.label}"
                assert thing.object.encode() not in seen, f"{name} was sent {thing.object}"
        for caller, server, digest, body in world.network.sent:
            if caller == name and server not in world.bad:
                assert body in allowed, f"{server} sent {name} {digest}, which it may not see"


def same_facts(world: World, plan: Plan, name: str) -> None:
    """The facts are those of a node that was simply given the same documents, in another order."""
    wanted = expected(world.oracle, name, world.clocks[name].now())
    bodies: dict[str, bytes] = {}
    for things in plan.things.values():
        for thing in things:
            for body in (*thing.beside, *thing.bodies, *thing.documents, *thing.redacted):
                bodies[world.digest(body)] = body
    node = world.ground.clean_reference()
    with node.intake.unit() as unit:
        for digest, origin in sorted(wanted.items(), reverse=True):
            ready = prepare("reference", bodies[digest], compressor=packer())
            unit.take([ready], AT, origin)
        unit.settle()
    assert node.views.state_hash() == world.nodes[name].views.state_hash(), name
