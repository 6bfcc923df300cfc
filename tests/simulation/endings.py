"""What comes last in some runs: an old backup, damaged files, clocks that are years off."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import nodes
import sharing
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]
from simulation.plans import Plan
from simulation.world import World
from sqlalchemy.exc import DBAPIError

from accord.core.errors import AccordError
from accord.exchange.envelope import peek
from accord.exchange.log.entries import SALT, Kind, commitment, read
from accord.flows.exchange.messages import PREFIX, Request
from accord.identity.directory import edits, proposals
from accord.identity.keys import signer_of
from accord.identity.recipients import Recipient
from accord.store import keys


def rotate(world: World) -> None:
    """A node's key is laid down for a new one; the directory says so, signed by all."""
    name = world.random.choice(world.names)
    # What is sealed in the very moment in which a key is laid down does not count under it.
    world.pass_time(1)
    secret = Ed25519PrivateKey.from_private_bytes(sha256(f"{world.seed}".encode()).digest())
    new = signer_of(CryptoSigner(secret))
    node = world.nodes[name]
    for other in world.names:
        with world.faults.none():
            world.confirm(other)
    trusted = node.trust.trusted()
    record = trusted and trusted.directory.partner(name)
    if not trusted or not record:
        return
    now = node.clock.now()
    changed = edits.rotated(record, [new.key()], now, compromised=False, why="")
    ring = keys.Ring([*world.rings[name].all(), new])
    signers = [*ring.all(), *(s for o in world.names if o != name for s in world.rings[o].all())]
    partners = edits.replaced(trusted.directory, changed)
    proposal = proposals.propose(
        trusted, trusted.charter, partners, by=name, why="a new key", now=now
    )
    for one in world.names:
        own = ring.all() if one == name else world.rings[one].all()
        proposal = proposals.sign(trusted, proposal, own)
    made = proposals.publish(trusted, proposals.review(trusted, proposal, now), signers, now)
    world.rings[name] = ring
    node._ring = ring
    with world.faults.none():
        assert node.trust.replace(trusted, made)
    world.tell(f"{name} has a new key")
    world.faults.counts["key rotated"] += 1


def old_backup(world: World, plan: Plan) -> None:
    """A node that was restored from an old backup signs no second log of its name."""
    name = world.random.choice(world.names)
    disk = world.ground.disks[name]
    backup, mark = disk.home.parent / f"{name}-backup", disk.home / "log-state.json"
    disk.copy(backup)
    old_mark = mark.read_bytes() if mark.exists() else None
    before = _sizes(world, name)
    for _ in range(4):
        plan.share(name)
    _all_ask(world, name)
    # A log that the backup has never heard of has another name when it is made again.
    seen = _seen(world, name)
    grew = {log for log, size in before.items() if seen.get(log, 0) > size}
    disk.replace(backup)
    world.faults.counts["old backup"] += 1
    whole = world.random.random() < 0.5
    if whole and old_mark is not None:
        mark.write_bytes(old_mark)
    elif whole:
        mark.unlink(missing_ok=True)
    world.again(name)
    world.tell(f"{name} is restored from an old backup, {'with' if whole else 'without'} its file")
    if not whole:
        _signs_nothing_forgotten(world, name)
    if world.random.random() < 0.5:
        _goes_on(world, name)
    _all_ask(world, name, surely=False)
    _no_fork(world)
    if grew:
        assert world.nodes[name].sharing.sealed(), f"{name} does not notice that it is old: {grew}"
        with world.nodes[name].engine.connect() as connection:
            evidence = connection.exec_driver_sql("SELECT count(*) FROM evidence").scalar()
        assert evidence


def _all_ask(world: World, name: str, *, surely: bool = True) -> None:
    """Everybody asks one node; `surely`: and gets what there is."""
    for other in world.names:
        if other == name:
            continue
        if surely:
            assert world.quietly(other, name)
        else:
            world.pass_time(1)
            with world.calm():
                world.sync(other, name)


def _signs_nothing_forgotten(world: World, name: str) -> None:
    """Its file knows how far each log had been signed, before anybody has to say so."""
    node = world.nodes[name]
    for log, size in _sizes(world, name).items():
        mark = node.sharing._high_water.mark(log)
        if mark is None or mark.size <= size:
            continue
        world.faults.counts["signed past the backup"] += 1
        note = b""
        with suppress(AccordError):
            note = node.notary.checkpoint(log)
        assert not note, f"{name} signs {size} entries of a log of which it had signed {mark.size}"
        assert node.sharing.sealed(), f"{name} goes on although its log {log} is old"


def _goes_on(world: World, name: str) -> None:
    """It shares something else, before anybody has asked."""
    body = sharing.indicator("after the backup")
    for one in world.nodes[name].sharing.audiences():
        with suppress(AccordError):
            sharing.give(world.nodes[name], one.name, body)


def _no_fork(world: World) -> None:
    for (server, origin, size), roots in world.network.roots.items():
        assert len(roots) == 1, f"{server} signed {len(roots)} logs {origin} of {size}"


def _sizes(world: World, name: str) -> dict[str, int]:
    return {one.log: one.size for one in world.nodes[name].sharing.audiences()}


