"""Short lessons for the public, from what is on the list of dangers now. They work without script.

Law (no record): who reads or answers what is kept nowhere.

Source: WCAG 2.2, sections 1.3.1, 3.3.1; W3C, Web Application Manifest.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Final, cast

import msgspec

from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request, Response
from accord.outreach.dangers.model import NOW, Category, Danger
from accord.outreach.languages.catalogue import marked
from accord.outreach.lessons import model
from accord.outreach.lessons.model import AUDIENCES, Audience, Lesson
from accord.web.door.forms import fields
from accord.web.public import form
from accord.web.public.kept import Kept
from accord.web.public.page import answer, nothing, page
from accord.web.public.reader import Reader, reader

AT: Final = "/learn"
_BELOW: Final = f"{AT}/"
SCRIPT: Final = "/learn.js"
_WORKER: Final = "/learn-worker.js"
MANIFEST: Final = f"{AT}/manifest.json"
_ICON: Final = f"{AT}/icon.svg"
_FOLDER: Final = Path(__file__).parents[1] / "static"
_DAY: Final = ("cache-control", "public, max-age=86400")
_NEVER: Final = ("cache-control", "no-store")
_FOR: Final = re.compile(r"(?:^|&)for=([a-z]{2,10})(?=&|$)")
_TITLE: Final = marked("Learn to see it")


class LessonPages:
    """Answers `/learn`, and below it, from memory."""

    quick = True

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        script, worker, icon = (
            (_FOLDER / name).read_bytes() for name in ("learn.js", "learn-worker.js", "learn.svg")
        )
        kind = "text/javascript; charset=utf-8"
        self._fixed = {
            SCRIPT: answer(200, script, kind, _DAY),
            _WORKER: answer(200, worker, kind, _DAY, ("service-worker-allowed", AT), scripted=True),
            _ICON: answer(200, icon, "image/svg+xml", _DAY),
        }

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        return path == AT or path.startswith(_BELOW) or path in self._fixed

    def most(self, request: Request) -> int:
        """One choice of a lesson."""
        return 4 << 10 if _lesson(request.path) else 0

    def answer(self, request: Request) -> Response:
        """The lessons, one of them, or whether an answer was right."""
        fixed = self._fixed.get(request.path)
        if fixed is not None:
            return fixed
        to = reader(request)
        if request.path == MANIFEST:
            return answer(200, _manifest(to), "application/manifest+json", _DAY)
        lesson = _lesson(request.path)
        if lesson is None and request.path != AT:
            return nothing(to)
        dangers = self._kept.now().snapshot.dangers
        if lesson is None:
            return _all(to, dangers)
        wanted = _FOR.search(request.query)
        audience = cast("Audience", wanted[1] if wanted and wanted[1] in AUDIENCES else "public")
        if request.method == "POST":
            return _answered(to, lesson, request)
        return _one(to, lesson, audience, model.examples(lesson.category, dangers))


def _lesson(path: str) -> Lesson | None:
    name = path.removeprefix(_BELOW)
    return model.LESSONS.get(cast("Category", name)) if path.startswith(_BELOW) else None


def _all(to: Reader, dangers: tuple[Danger, ...]) -> Response:
    lead = to.html("Short lessons on what attackers do now. Each takes two minutes.")
    listed = "".join(
        f'<li><a href="{to.link(_BELOW + one.category)}">{to.html(one.title)}</a>'
        f'<br><span class="quiet">{to.html("Known now: {number}", number=str(many))}</span></li>'
        for one, many in model.ordered(dangers)
    )
    return _shown(to, to(_TITLE), f"<p>{lead}</p><ol>{listed}</ol>")


def _one(to: Reader, one: Lesson, audience: Audience, examples: tuple[str, ...]) -> Response:
    signs = "".join(f"<li>{to.html(sign)}</li>" for sign in one.signs)
    seen = "".join(f"<li><code>{escape(value)}</code></li>" for value in examples)
    now = f"<h2>{to.html('On the list now; do not open it')}</h2><ul>{seen}</ul>" if seen else ""
    body = (
        f"<p>{to.html(one.story)}</p><h2>{to.html('How to see it')}</h2><ul>{signs}</ul>{now}"
        f"<h2>{to.html('What to do now')}</h2><p>{to.html(NOW[one.category])}</p>"
        f"<h2>{to.html(model.NAMED[audience])}</h2><p>{to.html(model.ADVICE[audience])}</p>"
        f"{_question(to, one, None)}{_audiences(to, one, audience)}{_back(to)}"
    )
    return _shown(to, to(one.title), body)


def _answered(to: Reader, one: Lesson, request: Request) -> Response:
    try:
        said = form.read(fields(request.header("content-type"), request.body), ("option",))
        option = _option(one, said.get("option", ""))
    except Invalid as wrong:
        shown = _shown(to, to(one.title), _question(to, one, wrong) + _back(to))
        return msgspec.structs.replace(shown, status=422)
    right = option == one.right
    title = to("That is right") if right else to("Not so")
    better = "" if right else f"<p><strong>{to.html(one.options[one.right])}</strong></p>"
    mark = "answer" if right else "answer dangerous"
    again = "" if right else _question(to, one, None)
    body = f'<div class="{mark}">{better}<p>{to.html(one.why)}</p></div>{again}{_back(to)}'
    shown = _shown(to, title, body)
    return msgspec.structs.replace(shown, headers=(*shown.headers, _NEVER))


def _option(one: Lesson, said: str) -> int:
    """The place of the option that was chosen.

    Raises:
        Invalid: none was.
    """
    if said not in map(str, range(len(one.options))):
        raise Invalid(marked("choose one of the answers"), "option")
    return int(said)


def _question(to: Reader, one: Lesson, wrong: Invalid | None) -> str:
    options = "".join(
        f'<label for="o{number}"><input id="o{number}" type="radio" name="option" required'
        f' value="{number}"> {to.html(option)}</label>'
        for number, option in enumerate(one.options)
    )
    return (
        f"<h2>{to.html('One question')}</h2>{to.wrong(wrong)}"
        f'<form method="post" action="{to.link(_BELOW + one.category)}"'
        f' enctype="multipart/form-data"><fieldset><legend>{to.html(one.question)}</legend>'
        f"{options}</fieldset><p><button>{to.html('Answer')}</button></p></form>"
    )


def _audiences(to: Reader, one: Lesson, audience: Audience) -> str:
    """Links to the lesson for others; the language goes along."""
    at = to.link(_BELOW + one.category)
    join = "&amp;" if "?" in at else "?"
    links = "".join(
        f'<li><a href="{at}{join}for={name}"{mark}>{to.html(model.NAMED[name])}</a></li>'
        for name in AUDIENCES
        for mark in (' aria-current="true"' if name == audience else "",)
    )
    return f'<nav aria-label="{to.html("For whom")}"><ul>{links}</ul></nav>'


def _back(to: Reader) -> str:
    return f'<p><a href="{to.link(AT)}">{to.html("All lessons")}</a></p>'


def _shown(to: Reader, title: str, body: str) -> Response:
    return page(to, 200, title, body, script=SCRIPT, manifest=to.link(MANIFEST))


def _manifest(to: Reader) -> bytes:
    return msgspec.json.encode({
        "name": to(_TITLE), "short_name": to(_TITLE), "start_url": AT, "scope": AT,
        "display": "standalone", "lang": to.language, "dir": to.of.direction,
        "background_color": "#ffffff", "theme_color": "#155a8a",
        "icons": [{"src": _ICON, "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    })  # fmt: skip
