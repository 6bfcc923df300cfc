"""What catalogues are called here, and what their items can be called.

The names are data: `accord/assurance/data/catalogues.yaml`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec

from accord.assurance.model import SEPARATOR
from accord.core import yaml

UNVERSIONED = "unversioned"
"""The version of a catalogue that names none."""
_SLUG = re.compile(r"[^a-z0-9]+")
_VERSION = re.compile(r"[^A-Za-z0-9.+_-]+")
_LONGEST = 60


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A catalogue that has a short name."""

    name: str
    title: str
    """Pattern of its title."""
    identifiers: str = ""
    """Pattern of what its items are called; empty: anything."""
    kinds: tuple[str, ...] = ()
    """Kinds of its items from the top of the tree down."""
    also: dict[str, str] = {}
    """Identifiers by other words that are used for them."""


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    catalogues: tuple[Known, ...]
    references: dict[str, dict[str, str]]


@cache
def _names() -> _Names:
    return yaml.decode_as(_Names, (files("accord.assurance") / "data/catalogues.yaml").read_bytes())


def reference(title: str, version: str) -> str:
    """The name of a catalogue: `ssdf@1.1`. A `v` before its number is left out."""
    name = next(
        (known.name for known in _names().catalogues if re.search(known.title, title)),
        _SLUG.sub("-", title.casefold()).strip("-")[:_LONGEST] or "untitled",
    )
    number = re.sub(r"^[vV](?=\d)", "", version.strip())
    return f"{name}@{_VERSION.sub('-', number)[:_LONGEST] or UNVERSIONED}"


@cache
def known(catalogue: str) -> Known:
    """What is known of a catalogue by its name, with or without its version."""
    name = catalogue.partition("@")[0]
    return next((one for one in _names().catalogues if one.name == name), Known(name, name))


def referred(publisher: str, name: str) -> str:
    """The catalogue that a publisher means by a name; empty where that is not beyond doubt."""
    return _names().references.get(publisher, {}).get(name.strip(), "")


def split(reference: str) -> tuple[str, str]:
    """The catalogue and the identifier of `ssdf@1.1#PO.1.1`; the catalogue is empty if it is none.

    A reference names a catalogue, its version and an item.
    """
    catalogue, mark, identifier = reference.partition(SEPARATOR)
    name, at, version = catalogue.partition("@")
    whole = mark and at and name and version and identifier and " " not in reference
    return (catalogue, identifier) if whole else ("", reference)
