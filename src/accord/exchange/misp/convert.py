"""A MISP event as objects of STIX 2.1, each with the place in the event that it comes from.

An attribute that is to be detected becomes an indicator, any other what was observed, a CVE a
vulnerability. What has no equal becomes a note with its value. Each bears the extension of
`definitions`, from which `back` makes the event again, whole.

Law (deterministic): identifiers are made of MISP's UUIDs, dates are the event's: the same event
gives the same bytes.
Law (marking): each object bears the strictest of what the event and the part itself say.

Source: MISP core format; STIX 2.1.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec

from accord.core.errors import Invalid
from accord.core.reading import NotEvaluated
from accord.core.times import when
from accord.exchange.misp import clusters, marks, types
from accord.exchange.misp.clusters import Cluster, Unknown
from accord.exchange.misp.definitions import EXTENSION, objects
from accord.exchange.misp.events import Attribute, Event, Item, is_uuid, seconds
from accord.exchange.threats.objects import ACTORS, is_cve
from accord.identity.markings import STIX_TLP, definition, from_tags, limits, marking_id

_OURS: Final = uuid.UUID("0c5d6f5e-58c4-5a0b-9b0b-7d0f2b1f9a11")
_LIFTED: Final = ("type", "category", "value", "to_ids", "comment")
_TITLE: Final = 250
_SUBJECT: Final = 200
_SEEN, _EXPIRED = "0", "2"
_EPOCH: Final = "1970-01-01T00:00:00.000000Z"
_BEGINNING: Final = "1970-01-01T00:00:00.000Z"
_KEPT: Final = ("EventReport", "ShadowAttribute")
"""Lists of an event whose members have no object of their own."""
NO_EQUAL: Final = "no equal in STIX"
NO_PATTERN: Final = "to be detected, and no pattern says it"
Thing = dict[str, Any]


class Made(msgspec.Struct):
    """What an event became."""

    event: Event
    things: list[tuple[Thing, str]]
    """Each object, with its place in the document."""
    kept: list[NotEvaluated]
    """What has no equal in STIX; it travels in the extension."""
    equals: list[tuple[Attribute, str]]
    """Each attribute with the type of the object that it became; `note`: it has no equal."""


def convert(event: Event) -> Made:
    """Every object of an event."""
    return _Maker(event).made()


def bundle(made: Iterable[Made]) -> Thing:
    """Events as one bundle, with the definitions that their objects name."""
    unique: dict[str, Thing] = {}
    for one in made:
        for thing, _ in one.things:
            unique.setdefault(thing["id"], thing)
    named = {name for thing in unique.values() for name in thing.get("object_marking_refs", ())}
    found = [definition(STIX_TLP[name]) for name in sorted(named)]
    listed = [*objects(), *found, *unique.values()]
    said = sha256(msgspec.json.encode(listed)).digest()[:16]
    name = uuid.UUID(bytes=said, version=4)
    return {"type": "bundle", "id": f"bundle--{name}", "objects": listed}


class _Maker:
    """Makes the objects of one event."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._made = Made(event, [], [], [])
        self._says = list(marks.of_event(event.value))
        self._clusters: dict[str, Cluster] = {}
        self._maker = ""

    def made(self) -> Made:
        """Everything, what is referred to first."""
        self._organisation()
        self._take_clusters()
        members: list[str] = []
        for each in self._event.attributes:
            members += self._attribute(each, None)
        for item in self._event.objects:
            inside = [one for each in item.attributes for one in self._attribute(each, item)]
            members += [*inside, self._grouping(item, inside)]
        self._report(members)
        return self._made

    def _add(self, thing: Thing, place: str) -> str:
        self._made.things.append((thing, place))
        return str(thing["id"])

    def _organisation(self) -> None:
        """Who made the event."""
        maker = self._event.value.get("Orgc")
        maker = maker if isinstance(maker, dict) else {}
        name, known = maker.get("name"), maker.get("uuid")
        if isinstance(name, str) and name.strip() and isinstance(known, str) and is_uuid(known):
            self._maker = self._add({
                "type": "identity", "spec_version": "2.1", "id": f"identity--{known.lower()}",
                "created": _BEGINNING, "modified": _BEGINNING, "name": name,
                "identity_class": "organization",
            }, f"{self._event.place}/Orgc")  # fmt: skip

    def _take_clusters(self) -> None:
        """Each cluster once, wherever it hangs."""
        says: dict[str, list[str]] = {}
        found: list[Cluster] = []
        for value, place, more in self._bearers():
            for one in clusters.read(value, place):
                if isinstance(one, Unknown):
                    self._made.kept.append(NotEvaluated(one.place, one.reason, one.name))
                else:
                    found.append(one)
                    says[one.place] = [*self._says, *more, *one.says]
        self._clusters = clusters.merged(found)
        by_id: dict[str, list[str]] = {}
        for place, one in self._clusters.items():
            by_id.setdefault(one.id, []).append(place)
        for places in by_id.values():
            here = self._clusters[places[0]]
            said = [text for place in places for text in says[place]]
            self._add(_cluster(here) | _marked(said, ()), places[0])

    def _bearers(self) -> Iterator[tuple[Thing, str, list[str]]]:
        """Whatever clusters hang on, with what it says of its marking."""
        yield self._event.value, self._event.place, []
        for each in self._event.attributes:
            yield each.value, each.place, list(marks.itself(each.value))
        for item in self._event.objects:
            for each in item.attributes:
                said = [*marks.itself(item.value), *marks.itself(each.value)]
                yield each.value, each.place, said

    def _attribute(self, each: Attribute, item: Item | None) -> list[str]:
        """The objects that stand for an attribute; the first of them is the attribute itself."""
        said = [*marks.everywhere(each.value), *self._says]
        said += marks.itself(item.value) if item else ()
        own = [tag for tag in marks.of_tags(each.value.get("Tag")) if not limits(tag)]
        extension = {"extensions": {EXTENSION: self._part(each, item)}}
        shared = _marked(said, own) | extension
        gone = each.deleted or bool(item and item.deleted)
        pattern, language = types.pattern(each.type, each.text) if each.to_ids else ("", "")
        seen = [] if pattern else types.observables(each.type, each.text)
        if is_cve(each.text) and each.type == "vulnerability":
            thing = self._vulnerability(each)
        elif pattern:
            thing = self._indicator(each, pattern, language)
        elif seen:
            things = [self._observed(each, number, one) for number, one in enumerate(seen)]
            for one in things:
                self._add(one | _marked(said, (), observable=True), each.place)
            thing = self._observation(each, [str(one["id"]) for one in things])
        else:
            thing = self._note(each)
        why = _unsaid(each, str(thing["type"]))
        if why:
            subject = f"{each.type} {each.text}"[:_SUBJECT]
            self._made.kept.append(NotEvaluated(each.place, why, subject))
        if gone:
            thing["revoked"] = True
        self._made.equals.append((each, str(thing["type"])))
        id_ = self._add(thing | shared, each.place)
        return [id_, *self._around(each, thing, said)]

    def _around(self, each: Attribute, thing: Thing, said: list[str]) -> list[str]:
        """What an indicator indicates, and where it was seen."""
        if thing["type"] != "indicator":
            return []
        made: list[str] = []
        for place, one in self._clusters.items():
            if place.startswith(f"{each.place}/Galaxy/") and one.type in ACTORS:
                made.append(self._indicates(thing, one, said))
        for number, seen in enumerate(_sightings(each.value)):
            if seen.get("type", _SEEN) == _SEEN:
                made += self._sighting(thing, seen, f"{each.place}/Sighting/{number}", said)
        return made

    def _common(self, type_: str, name: str) -> Thing:
        made = {"created_by_ref": self._maker} if self._maker else {}
        return {
            "type": type_, "spec_version": "2.1", "id": f"{type_}--{name}", **made,
            "created": _milli(min(self._event.day, self._event.at)),
            "modified": _milli(self._event.at),
        }  # fmt: skip

    def _changed(self, each: Attribute, type_: str) -> Thing:
        made = self._common(type_, each.uuid)
        return made | {"modified": _milli(max(self._event.at, each.at))}

    def _indicator(self, each: Attribute, pattern: str, language: str) -> Thing:
        since, until = validity(each)
        made = self._changed(each, "indicator") | {
            "name": f"{each.type}: {each.text}"[:_TITLE],
            "pattern": pattern, "pattern_type": language,
            "valid_from": _milli(since), "indicator_types": ["malicious-activity"],
        }  # fmt: skip
        if language == "stix":
            made["pattern_version"] = "2.1"
        comment = each.value.get("comment")
        if isinstance(comment, str) and comment.strip():
            made["description"] = comment
        if until:
            made["valid_until"] = _milli(until)
        return made

    def _vulnerability(self, each: Attribute) -> Thing:
        name = each.text.strip().upper()
        reference = {"source_name": "cve", "external_id": name}
        return self._changed(each, "vulnerability") | {
            "name": name, "external_references": [reference],
        }  # fmt: skip

    def _observed(self, each: Attribute, number: int, one: types.Observable) -> Thing:
        """Under an identifier of its own: an equal value elsewhere may be marked otherwise."""
        name = uuid.uuid5(_OURS, f"{each.uuid} {number}")
        type_, said = one
        return {"type": type_, "spec_version": "2.1", "id": f"{type_}--{name}", **said}

    def _observation(self, each: Attribute, refs: list[str]) -> Thing:
        first = each.first or each.at
        last = max(each.last or first, first)
        return self._changed(each, "observed-data") | {
            "first_observed": _milli(first), "last_observed": _milli(last), "number_observed": 1,
            "object_refs": refs,
        }  # fmt: skip

    def _note(self, each: Attribute) -> Thing:
        title = f"{each.type} ({each.category})" if each.category else each.type
        return self._changed(each, "note") | {
            "abstract": title, "content": each.text, "object_refs": [self._report_id()],
        }  # fmt: skip

    def _indicates(self, thing: Thing, one: Cluster, said: list[str]) -> str:
        name = uuid.uuid5(_OURS, f"{thing['id']} {one.id}")
        made = self._common("relationship", str(name)) | {
            "relationship_type": "indicates", "source_ref": thing["id"], "target_ref": one.id,
        }  # fmt: skip
        return self._add(made | _marked([*said, *one.says], ()), one.place)

    def _sighting(self, thing: Thing, one: Thing, place: str, said: list[str]) -> list[str]:
        known = one.get("uuid")
        try:
            at = seconds(one.get("date_sighting"), f"{place}/date_sighting")
        except Invalid as wrong:
            self._made.kept.append(NotEvaluated(wrong.place, wrong.reason, "sighting"))
            return []
        if not isinstance(known, str) or not is_uuid(known):
            self._made.kept.append(NotEvaluated(place, "no identifier", "sighting"))
            return []
        made = self._common("sighting", known.lower()) | {
            "first_seen": _milli(at), "last_seen": _milli(at), "count": 1,
            "sighting_of_ref": thing["id"],
        }  # fmt: skip
        return [self._add(made | _marked(said, ()), place)]

    def _grouping(self, item: Item, inside: list[str]) -> str:
        said = [*marks.everywhere(_without(item.value, "Attribute")), *self._says]
        said += [text for one in item.attributes for text in marks.everywhere(one.value)]
        part = {
            "extension_type": "property-extension", "part": "object", "uuid": item.uuid,
            "event_uuid": self._event.uuid, "position": _position(item.place),
            "rest": _rest(item.value, "Attribute"),
        }  # fmt: skip
        made = self._common("grouping", item.uuid) | {
            "name": item.name or "object", "context": "unspecified",
            "object_refs": inside or [self._report_id()], "extensions": {EXTENSION: part},
        }  # fmt: skip
        if item.deleted:
            made["revoked"] = True
        return self._add(made | _marked(said, ()), item.place)

    def _report_id(self) -> str:
        return f"{'report' if _published(self._event) else 'grouping'}--{self._event.uuid}"

    def _report(self, members: list[str]) -> None:
        """The event itself, under the strictest marking of all that it tells."""
        event = self._event
        rest = _without(event.value, "Attribute", "Object")
        said = [*marks.everywhere({"Event": rest}), *self._says]
        own = [tag for tag in marks.of_tags(event.value.get("Tag")) if not limits(tag)]
        refs = dict.fromkeys([*members, *(one.id for one in self._clusters.values())])
        part = {
            "extension_type": "property-extension", "part": "event", "uuid": event.uuid,
            "rest": _rest(event.value, "Attribute", "Object"),
        }  # fmt: skip
        made = self._common(self._report_id().partition("--")[0], event.uuid) | {
            "name": event.info or event.uuid,
            "object_refs": list(refs) or [self._maker or self._report_id()],
            "extensions": {EXTENSION: part},
        }  # fmt: skip
        if _published(event):
            made |= {"published": _milli(event.at), "report_types": ["threat-report"]}
        else:
            made["context"] = "unspecified"
        self._add(made | _marked(said, own), event.place)
        for name in _KEPT:
            listed = event.value.get(name)
            for number in range(len(listed) if isinstance(listed, list) else 0):
                place = f"{event.place}/{name}/{number}"
                self._made.kept.append(NotEvaluated(place, NO_EQUAL, name))

    def _part(self, each: Attribute, item: Item | None) -> Thing:
        """What the extension says of an attribute."""
        made: Thing = {
            "extension_type": "property-extension", "part": "attribute", "uuid": each.uuid,
            "event_uuid": self._event.uuid, "position": _position(each.place),
            "type": each.type, "category": each.category, "value": each.text,
            "to_ids": each.to_ids,
        }  # fmt: skip
        if item:
            made["object_uuid"] = item.uuid
        comment = each.value.get("comment")
        if isinstance(comment, str) and comment:
            made["comment"] = comment
        alike = [name for name in _LIFTED if name in made and _same(each.value, name, made)]
        return made | {"rest": _rest(_without(each.value, *alike))}


