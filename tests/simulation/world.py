"""A partnership in one process: nodes, their clocks, their files, and what happens between them."""

from __future__ import annotations

import atexit
import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

import directories
import exchange_nodes
import nodes
from exchange_nodes import NOW
from msgspec.structs import replace
from simulation.disk import Disk
from simulation.faults import Crash, Faults
from simulation.network import Network
from simulation.oracle import Oracle
from sqlalchemy import Engine, text

from accord.core.clock import FixedClock
from accord.core.digests import digest
from accord.core.errors import AccordError
from accord.exchange.log.entries import Kind, read
from accord.flows.exchange import partners
from accord.flows.exchange.events import Event, Listeners
from accord.flows.exchange.following.sync import Means, Report, sync
from accord.identity.directory.trusted import Trusted
from accord.identity.gate import Gate
from accord.store import keys
from accord.store.exchange.high_water import FileHighWater, Mark
from accord.store.exchange.sharing import SqlSharing
from accord.store.exchange.trust import SqlTrust
from accord.wiring import Node, Settings

NAMES = ("australia", "india", "japan")
"""The partnership of most runs."""
ALL = exchange_nodes.NAMES
"""The whole one, of every tenth run."""
TRIES = 25
_CURSORS = text(
    "SELECT f.name, f.partner, f.log, f.size, f.cosigned, count(e.number) AS had,"
    " max(e.number) AS last"
    " FROM follow f LEFT JOIN followed_entry e ON e.follow_id = f.id GROUP BY f.id"
)
"""Put together once, like those below: that costs more than to run them."""
_FIRST = text(
    "SELECT e.data, e.number FROM entry e JOIN audience a ON a.id = e.audience_id"
    " WHERE a.log = :log AND e.number < :size"
)


class Clock:
    """A node's clock, perhaps wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.off = timedelta()

    def now(self) -> str:
        moment = self._world.moment + self.off
        return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


class HighWater:
    """The node's own, with a crash before and after it remembers."""

    def __init__(self, world: World, name: str, file: Path) -> None:
        self._world, self._name, self._kept = world, name, FileHighWater(file)

    def mark(self, log: str) -> Mark | None:
        return self._kept.mark(log)

    def keep(self, log: str, mark: Mark) -> None:
        self._world.crash_point(self._name, "crash at high-water")
        self._kept.keep(log, mark)
        self._world.crash_point(self._name, "crash at high-water")


