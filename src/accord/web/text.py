"""Foreign text on a page: bounded, and unable to turn around or hide what stands beside it.

Law (bounded by default): whatever a template writes is `shown`, unless it says otherwise by one of
the filters `whole`, `sentence` and `listed`.

Source: HTML Living Standard, section 13.2.5.80 (numeric character references); UAX 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from accord.core.show import DRIVING, printable, spreadsheet_cell

SHOWN = 300
"""Characters of a text on a page."""
SENTENCE = 2_000
"""Characters of a sentence that accord itself writes around foreign names."""
LISTED = 100
"""Items of a list inside a sentence."""
KEPT = 10_000
"""Characters of a text in the data and in the table of a page."""


def cut(text: str, most: int) -> str:
    """A text of at most so many characters; one that was cut ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes
    """What a template writes, before it is escaped; markup of the templates stays as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(cut(value, SHOWN))
    return value


def sentence(text: str) -> Markup:
    """A sentence of accord, escaped, with more room than a foreign text."""
    return escape(printable(cut(text, SENTENCE)))


def listed(items: Sequence[str]) -> Markup:
    """Items beside each other, each escaped and bounded by itself; and how many are left out."""
    text = Markup(", ").join(shown(item) for item in items[:LISTED])
    return text + f" and {len(items) - LISTED:,} more" if len(items) > LISTED else text


def whole(text: str) -> Markup:
    """The value of an attribute that has to stay exact, such as an address: escaped, never cut.

    What drives is written as a reference, which gives the same character to the browser alone.
    Control characters have no such reference and never stand in an address: they are U+FFFD.
    """
    return Markup(DRIVING.sub(_reference, str(escape(text))))  # noqa: S704 - escaped beside it


def _reference(found: Any) -> str:  # noqa: ANN401 - re.Match
    code = ord(found[0])
    return f"&#x{code:x};" if code > 0x9F and not 0xD800 <= code <= 0xDFFF else "\ufffd"  # noqa: PLR2004 - the last control character, ISO 6429


def bounded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """JSON values with no text longer than the bound."""
    if isinstance(value, str):
        return cut(value, KEPT)
    if isinstance(value, Mapping):
        return {name: bounded(one) for name, one in value.items()}
    return [bounded(one) for one in value] if isinstance(value, list | tuple) else value


def undriven(data: bytes) -> bytes:
    """JSON in which everything that drives is an escape; its ends of lines stay.

    Source: RFC 8259, section 7 (a character outside the basic plane is two escapes).
    """
    return DRIVING.sub(_escape, data.decode()).encode()


def _escape(found: Any) -> str:  # noqa: ANN401 - re.Match
    if found[0] == "\n":
        return "\n"
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A cell of a table; a number is no formula."""
    if isinstance(value, int | float):
        return str(value)
    return cut(spreadsheet_cell(bounded(value)), KEPT)
