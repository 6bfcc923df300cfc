"""Where the public asks for alerts by mail. No script.

Law (alike): the page says the same whether or not an address is subscribed already.
Law (no bombs): an address is asked to confirm once an hour at most, whoever asks how often, and the
node asks no more than 30 addresses a minute.

Source: WCAG 2.2, section 3.3 (errors are told in words, and what was entered stays).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from html import escape
from typing import Final

from accord.core.errors import Invalid
from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.alerting import subscribe
from accord.flows.outreach.alerting.port import Carrier, Desk, NotDelivered, Subscriber
from accord.flows.outreach.alerting.release import Zones
from accord.outreach.alerts import model
from accord.outreach.alerts.feeds import Place
from accord.outreach.alerts.model import SEVERITIES
from accord.outreach.alerts.rhythm import Rhythm, read_quiet
from accord.outreach.languages.catalogue import marked
from accord.web.door.forms import fields
from accord.web.door.limits import Buckets, Rate
from accord.web.public import form
from accord.web.public.page import page
from accord.web.public.reader import Reader, all_languages, reader

AT: Final = "/subscribe"
_LONGEST: Final = 16 << 10
_EACH: Final = Rate(1 / 3_600, 1)
_ALL: Final = Rate(0.5, 30)
_TOPICS: Final = "product:Lantern, supplier:Lantern Works, sector:energy, region:AU"
_TITLE: Final = marked("Alerts by mail")
_TOO_MANY: Final = marked("Too many ask at once. Try again in a minute.")
_NOT_SENT: Final = marked("The mail that asks you to confirm did not leave. Try again in an hour.")
_NAMES: Final = frozenset({
    "address", "topics", "floor", "language", "digest", "quiet", "zone", "override",
})  # fmt: skip
_FLOORS: Final = {
    "Unknown": marked("every alert"), "Moderate": marked("from moderate on"),
    "Severe": marked("from severe on"), "Extreme": marked("only what is extreme"),
}  # fmt: skip
_ZONES: Final = {
    one: one.replace("_", " ") for one in (
        "UTC", "America/New_York", "America/Chicago", "America/Los_Angeles", "Asia/Jakarta",
        "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "Australia/Perth",
    )
}  # fmt: skip


class SubscribePages:
    """Answers `/subscribe`."""

    quick = False

    def __init__(
        self,
        desk: Desk,
        carrier: Carrier,
        place: Place,
        zones: Zones,
        seconds: Callable[[], float],
    ) -> None:
        """`seconds` is a clock that only goes on."""
        self._desk, self._carrier, self._place = desk, carrier, place
        self._zones, self._seconds = zones, seconds
        self._each, self._all = Buckets(_EACH, 100_000), Buckets(_ALL)

    def owns(self, path: str) -> bool:
        """Whether an address is this one."""
        return path == AT

    def most(self, _request: Request) -> int:
        """A short form."""
        return _LONGEST

    def answer(self, request: Request) -> Response:
        """The form, or what it came to."""
        to = reader(request)
        if request.method != "POST":
            return page(to, 200, to(_TITLE), _form(to, None, {}))
        said: dict[str, str] = {}
        try:
            said = form.read(fields(request.header("content-type"), request.body), _NAMES)
            wanted = _wanted(said)
            subscribe.check(wanted, self._zones)
        except Invalid as wrong:
            return page(to, 422, to(_TITLE), _form(to, wrong, said))
        return self._asked(to, wanted)

    def _asked(self, to: Reader, wanted: Subscriber) -> Response:
        now = self._seconds()
        address = sha256(wanted.address.casefold().encode()).hexdigest()
        if not self._each.take(address, now, 0):
            if self._all.take("", now):
                return _not_now(to, _TOO_MANY)
            self._each.take(address, now)
            try:
                subscribe.subscribe(self._desk, self._carrier, self._place, wanted, self._zones)
            except NotDelivered:
                return _not_now(to, _NOT_SENT)
        sent = to.html(
            "If this address can be written to, a mail is on its way. Open its link within two "
            "days and press the button; until then nothing else is sent."
        )
        leave = to.html("Each alert has a link by which you leave, at once and for good.")
        return page(to, 200, to("Look into your mail"), f"<p>{sent}</p><p>{leave}</p>")


def _not_now(to: Reader, message: str) -> Response:
    return page(to, 503, to("Not now"), f"<p>{to.html(message)}</p>")


def _wanted(said: Mapping[str, str]) -> Subscriber:
    """What somebody wants.

    Raises:
        Invalid: it cannot be wanted so.
    """
    floor = said.get("floor", "Unknown")
    if floor not in SEVERITIES:
        raise Invalid(f"one of {', '.join(SEVERITIES)}", "floor")
    first, last = read_quiet(said.get("quiet", ""))
    lines = [one.strip() for one in said.get("topics", "").split("\n") if one.strip()]
    return Subscriber(
        channel="mail",
        address=said.get("address", ""),
        topics=tuple(model.topic(one) for one in lines or ["all"]),
        floor=SEVERITIES.index(floor),
        language=said.get("language", "en"),
        rhythm=Rhythm(
            zone=said.get("zone", "UTC"), quiet_from=first, quiet_to=last,
            digest="digest" in said, override="override" in said,
        ),
    )  # fmt: skip


def _form(to: Reader, wrong: Invalid | None, said: Mapping[str, str]) -> str:
    address, quiet = (escape(said.get(name, ""), quote=True) for name in ("address", "quiet"))
    floors = {value: to(message) for value, message in _FLOORS.items()}
    spoken = {one.code: one.name for one in all_languages()}
    about = to.html("About what, one a line; empty: everything")
    which = to.html("For example: {topics}", topics=_TOPICS)
    language = to("In which language, where there is a text in it")
    return (
        f"{to.wrong(wrong)}<p>"
        f"{to.html('We write when something concerns you, and to nobody else of you.')}</p>"
        f'<form method="post" action="{to.link(AT)}" enctype="multipart/form-data">'
        f'<label for="address">{to.html("Your mail address")}</label>'
        f'<input id="address" type="email" name="address" required maxlength="254"'
        f' value="{address}" autocomplete="email"><label for="topics">{about}</label>'
        '<textarea id="topics" name="topics" rows="3" maxlength="4000" aria-describedby="which">'
        f'{escape(said.get("topics", ""))}</textarea><p class="quiet" id="which">{which}</p>'
        f"{_choice('floor', to('How grave'), floors, said.get('floor', 'Unknown'))}"
        f"{_choice('language', language, spoken, said.get('language', to.language))}"
        f"{_tick('digest', to('Once a day, all in one'), said)}"
        f'<label for="quiet">{to.html("No mail at these hours: 22:00-07:00")}</label>'
        f'<input id="quiet" type="text" name="quiet" maxlength="11" value="{quiet}">'
        f"{_choice('zone', to('Of these hours'), _ZONES, said.get('zone', 'UTC'))}"
        f"{_tick('override', to('What is extreme comes at once all the same'), said)}"
        f"<p><button>{to.html('Ask for alerts')}</button></p></form>"
    )


def _choice(name: str, label: str, choices: Mapping[str, str], chosen: str) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(shown)}</option>'
        for value, shown in choices.items()
    )
    menu = f'<select id="{name}" name="{name}">{options}</select>'
    return f'<label for="{name}">{escape(label)}</label>{menu}'


def _tick(name: str, label: str, said: Mapping[str, str]) -> str:
    ticked = " checked" if name in said else ""
    return (
        f'<p><label for="{name}"><input id="{name}" type="checkbox" name="{name}" value="yes"'
        f"{ticked}> {escape(label)}</label></p>"
    )
