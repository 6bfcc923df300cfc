"""The list of dangers in the formats that resolvers, filters and programs read.

Law (nothing is dropped in silence): each file says how many entries its format cannot hold.

Source: Response Policy Zones (draft-vixie-dnsop-dns-rpz, sections 3 and 4); hosts(5); the syntax of
Adblock Plus filters; RFC 4180; STIX 2.1, section 4.7.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from accord.core.show import spreadsheet_cell
from accord.identity.markings import Tlp, marking_id
from accord.outreach import addresses
from accord.outreach.dangers.model import Danger
from accord.outreach.reports.model import Item, pattern

TTL: Final = 60
"""Seconds for which a resolver may keep what a zone says."""
_NAMES: Final = uuid.UUID("6f1f5d53-2f0a-5a57-9c8f-9a4a0c6f2f7e")
_FILTERED: Final = re.compile(r"[A-Za-z0-9._~:/?#@!&'()+,;=%-]+")
_LABELS: Final = 240
"""Characters of a name to which a zone can still add its own."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself."""

    number: int
    """Of the edition; it only grows."""
    made: str
    publisher: str = ""


Writer = Callable[[Sequence[Danger], Head], bytes]


def zone(dangers: Sequence[Danger], head: Head) -> bytes:
    """A Response Policy Zone: a listed name does not exist, nor does one at a listed address."""
    lines, left = [], 0
    for one in dangers:
        if one.kind != "domain" or len(one.value) > _LABELS:
            left += 1
        elif addresses.is_address(one.value):
            lines.append(f"32.{'.'.join(reversed(one.value.split('.')))}.rpz-ip CNAME .")
        else:
            lines += [f"{one.value} CNAME .", f"*.{one.value} CNAME ."]
    serial = head.number % (1 << 32)
    top = [
        *(f"; {text}" for text in _said(head, left)),
        f"$TTL {TTL}",
        f"@ SOA localhost. hostmaster.localhost. {serial} {TTL} {TTL} 86400 {TTL}",
        "@ NS localhost.",
    ]
    return _text(top + lines)


def hosts(dangers: Sequence[Danger], head: Head) -> bytes:
    """A file of hosts, each at an address where nothing answers; only the names themselves."""
    fit = [one.value for one in _domains(dangers)]
    top = [f"# {text}" for text in _said(head, len(dangers) - len(fit))]
    return _text([*top, "# Names under these are not held: the format has no way.",
                  *(f"0.0.0.0 {name}" for name in fit)])  # fmt: skip


def adblock(dangers: Sequence[Danger], head: Head) -> bytes:
    """Filters for content blockers: names with what is under them, and links."""
    lines = []
    for one in dangers:
        if one.kind == "domain":
            lines.append(f"||{one.value}^")
        elif one.kind == "link" and _FILTERED.fullmatch(one.value):
            lines.append(f"||{one.value.partition('://')[2]}|")
    top = ["[Adblock Plus]", *(f"! {text}" for text in _said(head, len(dangers) - len(lines)))]
    return _text(top + lines)


def table(dangers: Sequence[Danger], _head: Head) -> bytes:
    """A table with a heading, which no spreadsheet runs."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(("kind", "value", "category", "expires"))
    for one in dangers:
        writer.writerow(map(spreadsheet_cell, (one.kind, one.value, one.category, one.expires)))
    return made.getvalue().encode()


def json(dangers: Sequence[Danger], head: Head) -> bytes:
    """The list as it is compared and changed by differences."""
    return msgspec.json.encode(Whole(head.number, head.made, tuple(dangers)))


def stix(dangers: Sequence[Danger], head: Head) -> bytes:
    """A bundle of indicators that may go to everybody."""
    made = f"{head.made[:23]}Z"
    objects = []
    for one in dangers:
        said = pattern(Item(one.kind, one.value)) if one.kind != "app" else ""
        if addresses.is_address(one.value):
            said = f"[ipv4-addr:value = '{one.value}']"
        if said:
            objects.append({
                "type": "indicator", "spec_version": "2.1", "id": _id(f"{one.kind}:{one.value}"),
                "created": made, "modified": made, "name": f"Known dangerous: {one.category}",
                "indicator_types": ["malicious-activity"], "pattern": said,
                "pattern_type": "stix", "valid_from": made,
                **({"valid_until": one.expires} if one.expires > head.made else {}),
                "object_marking_refs": [marking_id(Tlp.CLEAR)],
            })  # fmt: skip
    id_ = f"bundle--{uuid.uuid5(_NAMES, f'{head.number} {head.made}')}"
    return msgspec.json.encode({"type": "bundle", "id": id_, "objects": objects})


class Whole(msgspec.Struct, frozen=True):
    """The list of one edition."""

    number: int
    made: str
    dangers: tuple[Danger, ...]


FORMATS: Final[dict[str, tuple[Writer, str]]] = {
    "dangers.rpz": (zone, "text/dns"),
    "dangers.hosts": (hosts, "text/plain; charset=utf-8"),
    "dangers.adblock.txt": (adblock, "text/plain; charset=utf-8"),
    "dangers.csv": (table, "text/csv; charset=utf-8"),
    "dangers.json": (json, "application/json"),
    "dangers.stix.json": (stix, "application/stix+json;version=2.1"),
}
"""Each format by the name of its file, and its media type."""


def write(dangers: Sequence[Danger], head: Head) -> dict[str, bytes]:
    """The list in every format, by the name of the file."""
    ordered = sorted(set(dangers))
    return {name: writer(ordered, head) for name, (writer, _) in FORMATS.items()}


def _domains(dangers: Sequence[Danger]) -> list[Danger]:
    return [one for one in dangers
            if one.kind == "domain" and not addresses.is_address(one.value)]  # fmt: skip


def _said(head: Head, left: int) -> list[str]:
    by = re.sub(r"[^\w .,-]", "", head.publisher)[:80]
    return [
        f"Known dangerous{f', by {by}' if by else ''}; edition {head.number}, {head.made[:19]}Z",
        f"{left} entries are not held: this format has no way to say them",
    ]


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _id(text: str) -> str:
    return f"indicator--{uuid.uuid5(_NAMES, text)}"
