"""A person releases an alert: kept as sent, its receipts stored, and queued for whoever wants it.

Law (a person): nothing is released by itself; whoever released a message stands beside it.
Law (one transaction): see `accord.flows.outreach.alerting.port.Alerts.release`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

import msgspec

from accord.flows.outreach.alerting import draft, egress
from accord.flows.outreach.alerting.egress import Withheld
from accord.flows.outreach.alerting.port import Desk, Kept, Matched
from accord.identity.markings import Tlp
from accord.identity.recipients import PUBLIC
from accord.outreach.alerts import model, rhythm

Zones = Callable[[str], tzinfo]
"""A time zone by its IANA name."""


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a release."""

    kept: Kept
    matched: Matched
    withheld: tuple[str, ...]
    """For whom it was not queued, each with the rule."""


def release(desk: Desk, code: str, person: str, zones: Zones) -> Released:
    """Release the draft of an alert.

    Raises:
        NotFound: no draft of this code waits.
        Invalid: it breaks a rule of alerts.
        Withheld: nobody at all may have it.
    """
    waiting = draft.waiting(desk, code)
    before = [one.alert for one in draft.one(desk, code) if one.state == "released"]
    now = desk.clock.now()
    alert = model.release(waiting.alert, before, now)
    answers = egress.judge(desk, alert, _asked(desk, alert))
    allowed = [one.recipient for one in answers if one.given]
    withheld = tuple(egress.why(one) for one in answers if not one.given)
    if not allowed:
        desk.outbox.record([one.line for one in answers])
        raise Withheld(
            f"{alert.identifier} stays here: {withheld[0] if withheld else 'nobody asked for it'}."
            " Mark what it was made of more mildly where that is yours to do, or draft it with"
            " another --tlp"
        )
    kept = msgspec.structs.replace(waiting, alert=alert, state="released", person=person)
    critical = alert.severity == model.CRITICAL
    dues = [
        (id_, rhythm.due(one, zones(one.zone), now, critical=critical))
        for id_, one in desk.alerts.rhythms()
    ]
    matched = desk.alerts.release(kept, [one.line for one in answers], allowed, dues)
    return Released(kept=kept, matched=matched, withheld=withheld)


def _asked(desk: Desk, alert: model.Alert) -> set[str]:
    """For whom release is asked: all who subscribe, and the public where it is for the public."""
    named = set(desk.alerts.recipients())
    if alert.tlp is Tlp.CLEAR:
        named.add(PUBLIC.label)
    return named
