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
from accord.web.door.forms import Field, fields
from accord.web.door.limits import Buckets, Rate
from accord.web.public.page import page

AT: Final = "/subscribe"
_LONGEST: Final = 16 << 10
_EACH: Final = Rate(1 / 3_600, 1)
_ALL: Final = Rate(0.5, 30)
_TITLE: Final = "Alerts by mail"
_NAMES: Final = frozenset({
    "address", "topics", "floor", "language", "digest", "quiet", "zone", "override",
})  # fmt: skip
_FLOORS: Final = {
    "Unknown": "every alert", "Moderate": "from moderate on", "Severe": "from severe on",
    "Extreme": "only what is extreme",
}  # fmt: skip
_LANGUAGES: Final = {
    "en": "English", "hi": "\u0939\u093f\u0928\u094d\u0926\u0940", "ja": "\u65e5\u672c\u8a9e",
    "id": "Bahasa Indonesia",
}  # fmt: skip
_IN: Final = "In which language, where there is a text in it"
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
        if request.method != "POST":
            return page(200, _TITLE, _form("", {}))
        said: dict[str, str] = {}
        try:
            said = _read(fields(request.header("content-type"), request.body))
            wanted = _wanted(said)
            subscribe.check(wanted, self._zones)
        except Invalid as wrong:
            return page(422, _TITLE, _form(str(wrong), said))
        return self._asked(wanted)

    def _asked(self, wanted: Subscriber) -> Response:
        now = self._seconds()
        address = sha256(wanted.address.casefold().encode()).hexdigest()
        if not self._each.take(address, now, 0):
            if self._all.take("", now):
                return page(503, "Not now", "<p>Too many ask at once. Try again in a minute.</p>")
            self._each.take(address, now)
            try:
                subscribe.subscribe(self._desk, self._carrier, self._place, wanted, self._zones)
            except NotDelivered:
                text = "The mail that asks you to confirm did not leave. Try again in an hour."
                return page(503, "Not now", f"<p>{text}</p>")
        body = (
            "<p>If this address can be written to, a mail is on its way. Open its link within two "
            "days and press the button; until then nothing else is sent.</p><p>Each alert has a "
            "link by which you leave, at once and for good.</p>"
        )
        return page(200, "Look into your mail", body)


def _read(found: list[Field]) -> dict[str, str]:
    """A form as what it says.

    Raises:
        Invalid: it is none.
    """
    said: dict[str, str] = {}
    for field in found:
        if field.name not in _NAMES or field.name in said:
            raise Invalid("it has another field, or one twice", "form")
        try:
            said[field.name] = field.data.decode().replace("\r\n", "\n").strip()
        except UnicodeDecodeError as wrong:
            raise Invalid("it is not text in UTF-8", "form") from wrong
    return said


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


def _form(wrong: str, said: Mapping[str, str]) -> str:
    alert = f'<p role="alert"><strong>{escape(wrong)}</strong></p>' if wrong else ""
    address, quiet = (escape(said.get(name, ""), quote=True) for name in ("address", "quiet"))
    return (
        f"{alert}<p>We write when something concerns you, and to nobody else of you.</p>"
        f'<form method="post" action="{AT}" enctype="multipart/form-data">'
        '<label for="address">Your mail address</label>'
        f'<input id="address" type="email" name="address" required maxlength="254"'
        f' value="{address}" autocomplete="email">'
        '<label for="topics">About what, one a line; empty: everything</label>'
        '<textarea id="topics" name="topics" rows="3" maxlength="4000" aria-describedby="which">'
        f"{escape(said.get('topics', ''))}</textarea>"
        '<p class="quiet" id="which">product:Lantern, supplier:Lantern Works, sector:energy or '
        "region:AU</p>"
        f"{_choice('floor', 'How grave', _FLOORS, said.get('floor', 'Unknown'))}"
        f"{_choice('language', _IN, _LANGUAGES, said.get('language', 'en'))}"
        f"{_tick('digest', 'Once a day, all in one', said)}"
        '<label for="quiet">No mail at these hours: 22:00-07:00</label>'
        f'<input id="quiet" type="text" name="quiet" maxlength="11" value="{quiet}">'
        f"{_choice('zone', 'Of these hours', _ZONES, said.get('zone', 'UTC'))}"
        f"{_tick('override', 'What is extreme comes at once all the same', said)}"
        "<p><button>Ask for alerts</button></p></form>"
    )


def _choice(name: str, label: str, choices: Mapping[str, str], chosen: str) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(shown)}</option>'
        for value, shown in choices.items()
    )
    menu = f'<select id="{name}" name="{name}">{options}</select>'
    return f'<label for="{name}">{label}</label>{menu}'


def _tick(name: str, label: str, said: Mapping[str, str]) -> str:
    ticked = " checked" if name in said else ""
    return (
        f'<p><label for="{name}"><input id="{name}" type="checkbox" name="{name}" value="yes"'
        f"{ticked}> {label}</label></p>"
    )
