"""Crosswalks as OSCAL mapping collections in JSON.

A resource names its catalogue by a property `catalogue` (`ssdf@1.1`), or by the title and version
of the resource in the back matter that it points to. A collection is taken whole or not at all.

Source: NIST OSCAL 1.2, control mapping model.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.assurance.catalogues import identifiers, names
from accord.assurance.catalogues.assembling import corrected
from accord.assurance.crosswalks.loops import loops
from accord.assurance.crosswalks.relations import RELATIONS, of_one
from accord.assurance.facts import Mapping
from accord.assurance.model import SEPARATOR
from accord.core import json
from accord.core.errors import Invalid, TooLarge
from accord.core.reading import NotEvaluated, Reading
from accord.core.times import when

_MOST = 500_000
"""Mappings in one collection, each source with each target."""
_NONE = "no-relationship"
_CATEGORIES = {"low": 0.25, "medium": 0.65, "high": 1.0}
"""Confidence where it is given in a word."""


class _Prop(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Resource(msgspec.Struct, frozen=True):
    href: str = ""
    props: list[_Prop] = []


class _End(msgspec.Struct, frozen=True, rename="kebab"):
    id_ref: str


class _Relationship(msgspec.Struct, frozen=True):
    type: str


class _Score(msgspec.Struct, frozen=True):
    category: str = ""
    percentage: float | None = None


class _Map(msgspec.Struct, frozen=True, rename="kebab"):
    relationship: str | _Relationship
    sources: list[_End]
    targets: list[_End]
    matching_rationale: str = ""
    confidence_score: _Score | float | None = None


class _Mapping(msgspec.Struct, frozen=True, rename="kebab"):
    source_resource: _Resource
    target_resource: _Resource
    maps: list[_Map]
    matching_rationale: str = ""
    confidence_score: _Score | float | None = None


class _Provenance(msgspec.Struct, frozen=True, rename="kebab"):
    matching_rationale: str = ""
    confidence_score: _Score | float | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="kebab"):
    title: str
    last_modified: str = ""
    version: str = ""


class _Kept(msgspec.Struct, frozen=True):
    uuid: str
    title: str = ""
    props: list[_Prop] = []


class _BackMatter(msgspec.Struct, frozen=True):
    resources: list[_Kept] = []


class _Collection(msgspec.Struct, frozen=True, rename="kebab"):
    metadata: _Metadata
    mappings: list[_Mapping]
    provenance: _Provenance = msgspec.field(default_factory=_Provenance)
    back_matter: _BackMatter = msgspec.field(default_factory=_BackMatter)


class _Document(msgspec.Struct, frozen=True, rename="kebab"):
    mapping_collection: _Collection


def read(data: bytes) -> Reading:
    """Every mapping of a collection, directed from source to target.

    Raises:
        Invalid: something maps to nothing or to itself, a relationship or a confidence that does
            not exist, or a loop that would carry a claim back to itself. Nothing is taken.
        Unreadable: not JSON, or a key stands twice.
        TooLarge: past a bound.
    """
    json.decode_strict(data)
    return _Reader(json.decode_as(_Document, data).mapping_collection).reading


class _Reader:
    """A reading in the making."""

    def __init__(self, collection: _Collection) -> None:
        self._collection = collection
        about = collection.metadata
        if not about.title.strip():
            raise Invalid("a crosswalk needs a title", "/mapping-collection/metadata/title")
        self.reading = Reading(
            kind="OSCAL mapping collection",
            subject=f"crosswalk:{about.title}",
            edition=when(about.last_modified, "/mapping-collection/metadata/last-modified"),
            title=f"{about.title} {about.version}".strip(),
        )
        found: list[Mapping] = []
        for one in self._mappings():
            found.append(one)
            if len(found) > _MOST:
                raise TooLarge(f"more than {_MOST:,} mappings", one.place)
        _check_loops(found)
        if not found and not self.reading.not_evaluated:
            raise Invalid("the collection maps nothing", "/mapping-collection/mappings")
        self.reading.facts = list(dict.fromkeys(found))

    def _mappings(self) -> Iterator[Mapping]:
        for at, mapping in enumerate(self._collection.mappings):
            here = f"/mapping-collection/mappings/{at}"
            source = self._catalogue(mapping.source_resource, f"{here}/source-resource")
            target = self._catalogue(mapping.target_resource, f"{here}/target-resource")
            for number, one in enumerate(mapping.maps):
                yield from self._map(mapping, one, (source, target), f"{here}/maps/{number}")

    def _catalogue(self, resource: _Resource, place: str) -> str:
        """The catalogue that a resource is."""
        for prop in resource.props:
            if prop.name == "catalogue":
                name, _, version = prop.value.partition("@")
                if name and version and SEPARATOR not in prop.value:
                    return prop.value
                raise Invalid(f"{prop.value[:60]!r} is not a name and a version", place)
        for kept in self._collection.back_matter.resources:
            if resource.href == f"#{kept.uuid}" and kept.title:
                version = next((prop.value for prop in kept.props if prop.name == "version"), "")
                return names.reference(kept.title, version)
        reason = "names no catalogue: add a property `catalogue` such as `ssdf@1.1`"
        raise Invalid(reason, place)

    def _map(
        self, mapping: _Mapping, one: _Map, between: tuple[str, str], place: str
    ) -> Iterator[Mapping]:
        relation = self._relation(one, place)
        if not relation:
            return
        if not one.sources or not one.targets:
            raise Invalid("maps nothing: a source and a target are needed", place)
        sources = [
            self._item(between[0], end, place, "sources", at) for at, end in _each(one.sources)
        ]
        targets = [
            self._item(between[1], end, place, "targets", at) for at, end in _each(one.targets)
        ]
        single = of_one(relation, sources=len(set(sources)) > 1, targets=len(set(targets)) > 1)
        if single != relation:
            reason = "several items together, of which each alone counts less"
            self.reading.not_evaluated.append(NotEvaluated(place, reason, relation, single))
        whole = self._collection.provenance
        confidence = next(
            (
                _confidence(score, place)
                for score in (
                    one.confidence_score, mapping.confidence_score, whole.confidence_score
                )
                if score is not None
            ),
            None,
        )  # fmt: skip
        rationale = one.matching_rationale or mapping.matching_rationale or whole.matching_rationale
        for source in sources:
            for target in targets:
                if source == target:
                    raise Invalid(f"{source} is mapped to itself", place)
                yield Mapping(
                    crosswalk=self._collection.metadata.title,
                    source=source,
                    target=target,
                    relationship=single,
                    rationale=rationale,
                    confidence=confidence,
                    place=place,
                )

    def _relation(self, one: _Map, place: str) -> str:
        said = one.relationship if isinstance(one.relationship, str) else one.relationship.type
        if said == _NONE:
            self.reading.not_evaluated.append(
                NotEvaluated(place, "says that nothing relates", said)
            )
            return ""
        relation = said.removesuffix("-to").removesuffix("-of").removesuffix("-with")
        if relation not in RELATIONS:
            expected = "equal-to, equivalent-to, superset-of, subset-of or intersects-with"
            raise Invalid(f"{said[:60]!r} is no relationship: {expected}", f"{place}/relationship")
        return relation

    def _item(self, catalogue: str, end: _End, place: str, side: str, at: int) -> str:
        where = f"{place}/{side}/{at}/id-ref"
        if not end.id_ref.strip():
            raise Invalid("points to nothing: an identifier is expected", where)
        try:
            written = identifiers.normal(catalogue, end.id_ref)
        except identifiers.Unlike as wrong:
            reason = f"points to nothing: {catalogue} has no item {end.id_ref[:60]!r}"
            raise Invalid(reason, where) from wrong
        if written != end.id_ref:
            self.reading.not_evaluated.append(corrected(where, end.id_ref, catalogue, written))
        return f"{catalogue}{SEPARATOR}{written}"


def _each(ends: list[_End]) -> Iterator[tuple[int, _End]]:
    return iter(enumerate(ends))


def _confidence(score: _Score | float, place: str) -> float:
    """From 0 to 1, whether it is given as a number or in a word."""
    if isinstance(score, _Score) and score.percentage is None:
        if score.category not in _CATEGORIES:
            raise Invalid(f"{score.category[:60]!r} is not low, medium or high", place)
        return _CATEGORIES[score.category]
    number = score.percentage if isinstance(score, _Score) else score
    if number is None or not 0 <= number <= 1:
        raise Invalid(f"a confidence of {number} is not from 0 to 1", place)
    return number


def _check_loops(found: list[Mapping]) -> None:
    turning = loops(found)
    if turning:
        around = ", ".join(f"{one.source} to {one.target}" for one in turning[:3])
        reason = f"a loop that would carry a claim back to itself: {around}; leave one out"
        raise Invalid(reason, turning[0].place)
