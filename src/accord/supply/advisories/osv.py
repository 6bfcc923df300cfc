"""OSV advisories, schema 1.0 to 1.7, as JSON or YAML.

Source: Open Source Vulnerability format (https://ossf.github.io/osv-schema/), sections `affected`,
`severity`, `withdrawn`. Aliases are other names of the same vulnerability; `related` and
`upstream` are not, and are kept apart from them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_as
from accord.core.reading import NotEvaluated, Reading
from accord.core.times import when
from accord.core.yaml import decode as decode_yaml
from accord.supply.advisories import severity
from accord.supply.advisories.facts import Advisory, Affected, Event, Score
from accord.supply.advisories.items import each, is_cve, refuse
from accord.supply.products import ecosystems, identities

_KINDS = ("introduced", "fixed", "last_affected", "limit")
_BEGINNING = Event("introduced", "0")
_NO_DATE = "0001-01-01T00:00:00.000000Z"
"""What Go's database writes for a date that it does not set: no date at all."""


class _Package(msgspec.Struct, frozen=True):
    ecosystem: str = ""
    name: str = ""
    purl: str | None = None


class _Range(msgspec.Struct, frozen=True):
    type: str
    events: list[dict[str, str]]
    repo: str | None = None


class _Severity(msgspec.Struct, frozen=True):
    type: str
    score: str


class _Affected(msgspec.Struct, frozen=True):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[msgspec.Raw] | None = None


class _Vulnerability(msgspec.Struct, frozen=True):
    id: str
    modified: str
    published: str | None = None
    withdrawn: str | None = None
    summary: str | None = None
    aliases: list[str] | None = None
    related: list[str] | None = None
    upstream: list[str] | None = None
    affected: list[msgspec.Raw] | None = None
    severity: list[msgspec.Raw] | None = None
    database_specific: msgspec.Raw = msgspec.Raw(b"")


class _Rated(msgspec.Struct, frozen=True):
    severity: str | None = None


_AFFECTED = msgspec.json.Decoder(_Affected)
_SEVERITY = msgspec.json.Decoder(_Severity)
_RATED = msgspec.json.Decoder(_Rated)


