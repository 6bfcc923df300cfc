"""Mappings from known exploited vulnerabilities to ATT&CK techniques.

Source: Center for Threat-Informed Defense, Mappings Explorer, unified mapping format.
"""

from __future__ import annotations

import re

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_as
from accord.core.limits import LIMITS
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import when
from accord.exchange.threats.facts import Technique

_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")
_TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")


class _Metadata(msgspec.Struct, frozen=True):
    framework: str = msgspec.field(name="mapping_framework")
    domain: str = msgspec.field(name="technology_domain", default="")
    attack: str = msgspec.field(name="attack_version", default="")
    created: str | None = msgspec.field(name="creation_date", default=None)
    updated: str | None = msgspec.field(name="last_update", default=None)


class _Mapping(msgspec.Struct, frozen=True):
    capability: str = msgspec.field(name="capability_id")
    technique: str | None = msgspec.field(name="attack_object_id", default=None)
    name: str | None = msgspec.field(name="attack_object_name", default=None)
    role: str | None = msgspec.field(name="mapping_type", default=None)


class _Mappings(msgspec.Struct, frozen=True):
    metadata: _Metadata
    objects: list[msgspec.Raw] = msgspec.field(name="mapping_objects")


_DECODER = msgspec.json.Decoder(_Mapping)


def read(data: bytes) -> Reading:
    """The techniques of each vulnerability; an entry without a technique is not evaluated.

    Raises:
        Invalid: not a mapping of known exploited vulnerabilities.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    document = decode_as(_Mappings, data)
    about = document.metadata
    if about.framework != "kev":
        reason = f"mappings of {about.framework[:40]!r}, not of known exploited vulnerabilities"
        raise Invalid(f"{reason} (`kev`)", "/metadata/mapping_framework")
    if len(document.objects) > LIMITS.items:
        raise TooLarge(f"more than {LIMITS.items:,} mappings", "/mapping_objects")
    edition = _day(about.updated, "/metadata/last_update") or _day(
        about.created, "/metadata/creation_date"
    )
    reading = Reading(
        "KEV to ATT&CK mappings",
        f"mapping:kev-attack:{about.domain}",
        edition,
        f"KEV to ATT&CK {about.domain} {about.attack}".rstrip(),
        [], [], [],
    )  # fmt: skip
    for index, raw in enumerate(document.objects):
        _take(raw, f"/mapping_objects/{index}", reading)
    return reading


def _day(text: str | None, place: str) -> str:
    """`MM/DD/YYYY`, as the format has it, or a date of RFC 3339."""
    match = _AMERICAN.fullmatch((text or "").strip())
    if match is None:
        return when(text or "", place)
    return when(f"{match[3]}-{match[1]:0>2}-{match[2]:0>2}", place)


def _take(raw: msgspec.Raw, place: str, reading: Reading) -> None:
    try:
        mapping = _DECODER.decode(raw)
        vulnerability = _vulnerability(mapping.capability)
        technique = _technique(mapping.technique or "")
    except (Invalid, msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        reading.refused.append(Refused(place, str(wrong)))
        return
    if technique:
        name, role = mapping.name or "", mapping.role or ""
        reading.facts.append(Technique(vulnerability, technique, name, role, place))
    else:
        reading.not_evaluated.append(
            NotEvaluated(place, "no technique", vulnerability, vulnerability)
        )


def _vulnerability(text: str) -> str:
    name = text.strip().upper()
    if not _CVE.fullmatch(name):
        raise Invalid(f"{text[:60]!r} is not a CVE identifier (CVE-YYYY-NNNN is expected)")
    return name


def _technique(text: str) -> str:
    if text and not _TECHNIQUE.fullmatch(text):
        raise Invalid(f"{text[:60]!r} is not an ATT&CK technique (`T1190` is expected)")
    return text
