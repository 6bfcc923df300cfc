"""What the public sees of alerts: whether a code is genuine, the feeds, and one message.

Law (one egress): what is shown was decided on for the public just then, its receipts kept first.
"""

from __future__ import annotations

import re
from typing import Final

from accord.exchange.release import Way
from accord.flows.outreach.alerting import egress
from accord.flows.outreach.alerting.port import Desk
from accord.identity.markings import Tlp
from accord.identity.recipients import PUBLIC
from accord.outreach.alerts import model
from accord.outreach.alerts.model import Alert

MOST: Final = 50
"""Messages in a feed."""
_IDENTIFIER = re.compile(r"([0-9A-Z]{4}-[0-9A-Z]{4})-([1-9][0-9]{0,3})")


def genuine(desk: Desk, code: str) -> list[Alert]:
    """Every public message with a code as somebody typed it, the newest first; none: it is none."""
    read = model.read_code(code)
    if not read:
        return []
    thread = [one.alert for one in desk.alerts.thread(read) if one.state == "released"]
    return _public(desk, thread[::-1], Way.PAGE)


def newest(desk: Desk) -> list[Alert]:
    """The newest public messages."""
    found = [one.alert for one in desk.alerts.all() if one.state == "released"]
    clear = [one for one in found if one.tlp is Tlp.CLEAR]
    clear.sort(key=lambda one: (one.sent, one.identifier), reverse=True)
    return _public(desk, clear[:MOST], Way.FEED)


def one(desk: Desk, identifier: str) -> Alert | None:
    """A public message by its identifier."""
    match = _IDENTIFIER.fullmatch(identifier)
    if match is None:
        return None
    found = [
        one.alert
        for one in desk.alerts.thread(match[1])
        if one.state == "released" and one.alert.identifier == identifier
    ]
    return next(iter(_public(desk, found, Way.OBJECT)), None)


def _public(desk: Desk, alerts: list[Alert], way: Way) -> list[Alert]:
    answers = [egress.judge(desk, one, [PUBLIC.label], way)[0] for one in alerts]
    if answers:
        desk.outbox.record([one.line for one in answers])
    return [alert for alert, said in zip(alerts, answers, strict=True) if said.given]
