"""Redaction: an object without the fields and references that a recipient may not see.

Law (a new object): what is left has an identifier of its own, which follows from the original's
identifier and from what is left, its version included; only its creator may issue a version of an
object.
Law (redacting twice is redacting once).
Law (no oracle): the original is named by its identifier, never by a digest. A digest of bytes that
hold a short hidden field lets whoever has the rest guess the field and see whether it is right.

Source: STIX 2.1, sections 3.3 (object creator), 3.6.2 (new version or new object) and 7.2.3
(granular markings, selector syntax).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256
from typing import Any, Final

import msgspec

from accord.core import json
from accord.core.errors import AccordError, Invalid
from accord.exchange import mentions, required
from accord.exchange.definitions import LIMITS
from accord.identity.markings import STIX_TLP, Marking, Tlp, marking_id

_SPACE: Final = uuid.UUID("9c5bb57c-0b5b-4e0d-8d3b-1b2f0b3ec0a7")
"""Under which the identifiers of redacted objects are made (RFC 9562, section 5.5)."""
_SELECTOR = re.compile(r"[A-Za-z0-9_-]{1,250}(?:\.(?:\[[0-9]{1,9}\]|[A-Za-z0-9_-]{1,250}))*")
_NEVER = frozenset({"type", "id", "spec_version", "object_marking_refs", "granular_markings"})
_ITSELF = frozenset({"type", "id"})
_REFERENCES = ("_ref", "_refs")
SOURCE: Final = "accord"
"""Source name of the external reference that names the original."""

Path = tuple[str | int, ...]


_NOTHING: Final[frozenset[str]] = frozenset()


class _Cut:
    """What stands where something was cut, until the object is put together anew."""


_CUT: Final = _Cut()


class Unredactable(AccordError):
    """An object that cannot be given out in part; it is not given out at all."""


class Redacted(msgspec.Struct, frozen=True):
    """An object without what was cut."""

    body: bytes
    marking: Marking
    """Of the new object: the strictest of the object's own and of what is left."""


def redact(
    body: bytes,
    marking: Marking,
    shows: Callable[[Tlp], bool],
    hidden: Collection[str] = (),
    *,
    foreign: bool = False,
) -> Redacted | None:
    """An object without the fields that may not be shown; None where nothing has to be cut.

    `marking` is that of the object as a whole, `shows` says whether a field of a TLP colour may be
    seen, and `hidden` are identifiers that may stand nowhere in what is left: a member or item
    that is one goes, in a text a fixed word takes its place. `foreign`: the object
    was made by somebody else, who is then not named as the creator of the new one.

    Raises:
        Unredactable: what is left lacks what its type requires.
        Invalid: not an object of STIX, or a selector selects nothing.
    """
    value = _object(body)
    names = frozenset(name.lower() for name in hidden)
    paths = set(_marked(value, shows)) | set(_references(value, names))
    masked = _masked(value, names, "") if names else value
    if not paths and masked == value:
        return None
    value, marking = masked, _left(value, marking, shows)
    if foreign:
        paths.add(("created_by_ref",))
    return Redacted(_without(value, paths, marking.tlp), marking)


def cut(body: bytes, members: Iterable[str], marking: Marking, *, named: bool = True) -> bytes:
    """A new object without the named members of an object; the same bytes where it has none.

    `named`: whether the new object says which it was made from.

    Raises:
        Unredactable: its type requires one of them.
        Invalid: not an object of STIX.
    """
    value = _object(body)
    paths: set[Path] = {(name,) for name in members if name in value}
    return _without(value, paths, marking.tlp, named=named) if paths else body


def renewed(value: dict[str, Any], original: dict[str, Any], *, named: bool = True) -> bytes:
    """An object that was changed in the hand, under an identifier of its own.

    `original` is what it was before. The dates stay: they say when the content was made, and no
    clock is looked at, so that the same redaction is always the same object.
    """
    content = {key: inner for key, inner in value.items() if key != "id"}
    if named and "created" in original:  # observables have no external references (section 3.2)
        content["external_references"] = [
            *content.get("external_references", []),
            {
                "source_name": SOURCE,
                "description": "The object that this one was made from by redaction.",
                "external_id": original["id"],
            },
        ]
    name = _name(content, original["id"])
    return msgspec.json.encode({"type": value["type"], "id": name} | content)


