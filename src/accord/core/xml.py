"""XML within bounds, as plain values: no document type, no entities, nothing fetched.

A document is read as a stream. Only the elements that a `Grammar` names become values, in the
shape that the JSON form of the same format has; everything else is passed over as it goes by,
so memory follows what is kept and not what is read.

Source: XML 1.0 (fifth edition); Namespaces in XML 1.0; OWASP XML External Entity Prevention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS, Limits

Build = Callable[[dict[str, Any], int], Any]
"""Makes the final value of an element from its fields and the line on which it starts."""

_CHUNK = 1 << 20
_ELEMENTS = 5


class Grammar(msgspec.Struct, frozen=True):
    """Which elements are wanted, and what each becomes."""

    texts: frozenset[str] = frozenset()
    """Elements that become a string; with attributes or children, an object after all."""
    objects: frozenset[str] = frozenset()
    """Elements that are objects even when empty. Attributes are fields; text is field `value`."""
    lists: frozenset[str] = frozenset()
    """Elements that only hold items, and become a list of them."""
    repeated: Mapping[str, str] = {}
    """Elements that may stand several times in an object, and the field that lists them."""
    built: Mapping[str, Build] = {}
    """Objects that are turned into something smaller as soon as they end."""
    noticed: frozenset[str] = frozenset()
    """Elements that become an empty object, whatever they hold: that they stand there is all."""


class Document(msgspec.Struct, frozen=True):
    """The root of an XML document."""

    namespace: str
    name: str
    value: dict[str, Any]


def read(data: bytes, grammar: Grammar, limits: Limits = LIMITS) -> Document:
    """The wanted part of an XML document, as plain values.

    Raises:
        Unreadable: not well-formed XML, a document type or an entity, or an unknown encoding.
        TooLarge: past a bound on size, depth, elements, items of a list, or length of a text.
        Invalid: an element that can stand only once stands twice.

    """
    if len(data) > limits.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {limits.bytes:,}")
    target = _Target(grammar, limits)
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        _feed(parser, data, limits)
        parser.close()
    except ParseError as wrong:
        reason = str(wrong).rpartition(": line ")[0]
        raise Unreadable(f"not XML: {reason}", f"line {wrong.position[0]}") from wrong
    except DefusedXmlException as wrong:
        reason = "a document type declaration is not accepted; remove it and its entities"
        raise Unreadable(reason, f"line {target.line()}") from wrong
    except (ValueError, LookupError) as wrong:
        raise Unreadable(f"not XML in a known encoding: {wrong}", "line 1") from wrong
    return target.document()


def _feed(parser: DefusedXMLParser, data: bytes, limits: Limits) -> None:
    """In chunks: expat starts an unfinished tag anew with each, so its length has a bound."""
    view = memoryview(data)
    for start in range(0, len(data), _CHUNK):
        chunk = view[start : start + _CHUNK]
        parser.feed(chunk)
        if start + len(chunk) - parser.parser.CurrentByteIndex > limits.text + _CHUNK:
            place = f"line {parser.parser.CurrentLineNumber}"
            raise TooLarge(f"one tag or comment is longer than {limits.text:,} bytes", place)


class _Frame:
    """An element that has started and not yet ended."""

    __slots__ = ("items", "line", "name", "size", "texts", "value")

    def __init__(self, name: str, value: dict[str, Any], line: int, *, is_list: bool) -> None:
        self.name = name
        self.value = value
        self.items: list[Any] | None = [] if is_list else None
        self.texts: list[str] = []
        self.size = 0
        self.line = line


class _Target:
    """Takes the parser's events. Passed-over subtrees are counted and otherwise ignored."""

    line: Callable[[], int]

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        self._grammar = grammar
        self._limits = limits
        self._wanted = {
            *grammar.texts, *grammar.objects, *grammar.lists, *grammar.repeated, *grammar.built,
            *grammar.noticed,
        }  # fmt: skip
        self._names: dict[str, str] = {}
        self._namespace = ""
        self._frames: list[_Frame] = []
        self._passed_over = 0
        self._elements = 0
        self._root: tuple[str, dict[str, Any]] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count()
        if self._passed_over:
            self._passed_over += 1
            return
        name = self._names[tag] if tag in self._names else self._name(tag)
        if not name:
            self._passed_over = 1
            return
        if name in self._grammar.noticed and self._frames:
            self._frames[-1].value[name] = {}
            self._passed_over = 1
            return
        if attributes:
            attributes = {key: text for key, text in attributes.items() if key[0] != "{"}
        is_list = name in self._grammar.lists
        self._frames.append(_Frame(name, attributes, self.line(), is_list=is_list))

    def data(self, text: str) -> None:
        if self._passed_over or not self._frames:
            return
        frame = self._frames[-1]
        frame.size += len(text)
        if frame.size > self._limits.text:
            reason = f"a text is longer than {self._limits.text:,} characters"
            raise TooLarge(reason, f"line {frame.line}")
        frame.texts.append(text)

    def end(self, _tag: str) -> None:
        if self._passed_over:
            self._passed_over -= 1
            return
        frame = self._frames.pop()
        if not self._frames:
            self._root = (frame.name, _fields(frame))
            return
        self._attach(self._frames[-1], frame)

    def close(self) -> None:
        """Called by the parser at the end of the document."""

    def document(self) -> Document:
        if self._root is None:
            raise Unreadable("not XML: there is no root element", "line 1")
        name, value = self._root
        return Document(self._namespace, name, value)

    def _count(self) -> None:
        self._elements += 1
        if self._elements > _ELEMENTS * self._limits.items:
            reason = f"more than {_ELEMENTS * self._limits.items:,} elements"
            raise TooLarge(reason, f"line {self.line()}")
        if len(self._frames) + self._passed_over >= self._limits.depth:
            raise TooLarge(f"nested more than {self._limits.depth} deep", f"line {self.line()}")

    def _name(self, tag: str) -> str:
        """Local name of an element that is wanted, else empty. The root is always wanted."""
        namespace, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        if not self._frames:
            self._namespace = namespace
            return local
        wanted = namespace == self._namespace and local in self._wanted
        # The bound keeps a document of made-up names from growing the table.
        if len(self._names) < 1000:  # noqa: PLR2004
            self._names[tag] = local if wanted else ""
        return local if wanted else ""

    def _attach(self, parent: _Frame, frame: _Frame) -> None:
        value = self._value(frame)
        if parent.items is not None:
            items = parent.items
        elif frame.name in self._grammar.repeated:
            items = parent.value.setdefault(self._grammar.repeated[frame.name], [])
        else:
            _set(parent, frame, value)
            return
        items.append(value)
        if len(items) > self._limits.items:
            reason = f"<{parent.name}> holds more than {self._limits.items:,} items"
            raise TooLarge(reason, f"line {frame.line}")

    def _value(self, frame: _Frame) -> object:
        if frame.items is not None:
            return frame.items
        build = self._grammar.built.get(frame.name)
        if build is not None:
            return build(_fields(frame), frame.line)
        if frame.value or frame.name in self._grammar.objects:
            return _fields(frame)
        return "".join(frame.texts).strip()


def _fields(frame: _Frame) -> dict[str, Any]:
    text = "".join(frame.texts).strip()
    if text:
        frame.value["value"] = text
    return frame.value


def _set(parent: _Frame, frame: _Frame, value: object) -> None:
    if frame.name in parent.value:
        raise Invalid(f"<{frame.name}> stands twice in <{parent.name}>", f"line {frame.line}")
    parent.value[frame.name] = value
