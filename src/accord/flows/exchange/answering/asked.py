"""What every answer is made from, and the answers that say no: the same bytes for the same refusal.

A refusal never names an object, an audience or a partner: to whoever may not see a thing, it looks
like one that does not exist.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import parse_qsl

import msgspec

from accord.core.clock import Clock
from accord.core.errors import AccordError
from accord.flows.exchange.answering.port import (
    Answers,
    Damaged,
    Evidence,
    Log,
    Notary,
    Surroundings,
    Trust,
)
from accord.flows.exchange.messages import Request, Response
from accord.flows.osv.port import Advisories
from accord.identity.partners import Directory
from accord.identity.recipients import Recipient

_LOG = logging.getLogger("accord.door")
JSON = "application/json"
NOTE = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
BRIEF = "private, no-store"
FOREVER = "private, max-age=31536000, immutable"


class Refused(AccordError):
    """The door says no. The text goes to the caller: it must name nothing that this node keeps."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status (RFC 9110, section 15)."""


def not_here() -> Refused:
    """Unknown, not yours, or not for you: one answer."""
    return Refused(404, "not found")


def not_understood() -> Refused:
    """The request breaks the protocol."""
    return Refused(400, "this is not a request of the protocol")


def too_large() -> Refused:
    """More than the protocol allows."""
    return Refused(413, "the request is too large")


def not_verified() -> Refused:
    """A statement that is not signed as it must be, or does not fit what is here."""
    return Refused(422, "the statement does not verify")


class Means(msgspec.Struct, frozen=True):
    """What answers are made with."""

    answers: Answers
    trust: Trust
    notary: Notary
    around: Callable[[], Surroundings]
    """Looks up what objects refer to; a new one for each request."""
    clock: Clock
    advisories: Advisories

    def directory(self) -> Directory:
        """The partnership.

        Raises:
            Refused: this node is in none, so nobody is a partner of it.
        """
        directory = self.trust.directory()
        if directory is None:
            raise not_here()
        return directory

    def remember(self, damaged: Damaged) -> None:
        """Keep what was seen for `accord exchange evidence`, if the store still takes anything."""
        try:
            found = Evidence("", "", str(damaged), self.clock.now(), b"", b"")
            self.answers.contradicted(found, seal=False)
        except AccordError as wrong:
            _LOG.critical("nor could it be noted: %s", wrong)

    def refuse_expired(self) -> None:
        """Who is a partner may have changed since the directory expired: nothing is given out.

        Raises:
            Refused: nobody has confirmed the directory here for too long.
        """
        trusted = self.trust.trusted()
        if trusted is not None and self.clock.now() >= trusted.expires:
            raise Refused(503, "the directory of partners has expired here; nothing is given out")


class Asked(msgspec.Struct, frozen=True):
    """One request, once it is known who asks and which route it takes."""

    means: Means
    caller: Recipient
    request: Request
    rest: str
    """What stands in the address where the route has a gap."""
    membership: Log | None = None

    @property
    def log(self) -> Log:
        """The log that the caller is a member of.

        Raises:
            Refused: there is none.
        """
        if self.membership is None:
            raise not_here()
        return self.membership

    def parameters(self, *names: str) -> dict[str, str]:
        """The query's parameters, each at most once.

        Raises:
            Refused: another parameter, or one twice.
        """
        try:
            pairs = parse_qsl(
                self.request.query, keep_blank_values=True, strict_parsing=bool(self.request.query),
                errors="strict", max_num_fields=len(names),
            )  # fmt: skip
        except ValueError as wrong:
            raise not_understood() from wrong
        found = dict(pairs)
        if len(found) != len(pairs) or not found.keys() <= set(names):
            raise not_understood()
        return found


def answer(body: bytes, kind: str, cache: str = BRIEF, status: int = 200) -> Response:
    """An answer with its headers."""
    headers = (("content-type", kind), ("cache-control", cache))
    return Response(status, headers, body)


def refusal(refused: Refused) -> Response:
    """A refusal as an answer."""
    body = msgspec.json.encode({"error": str(refused)})
    return answer(body, JSON, status=refused.status)
