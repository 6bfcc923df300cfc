"""Which rooms the public finds at a node, in the order in which they are asked."""

from __future__ import annotations

import time
from collections.abc import Mapping

from accord.flows.outreach.checking.breaches import Watch
from accord.flows.outreach.checking.listing import snapshot
from accord.outreach.languages.catalogue import marked
from accord.web.public.alerts import AlertPages
from accord.web.public.appeals import AppealPages
from accord.web.public.check import CheckPages, served
from accord.web.public.home import Home
from accord.web.public.kept import Kept
from accord.web.public.lessons import LessonPages
from accord.web.public.lists import ListPages
from accord.web.public.reports import ReportPages
from accord.web.public.room import Room
from accord.web.public.subscribe import SubscribePages
from accord.web.public.whatsapp import WhatsAppHook
from accord.wiring import Node, outreaching
from accord.wiring.checking import CheckDesk
from accord.wiring.reporting import ReportDesk


def rooms(node: Node, environment: Mapping[str, str]) -> list[Room]:
    """The rooms of a node.

    Raises:
        Invalid: nobody said where the public finds it.
    """
    place = outreaching.place(environment)
    desk = outreaching.AlertDesk(node)
    check = CheckDesk(node)
    watch = Watch(check)
    kept = Kept(lambda: served(snapshot(check, watch)), time.monotonic)
    kept.start()
    links = [
        ("/check", marked("Is this dangerous? Check a link, a message or a number")),
        ("/learn", marked("Learn to see it: short lessons on what attackers do now")),
        ("/report", marked("Report a message that you do not trust")),
        ("/lists", marked("Lists that protect, for resolvers, filters and programs")),
        ("/alerts.atom", marked("Alerts as a feed (Atom)")),
        ("/alerts.json", marked("Alerts as a feed (JSON)")),
    ]
    more: list[Room] = []
    carrier = outreaching.carriers(node, environment).get("mail")
    if carrier is not None:
        links.insert(3, ("/subscribe", marked("Get alerts by mail")))
        zones = outreaching.zone
        more.append(SubscribePages(desk, carrier, place, zones, time.monotonic))
    secrets = outreaching.whatsapp_secrets(environment)
    if secrets is not None:
        more.append(WhatsAppHook(desk, *secrets))
    return [
        Home(node.me, links), CheckPages(kept), LessonPages(kept), AppealPages(check),
        ListPages(kept, node.me), AlertPages(desk, lambda: place), ReportPages(ReportDesk(node)),
        *more,
    ]  # fmt: skip
