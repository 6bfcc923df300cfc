"""Identifiers of people as hashes, so that a breach can be told without telling who was in it.

Law (one person, one hash): what differs only in case, spaces or punctuation has one hash, on every
node, so that notices of different partners can be compared.
Law (only hashes): no plain identifier leaves this module, not even in an error.

A hash of a telephone number can be tried out: it keeps lists from being read at a glance, and is no
anonymity. A notice is marked and shared accordingly.

Source: E.164; RFC 5321, section 2.3.11 (only the receiver may tell upper from lower case before
the `@`; in practice none does).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec
import phonenumbers

from accord.core.errors import Invalid, TooLarge

MOST = 100_000
"""Identifiers in one notice."""
_MAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,255}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Hashed(msgspec.Struct, frozen=True):
    """Identifiers of people, each as 64 lower-case hexadecimal digits, sorted, each once."""

    mail: tuple[str, ...] = ()
    telephone: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.mail) + len(self.telephone)


def hashed(lines: Iterable[str], said: str = "") -> Hashed:
    """Mail addresses and telephone numbers (international: `+81 ...`), one a line, as hashes.

    `said` is what the notice says in words: it must not hold any of them.

    Raises:
        Invalid: a line is neither, or the words name one of the identifiers. The line is named by
            its number alone.
        TooLarge: more than a notice may hold.
    """
    mail: set[str] = set()
    telephone: set[str] = set()
    words, digits = said.casefold(), re.sub(r"[^+\d]", "", said)
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        plain = normal(text, f"line {number}")
        if plain.casefold() in words or (plain.startswith("+") and plain in digits):
            raise Invalid(
                "title or text name it in plain words; take it out there", f"line {number}"
            )
        (telephone if plain.startswith("+") else mail).add(_digest(plain))
        if len(mail) + len(telephone) > MOST:
            raise TooLarge(f"more than {MOST:,} identifiers; make several notices")
    return Hashed(tuple(sorted(mail)), tuple(sorted(telephone)))


def normal(text: str, place: str = "") -> str:
    """One identifier in the form of which the hash is made.

    Raises:
        Invalid: neither a mail address nor a telephone number; the text is not repeated.
    """
    trimmed = text.strip()
    if "@" in trimmed:
        if not _MAIL.fullmatch(trimmed):
            raise Invalid("not a mail address (`name@domain` is expected)", place)
        return trimmed.lower()
    try:
        number = phonenumbers.parse(trimmed, None)
    except phonenumbers.NumberParseException as wrong:
        reason = "neither a mail address nor a telephone number (`+81 ...` is expected)"
        raise Invalid(reason, place) from wrong
    if not phonenumbers.is_possible_number(number):
        raise Invalid("a telephone number that cannot be: too long or too short", place)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def digest(text: str) -> str:
    """The hash of one identifier, however it is written.

    Raises:
        Invalid: neither a mail address nor a telephone number.
    """
    return _digest(normal(text))


def check(values: Iterable[object], place: str) -> tuple[str, ...]:
    """Hashes as another partner wrote them.

    Raises:
        Invalid: one of them is no SHA-256 in lower-case hexadecimal: it may be a plain identifier.
        TooLarge: more than a notice may hold.
    """
    found: list[str] = []
    for index, value in enumerate(values):
        if index >= MOST:
            raise TooLarge(f"more than {MOST:,} identifiers", place)
        if not isinstance(value, str) or not _HASH.fullmatch(value):
            reason = "a SHA-256 in lower-case hexadecimal is expected, never a plain identifier"
            raise Invalid(reason, f"{place}/{index}")
        found.append(value)
    return tuple(found)


def plain(text: str) -> bool:
    """Whether a text is a mail address or a telephone number itself."""
    return bool(_MAIL.fullmatch(text.strip()) or re.fullmatch(r"\+[\d\s().-]{7,20}", text.strip()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
