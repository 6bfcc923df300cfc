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
from accord.outreach.languages.catalogue import marked
from accord.web.door.forms import fields
from accord.web.public import form
from accord.web.public.page import nothing, page
from accord.web.public.reader import Reader, reader

AT: Final = "/appeal"
_BELOW: Final = f"{AT}/"
_TEXTS: Final = ("about", "said")
_TITLE: Final = marked("Tell us that an answer is wrong")
_STATES: Final = {
    "new": (
        marked("A person will look at it"),
        marked("The answer stands here when it was decided."),
    ),
    "granted": (
        marked("You are right"),
        marked("The answer was changed; it is out everywhere in minutes."),
    ),
    "declined": (
        marked("The answer stands"),
        marked("A person looked at it, and found it right."),
    ),
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
        to = reader(request)
        if request.path != AT:
            found = appeals.seen(self._desk, request.path.removeprefix(_BELOW))
            return nothing(to) if found is None else _state(to, found)
        if request.method != "POST":
            return page(to, 200, to(_TITLE), _form(to, None, {}))
        return self._taken(request, to)

    def _taken(self, request: Request, to: Reader) -> Response:
        said: dict[str, str] = {}
        try:
            said = form.read(fields(request.header("content-type"), request.body), _TEXTS)
            code = appeals.appeal(self._desk, said.get("about", ""), said.get("said", ""))
        except Full as full:
            return page(to, 503, to("Not now"), f"<p>{escape(str(full))}.</p>")
        except Invalid as wrong:
            return page(to, 422, to(_TITLE), _form(to, wrong, said))
        at = f"{_BELOW}{code}"
        text = to.html(
            "A person will look at it. What came of it is told at this address, to whoever has it: "
            "{address}. Keep it; it is shown once.", address=f'<a href="{to.link(at)}">{at}</a>',
        )  # fmt: skip
        return page(to, 200, to("Thank you"), f"<p>{text}</p>")


def _state(to: Reader, found: Appeal) -> Response:
    title, told = _STATES[found.outcome]
    said = f"<p>{escape(found.answer)}</p>" if found.answer else ""
    sent = to.html("Sent {day}.", day=found.received[:10])
    return page(to, 200, to(title), f'<p>{to.html(told)}</p>{said}<p class="quiet">{sent}</p>')


def _form(to: Reader, wrong: Invalid | None, said: dict[str, str]) -> str:
    about = escape(said.get("about", ""), quote=True)
    lead = to.html(
        "Do we warn of something that is yours, or that you know to be honest? A person looks at "
        "it."
    )
    return (
        f"{to.wrong(wrong)}<p>{lead}</p>"
        f'<form method="post" action="{to.link(AT)}" enctype="multipart/form-data">'
        f'<label for="about">{to.html("What do we warn of?")}</label>'
        f'<input id="about" type="text" name="about" required maxlength="{addresses.LONGEST}"'
        f' value="{about}"><label for="said">{to.html("Why is that wrong?")}</label>'
        f'<textarea id="said" name="said" rows="5" required maxlength="{MOST}">'
        f"{escape(said.get('said', ''))}</textarea>"
        f"<p><button>{to.html('Send it')}</button></p></form>"
    )
