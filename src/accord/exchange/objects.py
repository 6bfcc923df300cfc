"""What an object says of itself, as far as sharing needs to know it.

Law (fail closed): a marking that is not understood, that stands where STIX has no markings, or
that looks like TLP without being it, is unknown; what bears one goes to nobody.

Source: STIX 2.1, sections 2.9 (identifiers), 3.2 (common properties), 3.5 (references), 5
(relationships and sightings), 7.2 (data markings); STIX 2.0, parts 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from accord.core import json
from accord.core.errors import Invalid, TooLarge
from accord.core.show import printable
from accord.exchange import definitions
from accord.exchange.definitions import LIMITS
from accord.exchange.threats.objects import Thing, check, identifier
from accord.identity.markings import STIX_TLP, UNMARKED, Marking, Pap, from_tags, strictest

MOST_REFS = 100_000
"""References in one object."""
_TITLE = 200
_MARKS = ("object_marking_refs", "granular_markings")
ENDS: dict[str, tuple[str, ...]] = {
    "relationship": ("source_ref", "target_ref"),
    "sighting": ("sighting_of_ref", "observed_data_refs", "where_sighted_refs"),
    "language-content": ("object_ref",),
}
"""Members that say what an object connects, by its type. It shows only where all of them show; a
translation shows only where what it translates does."""
_REQUIRED_ENDS = frozenset({"source_ref", "target_ref", "sighting_of_ref", "object_ref"})


class Content(msgspec.Struct, frozen=True):
    """What sharing needs of one object."""

    object: str
    """STIX identifier; empty for another document, whose name its reader knows."""
    version: str
    """`modified` as `when()`; empty where there is none."""
    type: str
    created: str = ""
    """`when()`, or empty."""
    created_by: str = ""
    refs: tuple[str, ...] = ()
    """Every identifier that it refers to, markings left out, each once, in document order."""
    ends: tuple[str, ...] = ()
    """Of those, what a relationship, sighting or translation connects."""
    marking: Marking | None = None
    """Of the object as a whole; None: it bears none."""
    unknown_markings: tuple[str, ...] = ()
    granular: bool = False
    """Some of its fields have markings of their own."""
    revoked: bool = False
    title: str = ""


def read_stix(body: bytes) -> Content:
    """One object of STIX 2.0 or 2.1.

    Raises:
        Invalid: not JSON, duplicate keys, or identifiers, dates or markings that break STIX.
        TooLarge: past the bounds on size, depth or references.
    """
    value = json.decode_strict(body, LIMITS)
    thing = check(value, "")
    if thing.type == "bundle":
        raise Invalid("a bundle holds objects and is none: share each of them", "/type")
    if thing.type == "marking-definition":
        definitions.of_value(value)
    refs, nested = _references(value)
    marking, unknown = _markings(thing)
    return Content(
        object=thing.id,
        version=thing.modified,
        type=thing.type,
        created=thing.created,
        created_by=thing.ref("created_by_ref") if "created_by_ref" in value else "",
        refs=refs,
        ends=_ends(thing),
        marking=marking,
        unknown_markings=(*unknown, *nested),
        granular=_granular(thing),
        revoked=thing.revoked,
        title=_title(thing),
    )


def resolved(content: Content, look_up: Callable[[str], bytes | None]) -> Content:
    """The content once the marking definitions that this node holds have been looked at.

    `look_up` gives the bytes of a marking-definition object by its identifier. A definition of PAP
    joins the marking, a notice of copyright is no longer unknown; all else stays unknown.
    """
    if not content.unknown_markings:
        return content
    uses: list[Pap] = []
    unknown: list[str] = []
    for name in content.unknown_markings:
        found = _definition(name, look_up)
        if found is None or not found.known:
            unknown.append(name)
        elif found.pap is not None:
            uses.append(found.pap)
    marking = content.marking
    if uses:
        marking = marking or Marking(UNMARKED)
        marking = msgspec.structs.replace(marking, pap=max(marking.pap, *uses))
    return msgspec.structs.replace(content, marking=marking, unknown_markings=tuple(unknown))


def _definition(name: str, look_up: Callable[[str], bytes | None]) -> definitions.Definition | None:
    body = look_up(name)
    try:
        found = definitions.read_definition(body) if body is not None else None
    except Invalid:
        return None
    return found if found is not None and found.id == name else None


def _markings(thing: Thing) -> tuple[Marking | None, tuple[str, ...]]:
    """Object markings (section 7.2.2) and tags among the labels; the strictest of all."""
    names = thing.texts("object_marking_refs")
    for index, name in enumerate(names):
        identifier(name, f"{thing.place}/object_marking_refs/{index}")
    known = [Marking(STIX_TLP[name]) for name in names if name in STIX_TLP]
    tagged, unknown = from_tags(thing.texts("labels"))
    if tagged is not None:
        known.append(tagged)
    strange = tuple(name for name in names if name not in STIX_TLP)
    return (strictest(known) if known else None), (*strange, *unknown)


def _granular(thing: Thing) -> bool:
    """Whether fields are marked (section 7.2.3); a `lang` alone is no marking."""
    listed = thing.content.get("granular_markings", [])
    place = f"{thing.place}/granular_markings"
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Invalid("a list of granular markings is expected", place)
    for index, one in enumerate(listed):
        selectors = one.get("selectors")
        if not isinstance(selectors, list) or not all(isinstance(s, str) for s in selectors):
            raise Invalid("a list of selectors is expected", f"{place}/{index}/selectors")
        if "marking_ref" in one or "lang" not in one:
            identifier(one.get("marking_ref"), f"{place}/{index}/marking_ref")
    return any("marking_ref" in one for one in listed)


def _references(value: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Identifiers in members named `*_ref` or `*_refs`; and markings where STIX has none.

    Members are looked at without recursion, each once; depth is bounded by the decoder.
    """
    refs: dict[str, None] = {}
    nested: list[str] = []
    waiting: list[Any] = [{key: inner for key, inner in value.items() if key not in _MARKS}]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            nested += [f"nested {key}" for key in _MARKS if key in here]
            for key in here:
                # Hardly any member names another object: most are passed over at once.
                if "_ref" in key:
                    refs.update(dict.fromkeys(_named(key, here[key])))
            here = here.values()
        inside = [one for one in here if isinstance(one, (dict, list))]
        waiting += reversed(inside)
    if len(refs) > MOST_REFS:
        raise TooLarge(f"{len(refs):,} references; the limit is {MOST_REFS:,}")
    return tuple(refs), tuple(nested)


