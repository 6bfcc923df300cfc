"""An alert, its updates and its cancellation, with the semantics of CAP 1.2.

Law (references): an update or a cancellation names every message before it of the same alert.
Law (final): nothing follows a cancellation.
Law (once): an identifier is used for one message only.

Source: OASIS, Common Alerting Protocol 1.2, section 3.2 (alert, info, area).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, get_args

import msgspec

from accord.core.errors import Invalid
from accord.core.show import DRIVING
from accord.identity.markings import Tlp

Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
]  # fmt: skip
Response = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
]  # fmt: skip
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
Status = Literal["Actual", "Exercise", "Test"]
Kind = Literal["alert", "update", "cancel"]
Scope = Literal["Public", "Restricted"]
TopicKind = Literal["all", "product", "supplier", "sector", "region"]

SEVERITIES: Final[tuple[Severity, ...]] = ("Unknown", "Minor", "Moderate", "Severe", "Extreme")
"""From the least on: a subscriber's floor is a place in it."""
CRITICAL: Final[Severity] = "Extreme"
MOST_INFOS, MOST_AREAS, MOST_TOPICS, MOST_SOURCES = 16, 64, 64, 4_096
MOST_LINE, MOST_TEXT = 300, 8_000
"""Characters."""

_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 digits: none that is easily taken for another."""
_SENDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,120}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_WEB = re.compile(r"https?://[!-;=?-~]{1,500}")
_WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NO_CHARACTER = re.compile("[\ufffe\uffff]")
"""What XML 1.0 does not hold, beside what drives."""


class Area(msgspec.Struct, frozen=True):
    """Where an alert applies."""

    name: str
    codes: tuple[tuple[str, str], ...] = ()
    """Name of a scheme and a code in it: `("ISO 3166-1", "IN")`."""


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert says, in one language."""

    language: str
    """RFC 3066, as CAP has it: `en`, `hi`."""
    category: tuple[Category, ...] = ("Security",)
    event: str
    response: tuple[Response, ...] = ()
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    headline: str
    description: str
    instruction: str = ""
    web: str = ""
    """Where more is said; empty: nowhere."""
    expires: str = ""
    """`when()` it no longer applies; empty: it does until it is cancelled."""
    areas: tuple[Area, ...] = ()
    reviewed: bool = True
    """Whether a speaker of the language has read its words."""


class Reference(msgspec.Struct, frozen=True):
    """An earlier message of the same alert."""

    sender: str
    identifier: str
    sent: str


class Topic(msgspec.Struct, frozen=True, order=True):
    """What an alert is about, and what a subscriber asks for."""

    kind: TopicKind
    value: str = ""
    """In small letters; of `all` empty."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One message of an alert."""

    code: str
    """Of the alert and everything that follows it: short, to be typed in by a person."""
    revision: int = 1
    """From 1 on."""
    sender: str
    sent: str = ""
    """`when()` it was released; empty: it is a draft."""
    status: Status = "Actual"
    kind: Kind = "alert"
    scope: Scope = "Public"
    restriction: str = ""
    """Of a restricted one: to whom it may go, in words."""
    tlp: Tlp = Tlp.CLEAR
    references: tuple[Reference, ...] = ()
    infos: tuple[Info, ...]
    topics: tuple[Topic, ...] = ()
    sources: tuple[str, ...] = ()
    """Digests of the documents that it was made of."""

    @property
    def identifier(self) -> str:
        """Of this message alone."""
        return f"{self.code}-{self.revision}"

    @property
    def severity(self) -> Severity:
        """The same in every language."""
        return self.infos[0].severity

    @property
    def expires(self) -> str:
        """The same in every language; empty: it does not."""
        return self.infos[0].expires

    def reference(self) -> Reference:
        """As later messages name it."""
        return Reference(self.sender, self.identifier, self.sent)

    def info(self, language: str) -> Info:
        """What it says in a language; where it does not, in English, or in its first."""
        by = {one.language: one for one in self.infos}
        return by.get(language) or by.get("en") or self.infos[0]


def short_code(entropy: bytes) -> str:
    """A code of 40 bits, of five random bytes: `K7QF-3MZP`."""
    number = int.from_bytes(entropy[:5])
    digits = "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(8)))
    return f"{digits[:4]}-{digits[4:]}"


def read_code(text: str) -> str:
    """A code as a person types it, in its one form; empty: it is none.

    Source: D. Crockford, Base 32: I and L are read as 1, O as 0.
    """
    plain = text.strip().upper().replace("-", "").replace(" ", "")
    plain = plain.translate(str.maketrans("ILO", "110"))
    code = f"{plain[:4]}-{plain[4:]}"
    return code if _CODE.fullmatch(code) else ""


def topic(text: str) -> Topic:
    """`supplier:Lantern Works`, or `all`.

    Raises:
        Invalid: it is no topic.
    """
    kind, _, value = text.partition(":")
    value = " ".join(value.split()).casefold()
    if kind not in get_args(TopicKind) or (kind == "all") != (not value):
        raise Invalid(f"{text[:60]!r}: all, product:NAME, supplier:NAME, sector:NAME, region:CODE")
    if len(value) > MOST_LINE or DRIVING.search(value):
        raise Invalid(f"{text[:60]!r} is too long, or is no text of one line")
    return Topic(kind, value)  # type: ignore[arg-type]


