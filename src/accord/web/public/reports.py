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
from accord.outreach.reports.model import MOST_BYTES, MOST_FILES, MOST_TEXT, Report
from accord.web.door.forms import Field, fields
from accord.web.public.page import nothing, page

AT: Final = "/report"
_BELOW: Final = f"{AT}/"
_OVERHEAD: Final = 64 << 10
_TEXTS: Final = ("text", "contact")
_KINDS: Final = (
    (".eml", "message/rfc822"), (".png", "image/png"), (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"), (".webp", "image/webp"),
)  # fmt: skip
_OTHER: Final = "application/octet-stream"
_TITLES: Final = {
    "new": "A person will look at it", "dangerous": "Dangerous",
    "harmless": "Nothing dangerous was found", "unclear": "We cannot say",
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
        if request.path != AT:
            report = take.seen(self._desk, request.path.removeprefix(_BELOW))
            return nothing() if report is None else page(200, *_state(report))
        if request.method != "POST":
            return page(200, "Report a message", _form("", {}))
        return self._taken(request)

    def _taken(self, request: Request) -> Response:
        said: dict[str, str] = {}
        try:
            said, given = _read(fields(request.header("content-type"), request.body))
            taken = take.take(self._desk, given)
        except Full as full:
            return page(503, "Not now", f"<p>{escape(str(full))}.</p>")
        except Invalid as wrong:
            return page(422, "Report a message", _form(str(wrong), said))
        at = f"{_BELOW}{taken.code}"
        title, state = _state(taken.report)
        told = "" if taken.report.outcome == "new" else f"<h2>{title}</h2>{state}"
        body = (
            f"<p>Your report was taken.</p>{told}<p>What came of it is told at this address, to "
            f'whoever has it: <a href="{at}">{at}</a>. Keep it; it is shown once.</p>'
        )
        return page(200, "Thank you", body)


def _read(found: list[Field]) -> tuple[dict[str, str], Given]:
    """A form as what somebody sends.

    Raises:
        Invalid: it is none.
    """
    said: dict[str, str] = {}
    files = []
    for field in found:
        if field.name == "files":
            if field.file or field.data:
                files.append((field.file, _kind(field), field.data))
        elif field.name not in _TEXTS or field.name in said:
            raise Invalid("it has another field, or one twice", "form")
        else:
            try:
                said[field.name] = field.data.decode().replace("\r\n", "\n").strip()
            except UnicodeDecodeError as wrong:
                raise Invalid("it is not text in UTF-8", "form") from wrong
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


def _state(report: Report) -> tuple[str, str]:
    body = "".join(f"<p>{escape(line)}</p>" for line in words(report).split("\n") if line)
    sent = f'<p class="quiet">Reported {report.received[:10]}.</p>'
    mark = ' class="answer dangerous"' if report.outcome == "dangerous" else ' class="answer"'
    shown = f"<div{mark}>{body}</div>" if body else "<p>Until then: do not open its links.</p>"
    return _TITLES[report.outcome], shown + sent


def _form(wrong: str, said: dict[str, str]) -> str:
    alert = f'<p role="alert"><strong>{escape(wrong)}</strong></p>' if wrong else ""
    text = escape(said.get("text", ""))
    contact = escape(said.get("contact", ""), quote=True)
    return (
        f"{alert}<p>Did you get a message, a mail, a link or a call that you do not trust? Send it "
        "to us: a person looks at it, and others are warned.</p>"
        f'<form method="post" action="{AT}" enctype="multipart/form-data">'
        '<label for="text">What you got, or its link or number</label>'
        f'<textarea id="text" name="text" rows="6" maxlength="{MOST_TEXT}">{text}</textarea>'
        '<label for="files">The mail as a file (.eml), or pictures of it</label>'
        '<input id="files" type="file" name="files" multiple accept=".eml,image/*">'
        f'<p class="quiet">Up to {MOST_FILES} files, {MOST_BYTES >> 20} MB together.</p>'
        '<label for="contact">Your mail address, if you want an answer there</label>'
        f'<input id="contact" type="email" name="contact" maxlength="254" value="{contact}"'
        ' autocomplete="email" aria-describedby="why">'
        '<p class="quiet" id="why">It is used once, for the answer, and forgotten then. Without it '
        "you see the answer at an address that you get now.</p>"
        "<p><button>Send the report</button></p></form>"
    )