def _unsaid(each: Attribute, type_: str) -> str:
    """Why an object says less than its attribute; empty: it says it all."""
    if each.to_ids and type_ not in {"indicator", "vulnerability"}:
        return NO_PATTERN
    return NO_EQUAL if type_ == "note" else ""


def validity(each: Attribute) -> tuple[str, str]:
    """From when an indicator counts, and until when; empty: it does not decay.

    Its life begins anew whenever it was seen, and ends where somebody said so (a sighting of the
    type *expiration*).
    """
    since = each.first or each.at
    seen = [each.last, each.at]
    ended = []
    for one in _sightings(each.value):
        try:
            at = seconds(one.get("date_sighting"))
        except Invalid:
            continue
        if one.get("type", _SEEN) == _SEEN:
            seen.append(at)
        elif one["type"] == _EXPIRED:
            ended.append(at)
    last = max(since, *seen)
    until = _later(last, types.LIFETIME_DAYS) if each.type in types.DECAYING else ""
    if ended and max(ended) >= max(each.last, since):
        until = min(filter(None, (until, max(ended))))
    if until and until <= since:
        until = _later(since, 0.001 / 86_400)
    return since, until


def _sightings(value: Thing) -> list[Thing]:
    listed = value.get("Sighting")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _later(moment: str, days: float) -> str:
    try:
        at = datetime.fromisoformat(moment) + timedelta(days=days)
    except OverflowError:
        return ""
    return when(at.isoformat())


