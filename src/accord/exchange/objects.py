"""What an object says of itself, as far as sharing needs to know it.

Law (fail closed): a marking that is not understood, that stands where STIX has no markings, or
that looks like TLP without being it, is unknown; what bears one goes to nobody.

Source: STIX 2.1, sections 2.9 (identifiers), 3.2 (common properties), 3.5 (references), 5
(relationships and sightings), 7.2 (data markings); STIX 2.0, parts 1 and 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from accord.core import json
from accord.core.errors import Invalid, TooLarge
from accord.core.show import printable
from accord.exchange import definitions, mentions
from accord.exchange.definitions import LIMITS
from accord.exchange.granular import made_of
from accord.exchange.misp import marks
from accord.exchange.threats.objects import Thing, identifier, whole
from accord.identity.markings import (
    STIX_TLP,
    TLP_EXTENSION,
    UNMARKED,
    Marking,
    Pap,
    from_tags,
    looks_marked,
    parse_tlp,
    strictest,
)

MOST_REFS = 100_000
"""References in one object."""
_TITLE = 200
_MARKS = ("object_marking_refs", "granular_markings")
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}")
_TAIL = 38
"""Letters of an identifier from its `--` on."""
_PLAIN = frozenset({
    "type", "id", "spec_version", "created", "modified", "name", "description", "labels",
    "pattern", "pattern_type", "pattern_version", "valid_from", "valid_until", "revoked",
    "confidence", "lang", "external_references", "source_name", "external_id", "url", "hashes",
    "relationship_type", "indicator_types", "kill_chain_phases", "kill_chain_name",
    "phase_name", "aliases", "published", "value", "first_seen", "last_seen", "count",
    "extensions", "extension_type",
})  # fmt: skip
"""Members that name no object and mark nothing."""
_NESTED = frozenset({dict, list})
_COLOURS = {name: Marking(tlp) for name, tlp in STIX_TLP.items()}
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
    """Every identifier that it names anywhere, markings left out, each once: references first."""
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
    json.check(body, LIMITS)
    thing = whole(body)
    value = thing.content
    if thing.type == "bundle":
        raise Invalid("a bundle holds objects and is none: share each of them", "/type")
    if thing.type == "marking-definition":
        definitions.of_value(value)
    refs, nested = _references(value, body)
    marking, unknown = _markings(thing)
    granular, odd = _granular(thing)
    return Content(
        object=thing.id,
        version=thing.modified,
        type=thing.type,
        created=thing.created,
        created_by=thing.ref("created_by_ref") if "created_by_ref" in value else "",
        refs=refs,
        ends=_ends(thing),
        marking=marking,
        unknown_markings=(*unknown, *nested, *odd),
        granular=granular,
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
    known: list[Marking] = []
    strange: list[str] = []
    for index, name in enumerate(names):
        marking = _COLOURS.get(name)
        if marking is not None:
            known.append(marking)
        else:
            strange.append(identifier(name, f"{thing.place}/object_marking_refs/{index}"))
    tagged, unknown = from_tags(thing.texts("labels"))
    if tagged is not None:
        known.append(tagged)
    return (strictest(known) if known else None), (*strange, *unknown)


def _granular(thing: Thing) -> tuple[bool, tuple[str, ...]]:
    """Whether fields are marked (section 7.2.3), and what is said beyond what STIX knows.

    A `lang` alone is no marking.
    """
    listed = thing.content.get("granular_markings", [])
    if listed == []:
        return False, ()
    place = f"{thing.place}/granular_markings"
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Invalid("a list of granular markings is expected", place)
    for index, one in enumerate(listed):
        selectors = one.get("selectors")
        if not isinstance(selectors, list) or not all(isinstance(s, str) for s in selectors):
            raise Invalid("a list of selectors is expected", f"{place}/{index}/selectors")
        if "marking_ref" in one or "lang" not in one:
            identifier(one.get("marking_ref"), f"{place}/{index}/marking_ref")
    odd = tuple(f"granular {key[:_TITLE]}" for one in listed for key in one if _odd(key, one[key]))
    return any("marking_ref" in one for one in listed), odd


def _odd(key: str, value: Any) -> bool:  # noqa: ANN401 - as `_at`
    """Whether a member of a granular marking is none that STIX has."""
    if key == "lang":
        return not isinstance(value, str) or not _LANGUAGE.fullmatch(value)
    return key not in {"marking_ref", "selectors"}


def _references(value: dict[str, Any], body: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Identifiers wherever they stand; and members that look like markings where STIX has none.

    Members are looked at without recursion, each once; depth is bounded by the decoder.
    """
    refs: dict[str, None] = {}
    nested: list[str] = []
    definition = value["type"] == "marking-definition"
    dashes, tidy = _dashes_of_markings(value) + 1, True
    waiting: list[Any] = [{key: inner for key, inner in value.items() if key not in _MARKS}]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            # Hardly any member marks or names something: most are passed over at once.
            for key in () if _PLAIN.issuperset(here) else here:
                if key in _PLAIN:
                    continue
                if _marks(key, definition=definition):
                    nested.append(f"nested {key[:_TITLE]}")
                if "_ref" in key:
                    for one in _named(key, here[key]):
                        refs[one] = None
                        dashes += 1
                        tidy = tidy and one.islower() and one.find("--") == len(one) - _TAIL
            here = here.values()
        inside = [one for one in here if type(one) in _NESTED]
        waiting += reversed(inside)
    # Each of those holds `--` once: only where there are more, every text is looked through.
    if not tidy or body.count(b"--") != dashes or b"\\u" in body:
        _mentioned(value, refs)
    if len(refs) > MOST_REFS:
        raise TooLarge(f"at least {len(refs):,} references; the limit is {MOST_REFS:,}")
    return tuple(refs), tuple(nested)


