"""How long one alert takes that is matched to a million subscribers and queued.

Run: python benchmarks/alerts.py [subscribers]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from accord.exchange.notes.building import Draft
from accord.flows import notes
from accord.flows.outreach.alerting.draft import Wanted, draft, follow
from accord.flows.outreach.alerting.release import release
from accord.identity.markings import Tlp
from accord.store import database
from accord.store.schema import METADATA
from accord.wiring import Node, Settings
from accord.wiring.outreaching import AlertDesk, zone
from accord.wiring.sealing import addresses

SUBSCRIBERS = 1_000_000
BOUND = 30.0
"""Seconds that one release may take."""
SEED = 20_261_124
ZONES = ("UTC", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney", "America/New_York")
SECTORS = ("energy", "water", "health", "finance")
NOW = "2026-11-24T00:00:00.000000Z"


def fill(node: Node, count: int) -> int:
    """Subscribers, most of whom want the sector that is alerted; gives how many do."""
    rng = random.Random(SEED)
    vault = addresses(node)
    wanted = 0
    topics: list[tuple[str, int]] = []

    def subscriptions() -> Iterator[Sequence[object]]:
        nonlocal wanted
        for number in range(1, count + 1):
            mine = {"sector:energy"} if rng.random() < 0.9 else {f"sector:{rng.choice(SECTORS)}"}
            mine |= {f"region:{rng.choice('abcdef')}"}
            wanted += "sector:energy" in mine
            topics.extend((one, number) for one in mine)
            to = f"s{number}@example.org"
            sealed, name = vault.seal("mail", to), vault.name("mail", to)
            yield (number, number, "mail", sealed, "en", "public", "active", 0, 0,
                   rng.randrange(len(ZONES)) + 1, "", "", NOW, name)  # fmt: skip

    with database.writing(node.engine) as connection:
        rhythms = [
            (number, name, 22 * 60, 7 * 60, False, False, "")
            for number, name in enumerate(ZONES, 1)
        ]
        columns: Sequence[str]
        columns = ("id", "zone", "quiet_from", "quiet_to", "digest", "override", "due")
        insert(connection, "rhythm", columns, rhythms)
        people = ((n, f"token{n}", NOW, "") for n in range(1, count + 1))
        insert(connection, "subscriber", ("id", "token", "created", "ended"), people)
        columns = ("id", "subscriber_id", "channel", "address", "language", "recipient", "state",
                   "floor", "cap", "rhythm_id", "secret", "expires", "created",
                   "address_name")  # fmt: skip
        insert(connection, "subscription", columns, subscriptions())
        insert(connection, "subscription_topic", ("topic", "subscription_id"), topics)
    return wanted


def insert(
    connection: Connection, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Rows at the speed of the database."""
    database.insert(connection, METADATA.tables[name], columns, rows)


def main() -> int:
    """Fill a node, time a release and its update, and compare with the bound."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SUBSCRIBERS
    with tempfile.TemporaryDirectory() as folder:
        node = Node(Settings(Path(folder)))
        node.create()
        desk = AlertDesk(node)
        expected = fill(node, count)
        made = Draft(kind="incident", title="t", text="x", sectors=("energy",), tlp=Tlp.CLEAR)
        name = notes.write(made, node, "")
        kept = draft(desk, Wanted(source="incident", name=name, person="P"))
        worst = 0.0
        for word in ("alert", "update"):
            if word == "update":
                time.sleep(1.1)  # two messages of one alert are a second apart
                follow(desk, kept.alert.code, "update", "P")
            began, used = time.perf_counter(), time.process_time()
            done = release(desk, kept.alert.code, "P", zone)
            wall, cpu = time.perf_counter() - began, time.process_time() - used
            assert done.matched.queued == expected, done.matched
            worst = max(worst, wall)
            print(f"{word}: {count:,} subscribers, {expected:,} queued: {wall:.1f} s ({cpu:.1f} s)")
        size = (Path(folder) / database.FILE).stat().st_size / 1e6
        print(f"the database holds {size:,.0f} MB")
        node.engine.dispose()
    if count == SUBSCRIBERS and worst > BOUND:
        print(f"more than {BOUND:.0f} s")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
