"""Where the public says that an answer is wrong, and sees what came of it. No script.

Law (alike): who guesses a code sees what everybody sees who finds nothing.
"""

from __future__ import annotations

from html import escape
from typing import Final

from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.checking import appeals
from accord.flows.outreach.checking.appeals import MOST
from accord.flows.outreach.checking.port import Appeal, Desk
from accord.flows.outreach.reporting.port import Full
from accord.outreach import addresses
from accord.web.door.forms import Field, fields
from accord.web.public.page import nothing, page

AT: Final = "/appeal"
_BELOW: Final = f"{AT}/"
_TEXTS: Final = ("about", "said")
_STATES: Final = {
    "new": ("A person will look at it", "The answer stands here when it was decided."),
    "granted": ("You are right", "The answer was changed; it is out everywhere in minutes."),
    "declined": ("The answer stands", "A person looked at it, and found it right."),
}


class AppealPages:
    """Answers `/appeal`, and below it."""

    quick = False

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        return path == AT or path.startswith(_BELOW)

    def most(self, request: Request) -> int:
        """A short form."""
        return 32 << 10 if request.path == AT else 0

    def answer(self, request: Request) -> Response:
        """The form, what it came to, or what became of an appeal."""
        if request.path != AT:
            found = appeals.seen(self._desk, request.path.removeprefix(_BELOW))
            return nothing() if found is None else _state(found)
        if request.method != "POST":
            return page(200, "Tell us that an answer is wrong", _form("", {}))
        return self._taken(request)

    def _taken(self, request: Request) -> Response:
        said: dict[str, str] = {}
        try:
            said = _read(fields(request.header("content-type"), request.body))
            code = appeals.appeal(self._desk, said.get("about", ""), said.get("said", ""))
        except Full as full:
            return page(503, "Not now", f"<p>{escape(str(full))}.</p>")
        except Invalid as wrong:
            return page(422, "Tell us that an answer is wrong", _form(str(wrong), said))
        at = f"{_BELOW}{code}"
        body = (
            "<p>A person will look at it. What came of it is told at this address, to whoever has "
            f'it: <a href="{at}">{at}</a>. Keep it; it is shown once.</p>'
        )
        return page(200, "Thank you", body)


def _read(found: list[Field]) -> dict[str, str]:
    """A form as what it says.

    Raises:
        Invalid: it is none.
    """
    said: dict[str, str] = {}
    for field in found:
        if field.name not in _TEXTS or field.name in said:
            raise Invalid("it has another field, or one twice", "form")
        try:
            said[field.name] = field.data.decode().replace("\r\n", "\n").strip()
        except UnicodeDecodeError as wrong:
            raise Invalid("it is not text in UTF-8", "form") from wrong
    return said


def _state(found: Appeal) -> Response:
    title, told = _STATES[found.outcome]
    said = f"<p>{escape(found.answer)}</p>" if found.answer else ""
    sent = f'<p class="quiet">Sent {found.received[:10]}.</p>'
    return page(200, title, f"<p>{told}</p>{said}{sent}")


def _form(wrong: str, said: dict[str, str]) -> str:
    alert = f'<p role="alert"><strong>{escape(wrong)}</strong></p>' if wrong else ""
    about = escape(said.get("about", ""), quote=True)
    return (
        f"{alert}<p>Do we warn of something that is yours, or that you know to be honest? A person "
        "looks at it.</p>"
        f'<form method="post" action="{AT}" enctype="multipart/form-data">'
        '<label for="about">What do we warn of?</label>'
        f'<input id="about" type="text" name="about" required maxlength="{addresses.LONGEST}"'
        f' value="{about}"><label for="said">Why is that wrong?</label>'
        f'<textarea id="said" name="said" rows="5" required maxlength="{MOST}">'
        f"{escape(said.get('said', ''))}</textarea>"
        "<p><button>Send it</button></p></form>"
    )
