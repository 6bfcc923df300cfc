"""CISA's catalogue of known exploited vulnerabilities, as JSON or as CSV.

Source: https://www.cisa.gov/known-exploited-vulnerabilities-catalog, its JSON schema.
"""

from __future__ import annotations

import csv
import io

import msgspec

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.json import decode_as
from accord.core.limits import LIMITS
from accord.core.reading import Fact, Reading, Refused
from accord.core.times import when
from accord.supply.advisories.facts import KnownExploited
from accord.supply.advisories.items import cve_name, each, refuse

_KIND = "KEV catalogue"
_SUBJECT = "kev"


class _Entry(msgspec.Struct, frozen=True):
    cve: str = msgspec.field(name="cveID")
    added: str = msgspec.field(name="dateAdded")
    vendor: str = msgspec.field(name="vendorProject", default="")
    product: str = ""
    title: str = msgspec.field(name="vulnerabilityName", default="")
    due: str = msgspec.field(name="dueDate", default="")
    ransomware: str = msgspec.field(name="knownRansomwareCampaignUse", default="")


class _Catalogue(msgspec.Struct, frozen=True):
    vulnerabilities: list[msgspec.Raw]
    title: str = ""
    version: str = msgspec.field(name="catalogVersion", default="")
    released: str = msgspec.field(name="dateReleased", default="")
    count: int | None = None


_DECODER = msgspec.json.Decoder(_Entry)


def read(data: bytes) -> Reading:
    """The catalogue in JSON; its edition is the moment of its release.

    Raises:
        Invalid: not a catalogue, or its release date is none.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    catalogue = decode_as(_Catalogue, data)
    reading = Reading(
        _KIND, _SUBJECT, when(catalogue.released, "/dateReleased"), catalogue.title, [], [], []
    )
    listed = len(catalogue.vulnerabilities)
    if catalogue.count is not None and catalogue.count != listed:
        reason = f"the catalogue counts {catalogue.count} entries and lists {listed}"
        reading.refused.append(Refused("/count", f"{reason}; fetch it again"))
    for place, entry in each(
        _DECODER, catalogue.vulnerabilities, "/vulnerabilities", reading.refused
    ):
        _take(entry, place, reading.facts, reading.refused)
    return reading


def read_csv(data: bytes) -> Reading:
    """The catalogue in CSV. It has no date of its own: the newest entry's date stands for it.

    Raises:
        Invalid: the heading is not the catalogue's.
        Unreadable: not UTF-8, or not CSV.
        TooLarge: past a bound.

    """
    rows = csv.DictReader(io.StringIO(_text(data), newline=""))
    facts: list[Fact] = []
    refused: list[Refused] = []
    try:
        _check_heading(rows.fieldnames or ())
        for row in rows:
            place = f"line {rows.line_num}"
            cells = {name: cell or "" for name, cell in row.items() if isinstance(name, str)}
            _take(msgspec.convert(cells, _Entry), place, facts, refused)
    except csv.Error as wrong:
        raise Unreadable(f"not CSV: {wrong}", f"line {rows.line_num}") from wrong
    edition = max((fact.added for fact in facts if isinstance(fact, KnownExploited)), default="")
    return Reading(_KIND, _SUBJECT, edition, _KIND, facts, refused, [])


def _text(data: bytes) -> str:
    if len(data) > LIMITS.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {LIMITS.bytes:,}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not UTF-8 text: {wrong}") from wrong


def _check_heading(names: object) -> None:
    required = {"cveID", "vendorProject", "product", "dateAdded"}
    missing = required.difference(names if isinstance(names, list) else ())
    if missing:
        reason = f"not the KEV catalogue: no column {', '.join(sorted(missing))}"
        raise Invalid(reason, "line 1")


def _take(entry: _Entry, place: str, facts: list[Fact], refused: list[Refused]) -> None:
    try:
        facts.append(_fact(entry, place))
    except Invalid as wrong:
        refused.append(refuse(wrong, place))


def _fact(entry: _Entry, place: str) -> KnownExploited:
    added = when(entry.added, place)
    if not added:
        raise Invalid("the entry does not say when it was added", place)
    return KnownExploited(
        vulnerability=cve_name(entry.cve, place),
        vendor=entry.vendor.strip(),
        product=entry.product.strip(),
        title=entry.title.strip(),
        added=added,
        due=when(entry.due, place),
        ransomware=entry.ransomware.strip().casefold() == "known",
        place=place,
    )
