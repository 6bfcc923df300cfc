"""Where the public asks whether something is dangerous: by a form, by script, or by 16 bits.

Law (one size): every answer about a text has as many bytes as every other, and so has every bucket.
Law (no log): what is asked is kept nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.checking.ask import ask, told
from accord.flows.outreach.checking.listing import Snapshot
from accord.outreach.dangers import asking, looks, model
from accord.outreach.dangers.asking import MOST_TEXT
from accord.outreach.dangers.buckets import RECORD
from accord.outreach.dangers.model import Found
from accord.web.door.forms import fields
from accord.web.public.kept import Kept, Served
from accord.web.public.page import answer, nothing, page

AT: Final = "/check"
BUCKET: Final = f"{AT}/prefix/"
BREACH: Final = f"{AT}/breach/"
LIST: Final = f"{AT}/list"
KNOWLEDGE: Final = f"{AT}/knowledge.json"
SUFFIXES: Final = f"{AT}/suffixes.txt"
SCRIPT: Final = "/check.js"
WORKER: Final = "/check-worker.js"
SIZE: Final = 24 << 10
"""Bytes of every page that answers."""
SHOWN: Final = 10

_FOLDER: Final = Path(__file__).parents[1] / "static"
_PREFIX: Final = re.compile(rf"{BUCKET}([0-9a-f]{{4}})")
_RANGE: Final = re.compile(rf"{BREACH}([0-9a-f]{{5}})")
_BYTES: Final = "application/octet-stream"
_NEVER: Final = ("cache-control", "no-store")
_MINUTE: Final = ("cache-control", "public, max-age=60")
_DAY: Final = ("cache-control", "public, max-age=86400")
_LONGEST: Final = 200
_TITLE: Final = "Is this dangerous?"
_TITLES: Final[dict[str, str]] = {
    "dangerous": "Known dangerous", "lookalike": "It looks like something else",
    "unknown": "Not known to us",
}  # fmt: skip


class CheckPages:
    """Answers `/check` and what its script needs, from memory."""

    quick = True

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        script, worker = ((_FOLDER / name[1:]).read_bytes() for name in (SCRIPT, WORKER))
        kind = "text/javascript; charset=utf-8"
        suffixes = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_bytes()
        self._fixed = {
            SCRIPT: answer(200, script, kind, _DAY),
            WORKER: answer(200, worker, kind, _DAY, scripted=True),
            SUFFIXES: answer(200, suffixes, "text/plain; charset=utf-8", _DAY),
        }

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        mine = path in (AT, LIST, KNOWLEDGE) or path in self._fixed
        return mine or path.startswith((BUCKET, BREACH))

    def most(self, request: Request) -> int:
        """A form with a text."""
        return 4 * MOST_TEXT if request.path == AT else 0

    def answer(self, request: Request) -> Response:
        """A page, a bucket, or what the script needs."""
        fixed = self._fixed.get(request.path)
        if fixed is not None:
            return fixed
        served = self._kept.now()
        found = _PREFIX.fullmatch(request.path)
        if found:
            edition = ("x-edition", served.digest[:16])
            return answer(
                200, served.snapshot.edition.bucket(int(found[1], 16)), _BYTES, _NEVER, edition
            )
        asked = _RANGE.fullmatch(request.path)
        if asked:
            return answer(200, served.snapshot.breaches.bucket(asked[1]), _BYTES, _NEVER)
        if request.path == LIST:
            return _whole(served, request)
        if request.path == KNOWLEDGE:
            return answer(200, served.knowledge, "application/json", _MINUTE)
        if request.path != AT:
            return nothing()
        if request.method != "POST":
            return page(200, _TITLE, _form(""), script=SCRIPT)
        return _asked(served.snapshot, request)


def served(snapshot: Snapshot) -> Served:
    """What is made of a list once."""
    edition = snapshot.edition
    knowledge = {
        "edition": edition.digest[:16], "made": snapshot.made, "bucket": edition.records * RECORD,
        "categories": [
            {"name": one, "why": model.WHY[one], "now": model.NOW[one]} for one in model.CATEGORIES
        ],
        "looks": model.LOOKS, "unknown": model.UNKNOWN,
        "protected": [[one.name, one.owner] for one in snapshot.protected],
        "spared": sorted(snapshot.spared), "shorteners": sorted(asking.SHORTENERS),
        "breaches": [told(one) for one in snapshot.breaches.breaches],
        "alike": looks.confusable(), "common": sorted(looks.COMMON),
    }  # fmt: skip
    return Served(snapshot, edition.digest, msgspec.json.encode(knowledge))


def _whole(served: Served, request: Request) -> Response:
    tag = f'"{served.digest[:32]}"'
    headers = (_MINUTE, ("etag", tag))
    if request.header("if-none-match") == tag:
        return answer(304, b"", _BYTES, *headers)
    return answer(200, served.snapshot.edition.whole, _BYTES, *headers)


def _asked(snapshot: Snapshot, request: Request) -> Response:
    try:
        text = _text(request)
        found = ask(snapshot, text)
    except Invalid as wrong:
        shown = page(422, _TITLE, _form(str(wrong)), script=SCRIPT)
    else:
        shown = _fitting(found)
    size = len(shown.body)
    # A comment behind the page makes all alike.
    body = shown.body + b"<!--" + b" " * max(SIZE - size - 8, 0) + b"-->\n"
    return msgspec.structs.replace(shown, headers=(*shown.headers, _NEVER), body=body)


def _text(request: Request) -> str:
    said = {one.name: one.data for one in fields(request.header("content-type"), request.body)}
    if set(said) != {"text"}:
        raise Invalid("it has other fields than the text", "form")
    try:
        return said["text"].decode()
    except UnicodeDecodeError as wrong:
        raise Invalid("it is not text in UTF-8", "form") from wrong


def _fitting(found: tuple[Found, ...]) -> Response:
    """The answer with as many things as fit, of which the gravest stand first."""
    for many in range(min(len(found), SHOWN), 0, -1):
        shown = _told(found, many)
        if len(shown.body) <= SIZE - 8:
            return shown
    return _told(found, 0)


def _told(found: tuple[Found, ...], many: int) -> Response:
    title = _TITLES[model.worst(found)]
    left = len(found) - many
    more = f"<p>And {left} more, none of them worse.</p>" if left else ""
    appeal = '<p class="quiet">Is this answer wrong? <a href="/appeal">Tell us</a>.</p>'
    return page(200, title, f"{_lines(found[:many])}{more}{appeal}{_form('')}", script=SCRIPT)


def _lines(found: Iterable[Found]) -> str:
    return "".join(
        f'<div class="answer {one.verdict}"><p><strong>{escape(one.said)}</strong></p>'
        f"<p><code>{escape(_short(one.asked.value))}</code></p>"
        + "".join(f"<p>{escape(remark)}</p>" for remark in one.asked.remarks)
        + f"<p>{escape(one.now)}</p></div>"
        for one in found
    )


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}\u2026"


def _form(wrong: str) -> str:
    alert = f'<p role="alert"><strong>{escape(wrong)}</strong></p>' if wrong else ""
    return (
        f'<div id="answer" aria-live="polite"></div>{alert}'
        "<p>Paste a link, a message, a mail address, a telephone number with its + or the hash of "
        "a file.</p>"
        f'<form id="check" method="post" action="{AT}" enctype="multipart/form-data">'
        '<label for="text">What is it?</label>'
        f'<textarea id="text" name="text" rows="5" maxlength="{MOST_TEXT}" required></textarea>'
        '<p class="quiet" id="how">Without JavaScript the whole text is sent to us, and not kept. '
        "</p><p><button>Check it</button></p></form>"
        '<p><a href="/report">Report it</a>, so that others are warned.</p>'
    )
