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
from accord.identity.recipients import Recipient
from accord.outreach.alerts import cap, feeds, texts
from accord.outreach.alerts.model import Alert

GENUINE: Final = "/a/"
BELOW: Final = "/alerts"
_FEEDS: Final = frozenset({f"{BELOW}.atom", f"{BELOW}.json"})
_CAP = re.compile(r"/alerts/([0-9A-Z-]{1,16})\.cap")
_KIND: Final = "text/html; charset=utf-8"
_POLICY: Final = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_SAID: Final = {"alert": "Alert", "update": "Update", "cancel": "Cancelled"}


def is_alerts(path: str) -> bool:
    """Whether an address is one of these."""
    return path.startswith((GENUINE, f"{BELOW}/")) or path in _FEEDS


class AlertPages:
    """Answers below `/a/` and `/alerts`."""

    def __init__(self, desk: Desk, place: Callable[[], feeds.Place]) -> None:
        self._desk = desk
        self._place = place

    def answer(self, _caller: Recipient, request: Request) -> Response:
        """One page, feed or document."""
        path = request.path
        if path.startswith(CONFIRM):
            return self._confirm(path.removeprefix(CONFIRM), request.method)
        if path.startswith(LEAVE):
            return self._leave(path.removeprefix(LEAVE), request.method)
        if request.method == "POST":
            return _nothing()
        if path.startswith(GENUINE):
            return self._genuine(path.removeprefix(GENUINE))
        return self._document(path)

    def _document(self, path: str) -> Response:
        author = self._desk.me or "accord"
        if path == f"{BELOW}.atom":
            made = feeds.atom(shown.newest(self._desk), self._place(), author)
            return _answer(200, made, feeds.ATOM_KIND)
        if path == f"{BELOW}.json":
            made = feeds.json(shown.newest(self._desk), self._place(), author)
            return _answer(200, made, feeds.JSON_KIND)
        match = _CAP.fullmatch(path)
        found = shown.one(self._desk, match[1]) if match else None
        return _nothing() if found is None else _answer(200, cap.write(found), cap.KIND)

    def _genuine(self, code: str) -> Response:
        found = shown.genuine(self._desk, code) if len(code) < 20 else []  # noqa: PLR2004 - a code has 9
        if not found:
            said = (
                "<p><strong>This node sent no public message with this code.</strong></p>"
                "<p>A message that shows it is not from here: do not follow its links.</p>"
            )
            return _page(404, "Not known to us", said)
        body = "".join(_message(one) for one in found)
        lead = "<p><strong>Yes: this node sent it.</strong> Compare the words below with yours.</p>"
        return _page(200, found[0].code, lead + body)

    def _confirm(self, secret: str, method: str) -> Response:
        if subscribe.SECRET.fullmatch(secret) is None:
            return _nothing()
        if method == "POST":
            if subscribe.confirm(self._desk, secret) is None:
                return _nothing()
            return _page(200, "Thank you", "<p>You will get alerts at this address.</p>")
        if not subscribe.waits(self._desk, secret):
            return _nothing()
        return _page(200, "Confirm", _form("Send me alerts"))

    def _leave(self, token: str, method: str) -> Response:
        if subscribe.SECRET.fullmatch(token) is None or not self._desk.subscribers.known(token):
            return _nothing()
        if method == "POST":
            subscribe.leave(self._desk, token)
            return _page(200, "You have left", "<p>No more alerts come to you, by any way.</p>")
        return _page(200, "Leave", _form("Send me no more alerts, by any way"))


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


def _nothing() -> Response:
    return _page(404, "Not found", "<p>There is nothing here, or no longer.</p>")


def _page(status: int, title: str, body: str) -> Response:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><main><h1>{title}</h1>{body}</main></html>\n"
    )
    return _answer(status, page.encode(), _KIND)


def _answer(status: int, body: bytes, kind: str) -> Response:
    headers = (
        ("content-type", kind), ("content-security-policy", _POLICY),
        ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"),
    )  # fmt: skip
    return Response(status, headers, body)
