"""What a MISP event says of whom it may go to: its tags, and how far it is distributed.

Source: MISP core format, `distribution` and `Tag`; MISP book, on distribution and synchronisation;
MISP taxonomies `tlp` and `PAP`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accord.identity.markings import Marking, Tlp, limits, looks_marked, tags

INHERITED = "5"
"""As the event is."""
_MOST = 200
_DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "0": ("tlp:red",),
    "1": ("tlp:amber+strict",),
    "2": ("tlp:amber",),
    "3": (),
    "4": ("tlp:red",),
    INHERITED: (),
}
"""Levels of distribution, by what whoever receives something of that level may do with it.

0, *your organisation only*, and 4, a *sharing group*: only who is named has it. 1, *this
community*, is 0 at whoever receives it by synchronisation: it stays in that organisation. 2,
*connected communities*, is 1 there: the organisation and those around it. 3, *all communities*,
limits nothing, and says no more than that. 5, *inherit*, is as the event is."""
_WRITTEN = {Tlp.CLEAR: "3", Tlp.GREEN: "1"}
"""The widest level that goes no further than a colour; of the others it is 0. GREEN is a community
and never the public; AMBER knows clients, whom a level does not."""
_TAGS = frozenset({"tag", "tags", "eventtag", "attributetag"})
_GROUPS = frozenset({"sharing_group_id", "sharinggroup"})
_LABELS = ("label", "labels", "tag_name", "tag_names")
_NOTHING: tuple[object, ...] = (None, "", [], {})
_NO_GROUP = (*_NOTHING, "0", 0)


def everywhere(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON is any value until looked at
    """Every tag and distribution in an event or a part of it, whatever it hangs on, as tags."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting.extend(here)
        elif isinstance(here, dict):
            for key, inner in here.items():
                yield from _said(key, inner)
                if key.lower() == "event" and isinstance(inner, dict):
                    yield from _inherited(inner)
            waiting.extend(here.values())


def itself(value: dict[str, Any]) -> Iterator[str]:
    """What an object or attribute says of itself alone, as tags."""
    for key, inner in value.items():
        yield from _said(key, inner)


def _said(key: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """What one member says, as tags; a name that speaks of sharing in no known way is unknown."""
    name = key.strip().casefold()
    if name in _TAGS:
        yield from of_tags(value)
    elif name == "distribution":
        yield from of_distribution(value)
    elif value in _NOTHING:
        return
    elif name in _GROUPS:
        yield from () if value in _NO_GROUP else _DISTRIBUTIONS["4"]
    elif name.endswith(_LABELS):
        found = (text for text in _texts(value) if limits(text))
        yield from (f"tlp:in {key[:_MOST]}: {text[:_MOST]}" for text in found)
    elif _speaks(name):
        yield f"tlp:in {key[:_MOST]}: {str(value)[:_MOST]}"


def _speaks(name: str) -> bool:
    odd = "marking" in name or "distribution" in name
    return odd or looks_marked(name, name=True) or limits(name)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, (dict, list)):
            waiting.extend(here.values() if isinstance(here, dict) else here)


def of_event(value: dict[str, Any]) -> Iterator[str]:
    """What an event says of itself alone, as tags: there is nothing that it could inherit."""
    yield from itself(value)
    yield from _inherited(value)


def _inherited(value: dict[str, Any]) -> Iterator[str]:
    if str(value.get("distribution")) == INHERITED:
        yield f"tlp:an event has the distribution {INHERITED}, which is of attributes"


def of_distribution(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """What a level of distribution says of its receivers, as a tag; any other level is unknown."""
    if value is None:
        return
    level = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if level in _DISTRIBUTIONS:
        yield from _DISTRIBUTIONS[level]
    else:
        yield f"tlp:of distribution {str(value)[:_MOST]}"


def of_tags(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Tags as a list or one alone, each by its name or in a `Tag`; any other form is unknown."""
    for tag in value if isinstance(value, list) else (value,):
        inside = tag if isinstance(tag, dict) else {}
        name = inside.get("name")
        if isinstance(name, str):
            yield name
        elif tag is not None and inside.get("Tag") is None:
            yield f"tlp:in a tag of another form: {str(tag)[:_MOST]}"


def written(marking: Marking) -> tuple[str, list[dict[str, Any]]]:
    """The distribution and the tags that say a marking, and never more than it allows."""
    return _WRITTEN.get(marking.tlp, "0"), [{"name": tag} for tag in tags(marking)]
