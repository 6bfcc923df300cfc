"""STIX objects, checked one by one as far as threats need them.

Source: STIX 2.1, sections 3.2 (common properties), 3.7 (versioning), 7 (external references);
STIX 2.0 part 1, section 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_strict
from accord.core.times import when

ACTORS = frozenset({"intrusion-set", "threat-actor", "campaign", "malware", "tool"})
"""Types that become actors."""

VERSIONED = ACTORS | {
    "attack-pattern", "course-of-action", "grouping", "identity", "incident", "indicator",
    "infrastructure", "location", "malware-analysis", "note", "observed-data", "opinion",
    "relationship", "report", "sighting", "vulnerability",
}  # fmt: skip
"""Types of which every object says when it was made and when it was changed."""
_TYPE = re.compile(r"[a-z0-9-]{3,250}")
_ID = re.compile(r"([a-z0-9-]{3,250})--[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SHORT = 1 << 16
"""Bytes of an object that is remembered."""
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)


class Thing(msgspec.Struct, frozen=True):
    """One object whose common properties hold."""

    id: str
    type: str
    place: str
    content: dict[str, Any]
    """The object as decoded; nothing in it but the common properties has been checked."""
    created: str = ""
    """`when()` the first version was made."""
    modified: str = ""
    """`when()` this version was made; that of `created` where the type has no versions."""
    revoked: bool = False

    def text(self, name: str) -> str:
        """A property that must be text; empty where it is absent.

        Raises:
            Invalid: it is something else.

        """
        value = self.content.get(name, "")
        if not isinstance(value, str):
            raise Invalid("text is expected", f"{self.place}/{name}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A property that must be a list of texts; empty where it is absent.

        Raises:
            Invalid: it is something else.

        """
        value = self.content.get(name)
        if value is None and name not in self.content:
            return ()
        # Asked several times of each object: a loop costs half of what `all` does.
        if not isinstance(value, list) or not _all_texts(value):
            raise Invalid("a list of texts is expected", f"{self.place}/{name}")
        return tuple(value)

    def ref(self, name: str) -> str:
        """A required property that must be an identifier.

        Raises:
            Invalid: it is absent, or not an identifier.

        """
        return identifier(self.content.get(name), f"{self.place}/{name}")

    def time(self, name: str) -> str:
        """A property that must be a timestamp, as `when()`; empty where it is absent.

        Raises:
            Invalid: it is something else.

        """
        return when(self.text(name), f"{self.place}/{name}")


def _all_texts(value: list[Any]) -> bool:
    for one in value:  # noqa: SIM110
        if not isinstance(one, str):
            return False
    return True


def whole(data: bytes) -> Thing:
    """An object that stands by itself.

    What keeps it and what shares it ask for the same bytes one after the other: it is decoded once.
    Nobody changes what is in it.

    Raises:
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.
        Invalid: as `check`.

    """
    return _last(data) if len(data) <= _SHORT else check(decode_strict(data), "")


@lru_cache(maxsize=1)
def _last(data: bytes) -> Thing:
    return check(decode_strict(data), "")


def check(value: Any, place: str) -> Thing:  # noqa: ANN401 - JSON is any value until looked at
    """One member of `objects` as a thing.

    Raises:
        Invalid: its type, identifier, timestamps or `revoked` break STIX 2.1, section 3.2.

    """
    if not isinstance(value, dict):
        raise Invalid("an object is expected", place)
    kind = value.get("type")
    if not isinstance(kind, str) or not (kind in VERSIONED or _TYPE.fullmatch(kind)):
        raise Invalid("`type` is missing or not a STIX type", f"{place}/type")
    id_ = identifier(value.get("id"), f"{place}/id")
    if id_.partition("--")[0] != kind:
        raise Invalid(f"the identifier {id_[:100]!r} is not one of a {kind}", f"{place}/id")
    created = _moment(value, "created", place, required=kind in VERSIONED)
    modified = _moment(value, "modified", place, required=kind in VERSIONED) or created
    if modified < created:
        raise Invalid("`modified` is earlier than `created`", f"{place}/modified")
    revoked = value.get("revoked", False)
    if not isinstance(revoked, bool):
        raise Invalid("`revoked` must be true or false", f"{place}/revoked")
    return Thing(id_, kind, place, value, created, modified, revoked)


def identifier(value: Any, place: str) -> str:  # noqa: ANN401 - as check
    """A STIX identifier: `type--UUID` (STIX 2.1, section 2.9).

    Raises:
        Invalid: it is not one.

    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        shown = repr(value)[:100] if isinstance(value, str) else "what stands there"
        raise Invalid(f"{shown} is not a STIX identifier (`type--UUID` is expected)", place)
    return value


def _moment(value: dict[str, Any], name: str, place: str, *, required: bool) -> str:
    text = value.get(name)
    here = f"{place}/{name}"
    if text is None and not required:
        return ""
    if not isinstance(text, str) or not text:
        raise Invalid(f"`{name}` is missing or not a timestamp", here)
    return when(text, here)


def vulnerabilities(thing: Thing) -> tuple[str, ...]:
    """Names of the vulnerability that a `vulnerability` object stands for.

    Its CVE identifiers (STIX 2.1, section 4.18.1: an external reference of source `cve`), upper
    case; else its name; else its identifier.

    Raises:
        Invalid: name or references have the wrong form.

    """
    name = thing.text("name").strip()
    found = [*_external(thing), *([name.upper()] if _CVE.fullmatch(name) else [])]
    return tuple(dict.fromkeys(found)) or (name or thing.id,)


def is_cve(text: str) -> bool:
    """Whether a text is a CVE identifier, in whatever case."""
    return _CVE.fullmatch(text.strip()) is not None


def _external(thing: Thing) -> Iterable[str]:
    references = thing.content.get("external_references", [])
    if not isinstance(references, list):
        raise Invalid("a list is expected", f"{thing.place}/external_references")
    for reference in references:
        text = reference.get("external_id") if isinstance(reference, dict) else None
        if isinstance(text, str) and _CVE.fullmatch(text.strip()):
            yield text.strip().upper()
