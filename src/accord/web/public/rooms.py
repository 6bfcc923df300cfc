"""Which rooms the public finds at a node, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping

from accord.web.public.alerts import AlertPages
from accord.web.public.home import Home
from accord.web.public.reports import ReportPages
from accord.web.public.room import Room
from accord.wiring import Node, outreaching
from accord.wiring.reporting import ReportDesk


def rooms(node: Node, environment: Mapping[str, str]) -> list[Room]:
    """The rooms of a node.

    Raises:
        Invalid: nobody said where the public finds it.
    """
    place = outreaching.place(environment)
    desk = outreaching.AlertDesk(node)
    links = [
        ("/report", "Report a message that you do not trust"),
        ("/alerts.atom", "Alerts as a feed (Atom)"),
        ("/alerts.json", "Alerts as a feed (JSON)"),
    ]
    return [Home(node.me, links), AlertPages(desk, lambda: place), ReportPages(ReportDesk(node))]
