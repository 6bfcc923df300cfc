"""Alerts for the public: is this code genuine, the feeds, confirming and leaving. No script.

Law (a person's press): looking confirms nothing and ends nothing: programs that open the links of a
mail only look. Leaving by one click is a POST (RFC 8058).
Law (alike): who guesses a link sees what everybody sees who finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Final

from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.alerting import shown, subscribe
from accord.flows.outreach.alerting.deliver import CONFIRM, LEAVE
from accord.flows.outreach.alerting.port import Desk
from accord.outreach.alerts import cap, feeds, texts
from accord.outreach.alerts.model import Alert
from accord.web.public.page import answer, nothing, page

GENUINE: Final = "/a/"
BELOW: Final = "/alerts"
_FEEDS: Final = frozenset({f"{BELOW}.atom", f"{BELOW}.json"})
_CAP = re.compile(r"/alerts/([0-9A-Z-]{1,16})\.cap")
_SHORT: Final = 4_096
_SAID: Final = {"alert": "Alert", "update": "Update", "cancel": "Cancelled"}


class AlertPages:
    """Answers below `/a/` and `/alerts`."""

    quick = False

    def __init__(self, desk: Desk, place: Callable[[], feeds.Place]) -> None:
        self._desk = desk
        self._place = place

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        return path.startswith((GENUINE, f"{BELOW}/")) or path in _FEEDS

    def most(self, request: Request) -> int:
        """Only what confirms and what leaves is sent, and says nothing more (RFC 8058)."""
        return _SHORT if request.path.startswith((CONFIRM, LEAVE)) else 0

    def answer(self, request: Request) -> Response:
        """One page, feed or document."""
        path = request.path
        if path.startswith(CONFIRM):
            return self._confirm(path.removeprefix(CONFIRM), request.method)
        if path.startswith(LEAVE):
            return self._leave(path.removeprefix(LEAVE), request.method)
        if request.method == "POST":
            return nothing()
        if path.startswith(GENUINE):
            return self._genuine(path.removeprefix(GENUINE))
        return self._document(path)

    def _document(self, path: str) -> Response:
        author = self._desk.me or "accord"
        if path == f"{BELOW}.atom":
            made = feeds.atom(shown.newest(self._desk), self._place(), author)
            return answer(200, made, feeds.ATOM_KIND)
        if path == f"{BELOW}.json":
            made = feeds.json(shown.newest(self._desk), self._place(), author)
            return answer(200, made, feeds.JSON_KIND)
        match = _CAP.fullmatch(path)
        found = shown.one(self._desk, match[1]) if match else None
        return nothing() if found is None else answer(200, cap.write(found), cap.KIND)

    def _genuine(self, code: str) -> Response:
        found = shown.genuine(self._desk, code) if len(code) < 20 else []  # noqa: PLR2004 - a code has 9
        if not found:
            said = (
                "<p><strong>This node sent no public message with this code.</strong></p>"
                "<p>A message that shows it is not from here: do not follow its links.</p>"
            )
            return page(404, "Not known to us", said)
        body = "".join(_message(one) for one in found)
        lead = "<p><strong>Yes: this node sent it.</strong> Compare the words below with yours.</p>"
        return page(200, found[0].code, lead + body)

    def _confirm(self, secret: str, method: str) -> Response:
        if subscribe.SECRET.fullmatch(secret) is None:
            return nothing()
        if method == "POST":
            if subscribe.confirm(self._desk, secret) is None:
                return nothing()
            return page(200, "Thank you", "<p>You will get alerts at this address.</p>")
        if not subscribe.waits(self._desk, secret):
            return nothing()
        return page(200, "Confirm", _form("Send me alerts"))

    def _leave(self, token: str, method: str) -> Response:
        if subscribe.SECRET.fullmatch(token) is None or not self._desk.subscribers.known(token):
            return nothing()
        if method == "POST":
            subscribe.leave(self._desk, token)
            return page(200, "You have left", "<p>No more alerts come to you, by any way.</p>")
        return page(200, "Leave", _form("Send me no more alerts, by any way"))


def _message(alert: Alert) -> str:
    said = "".join(
        f'<section lang="{escape(info.language, quote=True)}" dir="auto">'
        f"<h3>{escape(info.headline)}</h3>"
        + "".join(f"<p>{escape(line)}</p>" for line in info.description.split("\n") if line)
        + "".join(f"<p>{escape(line)}</p>" for line in info.instruction.split("\n") if line)
        + "</section>"
        for info in alert.infos
    )
    status = "" if alert.status == "Actual" else f" ({escape(alert.status)})"
    return (
        f"<article><h2>{_SAID[alert.kind]}{status}, {alert.sent[:16].replace('T', ' ')} UTC</h2>"
        f"<p>{escape(texts.subject(alert, 'en'))}</p>{said}</article>"
    )


def _form(button: str) -> str:
    return f'<form method="post"><p><button>{button}</button></p></form>'
