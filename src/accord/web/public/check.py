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
from accord.outreach.languages.catalogue import marked
from accord.web.door.forms import fields
from accord.web.public import form, words
from accord.web.public.kept import Kept, Served
from accord.web.public.page import answer, nothing, page
from accord.web.public.reader import Reader, all_languages, reader

AT: Final = "/check"
BUCKET: Final = f"{AT}/prefix/"
BREACH: Final = f"{AT}/breach/"
LIST: Final = f"{AT}/list"
KNOWLEDGE: Final = f"{AT}/knowledge.json"
SUFFIXES: Final = f"{AT}/suffixes.txt"
WORDS: Final = f"{AT}/words/"
SCRIPT: Final = "/check.js"
WORKER: Final = "/check-worker.js"
SIZE: Final = 28 << 10
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
_TITLE: Final = marked("Is this dangerous?")
_TITLES: Final[dict[str, str]] = {
    "dangerous": marked("Known dangerous"), "lookalike": marked("It looks like something else"),
    "unknown": marked("Not known to us"),
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
            **{
                f"{WORDS}{one.code}.json": answer(200, words.of(one), "application/json", _DAY)
                for one in all_languages()
            },
        }

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        mine = path in (AT, LIST, KNOWLEDGE) or path in self._fixed
        return mine or path.startswith((BUCKET, BREACH, WORDS))

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
            return nothing(reader(request))
        to = reader(request)
        if request.method != "POST":
            return page(to, 200, to(_TITLE), _form(to, None), script=SCRIPT)
        return _asked(to, served.snapshot, request)


def served(snapshot: Snapshot) -> Served:
    """What is made of a list once."""
    edition = snapshot.edition
    knowledge = {
        "edition": edition.digest[:16], "made": snapshot.made, "bucket": edition.records * RECORD,
        "categories": [
            {"name": model.NAMES[one], "why": model.WHY[one], "now": model.NOW[one]}
            for one in model.CATEGORIES
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


def _asked(to: Reader, snapshot: Snapshot, request: Request) -> Response:
    try:
        text = _text(request)
        found = ask(snapshot, text)
    except Invalid as wrong:
        shown = page(to, 422, to(_TITLE), _form(to, wrong), script=SCRIPT)
    else:
        shown = _fitting(to, found)
    size = len(shown.body)
    # A comment behind the page makes all alike.
    body = shown.body + b"<!--" + b" " * max(SIZE - size - 8, 0) + b"-->\n"
    return msgspec.structs.replace(shown, headers=(*shown.headers, _NEVER), body=body)


def _text(request: Request) -> str:
    said = form.read(fields(request.header("content-type"), request.body), ("text",))
    return said.get("text", "")


def _fitting(to: Reader, found: tuple[Found, ...]) -> Response:
    """The answer with as many things as fit, of which the gravest stand first."""
    for many in range(min(len(found), SHOWN), 0, -1):
        shown = _told(to, found, many)
        if len(shown.body) <= SIZE - 8:
            return shown
    return _told(to, found, 0)


def _told(to: Reader, found: tuple[Found, ...], many: int) -> Response:
    left = len(found) - many
    more = to.html("And {number} more, none of them worse.", number=str(left)) if left else ""
    link = f'<a href="{to.link("/appeal")}">{to.html("Tell us")}</a>'
    wrong = f"{to.html('Is this answer wrong?')} {link}"
    body = f'{_lines(to, found[:many])}<p>{more}</p><p class="quiet">{wrong}</p>{_form(to, None)}'
    return page(to, 200, to(_TITLES[model.worst(found)]), body, script=SCRIPT)


def _lines(to: Reader, found: Iterable[Found]) -> str:
    return "".join(
        f'<div class="answer {one.verdict}"><p><strong>{escape(one.said(to))}</strong></p>'
        f"<p><code>{escape(_short(one.asked.value))}</code></p>"
        + "".join(f"<p>{escape(remark.said(to))}</p>" for remark in one.asked.remarks)
        + f"<p>{escape(one.now(to))}</p></div>"
        for one in found
    )


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}\u2026"


def _form(to: Reader, wrong: Invalid | None) -> str:
    lead = to.html(
        "Paste a link, a message, a mail address, a telephone number with its + or the hash of a "
        "file."
    )
    how = to.html("Without JavaScript the whole text is sent to us, and not kept.")
    report = (
        f'<a href="{to.link("/report")}">{to.html("Report it, so that others are warned.")}</a>'
    )
    return (
        f'<div id="answer" aria-live="polite"></div>{to.wrong(wrong)}<p>{lead}</p>'
        f'<form id="check" method="post" action="{to.link(AT)}" enctype="multipart/form-data">'
        f'<label for="text">{to.html("What is it?")}</label>'
        f'<textarea id="text" name="text" rows="5" maxlength="{MOST_TEXT}" required></textarea>'
        f'<p class="quiet" id="how">{how}</p><p><button>{to.html("Check it")}</button></p></form>'
        f'<p><a href="{to.link("/report")}">{report}</a></p>'
    )
