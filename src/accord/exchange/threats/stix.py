"""STIX 2.0 and 2.1, as bundles and as single objects: what each object is, and what it ties.

Law (nothing is dropped in silence): an object that breaks the format is refused; every other is
in the index of objects. What a relationship or sighting leads to may stand in another document, so
they are followed when they are asked for, never here.

Source: STIX 2.1, sections 3 to 5 and 8; STIX 2.0, parts 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_strict
from accord.core.limits import LIMITS
from accord.core.reading import Fact, Reading, Refused
from accord.exchange.notes import reading as notes
from accord.exchange.threats.facts import (
    Actor,
    StixIndicator,
    StixName,
    StixObject,
    StixSighting,
)
from accord.exchange.threats.links import bears
from accord.exchange.threats.objects import (
    ACTORS,
    VERSIONED,
    Thing,
    check,
    identifier,
    vulnerabilities,
    whole,
)
from accord.identity.markings import STIX_TLP, Marking, from_tags, strictest

_MOST_SEEN = 999_999_999


def read(data: bytes) -> Reading:
    """A bundle. One that holds a single object is an edition of that object.

    Raises:
        Invalid: not a bundle, or of a version other than 2.0 and 2.1.
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.

    """
    bundle, version = _bundle(decode_strict(data))
    objects = bundle.get("objects", [])
    if not isinstance(objects, list):
        raise Invalid("a list is expected", "/objects")
    if len(objects) > LIMITS.items:
        raise TooLarge(f"{len(objects):,} objects; the limit is {LIMITS.items:,}", "/objects")
    reading = Reading(f"STIX {version} bundle", "", "", bundle["id"], [], [], [])
    things = _things(objects, reading.refused)
    if len(objects) == 1 and things:
        _be(reading, things[0])
    for thing in things:
        try:
            reading.facts += facts(thing)
        except Invalid as wrong:
            # The place is the object; the nearer place within it goes before the reason.
            inner = wrong.place.removeprefix(thing.place)
            reason = f"{inner}: {wrong.reason}" if inner else wrong.reason
            reading.refused.append(Refused(thing.place, reason))
    return reading


def read_object(data: bytes) -> Reading:
    """An object by itself, as partners exchange them: an edition of that object.

    Raises:
        Invalid: it breaks STIX, or is of a version other than 2.0 and 2.1.
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.

    """
    thing = whole(data)
    reading = Reading(f"STIX {_version(thing.content, thing.type)} object", "", "", "", [], [], [])
    _be(reading, thing)
    reading.facts += facts(thing)
    return reading


def _version(value: dict[str, Any], kind: str) -> str:
    """Objects of 2.1 state it, apart from observables, which 2.0 did not have by themselves."""
    version = value.get("spec_version", "2.0" if kind in VERSIONED else "2.1")
    if version not in ("2.0", "2.1"):
        raise Invalid("only STIX 2.0 and 2.1 are read", "/spec_version")
    return str(version)


def _bundle(value: Any) -> tuple[dict[str, Any], str]:  # noqa: ANN401 - JSON is any value
    """The bundle and its version: 2.0 states it on the bundle, 2.1 on each object."""
    if not isinstance(value, dict) or value.get("type") != "bundle":
        raise Invalid('not a STIX bundle: `"type": "bundle"` is expected', "/type")
    if not identifier(value.get("id"), "/id").startswith("bundle--"):
        raise Invalid("the identifier of a bundle is expected (`bundle--UUID`)", "/id")
    version = value.get("spec_version", "2.1")
    if version not in ("2.0", "2.1"):
        raise Invalid("only STIX 2.0 and 2.1 are read", "/spec_version")
    return value, version


def _things(objects: list[Any], refused: list[Refused]) -> list[Thing]:
    """Well-formed objects, in order. Of two that claim the same version, the first is kept."""
    found: list[Thing] = []
    versions: dict[tuple[str, str], Thing] = {}
    for index, value in enumerate(objects):
        try:
            thing = check(value, f"/objects/{index}")
        except Invalid as wrong:
            refused.append(Refused(f"/objects/{index}", wrong.reason))
            continue
        same = versions.setdefault((thing.id, thing.modified), thing)
        if same is thing:
            found.append(thing)
        elif same.content != thing.content:
            reason = f"differs from {same.place}, which has the same identifier and `modified`"
            refused.append(Refused(thing.place, reason))
    return found


def _be(reading: Reading, thing: Thing) -> None:
    """A document of one object is an edition of it."""
    reading.subject, reading.edition = f"stix:{thing.id}", thing.modified
    name = thing.content.get("name")
    reading.title = f"{thing.type} {name}" if isinstance(name, str) and name else thing.id


def facts(thing: Thing) -> list[Fact]:
    """The object itself and what its type tells besides: all of it, or nothing.

    Raises:
        Invalid: the object breaks the rules of its type.

    """
    more = list(_MORE[thing.type](thing)) if thing.type in _MORE else []
    more += notes.notes(thing)
    return [_object(thing), *more]


def _object(thing: Thing) -> StixObject:
    name = thing.content.get("name", "")
    name = name if isinstance(name, str) else ""
    found = StixObject(thing.id, thing.modified, name, thing.revoked, thing.place)
    if thing.type != "relationship":
        return found
    source, target = thing.ref("source_ref"), thing.ref("target_ref")
    kind = thing.text("relationship_type")
    if not kind:
        raise Invalid("missing", f"{thing.place}/relationship_type")
    relation = kind if bears(kind, source, target) else None
    return StixObject(
        thing.id, thing.modified, "", thing.revoked, thing.place, relation, source, target
    )


def _actor(thing: Thing) -> Iterator[Fact]:
    name = thing.text("name")
    if not name:
        raise Invalid("`name` is missing", f"{thing.place}/name")
    aliases = (*thing.texts("aliases"), *thing.texts("x_mitre_aliases"))
    others = tuple(alias for alias in dict.fromkeys(aliases) if alias != name)
    yield Actor(thing.id, name, thing.type, others, thing.modified, thing.revoked)


def _vulnerability(thing: Thing) -> Iterator[Fact]:
    for name in vulnerabilities(thing):
        yield StixName(thing.id, name, thing.place)


def _sighting(thing: Thing) -> Iterator[Fact]:
    seen_by = thing.texts("where_sighted_refs") or (thing.text("created_by_ref"),)
    yield StixSighting(
        thing.id,
        thing.ref("sighting_of_ref"),
        tuple(ref for ref in seen_by if ref),
        thing.time("first_seen"),
        thing.time("last_seen"),
        _count(thing),
        thing.place,
    )


def _indicator(thing: Thing) -> Iterator[Fact]:
    """STIX 2.0 has no languages of patterns but its own (part 2, section 2.5)."""
    pattern = thing.text("pattern")
    if not pattern:
        return
    marking, unknown = _marked(thing)
    confidence = thing.content.get("confidence")
    sure = isinstance(confidence, int) and not isinstance(confidence, bool)
    yield StixIndicator(
        thing.id,
        pattern,
        thing.text("pattern_type") or "stix",
        thing.time("valid_from") or thing.created,
        thing.time("valid_until"),
        min(max(int(confidence or 0), 0), 100) if sure else None,
        None if marking is None else int(marking.tlp),
        0 if marking is None else int(marking.pap),
        unknown,
        thing.place,
    )


def _marked(thing: Thing) -> tuple[Marking | None, tuple[str, ...]]:
    """The strictest marking that it or a part of it bears; what is not understood is unknown."""
    names: list[object] = []
    for member in ("object_marking_refs", "granular_markings"):
        listed = thing.content.get(member, [])
        parts = listed if isinstance(listed, list) else ["unreadable"]
        names += [one.get("marking_ref") if isinstance(one, dict) else one for one in parts]
    colours = [STIX_TLP[name] for name in names if isinstance(name, str) and name in STIX_TLP]
    unknown = [str(name) for name in names if name is not None and name not in STIX_TLP]
    labels = thing.content.get("labels", [])
    texts = [one for one in labels if isinstance(one, str)] if isinstance(labels, list) else []
    tagged, strange = from_tags(texts)
    known = [Marking(tlp) for tlp in colours] + ([tagged] if tagged else [])
    return (strictest(known) if known else None), (*unknown, *strange)


_MORE: dict[str, Callable[[Thing], Iterator[Fact]]] = {
    **dict.fromkeys(ACTORS, _actor),
    "indicator": _indicator,
    "sighting": _sighting,
    "vulnerability": _vulnerability,
}


def _count(thing: Thing) -> int:
    """Times seen (STIX 2.1, section 5.2.1: 0 to 999,999,999; once where it is not said)."""
    count = thing.content.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _MOST_SEEN:
        raise Invalid("a whole number from 0 to 999,999,999 is expected", f"{thing.place}/count")
    return count
