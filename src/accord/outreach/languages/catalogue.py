"""Messages in the languages of readers, from catalogues of GNU gettext.

A message is written in the code in English; each other language has one file `accord.po`, which is
all that a translator needs. The flag `fuzzy` of a message says that no speaker has reviewed its
translation: it is used, and whoever reads it is told.

Law (whole): a message without a translation is said in English, and counts as not reviewed.
Law (same places): a translation has the places of its message and no others, or it is not used.

Source: GNU gettext manual, "The Format of PO Files"; RFC 9110, section 12.5.4; BCP 47.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from string import Formatter
from typing import Final, Literal

import msgspec
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

from accord.core.errors import Invalid

Direction = Literal["ltr", "rtl"]
ENGLISH: Final = "en"
PLACE: Final = "LC_MESSAGES/accord.po"
_CODE: Final = re.compile(r"[a-z]{2,3}")
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?"
)
_MOST_RANGES: Final = 20


class Translation(msgspec.Struct, frozen=True):
    """One message in another language."""

    text: str
    reviewed: bool


class Language(msgspec.Struct, frozen=True):
    """A language with its messages."""

    code: str
    """ISO 639: `hi`."""
    name: str
    """In the language itself."""
    direction: Direction
    messages: Mapping[str, Translation]


class Say:
    """Says messages in one language, and notes whether a speaker has reviewed all that it said."""

    def __init__(self, language: Language) -> None:
        """Nothing is said yet."""
        self.of = language
        self._reviewed = True

    @property
    def language(self) -> str:
        """`hi`."""
        return self.of.code

    @property
    def reviewed(self) -> bool:
        """Whether a speaker has reviewed everything that was said."""
        return self._reviewed

    def __call__(self, message: str, **values: str) -> str:
        """A message with its values, as text."""
        return self._found(message).format(**values)

    def html(self, message: str, **values: str) -> str:
        """A message as HTML; the values are HTML already."""
        return escape(self._found(message)).format(**values)

    def _found(self, message: str) -> str:
        if self.of.code == ENGLISH:
            return message
        found = self.of.messages.get(message)
        if found is None:
            self._reviewed = False
            return message
        self._reviewed = self._reviewed and found.reviewed
        return found.text


def marked(message: str) -> str:
    """The same: it marks a message that is translated elsewhere."""
    return message


UNREVIEWED: Final = marked("No speaker of this language has reviewed this translation.")


def places(message: str) -> frozenset[str]:
    """The names of the places that values take in a message.

    Raises:
        Invalid: its braces do not fit.
    """
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(message) if name is not None)
    except ValueError as wrong:
        raise Invalid(f"{message[:80]!r}: {wrong}", "message") from wrong


def read(code: str, data: bytes) -> Language:
    """A language from its catalogue.

    Raises:
        Invalid: it is no catalogue, or a translation does not fit its message; the place is the
            line in it.
    """
    try:
        locale = Locale.parse(code)
        catalogue = read_po(BytesIO(data), locale=locale, abort_invalid=True)
    except (UnknownLocaleError, PoFileError, ValueError) as wrong:
        raise Invalid(f"it is no catalogue of gettext: {wrong}", code) from wrong
    found = {
        str(one.id): Translation(_fitting(one), reviewed=not one.fuzzy)
        for one in catalogue
        if one.id and one.string
    }
    direction: Direction = "rtl" if locale.text_direction == "rtl" else "ltr"
    return Language(code, locale.get_language_name() or code, direction, found)


def _fitting(message: Message) -> str:
    text, line = str(message.string), str(message.lineno)
    if places(text) != places(str(message.id)):
        raise Invalid(f"{text[:80]!r} does not have the places of its message", line)
    return text


@cache
def languages() -> Mapping[str, Language]:
    """Every language that is shipped, by its code; English first."""
    folder = files(__package__) / "locale"
    found = {ENGLISH: Language(ENGLISH, "English", "ltr", {})}
    for one in sorted(folder.iterdir(), key=_name):
        if _CODE.fullmatch(one.name):
            found[one.name] = read(one.name, (one / PLACE).read_bytes())
    return found


def speaker(code: str) -> Say:
    """Messages in a language; one that is not known is English."""
    return Say(languages().get(code) or languages()[ENGLISH])


def chosen(accepted: str, known: Mapping[str, Language]) -> str:
    """The language that a reader would rather have, by the header `Accept-Language`.

    Source: RFC 4647, section 3.4 (look-up); RFC 9110, section 12.5.4.
    """
    wanted: list[tuple[float, int, str]] = []
    for number, one in enumerate(accepted.split(",")[:_MOST_RANGES]):
        match = _RANGE.fullmatch(one)
        if match and (worth := float(match[2] or 1)):
            wanted.append((-worth, number, match[1].lower()))
    for _, _, code in sorted(wanted):
        if code in known:
            return code
        if code == "*":
            break
    return ENGLISH


def _name(one: Traversable) -> str:
    return one.name
