"""The page behind a supplier's link: what is asked, and a form to answer it. No script, no style.

Law (once): looking at it, however often and whoever looks, uses nothing; an answer that is taken
does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from html import escape
from typing import Any

from accord.core.errors import Invalid
from accord.core.show import printable
from accord.flows.demand.asks import answer as flow
from accord.flows.demand.asks.answer import Answer, Closed, NotTaken, Opened
from accord.flows.demand.asks.egress import Kept
from accord.flows.demand.asks.port import Desk
from accord.flows.exchange.messages import ASKS, Request, Response
from accord.identity.clients import Client
from accord.identity.recipients import Recipient
from accord.web.door.forms import fields

_LOG = logging.getLogger("accord.door")
_SECRET = re.compile(rf"{ASKS}([A-Za-z0-9_-]{{43}})")
_KIND = "text/html; charset=utf-8"
_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_TEXTS = ("answer", "text", "promised", "release")
_CHOICES = (
    ("done", "It is done."),
    ("plan", "It will be done by the day below."),
    ("no", "It will not be done."),
)


class AskPages:
    """Answers below `/asks/`: whoever has a link's secret, and nobody else."""

    def __init__(
        self, desk: Desk, clients: Callable[[], list[Client]], sealed: Callable[[], str]
    ) -> None:
        self._desk = desk
        self._clients = clients
        self._sealed = sealed

    def expects(self, request: Request) -> bool:
        """Whether a request may be long: it answers a link that is open."""
        match = _SECRET.fullmatch(request.path)
        try:
            return bool(match) and flow.opened(self._desk, match[1]) is not None  # type: ignore[index]
        except Closed:
            return False

    def answer(self, _caller: Recipient, request: Request) -> Response:
        """One page; whoever guesses a link sees what everybody sees who finds nothing."""
        match = _SECRET.fullmatch(request.path)
        if match is None or request.query:
            return _page(404, "Not found", "<p>There is nothing here.</p>")
        if self._sealed():
            # Restored from an old state: links that were used since may look open.
            return _page(503, "Not now", "<p>This node answers nothing at present.</p>")
        try:
            found = flow.opened(self._desk, match[1])
            if found is None:
                return _page(404, "Not found", "<p>There is nothing here.</p>")
            if request.method == "POST":
                return self._taken(found, match[1], request)
            return self._shown(found, "", {}, 200)
        except Closed as closed:
            return _page(410, "Closed", f"<p>{escape(closed.reason)}</p>")
        except Kept as kept:
            _LOG.warning("a link shows nothing: %s", kept)
            return _page(404, "Not found", "<p>There is nothing here.</p>")

    def _taken(self, found: Opened, secret: str, request: Request) -> Response:
        said: dict[str, str] = {}
        try:
            said, given = _read(request)
            flow.by_link(self._desk, secret, given)
        except NotTaken as wrong:
            why = printable(str(wrong.__cause__ or wrong))
            _LOG.warning("an answer to ask %s was not taken: %s", found.ask.id[:12], why)
            return self._shown(found, wrong.reason, said, 422)
        except Closed:
            raise
        except Invalid as wrong:
            return self._shown(found, f"The form cannot be read: {wrong}", said, 400)
        return _page(200, "Thank you", "<p>Your answer was taken. This link is used.</p>")

    def _shown(self, found: Opened, wrong: str, said: dict[str, str], status: int) -> Response:
        body = _form(found, wrong, said)
        return _answer(status, flow.shown(self._desk, found, body, self._clients()))


def _read(request: Request) -> tuple[dict[str, str], Answer]:
    """A form as an answer.

    Raises:
        Invalid: it is none.
    """
    said: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    for field in fields(request.header("content-type"), request.body):
        if field.name == "files":
            if field.file or field.data:
                files.append((field.file, field.data))
        elif field.name not in _TEXTS or field.name in said:
            raise Invalid("it has another field, or one twice")
        else:
            try:
                said[field.name] = field.data.decode().strip()
            except UnicodeDecodeError as wrong:
                raise Invalid("it is not text in UTF-8") from wrong
    chosen: Any = said.get("answer", "")
    if chosen not in dict(_CHOICES):
        raise NotTaken("Choose one of the three answers.", "answer")
    given = Answer(
        answer=chosen, text=said.get("text", ""), promised=said.get("promised", ""),
        release=said.get("release", ""), files=tuple(files),
    )  # fmt: skip
    return said, given


def _form(found: Opened, wrong: str, said: dict[str, str]) -> bytes:
    terms = found.ask.terms
    rows = (
        ("Supplier", terms.supplier), ("Products", ", ".join(terms.products)),
        ("Item", terms.requirement), ("By", terms.due),
        ("Asked together by", ", ".join(terms.partners)),
        ("Marking", f"TLP:{found.link.tlp.word}"),
        ("This link is good until", found.link.expires[:10]),
    )  # fmt: skip
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    text = "".join(f"<p>{escape(line)}</p>" for line in terms.text.split("\n"))
    choices = "".join(
        f'<p><label><input type="radio" name="answer" value="{value}" required'
        f"{' checked' if said.get('answer') == value else ''}> {words}</label></p>"
        for value, words in _CHOICES
    )
    alert = f'<p role="alert"><strong>{escape(wrong)}</strong></p>' if wrong else ""
    kept = {name: escape(said.get(name, ""), quote=True) for name in _TEXTS}
    return _html(
        "You are asked",
        f"{alert}{text}<dl>{listed}</dl>"
        '<form method="post" enctype="multipart/form-data">'
        f"<fieldset><legend>Your answer</legend>{choices}</fieldset>"
        f'<p><label>In your words<br><textarea name="text" rows="8" cols="70" required'
        f' maxlength="{flow.MOST_TEXT}">{kept["text"]}</textarea></label></p>'
        '<p><label>Of a plan, the day (YYYY-MM-DD)<br><input name="promised" maxlength="10"'
        f' value="{kept["promised"]}"></label></p>'
        '<p><label>Of one release, which; empty: of every one<br><input name="release"'
        f' maxlength="100" value="{kept["release"]}"></label></p>'
        "<p><label>Evidence: bills, attestations, results<br>"
        '<input type="file" name="files" multiple></label></p>'
        "<p>You can send this once.</p><p><button>Send</button></p></form>",
    )


def _html(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<main><h1>{title}</h1>{body}</main></html>\n"
    ).encode()


def _page(status: int, title: str, body: str) -> Response:
    """A page that names nothing that this node keeps."""
    return _answer(status, _html(title, body))


def _answer(status: int, body: bytes) -> Response:
    headers = (
        ("content-type", _KIND), ("content-security-policy", _POLICY),
        ("x-robots-tag", "noindex"),
    )  # fmt: skip
    return Response(status, headers, body)
