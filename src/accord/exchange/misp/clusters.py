"""Clusters of MISP's galaxies as objects of STIX: by their identifier, never by a name.

Law (identity): two clusters are one object where they have one UUID, or where one document gives
both one identifier of MITRE's. What they are called, and which aliases they share, joins nothing.

The UUID of a cluster of MITRE's galaxies is that of MITRE's own object, so that it is this object.
Source: MISP galaxy format, sections 2.2 and 2.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from accord.exchange.misp import marks
from accord.exchange.misp.events import is_uuid

_GROUP = re.compile(r"G[0-9]{4}")
_ATTACK = re.compile(r"[A-Z]{1,2}[0-9]{4}(?:\.[0-9]{3})?")
"""An identifier of MITRE ATT&CK: `G0050`, `T1027.002`."""
_KINDS = (
    ("intrusion-set", "intrusion-set"), ("threat-actor", "threat-actor"),
    ("attack-pattern", "attack-pattern"), ("course-of-action", "course-of-action"),
    ("malware", "malware"), ("tool", "tool"),
)  # fmt: skip
"""How the type of a galaxy ends, and the type of its clusters in STIX."""
_DIGITS = re.compile(r"[0-9]{1,11}", re.ASCII)


class Cluster(msgspec.Struct, frozen=True):
    """One cluster."""

    id: str
    """STIX identifier."""
    uuid: str
    type: str
    """Type of STIX object."""
    name: str
    aliases: tuple[str, ...]
    external: tuple[str, ...]
    """Identifiers of MITRE's."""
    description: str
    version: int
    """Number of its edition."""
    says: tuple[str, ...]
    """What it says of whom it may go to, as tags."""
    place: str


class Unknown(msgspec.Struct, frozen=True):
    """A cluster that stands for nothing: it has no equal, or no identifier."""

    place: str
    reason: str
    name: str


def read(value: dict[str, Any], place: str) -> Iterator[Cluster | Unknown]:
    """The clusters on an event or an attribute."""
    for number, galaxy in enumerate(_list(value.get("Galaxy"))):
        listed = _list(galaxy.get("GalaxyCluster"))
        for index, one in enumerate(listed):
            here = f"{place}/Galaxy/{number}/GalaxyCluster/{index}"
            yield _cluster(one, _text(galaxy, "type"), here)


def merged(found: Iterable[Cluster]) -> dict[str, Cluster]:
    """By place, each cluster under the identifier that counts for it.

    Of those with one of MITRE's identifiers it is that of MITRE's own object where it is among
    them, else of the first by UUID.
    """
    clusters = sorted(found, key=lambda one: (one.type != "intrusion-set", one.uuid))
    groups: dict[str, Cluster] = {}
    for one in clusters:
        if _group(one):
            groups.setdefault(_group(one), one)
    named = {}
    for one in clusters:
        same = groups.get(_group(one), one) if _group(one) else one
        named[one.place] = msgspec.structs.replace(one, id=same.id, type=same.type)
    return named


def _group(one: Cluster) -> str:
    """The one group of MITRE's that a cluster names; of several it is none of them."""
    groups = [name for name in one.external if _GROUP.fullmatch(name)]
    return groups[0] if len(groups) == 1 else ""


def _cluster(one: dict[str, Any], galaxy: str, place: str) -> Cluster | Unknown:
    kind = _text(one, "type") or galaxy
    name = _text(one, "value")
    type_ = next((type_ for ending, type_ in _KINDS if kind.endswith(ending)), "")
    uuid = _text(one, "uuid").lower()
    if not type_ or not name:
        return Unknown(place, "no equal in STIX", f"{kind} {name}".strip())
    if not is_uuid(uuid):
        return Unknown(place, "no identifier", f"{kind} {name}")
    meta = one.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    external = tuple(name for name in _texts(meta.get("external_id")) if _ATTACK.fullmatch(name))
    aliases = tuple(dict.fromkeys(text for text in _texts(meta.get("synonyms")) if text != name))
    return Cluster(
        f"{type_}--{uuid}", uuid, type_, name, aliases, external, _text(one, "description"),
        _number(one.get("version")), tuple(marks.itself(one)), place,
    )  # fmt: skip


def _list(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON is any value until looked at
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found.strip() if isinstance(found, str) else ""


def _number(value: Any) -> int:  # noqa: ANN401 - as above
    text = str(value)
    return int(text) if _DIGITS.fullmatch(text) else 0


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """MISP writes a list, and one text where there is one."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one.strip():
            yield one.strip()