def read_json(data: bytes) -> Reading:
    """One advisory in JSON; its edition is `modified`, undated where that is the year 1.

    Raises:
        Invalid: `id` or `modified` is missing, or a field has the wrong type.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    return _Document(decode_as(_Vulnerability, data)).read()


def read_yaml(data: bytes) -> Reading:
    """One advisory in YAML, as `read_json`.

    Raises:
        Invalid: `id` or `modified` is missing, or a field has the wrong type.
        Unreadable: not YAML.
        TooLarge: past a bound.

    """
    return read_json(msgspec.json.encode(decode_yaml(data)))


class _Document:
    """One advisory on its way to facts."""

    def __init__(self, found: _Vulnerability) -> None:
        if not found.id:
            raise Invalid("the advisory has no identifier", "/id")
        modified = _date(found.modified, "/modified")
        self.found = found
        self.reading = Reading(
            "OSV advisory", f"osv:{found.id}", modified, found.summary or found.id, [], [], []
        )
        names = (found.id, *(found.aliases or ()))
        self.vulnerability = next((name for name in names if is_cve(name)), found.id)
        self.aliases = tuple(name for name in dict.fromkeys(names) if name != self.vulnerability)
        self.publisher = found.id.partition("-")[0]

    def read(self) -> Reading:
        found, reading = self.found, self.reading
        reading.facts.append(
            Advisory(
                advisory=found.id,
                vulnerability=self.vulnerability,
                aliases=self.aliases,
                related=tuple(dict.fromkeys([*(found.related or ()), *(found.upstream or ())])),
                publisher=self.publisher,
                title=found.summary or "",
                published=_date(found.published or "", "/published"),
                modified=reading.edition,
                withdrawn=_date(found.withdrawn or "", "/withdrawn"),
            )
        )
        for place, item in each(_AFFECTED, found.affected, "/affected", reading.refused):
            try:
                reading.facts += self._affected(item, place)
            except Invalid as wrong:
                reading.refused.append(refuse(wrong, place))
        self._scores()
        return reading

    def _affected(self, item: _Affected, place: str) -> list[Affected]:
        ranges = _ranges(item.ranges or (), place)
        versions = tuple(dict.fromkeys(item.versions or ()))
        package = item.package or _Package()
        if len(ranges) < len(item.ranges or ()):
            self._skip(place, "commit range", package)
            if not ranges and not versions:
                return []
        named = self._package(package, place)
        if named is None:
            return []
        if not ranges and not versions:
            self._skip(place, "no version", package)
            return []
        return [Affected(self.vulnerability, *named, ranges, versions, place=place)]

    def _package(self, package: _Package, place: str) -> tuple[str, str] | None:
        """Package and stream: by ecosystem and name, else by package URL."""
        unknown = "no identity"
        if package.ecosystem and package.name:
            try:
                return ecosystems.package(package.ecosystem, package.name)
            except Invalid:
                unknown = "unknown ecosystem"
        if not package.purl:
            self._skip(place, unknown, package)
            return None
        try:
            first = identities.of_purl(package.purl)[0]
        except Invalid as wrong:
            raise Invalid(wrong.reason, f"{place}/package/purl") from wrong
        return first.package, first.stream

    def _skip(self, place: str, reason: str, package: _Package) -> None:
        name = package.purl or f"{package.ecosystem}:{package.name}".strip(":")
        self.reading.not_evaluated.append(NotEvaluated(place, reason, name, self.vulnerability))

    def _scores(self) -> None:
        """The whole advisory's severities, then each package's, each vector or word once."""
        seen: set[tuple[str, str]] = set()
        for place, rating in self._ratings():
            try:
                score = self._score(rating, place)
            except Invalid as wrong:
                self.reading.refused.append(refuse(wrong, place))
                continue
            if (score.vector, score.word) not in seen:
                seen.add((score.vector, score.word))
                self.reading.facts.append(score)

    def _ratings(self) -> Iterator[tuple[str, _Severity]]:
        refused = self.reading.refused
        yield from each(_SEVERITY, self.found.severity, "/severity", refused)
        for index, raw in enumerate(self.found.affected or ()):
            if b'"severity"' in bytes(raw):
                yield from self._inner(raw, f"/affected/{index}/severity")
        if b'"severity"' in bytes(self.found.database_specific):
            yield from self._own_word()

    def _inner(self, raw: msgspec.Raw, place: str) -> Iterator[tuple[str, _Severity]]:
        try:
            item = _AFFECTED.decode(raw)
        except msgspec.MsgspecError:
            return  # the entry has been refused already
        yield from each(_SEVERITY, item.severity, place, self.reading.refused)

    def _own_word(self) -> Iterator[tuple[str, _Severity]]:
        """`database_specific.severity`, where it is one of the usual words."""
        try:
            found = _RATED.decode(self.found.database_specific).severity or ""
        except msgspec.MsgspecError:
            return  # the field is the database's own: any form is allowed
        if severity.word(found):
            yield "/database_specific/severity", _Severity("word", found)

    def _score(self, rating: _Severity, place: str) -> Score:
        if not rating.type.startswith("CVSS_"):
            word = severity.word(rating.score)
            if not word:
                raise Invalid(f"{rating.score[:60]!r} is not a severity that is known", place)
            return Score(self.vulnerability, word=word, source=self.publisher, place=place)
        number, word = severity.rated(rating.score)
        return Score(self.vulnerability, rating.score, number, word, self.publisher, place)


def _date(text: str, place: str) -> str:
    date = when(text, place)
    return "" if date == _NO_DATE else date


def _ranges(found: list[_Range] | tuple[()], place: str) -> tuple[tuple[Event, ...], ...]:
    """Ranges over versions; those over commits are left out."""
    ranges = []
    for index, one in enumerate(found):
        here = f"{place}/ranges/{index}"
        if one.type not in ("SEMVER", "ECOSYSTEM", "GIT"):
            raise Invalid(f"{one.type[:40]!r} is not a type of range", f"{here}/type")
        events = _events(one.events, f"{here}/events")
        if one.type != "GIT":
            ranges.append(events)
    return tuple(ranges)


def _events(found: list[dict[str, str]], place: str) -> tuple[Event, ...]:
    """The events of one range.

    Rules: each names one event; one at least is `introduced`; `fixed` and `last_affected` exclude
    each other (OSV schema, `affected[].ranges[].events`).
    """
    events = []
    for index, one in enumerate(found):
        kinds = [kind for kind in _KINDS if kind in one]
        if len(kinds) != 1:
            reason = "one of `introduced`, `fixed`, `last_affected` and `limit` is expected"
            raise Invalid(reason, f"{place}/{index}")
        version = one[kinds[0]]
        if not version.strip():
            raise Invalid(f"`{kinds[0]}` names no version", f"{place}/{index}")
        first = kinds[0] == "introduced" and version == "0"
        events.append(_BEGINNING if first else Event(kinds[0], version))
    kinds = [event.kind for event in events]
    if "introduced" not in kinds:
        raise Invalid("a range needs an `introduced` event", place)
    if "fixed" in kinds and "last_affected" in kinds:
        raise Invalid("`fixed` and `last_affected` stand in one range", place)
    return tuple(events)
