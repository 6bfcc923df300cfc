"""What clients and the public may see, as STIX bundles of the bytes that are kept.

Nothing tells how much there is that may not be seen: there are no counts, and a page goes on from
the last object that it showed.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby, islice
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec.structs import replace

from accord.exchange.receipts import Line
from accord.exchange.release import Decision, Subject, Way, decide
from accord.flows.exchange.answering.asked import Asked, answer, not_here, not_understood
from accord.flows.exchange.answering.lines import line
from accord.flows.exchange.answering.port import Kept
from accord.flows.exchange.answering.subjects import STIX, Subjects, body_of
from accord.flows.exchange.messages import PREFIX, Response
from accord.identity.markings import Tlp

MOST = 100
"""Objects of one page, and versions of one object."""
LARGEST = 16 << 20
"""Bytes of objects after which a page ends, however few they are."""
_AT_ONCE = 200
_KIND = f"{STIX};version=2.1"
_LIMIT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,8000}", re.ASCII)
_BEGIN = ("", "")


class Shown(msgspec.Struct, frozen=True):
    """One object as the caller may see it."""

    kept: Kept
    body: bytes


def listing(asked: Asked) -> Response:
    """A page of what the caller may see, by identifier and version."""
    given = asked.parameters("limit", "next")
    limit = _limit(given.get("limit", str(MOST)))
    place = _place(given["next"]) if "next" in given else _BEGIN
    view = _View(asked, Way.LIST)
    shown, full = view.page(place, limit)
    asked.means.answers.record(view.lines)
    response = _bundle(shown)
    if not full:
        return response
    link = f'<{PREFIX}/objects?limit={limit}&next={_token(shown[-1].kept)}>; rel="next"'
    return replace(response, headers=(*response.headers, ("link", link)))


def one(asked: Asked) -> Response:
    """Every version of one object that the caller may see, the newest first."""
    view = _View(asked, Way.OBJECT)
    shown = view.versions(asked.rest)
    asked.means.answers.record(view.lines)
    if not shown:
        raise not_here()
    return _bundle(shown)


def _limit(text: str) -> int:
    if not _LIMIT.fullmatch(text):
        raise not_understood()
    return min(int(text), MOST)


def _token(kept: Kept) -> str:
    """Where a page ends: an object that the caller was shown, so that it tells nothing new."""
    return urlsafe_b64encode(msgspec.json.encode((kept.object, kept.version))).decode().rstrip("=")


def _place(token: str) -> tuple[str, str]:
    if not _TOKEN.fullmatch(token):
        raise not_understood()
    try:
        data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        place = msgspec.json.decode(data, type=tuple[str, str])
    except (ValueError, msgspec.DecodeError) as wrong:
        raise not_understood() from wrong
    if not all(text.isprintable() for text in place):
        raise not_understood()
    return place


def _bundle(shown: Sequence[Shown]) -> Response:
    """The bytes of each object, unchanged, side by side in a bundle (STIX 2.1, section 8)."""
    objects = b",".join([one.body for one in shown])
    name = uuid5(NAMESPACE_URL, sha256(objects).hexdigest())
    head = f'{{"type":"bundle","id":"bundle--{name}"'.encode()
    body = head + (b',"objects":[' + objects + b"]}" if shown else b"}")
    return answer(body, _KIND)


def _same(kept: Kept) -> tuple[str, str]:
    return kept.object, kept.version


class _View:
    """What one caller may see, with the decisions that were taken on the way."""

    def __init__(self, asked: Asked, way: Way) -> None:
        self.lines: list[Line] = []
        self._asked, self._way = asked, way
        self._me, self._now = asked.means.trust.me(), asked.means.clock.now()
        self._subjects = Subjects(asked.means.around(), self._decide)

    def page(self, place: tuple[str, str], limit: int) -> tuple[list[Shown], bool]:
        """So many objects past a place, and whether the page is full.

        What bears a marking that nobody of the caller's kind may see is not looked at: that is
        no decision about it.
        """
        shown: list[Shown] = []
        room = LARGEST
        for group in self._groups(place):
            found = self._first(group)
            if found is None:
                continue
            shown.append(found)
            room -= len(found.body)
            if len(shown) == limit or room <= 0:
                return shown, True
        return shown, False

    def versions(self, name: str) -> list[Shown]:
        """The versions of one object that show, the newest first."""
        kept = self._asked.means.answers.versions(name, _AT_ONCE)
        stix = [one for one in kept if one.media.startswith(STIX)]
        self._subjects.learn(stix)
        groups = islice(groupby(stix, _same), MOST)
        found = (self._first(list(group)) for _, group in groups)
        return [one for one in found if one]

    def _groups(self, place: tuple[str, str]) -> Iterator[list[Kept]]:
        """Copies of each version of each object past a place; several origins may have one."""
        caller = self._asked.caller
        most = min(caller.tlp, Tlp.AMBER) if caller.kind == "client" else Tlp.CLEAR
        while True:
            found = self._asked.means.answers.page(int(most), place, _AT_ONCE)
            self._subjects.learn(found)
            groups = [list(group) for _, group in groupby(found, _same)]
            if len(found) == _AT_ONCE and len(groups) > 1:
                groups.pop()  # it may go on past what was read
            # Of several markings the strictest counts, which may be past what the page is of.
            yield from ([kept for kept in group if kept.tlp <= most] for group in groups)
            if len(found) < _AT_ONCE:
                return
            place = _same(groups[-1][0])

    def _first(self, group: list[Kept]) -> Shown | None:
        """Of several origins' copies of one version: this node's own, else the first by name."""
        for kept in sorted(group, key=lambda kept: kept.origin != self._me):
            envelope = self._asked.means.answers.envelopes({kept.id}).get(kept.id, b"")
            if not envelope:
                continue
            body = body_of(kept, envelope)
            decision = self._decide(self._subjects.of(kept, body))
            shows = decision.outcome != "no"
            digest = sha256(decision.body).hexdigest() if shows else ""
            label, outcome = self._asked.caller.label, decision.outcome
            self.lines.append(
                line(kept, self._now, self._way, label, outcome, decision.rule, digest)
            )
            if shows:
                return Shown(kept, decision.body)
        return None

    def _decide(self, subject: Subject) -> Decision:
        return decide(subject, self._asked.caller, self._way, None, self._me, self._now)