def _name(content: dict[str, Any], original: str) -> str:
    """The identifier of what is left of an object."""
    what = sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
    name = uuid.uuid5(_SPACE, f"{original}\n{what}")
    return f"{content['type']}--{name}"


def made_of(value: dict[str, Any]) -> str:
    """The original of an object that redaction made, as it names it; empty for any other.

    That its identifier follows from the original's and from what is left shows that it is one.
    """
    listed = value.get("external_references")
    last = listed[-1] if isinstance(listed, list) and listed else None
    if not isinstance(last, dict) or last.get("source_name") != SOURCE:
        return ""
    original = last.get("external_id")
    content = {key: inner for key, inner in value.items() if key != "id"}
    if not isinstance(original, str) or _name(content, original) != value["id"]:
        return ""
    return original


class _Form(msgspec.Struct):
    """What a redaction relies on; all else of the object may be anything."""

    type: str
    id: str
    modified: str = ""
    external_references: list[Any] = []
    object_marking_refs: list[str] = []
    granular_markings: list[_Granular] = []


class _Granular(msgspec.Struct):
    selectors: list[str]
    marking_ref: str = ""
    lang: str = ""


def _object(body: bytes) -> dict[str, Any]:
    """The object, decoded; that it is one, and that its markings have their form, is known then."""
    value: dict[str, Any] = json.decode_strict(body, LIMITS)
    form = json.decode_as(_Form, body, LIMITS)
    if form.type == "bundle":
        raise Invalid("a bundle is no object; each of its objects is redacted by itself", "/type")
    return value


