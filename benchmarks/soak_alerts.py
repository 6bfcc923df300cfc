"""The outbox with its sender killed again and again: each message once in the database, at least
once on the wire.

Run: python benchmarks/soak_alerts.py [kills]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import sharing
from alerting_house import AlertHouse
from exchange_nodes import HandClock
from killed_alerts import deliver_killed, fill


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    count = kills * 15
    with tempfile.TemporaryDirectory() as place:
        node = sharing.house(Path(place) / "node", clock=HandClock())
        house = AlertHouse(node, Path(place))
        fill(house, count)
        began = time.monotonic()
        ended = deliver_killed(house, kills, random.Random(), 30.0)
        house.close()
        assert ended.states == {"sent": count}, ended.states
        assert set(ended.on_the_wire) == {f"{number}" for number in range(count)}
        again = sum(one.again for one in house.desk.outbox.letters("sent", count))
        print(
            f"{count:,} messages, killed {ended.killed} of {kills} times: each once in the"
            f" database, all on the wire, {ended.twice} twice, {again} counted as perhaps twice;"
            f" {time.monotonic() - began:.0f} s"
        )
        node.engine.dispose()


if __name__ == "__main__":
    main()
