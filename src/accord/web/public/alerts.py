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
from accord.outreach.alerts.model import Alert, Info
from accord.outreach.languages.catalogue import UNREVIEWED, marked, speaker
from accord.web.public.page import answer, nothing, page
from accord.web.public.reader import Reader, reader

GENUINE: Final = "/a/"
BELOW: Final = "/alerts"
_FEEDS: Final = frozenset({f"{BELOW}.atom", f"{BELOW}.json"})
_CAP = re.compile(r"/alerts/([0-9A-Z-]{1,16})\.cap")
_SHORT: Final = 4_096
_SAID: Final = {
    "alert": marked("Alert, {when} UTC"), "update": marked("Update, {when} UTC"),
    "cancel": marked("Cancelled, {when} UTC"),
}  # fmt: skip


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
        path, to = request.path, reader(request)
        if path.startswith(CONFIRM):
            return self._confirm(to, path.removeprefix(CONFIRM), request.method)
        if path.startswith(LEAVE):
            return self._leave(to, path.removeprefix(LEAVE), request.method)
        if request.method == "POST":
            return nothing(to)
        if path.startswith(GENUINE):
            return self._genuine(to, path.removeprefix(GENUINE))
        return self._document(to, path)

    def _document(self, to: Reader, path: str) -> Response:
        author = self._desk.me or "accord"
        if path == f"{BELOW}.atom":
            made = feeds.atom(shown.newest(self._desk), self._place(), author)
            return answer(200, made, feeds.ATOM_KIND)
        if path == f"{BELOW}.json":
            made = feeds.json(shown.newest(self._desk), self._place(), author)
            return answer(200, made, feeds.JSON_KIND)
        match = _CAP.fullmatch(path)
        found = shown.one(self._desk, match[1]) if match else None
        return nothing(to) if found is None else answer(200, cap.write(found), cap.KIND)

    def _genuine(self, to: Reader, code: str) -> Response:
        found = shown.genuine(self._desk, code) if len(code) < 20 else []  # noqa: PLR2004 - a code has 9
        if not found:
            none = to.html("This node sent no public message with this code.")
            then = to.html("A message that shows it is not from here: do not follow its links.")
            said = f"<p><strong>{none}</strong></p><p>{then}</p>"
            return page(to, 404, to("Not known to us"), said)
        body = "".join(_message(to, one) for one in found)
        yes = to.html("Yes: this node sent it.")
        then = to.html("Compare the words below with yours.")
        return page(to, 200, found[0].code, f"<p><strong>{yes}</strong> {then}</p>{body}")

    def _confirm(self, to: Reader, secret: str, method: str) -> Response:
        if subscribe.SECRET.fullmatch(secret) is None:
            return nothing(to)
        if method == "POST":
            if subscribe.confirm(self._desk, secret) is None:
                return nothing(to)
            text = to.html("You will get alerts at this address.")
            return page(to, 200, to("Thank you"), f"<p>{text}</p>")
        if not subscribe.waits(self._desk, secret):
            return nothing(to)
        return page(to, 200, to("Confirm"), _form(to.html("Send me alerts")))

    def _leave(self, to: Reader, token: str, method: str) -> Response:
        if subscribe.SECRET.fullmatch(token) is None or not self._desk.subscribers.known(token):
            return nothing(to)
        if method == "POST":
            subscribe.leave(self._desk, token)
            text = to.html("No more alerts come to you, by any way.")
            return page(to, 200, to("You have left"), f"<p>{text}</p>")
        return page(to, 200, to("Leave"), _form(to.html("Send me no more alerts, by any way")))


def _message(to: Reader, alert: Alert) -> str:
    """One message, in the reader's language first."""
    said = "".join(map(_text, sorted(alert.infos, key=lambda one: one.language != to.language)))
    status = "" if alert.status == "Actual" else f" ({escape(alert.status)})"
    title = to.html(_SAID[alert.kind], when=alert.sent[:16].replace("T", " "))
    own = escape(texts.subject(alert, to.language))
    language = escape(alert.info(to.language).language, quote=True)
    return f'<article><h2>{title}{status}</h2><p lang="{language}">{own}</p>{said}</article>'


def _text(info: Info) -> str:
    lines = [line for line in f"{info.description}\n{info.instruction}".split("\n") if line]
    if not info.reviewed:
        lines.append(f"({speaker(info.language.partition('-')[0].lower())(UNREVIEWED)})")
    return (
        f'<section lang="{escape(info.language, quote=True)}" dir="auto">'
        f"<h3>{escape(info.headline)}</h3>"
        + "".join(f"<p>{escape(line)}</p>" for line in lines)
        + "</section>"
    )


def _form(button: str) -> str:
    return f'<form method="post"><p><button>{button}</button></p></form>'
