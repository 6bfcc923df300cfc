"""The words of a draft, from what happened: templates, one for each language.

Law (whole): what a document says in its own words stands in every language as it is, and the text
then says that no speaker has reviewed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from accord.core.show import printable
from accord.outreach.alerts.model import (
    MOST_LINE,
    MOST_TEXT,
    Area,
    Certainty,
    Info,
    Severity,
    Topic,
    Urgency,
)
from accord.outreach.languages.catalogue import Say, languages, speaker

Source = Literal["exposure", "advisory", "incident", "verdict"]
SOURCES: Final[tuple[Source, ...]] = ("exposure", "advisory", "incident", "verdict")
_SEVERITY: Final[dict[str, Severity]] = {
    "critical": "Severe", "high": "Moderate", "medium": "Minor", "low": "Minor",
}  # fmt: skip


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert is drafted of."""

    source: Source
    name: str
    """`CVE-2026-1234`, or an identifier."""
    title: str = ""
    text: str = ""
    """In its author's own words."""
    products: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    """ISO 3166-1, two letters."""
    fixed: tuple[str, ...] = ()
    """Versions that repair it."""
    exploited: bool = False
    rated: str = ""
    """`critical` to `none`, or empty."""
    before: str = ""
    after: str = ""
    """Of a verdict."""
    documents: tuple[str, ...] = ()
    """Digests of everything that is told here."""

    @property
    def severity(self) -> Severity:
        """As CAP has it; what is attacked is one step graver."""
        if self.exploited:
            return "Extreme" if self.rated == "critical" else "Severe"
        return _SEVERITY.get(self.rated, "Unknown")

    @property
    def urgency(self) -> Urgency:
        """As CAP has it."""
        return "Immediate" if self.exploited else "Expected"

    @property
    def certainty(self) -> Certainty:
        """As CAP has it."""
        return "Observed" if self.exploited or self.source == "incident" else "Possible"

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What subscribers may have asked for."""
        kinds = (
            ("product", self.products), ("supplier", self.suppliers), ("sector", self.sectors),
            ("region", self.countries),
        )  # fmt: skip
        found = {
            Topic(kind, " ".join(printable(one).split()).casefold()[:MOST_LINE])  # type: ignore[arg-type]
            for kind, names in kinds
            for one in names
            if one.strip()
        }
        return tuple(sorted(found))[:64]


def infos(occasion: Occasion, codes: Sequence[str] = ()) -> tuple[Info, ...]:
    """What a draft says, in each language; none named: in every one that is shipped."""
    return tuple(_info(occasion, speaker(one)) for one in codes or languages())


def _info(one: Occasion, say: Say) -> Info:
    event, headline, told, advice = _WORDS[one.source](one, say)
    foreign = bool(one.text) and say.language != "en"
    return Info(
        language=say.language, event=_line(event), response=("Execute",) if advice else (),
        urgency=one.urgency, severity=one.severity, certainty=one.certainty,
        headline=_line(headline), description=_lines(told), instruction=_lines(advice),
        areas=tuple(Area(name, (("ISO 3166-1", name),)) for name in one.countries[:64]),
        reviewed=say.reviewed and not foreign,
    )  # fmt: skip


def _vulnerability(one: Occasion, say: Say) -> tuple[str, str, str, str]:
    product = _some(one.products) or one.name
    told = [
        say("{vulnerability} is a weakness in {product}.", vulnerability=one.name, product=product)
    ]
    if one.exploited:
        told.append(say("Attackers are using it now."))
        headline = say("Act now: attackers use a weakness in {product}", product=product)
    else:
        headline = say("Update {product}: it has a weakness", product=product)
    if one.title:
        told.append(one.title)
    if one.fixed:
        advice = say("Install version {version} or a later one.", version=_some(one.fixed))
    else:
        advice = say(
            "No repaired version is known yet. Follow its maker's advice, and look for updates."
        )
    return say("Weakness in software"), headline, "\n".join(told), advice


def _incident(one: Occasion, say: Say) -> tuple[str, str, str, str]:
    return say("Security incident"), one.title or one.name, one.text or one.title, ""


def _verdict(one: Occasion, say: Say) -> tuple[str, str, str, str]:
    product = _some(one.products)
    told = say(
        "The verdict on {product} was {before} and is {after}.",
        product=product, before=one.before or "-", after=one.after,
    )  # fmt: skip
    return (
        say("Changed verdict"),
        say("The verdict on {product} has changed", product=product),
        f"{told}\n{one.text}" if one.text else told,
        "",
    )


_WORDS: Final = {
    "exposure": _vulnerability,
    "advisory": _vulnerability,
    "incident": _incident,
    "verdict": _verdict,
}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")  # noqa: PLR2004 - a few


def _line(text: str) -> str:
    return " ".join(printable(" ".join(text.split())).split())[:MOST_LINE]


def _lines(text: str) -> str:
    return "\n".join(printable(line).rstrip() for line in text.split("\n"))[:MOST_TEXT]
