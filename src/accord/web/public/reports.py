"""Where the public reports what it got, and sees what came of it. No script.

Law (alike): who guesses a code sees what everybody sees who finds nothing.
Law (nothing back): what somebody sent is shown to nobody, not even to whoever has its code.
"""

from __future__ import annotations

from html import escape
from typing import Final

from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.reporting import take
from accord.flows.outreach.reporting.decide import words
from accord.flows.outreach.reporting.port import Desk, Full
from accord.flows.outreach.reporting.take import Given
from accord.outreach.languages.catalogue import marked
from accord.outreach.reports.model import MOST_BYTES, MOST_FILES, MOST_TEXT, Report
from accord.web.door.forms import Field, fields
from accord.web.public import form
from accord.web.public.page import nothing, page
from accord.web.public.reader import Reader, reader

AT: Final = "/report"
_BELOW: Final = f"{AT}/"
_TITLE: Final = marked("Report a message")
_OVERHEAD: Final = 64 << 10
_TEXTS: Final = ("text", "contact")
_KINDS: Final = (
    (".eml", "message/rfc822"), (".png", "image/png"), (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"), (".webp", "image/webp"),
)  # fmt: skip
_OTHER: Final = "application/octet-stream"
_TITLES: Final = {
    "new": marked("A person will look at it"), "dangerous": marked("Dangerous"),
    "harmless": marked("Nothing dangerous was found"), "unclear": marked("We cannot say"),
}  # fmt: skip


class ReportPages:
    """Answers `/report`, and below it."""

    quick = False

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        return path == AT or path.startswith(_BELOW)

    def most(self, request: Request) -> int:
        """A form with files."""
        return MOST_BYTES + _OVERHEAD if request.path == AT else 0

    def answer(self, request: Request) -> Response:
        """The form, what it came to, or what became of a report."""
        to = reader(request)
        if request.path != AT:
            report = take.seen(self._desk, request.path.removeprefix(_BELOW))
            return nothing(to) if report is None else page(to, 200, *_state(to, report))
        if request.method != "POST":
            return page(to, 200, to(_TITLE), _form(to, None, {}))
        return self._taken(request, to)

    def _taken(self, request: Request, to: Reader) -> Response:
        said: dict[str, str] = {}
        try:
            said, given = _read(fields(request.header("content-type"), request.body))
            taken = take.take(self._desk, given)
        except Full as full:
            return page(to, 503, to("Not now"), f"<p>{escape(str(full))}.</p>")
        except Invalid as wrong:
            return page(to, 422, to(_TITLE), _form(to, wrong, said))
        at = f"{_BELOW}{taken.code}"
        title, state = _state(to, taken.report)
        told = "" if taken.report.outcome == "new" else f"<h2>{escape(title)}</h2>{state}"
        where = to.html(
            "What came of it is told at this address, to whoever has it: {address}. Keep it; it is "
            "shown once.", address=f'<a href="{to.link(at)}">{at}</a>',
        )  # fmt: skip
        body = f"<p>{to.html('Your report was taken.')}</p>{told}<p>{where}</p>"
        return page(to, 200, to("Thank you"), body)


def _read(found: list[Field]) -> tuple[dict[str, str], Given]:
    """A form as what somebody sends.

    Raises:
        Invalid: it is none.
    """
    sent = [one for one in found if one.name == "files" and (one.file or one.data)]
    files = [(one.file, _kind(one), one.data) for one in sent]
    said = form.read([one for one in found if one.name != "files"], _TEXTS)
    given = Given(
        via="form", text=said.get("text", ""), contact=said.get("contact", ""), files=tuple(files)
    )
    return said, given


def _kind(field: Field) -> str:
    """What a file is, by its name and its first bytes: what its sender says is not asked."""
    name = field.file.lower()
    return next(
        (kind for ending, kind in _KINDS if name.endswith(ending)), "application/octet-stream"
    )


def _state(to: Reader, report: Report) -> tuple[str, str]:
    """A title as text, and what to say as HTML."""
    lines = [line for line in words(report, to).split("\n") if line]
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    sent = to.html("Reported {day}.", day=report.received[:10])
    mark = ' class="answer dangerous"' if report.outcome == "dangerous" else ' class="answer"'
    until = to.html("Until then: do not open its links.")
    shown = f"<div{mark}>{body}</div>" if body else f"<p>{until}</p>"
    return to(_TITLES[report.outcome]), f'{shown}<p class="quiet">{sent}</p>'


def _form(to: Reader, wrong: Invalid | None, said: dict[str, str]) -> str:
    text = escape(said.get("text", ""))
    contact = escape(said.get("contact", ""), quote=True)
    lead = to.html(
        "Did you get a message, a mail, a link or a call that you do not trust? Send it to us: a "
        "person looks at it, and others are warned."
    )
    most = to.html(
        "Up to {files} files, {size} MB together.",
        files=str(MOST_FILES),
        size=str(MOST_BYTES >> 20),
    )
    why = to.html(
        "It is used once, for the answer, and forgotten then. Without it you see the answer at an "
        "address that you get now."
    )
    return (
        f"{to.wrong(wrong)}<p>{lead}</p>"
        f'<form method="post" action="{to.link(AT)}" enctype="multipart/form-data">'
        f'<label for="text">{to.html("What you got, or its link or number")}</label>'
        f'<textarea id="text" name="text" rows="6" maxlength="{MOST_TEXT}">{text}</textarea>'
        f'<label for="files">{to.html("The mail as a file (.eml), or pictures of it")}</label>'
        '<input id="files" type="file" name="files" multiple accept=".eml,image/*">'
        f'<p class="quiet">{most}</p>'
        f'<label for="contact">{to.html("Your mail address, if you want an answer there")}</label>'
        f'<input id="contact" type="email" name="contact" maxlength="254" value="{contact}"'
        f' autocomplete="email" aria-describedby="why"><p class="quiet" id="why">{why}</p>'
        f"<p><button>{to.html('Send the report')}</button></p></form>"
    )
