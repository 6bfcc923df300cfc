"""Whoever delivers may be killed at any time; `make soak` kills it more often."""

from __future__ import annotations

import random
from pathlib import Path

from alerting_house import AlertHouse
from killed_alerts import deliver_killed, fill

from accord.wiring import Node


def test_once_in_the_database_and_at_least_once_on_the_wire(here: Node, tmp_path: Path) -> None:
    house = AlertHouse(here, tmp_path)
    try:
        fill(house, 40)
        ended = deliver_killed(house, 3, random.Random(), 20.0)
    finally:
        house.close()
    assert ended.killed == 3
    assert ended.states == {"sent": 40}
    assert set(ended.on_the_wire) == {f"{number}" for number in range(40)}
    assert ended.twice <= ended.killed, "at most what was on the wire when it was killed"
    again = sum(one.again for one in house.desk.outbox.letters("sent", 40))
    assert again >= ended.twice, "what may have come twice is counted"
