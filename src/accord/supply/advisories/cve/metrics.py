"""Scores, SSVC judgements and known exploitation, from the `metrics` of a container.

Source: CVE Record Format 5.1, `metrics`; CISA Vulnrichment, whose container carries `other` of
the types `ssvc` and `kev`.
"""

from __future__ import annotations

import msgspec

from accord.core.errors import Invalid
from accord.core.reading import Fact
from accord.core.times import when
from accord.supply.advisories import severity
from accord.supply.advisories.facts import KnownExploited, Score, Ssvc

_MOST = 10.0
_EXPLOITATION = {
    "none": "none",
    "poc": "public poc",
    "public poc": "public poc",
    "active": "active",
}
_AUTOMATABLE = {"yes": "yes", "no": "no"}
_IMPACT = {"partial": "partial", "total": "total"}
_POINTS = {
    "exploitation": _EXPLOITATION,
    "automatable": _AUTOMATABLE,
    "technical impact": _IMPACT,
}


class Cvss(msgspec.Struct, frozen=True, rename="camel"):
    """One CVSS score."""

    base_score: float | None = None
    vector_string: str = ""
    base_severity: str = ""


class Other(msgspec.Struct, frozen=True):
    """Another kind of metric, by its publisher's own type."""

    type: str = ""
    content: msgspec.Raw = msgspec.Raw(b"{}")


class Metric(msgspec.Struct, frozen=True):
    """One entry of `metrics`."""

    cvss2: Cvss | None = msgspec.field(name="cvssV2_0", default=None)
    cvss30: Cvss | None = msgspec.field(name="cvssV3_0", default=None)
    cvss31: Cvss | None = msgspec.field(name="cvssV3_1", default=None)
    cvss4: Cvss | None = msgspec.field(name="cvssV4_0", default=None)
    other: Other | None = None


class _Ssvc(msgspec.Struct, frozen=True):
    options: list[dict[str, str]]
    timestamp: str = ""
    role: str = ""


class _Kev(msgspec.Struct, frozen=True, rename="camel"):
    date_added: str


class _Said(msgspec.Struct, frozen=True):
    value: str = ""
    text: str = ""


class About(msgspec.Struct, frozen=True):
    """What a metric is about, as the rest of the record has it."""

    vulnerability: str
    source: str
    vendor: str
    product: str
    title: str


_SSVC = msgspec.json.Decoder(_Ssvc)
_KEV = msgspec.json.Decoder(_Kev)
_SAID = msgspec.json.Decoder(_Said)


def facts(metric: Metric, about: About, place: str) -> list[Fact]:
    """The facts of one entry; a metric of a type that is not known here gives none.

    Raises:
        Invalid: a score, judgement or date that is none.

    """
    scored: list[Fact] = [
        _score(found, about, place)
        for found in (metric.cvss4, metric.cvss31, metric.cvss30, metric.cvss2)
        if found is not None
    ]
    other = metric.other
    if other is None:
        return scored
    try:
        return scored + _other(other, about, place)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise Invalid(str(wrong), f"{place}/other/content") from wrong


def _score(found: Cvss, about: About, place: str) -> Score:
    """The source's own base score; it is not computed anew."""
    number, vector = found.base_score, found.vector_string
    if number is not None and not 0 <= number <= _MOST:
        raise Invalid(f"a base score of {number}; 0 to 10 is expected", place)
    word = severity.word(found.base_severity)
    if vector and (number is None or not word):
        rated, rating = severity.rated(vector)
        number, word = rated if number is None else number, word or rating
    return Score(about.vulnerability, vector, number, word, about.source, place)


def _other(other: Other, about: About, place: str) -> list[Fact]:
    if other.type == "ssvc":
        return [_judgement(_SSVC.decode(other.content), about, place)]
    if other.type == "kev":
        added = when(_KEV.decode(other.content).date_added, f"{place}/other/content/dateAdded")
        if not added:
            raise Invalid("the entry does not say when it was added", place)
        return [
            KnownExploited(
                about.vulnerability, about.vendor, about.product, about.title, added, place=place
            )
        ]
    if "severity" in other.type.lower():
        said = _SAID.decode(other.content)
        word = severity.word(said.value or said.text)
        if word:
            return [Score(about.vulnerability, word=word, source=about.source, place=place)]
    return []


def _judgement(found: _Ssvc, about: About, place: str) -> Ssvc:
    values: dict[str, str] = {}
    for option in found.options:
        for name, value in option.items():
            point = name.strip().lower()
            if point in _POINTS:
                values[point] = _value(point, value, place)
    return Ssvc(
        about.vulnerability,
        values.get("exploitation", ""),
        values.get("automatable", ""),
        values.get("technical impact", ""),
        when(found.timestamp, f"{place}/other/content/timestamp"),
        found.role,
        place,
    )


def _value(point: str, value: str, place: str) -> str:
    known = _POINTS[point].get(value.strip().lower())
    if known is None:
        raise Invalid(f"{value[:40]!r} is not a value of {point}", f"{place}/other/content/options")
    return known