class Trust(SqlTrust):
    """The node's own, which no other process changes: looked at again only after a change."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._seen: Trusted | None = None

    def trusted(self) -> Trusted | None:
        if self._seen is None:
            self._seen = super().trusted()
        return self._seen

    def replace(
        self,
        before: Trusted | None,
        after: Trusted,
        settings: Mapping[str, str] | None = None,
    ) -> bool:
        self._seen = None
        try:
            return super().replace(before, after, settings)
        finally:
            self._seen = None


class Ground:
    """What all runs of a process share: folders, engines and keys."""

    def __init__(self) -> None:
        where = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="accord-simulation-", dir=where))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.rings: dict[str, keys.Ring] = {}
        self.disks: dict[str, Disk] = {}
        self.templates: dict[tuple[int, str], Path] = {}
        self.trusts: dict[tuple[int, str], tuple[bytes, Trusted] | None] = {}
        for names in (NAMES, ALL):
            self._found(names)
        self.reference: Node = nodes.new_node(self.folder / "reference")
        self.reference.engine.dispose()
        shutil.copy(self.folder / "reference" / "accord.sqlite", self.folder / "reference-template")

    def _found(self, names: tuple[str, ...]) -> None:
        """A partnership of some, as the files with which a run begins."""
        folder, size = self.folder / str(len(names)), len(names)
        made = exchange_nodes.partnership(folder, names, FixedClock(NOW), seed="simulation")
        for name, node in made.items():
            self.rings[name] = node.ring
            node.trust.trusted()
            self.trusts[size, name] = node.trust._read
            disk = Disk(name, node.settings.home, node.engine)
            node.engine.dispose()
            self.templates[size, name] = folder / f"{name}-template"
            disk.copy(self.templates[size, name])
            self.disks[name] = disk

    def clean_reference(self) -> Node:
        """An empty node that is in no partnership."""
        home = self.folder / "reference"
        engine = self.reference.engine
        engine.dispose()
        for name in ("accord.sqlite-wal", "accord.sqlite-shm"):
            (home / name).unlink(missing_ok=True)
        shutil.copyfile(self.folder / "reference-template", home / "accord.sqlite")
        self.reference = Node(Settings(home))
        self.reference.__dict__["engine"] = engine
        return self.reference


@cache
def ground() -> Ground:
    made = Ground()
    # What is there now stays: the collector of cycles need not look at it after every run.
    gc.collect()
    gc.freeze()
    return made


class World:
    """One run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.names = ALL if seed % 10 == 3 else NAMES
        self.ground = ground()
        self.faults = Faults(Random(f"faults {seed}"))
        self.moment = datetime.fromisoformat(NOW)
        self.trace: list[str] = []
        self.oracle = Oracle(self.names)
        self.bad: set[str] = set()
        self.entropy = {name: exchange_nodes.entropy(f"{seed}/{name}") for name in self.names}
        self.clocks = {name: Clock(self) for name in self.names}
        self.rings = dict(self.ground.rings)
        self.heard: dict[str, list[Event]] = {name: [] for name in self.names}
        self.network = Network(self)
        self.nodes: dict[str, Node] = {}
        self._busy: list[str] = []
        size = len(self.names)
        self._trusts = {name: self.ground.trusts[size, name] for name in self.names}
        for name in self.names:
            disk = self.ground.disks[name]
            disk.faults = self.faults
            disk.may_crash = self._may_crash(name)
            (disk.home / "log-state.json").unlink(missing_ok=True)
            disk.replace(self.ground.templates[size, name])
            self._open(name)

    def close(self) -> None:
        for name in self.names:
            self.ground.disks[name].faults = None
            self.ground.disks[name].engine.dispose()

    @staticmethod
    def digest(body: bytes) -> str:
        return digest(body)

    def tell(self, what: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.moment.isoformat()[5:19]} {what}")

    def pass_time(self, seconds: float) -> None:
        """Time goes on; somebody confirms the directory every few days."""
        end = self.moment + timedelta(seconds=seconds)
        while self.moment < end:
            self.moment = min(end, self.moment + timedelta(days=4))
            if seconds > 86400:
                with self.faults.none():
                    for name in self.names:
                        if name not in self.network.away and not self.is_busy(name):
                            self.confirm(name)

    def confirm(self, name: str) -> None:
        """A node extends the directory's dates, or takes newer files of the others."""
        node = self.nodes[name]
        try:
            partners.refresh(node.trust, self.rings[name].all(), node.clock.now(), alone=False)
            for other in self.names:
                if other != name and other not in self.network.away:
                    trusted = self.nodes[other].trust.trusted()
                    assert trusted
                    offered = directories.offering(trusted.files)
                    partners.update_from(node.trust, offered, node.clock.now())
        except AccordError as wrong:
            self.tell(f"{name} cannot confirm the directory: {wrong}")

    def renew(self) -> None:
        """Where everybody was silent for too long, a person extends the directory alone."""
        for name in self.names:
            node = self.nodes[name]
            trusted = node.trust.trusted()
            assert trusted
            if trusted.expires <= node.clock.now():
                self.tell(f"{name} extends the directory alone")
                partners.refresh(node.trust, self.rings[name].all(), node.clock.now(), alone=True)
                for other in self.names:
                    if other != name:
                        self.confirm(other)

    def sizes(self, name: str) -> dict[str, int]:
        """How long a node's logs are, and how many notices of recall it has for others."""
        query = (
            "SELECT a.log, h.size FROM audience a JOIN head h ON h.audience_id = a.id"
            " UNION ALL SELECT 'notices', count(*) FROM notice"
        )
        with self.nodes[name].engine.connect() as connection:
            return {row.log: row.size for row in connection.exec_driver_sql(query)}

    def offered(self, name: str, to: str) -> object:
        """What a node has for another: its logs as it lists them, and its last notice of recall."""
        answers = self.nodes[name].answers
        return {log.log: log.size for log in answers.logs(to)}, answers.newest_notice(to)[0]

    def _open(self, name: str) -> None:
        disk = self.ground.disks[name]
        node = Node(Settings(disk.home), self.clocks[name])
        node.__dict__["engine"] = disk.engine
        mark = HighWater(self, name, disk.home / "log-state.json")
        node.__dict__["sharing"] = SqlSharing(disk.engine, mark, self.entropy[name])
        node._ring = self.rings[name]
        node.__dict__["trust"] = Trust(disk.engine)
        node.trust._read = self._trusts[name]
        self.nodes[name] = node
        if self.network.gates:
            self.network.gates[name] = Gate(node.clock.now(), node.people)

    def gated(self) -> None:
        """From now on every request is signed, and admitted by its signature."""
        for name, node in self.nodes.items():
            early = f"{(self.moment - timedelta(minutes=5)).isoformat()[:19]}.000000Z"
            self.network.gates[name] = Gate(early, node.people)

    def reopen(self, name: str) -> None:
        """A node begins again from the files that a crash has left."""
        self.tell(f"  {name} begins again")
        self._trusts[name] = self.nodes[name].trust._read
        self.ground.disks[name].restart()
        self._open(name)
        self.cursor(name)

    def again(self, name: str) -> None:
        """A node begins again from the files that are there."""
        self._trusts[name] = self.nodes[name].trust._read
        self._open(name)

    def cursor(self, name: str) -> None:
        """A size is never ahead of the entries that were applied, nor behind what was cosigned."""
        sizes: dict[tuple[str, str], int] = {}
        with self.nodes[name].engine.connect() as connection:
            for row in connection.execute(_CURSORS):
                last = -1 if row.last is None else row.last
                assert (row.had, last + 1) == (row.size, row.size), (name, row)
                assert row.cosigned <= row.size, (name, row)
                sizes[row.partner, row.log] = row.size
        for (caller, server, log), said in self.network.words.items():
            forgotten = caller == name and sizes.get((server, log), 0) < said
            assert not forgotten, f"{name} has forgotten that it cosigned {said} of {server}"

    def _may_crash(self, name: str) -> Callable[[], bool]:
        return lambda: self._busy.count(name) == 1

    def crash_point(self, name: str, kind: str) -> None:
        """Here a node may be killed."""
        if self._busy.count(name) == 1 and self.faults.strikes(kind):
            raise self.ground.disks[name].crash(kind)

    def is_busy(self, name: str) -> bool:
        return name in self._busy

    @contextmanager
    def busy(self, name: str) -> Iterator[None]:
        """A node is in the middle of something."""
        self._busy.append(name)
        try:
            yield
        finally:
            self._busy.pop()

    def means(self, name: str) -> Means:
        return replace(
            self.nodes[name].syncing,
            carrier=self.network.carrier(name),
            listeners=Listeners((self.heard[name].append,)),
            workers=False,
        )

    def sync(self, name: str, source: str) -> Report | None:
        """One node asks another, once; None where it was killed meanwhile."""
        with self.busy(name):
            try:
                report = sync(source, self.means(name))
            except Crash as crash:
                if crash.name != name:
                    raise
                self.reopen(name)
                return None
            except AccordError as wrong:
                self.tell(f"  {name} < {source}: {wrong}")
                return None
        what = report.failed or "; ".join(
            f"{log.name} {log.applied}/{log.size} +{log.new} -{log.recalled}"
            f"{' quarantined ' + str(log.quarantined) if log.quarantined else ''}"
            f"{' STOPPED ' + log.stopped if log.stopped else ''}{log.failed and ' ' + log.failed}"
            for log in report.logs
        )
        self.tell(f"  {name} < {source}: {what}")
        return report

    def surely(self, name: str, act: Callable[[Node], object]) -> object:
        """What a person does is done again until it is done."""
        for tries in range(TRIES):
            if tries > TRIES // 2:
                with self.faults.none():
                    return self._once(name, act)[1]
            done, result = self._once(name, act)
            if done:
                return result
        raise AssertionError("unreachable")

    def _once(self, name: str, act: Callable[[Node], object]) -> tuple[bool, object]:
        with self.busy(name):
            try:
                return True, act(self.nodes[name])
            except Crash as crash:
                if crash.name != name:
                    raise
                self.reopen(name)
            except AccordError as wrong:
                if not self.faults.armed:
                    raise
                self.tell(f"  {name} is told: {wrong}")
        return False, None

    @contextmanager
    def calm(self) -> Iterator[None]:
        """For a while nothing goes wrong and everybody is there."""
        apart, away = self.network.apart, self.network.away
        self.network.apart, self.network.away = set(), set()
        try:
            with self.faults.none():
                yield
        finally:
            self.network.apart, self.network.away = apart, away

    def quietly(self, name: str, source: str) -> bool:
        """A sync that nothing disturbs, before somebody's membership changes; whether it went."""
        with self.calm():
            report = self.sync(name, source)
        return report is not None and report.good

    def tombstones(self, server: str, log: str, size: int) -> set[int]:
        """The entries of a log that its first entries name as taken back."""
        with self.nodes[server].engine.connect() as connection:
            rows = connection.execute(_FIRST, {"log": log, "size": size}).all()
        entries = [read(bytes(row.data), row.number) for row in rows]
        return {one.target for one in entries if one.kind is not Kind.COMMITMENT}