def _mentioned(value: dict[str, Any], refs: dict[str, None]) -> None:
    """Add what the texts and member names speak of, other than the object and its original."""
    itself = {value["id"], made_of(value)}
    for one in mentions.every(value, (*_MARKS, "id", "type")):
        if one not in itself:
            refs[one] = None
        if len(refs) > MOST_REFS:
            break


def _dashes_of_markings(value: dict[str, Any]) -> int:
    """How many texts in its markings hold `--`; of what has another form it does not matter."""
    marks, parts = value.get("object_marking_refs"), value.get("granular_markings")
    count = 0
    # What is no list is refused where the markings are read.
    for one in marks if isinstance(marks, list) else ():
        count += isinstance(one, str) and "--" in one
    for one in parts if isinstance(parts, list) else ():
        named = one.get("marking_ref") if isinstance(one, dict) else None
        count += isinstance(named, str) and "--" in named
    return count


@lru_cache(maxsize=4096)
def _marks(key: str, *, definition: bool) -> bool:
    """Whether a member's name looks like a marking; a definition says TLP and PAP in its own."""
    if "marking" in key.casefold():
        return True
    return not definition and (key == TLP_EXTENSION or looks_marked(key, name=True))


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

    CSAF: `/document/distribution/tlp/label`, with which the text beside it must agree. MISP: the
    tags and distributions of events, objects and attributes, of which the strictest counts for
    all. CycloneDX: `/metadata/distributionConstraints/tlp`. A STIX bundle: the strictest of its
    objects. Other kinds bear no marking.

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


_OF_BUNDLE = frozenset({"type", "id", "spec_version", "objects"})
_COLOUR = re.compile(r"TLP:(AMBER\+STRICT|AMBER|CLEAR|GREEN|RED|WHITE)(?![\w+-])", re.IGNORECASE)


class _Bundle(msgspec.Struct):
    objects: list[msgspec.Raw] = []


_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def marks_of_bundle(body: bytes) -> tuple[str, ...]:
    """Members of a bundle that look like markings of it: STIX has none (section 8).

    Nobody knows whether they are meant for all that is in it, so that none of it goes anywhere.
    """
    found: list[str] = []
    for key, raw in _members(body).items():
        if key in _OF_BUNDLE:
            continue
        inner = json.decode_strict(bytes(raw))
        marks = key in _MARKS or _marks(key, definition=False)
        if marks or any(text in STIX_TLP or looks_marked(text) for text in _texts_in(inner)):
            found.append(f"bundle {key[:_TITLE]}")
    return tuple(found)


def _texts_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - as `_at`
    """Every text and member name."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            yield here
            yield from mentions.mentioned(here)
        elif isinstance(here, dict):
            waiting += [*here, *here.values()]
        elif isinstance(here, list):
            waiting += here


def _bundle(body: bytes) -> Content:
    json.decode_strict(body)
    inside = [read_stix(bytes(raw)) for raw in json.decode_as(_Bundle, body).objects]
    markings = [one.marking for one in inside if one.marking]
    own = {one.object for one in inside}
    refs = dict.fromkeys(ref for one in inside for ref in one.refs if ref not in own)
    unknown = dict.fromkeys(name for one in inside for name in one.unknown_markings)
    unknown |= dict.fromkeys(marks_of_bundle(body))
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


def _csaf(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """The label, and what the text beside it says of TLP unless it is the same."""
    label = _at(value, "document", "distribution", "tlp", "label")
    text = _at(value, "document", "distribution", "text")
    if label is not None:
        yield f"tlp:{label}"
    if text is not None and not (isinstance(text, str) and _agrees(text, label)):
        yield f"tlp:in its text: {str(text)[:_TITLE]}"


def _agrees(text: str, label: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a text says nothing of TLP, or the label's own colour in the known form only."""
    if not looks_marked(text):
        return True
    try:
        colour = parse_tlp(str(label))
        rest = _COLOUR.sub(lambda said: "" if parse_tlp(said[0]) is colour else said[0], text)
    except Invalid:
        return False
    return not looks_marked(rest)


_TAGS: dict[str, Callable[[Any], Iterator[str]]] = {
    "CSAF": _csaf,
    "CycloneDX JSON": _labels("metadata", "distributionConstraints", "tlp"),
    "MISP event": marks.everywhere,  # MISP cuts nothing out: the strictest counts for all
}
