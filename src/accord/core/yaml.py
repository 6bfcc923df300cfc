"""YAML within bounds: size, depth, no aliases, no duplicate keys, no guessing at types.

Every scalar stays text, save null, true and false: a version `1.10` must not become the number
1.1, a country `NO` not a falsehood, and a day not a date of some time zone.

Source: YAML 1.2.2, chapter 10 (schemas); here the fail-safe schema with null and booleans added.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import msgspec
import yaml

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS, Limits

T = TypeVar("T")

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NOT_NUMBERS = frozenset(
    {".nan", ".NaN", ".NAN"}
    | {f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")}
)
_PREFIX = "tag:yaml.org,2002:"
_TAGS = frozenset({f"{_PREFIX}{name}" for name in ("str", "map", "seq", "null", "bool")} | {"!"})

_Value: TypeAlias = "dict[str, _Value] | list[_Value] | str | bool | None"
_Collection: TypeAlias = "dict[str, _Value] | list[_Value]"


def decode(data: bytes, limits: Limits = LIMITS) -> Any:  # noqa: ANN401 - YAML is any value until a reader has looked
    """Any YAML value of one document, as dicts, lists, text, booleans and None.

    Raises:
        Unreadable: not YAML, not UTF-8, or more than one document.
        Invalid: an alias, an anchor, a foreign tag, a duplicate key or a number that is none.
        TooLarge: past a bound.

    """
    if len(data) > limits.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {limits.bytes:,}")
    builder = _Builder(limits)
    try:
        text = data.decode("utf-8-sig")
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not YAML: {wrong}") from wrong
    except yaml.YAMLError as wrong:
        raise Unreadable(f"not YAML: {_told(wrong)}", _line(wrong)) from wrong
    return builder.value


def decode_as(kind: type[T], data: bytes, limits: Limits = LIMITS) -> T:
    """A YAML document as a typed value; text becomes numbers and dates where the type wants them.

    Raises:
        Invalid: a field has the wrong type; the reason ends with its path.
        Unreadable: as for `decode`.
        TooLarge: past a bound.

    """
    value = decode(data, limits)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid(str(wrong)) from wrong


def lines(data: bytes, member: str) -> tuple[int, ...]:
    """The line on which each entry of a list begins; `data` has been decoded without an error."""
    root = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.CSafeLoader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == member and isinstance(value, yaml.SequenceNode):
            return tuple(one.start_mark.line + 1 for one in value.value)
    return ()


class _Builder:
    """Makes values of parser events without recursion, so that depth costs no stack."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.value: _Value = None
        self.documents = 0
        self.open: list[tuple[_Collection | None, str | None]] = []
        """Enclosing collections, outermost first, each with the key that waits for a value."""
        self.into: _Collection | None = None
        self.key: str | None = None

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.begin(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self.begin(event, [])
        elif isinstance(event, yaml.CollectionEndEvent):
            self.into, self.key = self.open.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise Invalid("an alias (`*name`); write the value out instead", _place(event))
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise Unreadable("more than one YAML document in one file", _place(event))

    def scalar(self, event: yaml.ScalarEvent) -> None:
        text = event.value
        if event.anchor or event.tag:
            _check(event)
        if len(text) > self.limits.text:
            raise TooLarge(f"a text of {len(text):,} characters", _place(event))
        if self.key is None and type(self.into) is dict:
            if text in self.into:
                raise Invalid(f"the key {text[:60]!r} stands twice", _place(event))
            self.key = text
        elif event.implicit[0] and (text in _WORDS or text in _NOT_NUMBERS):
            self.put(_word(event), event)
        else:
            self.put(text, event)

    def begin(self, event: yaml.CollectionStartEvent, collection: _Collection) -> None:
        if event.anchor or event.tag:
            _check(event)
        if len(self.open) >= self.limits.depth:
            raise TooLarge(f"nested more than {self.limits.depth} deep", _place(event))
        if self.key is None and type(self.into) is dict:
            raise Invalid("a key must be text, not a list or a mapping", _place(event))
        self.put(collection, event)
        self.open.append((self.into, self.key))
        self.into, self.key = collection, None

    def put(self, value: _Value, event: yaml.Event) -> None:
        into = self.into
        if into is None:
            self.value = value
            return
        if len(into) >= self.limits.items:
            raise TooLarge(f"more than {self.limits.items:,} entries", _place(event))
        if isinstance(into, list):
            into.append(value)
        elif self.key is not None:
            into[self.key] = value
            self.key = None


def _word(event: yaml.ScalarEvent) -> bool | None:
    if event.value in _NOT_NUMBERS:
        raise Invalid(f"{event.value!r} is not a number that can be compared", _place(event))
    return _WORDS[event.value]


def _check(event: yaml.NodeEvent) -> None:
    """Anchors are refused with the aliases that they are for; tags may only say the obvious."""
    if event.anchor:
        raise Invalid(f"an anchor (`&{event.anchor[:40]}`); write values out", _place(event))
    tag = event.tag if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) else None
    if tag not in _TAGS:
        raise Invalid(f"the tag {str(tag)[:60]!r}; only plain values are read", _place(event))


def _place(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}" if event.start_mark else ""


def _line(wrong: yaml.YAMLError) -> str:
    mark = getattr(wrong, "problem_mark", None)
    return f"line {mark.line + 1}" if mark else ""


def _told(wrong: yaml.YAMLError) -> str:
    """What the parser says, on one line, without the excerpt of the source."""
    told = [getattr(wrong, name, None) for name in ("context", "problem")]
    return ", ".join(part for part in told if part) or str(wrong).partition("\n")[0]
