"""Reading what a public form says."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from accord.core.errors import Invalid
from accord.outreach.languages.catalogue import marked
from accord.web.door.forms import Field


def read(found: Iterable[Field], names: Collection[str]) -> dict[str, str]:
    """A form of texts as what it says, by name.

    Raises:
        Invalid: it has another field, one twice, or one that is no text.
    """
    said: dict[str, str] = {}
    for field in found:
        if field.name not in names or field.name in said:
            raise Invalid(marked("it has another field, or one twice"), "form")
        said[field.name] = text(field)
    return said


def text(field: Field) -> str:
    """What a field says.

    Raises:
        Invalid: it is no text in UTF-8.
    """
    try:
        return field.data.decode().replace("\r\n", "\n").strip()
    except UnicodeDecodeError as wrong:
        raise Invalid(marked("it is not text in UTF-8"), "form") from wrong
