"""Delivering that is killed again and again, and what came over the wire meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import msgspec
from alerting_house import PLACE, TOKEN, AlertHouse

from accord.flows.outreach.alerting.port import Subscriber
from accord.outreach.alerts.model import topic


class Ended(msgspec.Struct, frozen=True):
    """How it ended."""

    killed: int
    """Processes that were killed before they were done."""
    states: dict[str, int]
    """Lines of the outbox by state."""
    on_the_wire: Counter[str]
    """How often each chat was written to."""

    @property
    def twice(self) -> int:
        """Messages that came more than once."""
        return sum(count - 1 for count in self.on_the_wire.values())


def fill(house: AlertHouse, count: int) -> None:
    """Subscribers by Telegram, each confirmed, and one alert for them."""
    desk = house.desk
    for number in range(count):
        one = Subscriber(channel="telegram", address=f"{number}", topics=(topic("all"),))
        desk.subscribers.subscribe(one, f"token{number}", f"{number}", "2999", house.clock.at)
        assert desk.subscribers.confirm(f"{number}", house.clock.at)
    house.alert()


def deliver_killed(house: AlertHouse, kills: int, chosen: random.Random, most: float) -> Ended:
    """Kill the delivering process so often, each after some of its messages; then let it end."""
    killed = 0
    for _ in range(kills):
        running = _begin(house)
        before, wanted = len(house.web.got), chosen.randrange(1, 12)
        until = time.monotonic() + most
        while len(house.web.got) < before + wanted and time.monotonic() < until:
            if running.poll() is not None:
                break
            time.sleep(0.002)
        if running.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
            killed += 1
        running.wait()
    last = _begin(house)
    assert last.wait(120) == 0, last.returncode
    wire = Counter(value["chat_id"] for _, value in house.web.got)
    return Ended(killed, house.counts(), wire)


def _begin(house: AlertHouse) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "accord", "alerts", "deliver", "--until-empty", "--lease", "1"]
    kept = {name: v for name, v in os.environ.items() if not name.startswith("ACCORD_")}
    environment = {
        **kept, "ACCORD_HOME": str(house.node.settings.home), "ACCORD_PUBLIC": PLACE.base,
        "ACCORD_TELEGRAM_TOKEN": TOKEN, "ACCORD_TELEGRAM_API": house.web.url,
        "ACCORD_ALERTS_INTERNAL": "yes",
    }  # fmt: skip
    return subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