def _granular(value: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each granular marking: the definition that it names, and its selectors; not languages."""
    for one in value.get("granular_markings", []):
        if "marking_ref" in one or "lang" not in one:
            yield one.get("marking_ref", ""), one["selectors"]


def _marked(value: dict[str, Any], shows: Callable[[Tlp], bool]) -> Iterator[Path]:
    """What is marked so that it may not be seen; what is not understood may not be seen."""
    for named, selectors in _granular(value):
        tlp = STIX_TLP.get(named)
        if tlp is None or not shows(tlp):
            for selector in selectors:
                yield _find(value, selector)


def _left(value: dict[str, Any], marking: Marking, shows: Callable[[Tlp], bool]) -> Marking:
    """The strictest of the object's marking and of the fields that stay."""
    tlps = (STIX_TLP.get(named) for named, _ in _granular(value))
    stay = [tlp for tlp in tlps if tlp is not None and shows(tlp)]
    return msgspec.structs.replace(marking, tlp=max(marking.tlp, *stay)) if stay else marking


def _steps(selector: str) -> Path:
    """`external_references.[0].url` as its steps."""
    if not _SELECTOR.fullmatch(selector):
        raise Invalid(f"{selector[:60]!r} is not a selector (STIX 2.1, section 7.2.3.1)")
    return tuple(int(s[1:-1]) if s.startswith("[") else s for s in selector.split("."))


def _find(value: dict[str, Any], selector: str) -> Path:
    """The steps to what a selector selects, which must be there (section 7.2.3.1)."""
    path = _steps(selector)
    here: Any = value
    for step in path:
        here = _step(here, step, selector)
    return path


def _step(here: Any, step: str | int, selector: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(step, int) and isinstance(here, list) and step < len(here):
        return here[step]
    if isinstance(step, str) and isinstance(here, dict) and step in here:
        return here[step]
    raise Invalid(f"the selector {selector[:60]!r} selects nothing")


def _references(value: dict[str, Any], hidden: frozenset[str]) -> Iterator[Path]:
    """What names one of the hidden, whatever it is called; an object has its own `id` for good."""
    waiting: list[tuple[Path, Any]] = [((), value)] if hidden else []
    while waiting:
        path, here = waiting.pop()
        if isinstance(here, dict):
            inside: Iterable[tuple[str | int, Any]] = here.items()
        else:
            inside = enumerate(here)
        for key, inner in inside:
            if isinstance(key, str) and mentions.names(key, hidden):
                yield (*path, key)
            elif isinstance(inner, dict | list):
                waiting.append(((*path, key), inner))
            elif isinstance(inner, str) and (path or key not in _ITSELF):
                member = str(key if isinstance(key, str) else path[-1])
                if mentions.is_one(inner, hidden) or (
                    member.endswith(_REFERENCES) and mentions.names(inner, hidden)
                ):
                    yield (*path, key)


def _masked(value: Any, hidden: frozenset[str], member: str) -> Any:  # noqa: ANN401 - as `_step`
    """The value with a fixed word in its texts for each of the hidden that they speak of."""
    if isinstance(value, dict):
        return {
            key: one if not member and key in _ITSELF else _masked(one, hidden, key)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_masked(one, hidden, member) for one in value]
    return mentions.without(value, hidden) if isinstance(value, str) else value


def _without(value: dict[str, Any], paths: set[Path], tlp: Tlp, *, named: bool = True) -> bytes:
    """The new object: what is left, put together anew."""
    for path in paths:
        if path[0] in _NEVER:
            raise Unredactable(f"`{path[0]}` cannot be left out")
    left: dict[str, Any] = _pruned(value, paths, (), "")
    lacking = required.lacking(value, {key for key, inner in left.items() if inner is not _CUT})
    if lacking:
        raise Unredactable(f"a {value['type']} without `{lacking}` would not be one")
    content: dict[str, Any] = _put_together(left)
    _mark(content, value, left, tlp)
    return renewed(content, value, named=named)


def _pruned(value: Any, paths: set[Path], path: Path, member: str) -> Any:  # noqa: ANN401
    """The value with a mark where something is cut.

    The mark moves up where all of a list or object went, or what an item of its kind requires.
    """
    if path in paths:
        return _CUT
    if isinstance(value, dict):
        fields = {key: _pruned(one, paths, (*path, key), key) for key, one in value.items()}
        gone = {key for key, one in fields.items() if one is _CUT}
        whole = gone == fields.keys() or gone & required.INSIDE.get(member, _NOTHING)
        return _CUT if gone and whole else fields
    if isinstance(value, list):
        items = [_pruned(one, paths, (*path, at), member) for at, one in enumerate(value)]
        return _CUT if items and all(one is _CUT for one in items) else items
    return value


def _put_together(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _put_together(inner) for key, inner in value.items() if inner is not _CUT}
    if isinstance(value, list):
        return [_put_together(one) for one in value if one is not _CUT]
    return value


def _mark(content: dict[str, Any], value: dict[str, Any], left: dict[str, Any], tlp: Tlp) -> None:
    """Markings of the new object: its colour as a whole, and those of the fields that stay."""
    others = [ref for ref in value.get("object_marking_refs", []) if ref not in STIX_TLP]
    content["object_marking_refs"] = [marking_id(tlp), *others]
    stay = []
    for one in value.get("granular_markings", []):
        moved = [new for old in one["selectors"] if (new := _moved(left, old))]
        if moved:
            stay.append({**one, "selectors": moved})
    content.pop("granular_markings", None)
    if stay:
        content["granular_markings"] = stay


def _moved(left: dict[str, Any], selector: str) -> str:
    """A selector as it reads once items before it are gone; empty where it selects nothing now."""
    here: Any = left
    steps: list[str] = []
    for step in _steps(selector):
        try:
            inner = _step(here, step, selector)
        except Invalid:
            return ""
        if inner is _CUT:
            return ""
        if isinstance(step, int):
            step = sum(1 for one in here[:step] if one is not _CUT)  # noqa: PLW2901
            steps.append(f"[{step}]")
        else:
            steps.append(step)
        here = inner
    return ".".join(steps)