def _seen(world: World, name: str) -> dict[str, int]:
    """How far anybody has followed the logs of a node."""
    most: dict[str, int] = {}
    for other in world.names:
        if other != name:
            for follow in world.nodes[other].following.logs(name):
                most[follow.log] = max(most.get(follow.log, 0), follow.size)
    return most


def flipped_bits(world: World, plan: Plan) -> None:
    """Damaged files: what is given out is what was committed to, or a loud error is."""
    del plan
    name = world.random.choice(world.names)
    disk, chance = world.ground.disks[name], world.faults.random
    with world.nodes[name].engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    disk.engine.dispose()
    file = disk.home / "accord.sqlite"
    places = _places(file) if chance.random() < 0.7 else []
    data = bytearray(file.read_bytes())
    for _ in range(3):
        at = data.find(chance.choice(places)) if places else -1
        at = chance.randrange(4096, len(data)) if at < 0 else at + chance.randrange(30)
        data[at] ^= 1 << chance.randrange(8)
    file.write_bytes(data)
    world.faults.counts["bits flipped"] += 3
    world.again(name)
    world.tell(f"{name}'s database has flipped bits")
    for other in world.names:
        if other != name:
            _honest_or_loud(world, name, other)
    _no_fork(world)


def _places(file: Path) -> list[bytes]:
    """Beginnings of what is kept: envelopes, bodies, tiles, entries."""
    with closing(sqlite3.connect(file)) as connection:
        found: list[bytes] = []
        for query in ("SELECT envelope FROM shared WHERE envelope IS NOT NULL",
                      "SELECT packed FROM body", "SELECT hashes FROM tile",
                      "SELECT data FROM entry", "SELECT checkpoint FROM head"):  # fmt: skip
            found += [bytes(row[0])[:64] for row in connection.execute(query) if row[0]]
        return [one for one in found if len(one) >= 30]


def _honest_or_loud(world: World, name: str, other: str) -> None:
    node, caller = world.nodes[name], Recipient("partner", other, other)
    try:
        audiences = node.sharing.audiences()
    except (AccordError, DBAPIError, sqlite3.Error, UnicodeDecodeError):
        return
    for one in audiences:
        try:
            rows = sharing.rows(node, one.name)
            wanted = [read(bytes(r.data), r.number) for r in rows]
        except (AccordError, DBAPIError, sqlite3.Error, UnicodeDecodeError):
            continue
        asked = [e.commitment for e in wanted if e.kind is Kind.COMMITMENT]
        paths = [Request("GET", f"{PREFIX}/logs/{one.log}/checkpoint")]
        if asked:
            body = b"".join(asked)
            paths.append(Request("POST", f"{PREFIX}/logs/{one.log}/blobs", body=body))
        for request in paths:
            try:
                answer = node.door.answer(caller, request)
            except (AccordError, DBAPIError, sqlite3.Error, UnicodeDecodeError):
                continue
            if answer.status != 200:
                continue
            if request.path.endswith("blobs"):
                _true(asked, answer.body)
            else:
                world.network._keep_note(name, answer.body)


def _true(asked: list[bytes], body: bytes) -> None:
    """Every envelope is what its commitment says."""
    at = 0
    for one in asked:
        count = int.from_bytes(body[at : at + 4], "big")
        data = body[at + 4 : at + 4 + count]
        at += 4 + count
        if data:
            assert commitment(data[:SALT], data[SALT:]) == one
            peek(data[SALT:])


def years_off(world: World, plan: Plan) -> None:
    """A clock that is ten years off: nothing is issued or taken by it; then nothing is missing."""
    name, sign = world.random.choice(world.names), world.random.choice((-1, 1))
    other = next(one for one in world.names if one != name)
    world.tell(f"{name}'s clock is ten years {'behind' if sign < 0 else 'ahead'}")
    world.faults.counts["clock off by ten years"] += 1
    plan.create(other)
    for _ in range(2):
        plan.share(other)
    clock = world.clocks[name]
    clock.off = timedelta(days=3652 * sign)
    before = _count(world, name)
    if sign > 0:
        _issues_nothing(world, name)
    with world.calm():
        report = world.sync(name, other)
    if sign > 0:
        assert report is None or not report.good, report
    assert _count(world, name) == before or sign < 0
    clock.off = timedelta()
    plan.settle()
    from simulation import checks  # noqa: PLC0415 - the two know each other

    checks.held(world, name)
    checks.documents(world, name, slack=True)


def _issues_nothing(world: World, name: str) -> None:
    node = world.nodes[name]
    (digest,) = nodes.give(node, [("x", sharing.bundle(sharing.indicator("years")))]).digests
    world.oracle.own[name].add(digest)
    for one in node.sharing.audiences():
        try:
            outcomes = sharing.shared(node, digest, one.name).outcomes
        except AccordError:
            continue
        assert all(o.what == "refused" for o in outcomes), "issued ten years ahead of its time"


def _count(world: World, name: str) -> int:
    with world.nodes[name].engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM document WHERE origin <> ''")
        return int(found.scalar() or 0)


ALL = (old_backup, flipped_bits, years_off)