def _cluster(one: Cluster) -> Thing:
    """What anybody else says of the object counts before what an event repeats of it."""
    made: Thing = {
        "type": one.type, "spec_version": "2.1", "id": one.id, "created": _BEGINNING,
        "modified": _milli(_later(_EPOCH, one.version / 86_400_000)), "name": one.name,
    }  # fmt: skip
    if one.description:
        made["description"] = one.description
    if one.aliases and one.type in ACTORS:
        made["aliases"] = list(one.aliases)
    if one.type == "malware":
        made["is_family"] = True
    if one.external:
        made["external_references"] = [
            {"source_name": "mitre-attack", "external_id": name} for name in one.external
        ]
    return made


def _marked(said: Iterable[str], more: Iterable[str], *, observable: bool = False) -> Thing:
    """Markings, and the tags that say them beside all others.

    STIX has no labels of observables: they bear them where nothing else says what is said.
    """
    texts = list(dict.fromkeys(text for text in said if limits(text)))
    found: Thing = {}
    marking, unknown = from_tags(texts)
    if marking is not None:
        found["object_marking_refs"] = [marking_id(marking.tlp)]
        if observable and not unknown and not marking.pap:
            return found
    labels = list(dict.fromkeys([*texts, *more]))
    return found | ({"labels": labels} if labels else {})


def _published(event: Event) -> bool:
    return event.value.get("published") is True


def _position(place: str) -> int:
    return int(place.rpartition("/")[2])


def _without(value: Thing, *names: str) -> Thing:
    return {key: inner for key, inner in value.items() if key not in names}


def _rest(value: Thing, *emptied: str) -> str:
    """As JSON; lists whose members travel by themselves are left empty in their place."""
    kept = {key: [] if key in emptied and inner else inner for key, inner in value.items()}
    return msgspec.json.encode(kept).decode()


def _same(value: Thing, name: str, made: Thing) -> bool:
    """Whether the way back gives the very member."""
    return name in value and type(value[name]) is type(made[name]) and value[name] == made[name]


def _milli(moment: str) -> str:
    return f"{moment[:23]}Z"
