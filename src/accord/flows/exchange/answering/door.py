"""The door: one request of a partner, a client or the public in, one answer out.

Law (closed): whoever a route is not for gets, byte for byte, the answer of an address that does not
exist; so does whoever asks for what it may not see.
"""

from __future__ import annotations

import logging

from accord.flows.exchange.answering import routes
from accord.flows.exchange.answering.asked import Asked, Means, Refused, not_here, refusal
from accord.flows.exchange.answering.port import (
    Damaged,
    Log,
)
from accord.flows.exchange.answering.routes import Policy, Route
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing.port import Sealed
from accord.identity.recipients import Recipient

_LOG = logging.getLogger("accord.door")


class Door:
    """Answers requests; who asks is known by a key or a token, never by the request's words."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def answer(self, caller: Recipient, request: Request) -> Response:
        """The answer to one request, at once.

        Raises:
            AccordError: this node's store or keys failed; nothing was given out.
        """
        try:
            return self._answer(caller, request)
        except Refused as refused:
            return refusal(refused)
        except Sealed as sealed:
            _LOG.error("no checkpoint was signed: %s", sealed)
            return refusal(Refused(503, "this node signs no checkpoints at present"))
        except Damaged as damaged:
            _LOG.critical("nothing was sent: %s", damaged)
            self._means.remember(damaged)
            return refusal(Refused(500, "this node cannot answer; its people have been told why"))

    def _answer(self, caller: Recipient, request: Request) -> Response:
        route, asked = self._admitted(caller, request)
        return route.handler(asked)

    def _admitted(self, caller: Recipient, request: Request) -> tuple[Route, Asked]:
        """The route that a request takes, once its policy lets the caller in.

        Raises:
            Refused: there is no such route, or not for this caller.
        """
        found = routes.find(request.method, request.path)
        if found is None:
            raise not_here()
        route, log, rest = found
        if not self._may(route.policy, caller):
            raise not_here()
        if route.policy in (Policy.MEMBER, Policy.PARTNER):
            self._means.refuse_expired()
        if route.policy is Policy.READER and self._means.answers.sealed():
            # Restored from an old state: what was recalled since may be here again.
            raise Refused(503, "this node gives nothing out at present")
        self._means.notary.release_due()
        membership = self._membership(log, caller) if route.policy is Policy.MEMBER else None
        return route, Asked(self._means, caller, request, rest, membership)

    def _may(self, policy: Policy, caller: Recipient) -> bool:
        if policy is Policy.READER:
            return caller.kind in ("client", "public")
        if caller.kind != "partner" or caller.name == self._means.trust.me():
            return False
        if caller.outgoing and policy is not Policy.RENEWING:
            return False
        partner = self._means.directory().partner(caller.name)
        return partner is not None and partner.member

    def _membership(self, log: str, caller: Recipient) -> Log:
        found = self._means.answers.log(log, caller.name)
        if found is None:
            raise not_here()
        return found