def follow(thread: Sequence[Alert], kind: Kind, infos: tuple[Info, ...]) -> Alert:
    """The draft that updates or cancels an alert; `thread` is what was released, in order.

    Raises:
        Invalid: nothing can follow.
    """
    if kind == "alert" or not thread:
        raise Invalid("only what was released can be updated or cancelled")
    last = thread[-1]
    if last.kind == "cancel":
        raise Invalid(f"{last.code} is cancelled, which is final: draft a new alert")
    before = tuple(one.reference() for one in thread)
    return check(
        msgspec.structs.replace(
            last, revision=last.revision + 1, sent="", kind=kind, references=before,
            infos=infos or last.infos,
        )
    )  # fmt: skip


def release(draft: Alert, thread: Sequence[Alert], now: str) -> Alert:
    """The draft as it is sent at a moment, after what was released before.

    Raises:
        Invalid: it cannot follow, or was released already.
    """
    check(draft)
    if draft.sent:
        raise Invalid(f"{draft.identifier} was released; update or cancel it")
    if draft.expires and draft.expires <= now:
        raise Invalid(f"{draft.identifier} expired on {draft.expires[:10]}: edit it")
    sent = msgspec.structs.replace(draft, sent=now)
    check_thread((*thread, sent))
    return sent


def check_thread(thread: Sequence[Alert]) -> None:
    """Whether messages follow each other as the laws want it.

    Raises:
        Invalid: they do not; the place is the message's identifier.
    """
    for number, one in enumerate(thread):
        before, place = thread[:number], one.identifier
        if one.revision != number + 1 or one.code != thread[0].code:
            raise Invalid("its number is not the next: an identifier is used once", place)
        if (one.kind == "alert") == bool(before):
            raise Invalid("the first message is an alert, and no other is", place)
        if one.references != tuple(earlier.reference() for earlier in before):
            raise Invalid("it does not name every message before it", place)
        if before and before[-1].kind == "cancel":
            raise Invalid("it follows a cancellation, which is final", place)
        # CAP writes whole seconds: two messages of one alert in one second look alike.
        if before and one.sent[:19] <= before[-1].sent[:19]:
            raise Invalid("it is not later than the message before it", place)


def check(alert: Alert) -> Alert:
    """The same, once it is whole.

    Raises:
        Invalid: it breaks a rule; the place is the member.
    """
    _fits(_CODE, alert.code, "code")
    _fits(_SENDER, alert.sender, "sender")
    if alert.revision < 1:
        raise Invalid("counted from 1 on", "revision")
    if alert.sent:
        _fits(_WHEN, alert.sent, "sent")
    if (alert.kind == "alert") == bool(alert.references):
        raise Invalid("an update or cancellation has references, an alert none", "references")
    if (alert.scope == "Restricted") != bool(alert.restriction):
        raise Invalid("a restricted alert says to whom it may go, a public one does not",
                      "restriction")  # fmt: skip
    if (alert.scope == "Public") != (alert.tlp is Tlp.CLEAR):
        raise Invalid("what is public is TLP:CLEAR, and only that", "scope")
    _line(alert.restriction, "restriction", empty=True)
    _count(alert.topics, MOST_TOPICS, "topics")
    _count(alert.sources, MOST_SOURCES, "sources")
    _check_infos(alert.infos)
    return alert


def _check_infos(infos: tuple[Info, ...]) -> None:
    if not infos:
        raise Invalid("it says nothing: one text for a language at least", "infos")
    _count(infos, MOST_INFOS, "infos")
    if len({one.language for one in infos}) != len(infos):
        raise Invalid("one text for each language", "infos")
    same = {(one.category, one.urgency, one.severity, one.certainty, one.expires) for one in infos}
    if len(same) != 1:
        raise Invalid("category, urgency, severity, certainty and end are those of the alert,"
                      " in every language", "infos")  # fmt: skip
    for number, one in enumerate(infos):
        _check_info(one, f"infos/{number}")


def _check_info(info: Info, place: str) -> None:
    _fits(_LANGUAGE, info.language, f"{place}/language")
    if not info.category or len(set(info.category)) != len(info.category):
        raise Invalid("one category at least, each once", f"{place}/category")
    _line(info.event, f"{place}/event")
    _line(info.headline, f"{place}/headline")
    _text(info.description, f"{place}/description")
    if not info.description.strip():
        raise Invalid("say what happened", f"{place}/description")
    _text(info.instruction, f"{place}/instruction")
    if info.web:
        _fits(_WEB, info.web, f"{place}/web")
    if info.expires:
        _fits(_WHEN, info.expires, f"{place}/expires")
    _count(info.areas, MOST_AREAS, f"{place}/areas")
    for number, area in enumerate(info.areas):
        _line(area.name, f"{place}/areas/{number}/name")
        _count(area.codes, MOST_AREAS, f"{place}/areas/{number}/codes")
        for pair in area.codes:
            for said in pair:
                _line(said, f"{place}/areas/{number}/codes")


def _fits(form: re.Pattern[str], text: str, place: str) -> None:
    if form.fullmatch(text) is None:
        raise Invalid(f"{text[:60]!r} does not have its form", place)


def _line(text: str, place: str, *, empty: bool = False) -> None:
    odd = DRIVING.search(text) or _NO_CHARACTER.search(text)
    if (not text.strip() and not empty) or len(text) > MOST_LINE or odd:
        raise Invalid(f"one line of 1 to {MOST_LINE} characters", place)


def _text(text: str, place: str) -> None:
    plain = text.replace("\n", "").replace("\t", "")
    if len(text) > MOST_TEXT or DRIVING.search(plain) or _NO_CHARACTER.search(plain):
        raise Invalid(
            f"at most {MOST_TEXT:,} characters, none of them a control or a mark of direction",
            place,
        )


def _count(values: Sequence[object], most: int, place: str) -> None:
    if len(values) > most:
        raise Invalid(f"{len(values):,} entries; the limit is {most}", place)
