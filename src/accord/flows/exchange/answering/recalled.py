"""Notices of recall, for each partner that got the object here or could have got it.

A partner asks with the digest of the last notice that it has: so it says, by its signed request,
that it has acted on all before, and nobody learns how many there are for others.
"""

from __future__ import annotations

import re

import msgspec

from accord.exchange.receipts import Line
from accord.flows.exchange.answering.asked import JSON, Asked, answer, not_understood
from accord.flows.exchange.answering.port import Told
from accord.flows.exchange.messages import Response
from accord.identity.markings import Tlp

MOST = 200
"""Notices in one answer."""
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""How a notice is named: by its SHA-256."""


class _Notices(msgspec.Struct, frozen=True):
    notices: list[bytes]
    more: bool


def notices(asked: Asked) -> Response:
    """The notices after the last one that the caller has, the oldest first.

    That each left is in the disclosure log, for good, before it does.
    """
    digest = asked.parameters("after").get("after", "")
    if digest and not DIGEST.fullmatch(digest):
        raise not_understood()
    answers, caller, now = asked.means.answers, asked.caller, asked.means.clock.now()
    if digest:
        answers.heard(caller.name, digest, now)
    found = answers.notices(caller.name, digest, MOST + 1)
    given = found[:MOST]
    if given:
        answers.record([_line(one, caller.label, now) for one in given])
    body = _Notices([one.statement for one in given], more=len(found) > MOST)
    return answer(msgspec.json.encode(body), JSON)


def _line(told: Told, recipient: str, now: str) -> Line:
    return Line(
        number=0,
        at=now,
        object=told.object,
        version="",
        tlp=Tlp(told.tlp).word,
        way="recall",
        recipient=recipient,
        decision="yes",
        rule="notice",
    )