def _named(key: str, value: Any) -> Iterable[str]:  # noqa: ANN401 - as `_at`
    """The identifiers that a member names; in STIX 2.0 observables name others by a number."""
    if key.endswith("_ref"):
        return (value,) if isinstance(value, str) and "--" in value else ()
    if key.endswith("_refs") and isinstance(value, list):
        return (one for one in value if isinstance(one, str) and "--" in one)
    return ()


def _ends(thing: Thing) -> tuple[str, ...]:
    ends: dict[str, None] = {}
    for name in ENDS.get(thing.type, ()):
        if name in _REQUIRED_ENDS:
            ends[thing.ref(name)] = None
        for index, one in enumerate(thing.texts(name) if name.endswith("_refs") else ()):
            ends[identifier(one, f"{thing.place}/{name}/{index}")] = None
    return tuple(ends)


def _title(thing: Thing) -> str:
    """One line for a person."""
    for name in ("name", "abstract", "value", "relationship_type", "context", "opinion"):
        text = thing.content.get(name)
        if isinstance(text, str) and text.strip():
            return printable(text.strip())[:_TITLE]
    return thing.type


def read_document(kind: str, body: bytes) -> Content:
    """What a whole document of a kind, as `accord load` names it, says of its marking.

    CSAF: `/document/distribution/tlp/label`. MISP: the tags of events, objects and attributes, of
    which the strictest counts for all. CycloneDX: `/metadata/distributionConstraints/tlp`. A STIX
    bundle: the strictest of its objects. Other kinds bear no marking.

    Raises:
        Invalid: the document, or a marking in it, breaks its format.
    """
    if kind == "STIX object":
        return read_stix(body)
    if kind == "STIX bundle":
        return _bundle(body)
    tags = list(_TAGS[kind](json.decode_strict(body))) if kind in _TAGS else []
    marking, unknown = from_tags(tags)
    return Content("", "", kind, marking=marking, unknown_markings=unknown)


class _Bundle(msgspec.Struct):
    objects: list[msgspec.Raw] = []


def _bundle(body: bytes) -> Content:
    json.decode_strict(body)
    inside = [read_stix(bytes(raw)) for raw in json.decode_as(_Bundle, body).objects]
    markings = [one.marking for one in inside if one.marking]
    own = {one.object for one in inside}
    refs = dict.fromkeys(ref for one in inside for ref in one.refs if ref not in own)
    unknown = dict.fromkeys(name for one in inside for name in one.unknown_markings)
    return Content(
        "", "", "STIX bundle",
        refs=tuple(refs),
        marking=strictest(markings) if markings else None,
        unknown_markings=tuple(unknown),
        granular=any(one.granular for one in inside),
    )  # fmt: skip


def _at(value: Any, *steps: str) -> Any:  # noqa: ANN401 - JSON is any value until looked at
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _labels(*steps: str) -> Callable[[Any], Iterator[str]]:
    """A reader of the one place in which a format says its TLP label."""

    def read(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
        label = _at(value, *steps)
        if label is not None:
            yield f"tlp:{label}"

    return read


def _misp(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Every tag in a MISP event, whatever it hangs on: MISP has no redaction of attributes."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting.extend(here)
        elif isinstance(here, dict):
            tags = here.get("Tag")
            for tag in tags if isinstance(tags, list) else ():
                name = _at(tag, "name")
                if isinstance(name, str):
                    yield name
            waiting.extend(here.values())


_TAGS: dict[str, Callable[[Any], Iterator[str]]] = {
    "CSAF": _labels("document", "distribution", "tlp", "label"),
    "CycloneDX JSON": _labels("metadata", "distributionConstraints", "tlp"),
    "MISP event": _misp,
}
