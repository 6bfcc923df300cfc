"""Bounds on what is parsed. Past a bound the document is refused; it is never cut to fit."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bounds for one document or one archive."""

    bytes: int = 512 * 1024 * 1024
    """Size of one document, in bytes, after decompression."""
    depth: int = 200
    """Nesting of objects and arrays, or of XML elements."""
    items: int = 2_000_000
    """Entries of one list in a document: components, statements, objects."""
    text: int = 8 * 1024 * 1024
    """Length of one string, in characters."""
    members: int = 1_000_000
    """Files in one archive, nested archives included."""
    expanded: int = 8 * 1024 * 1024 * 1024
    """Total size of an archive's files, in bytes, after decompression."""
    ratio: int = 200
    """Largest expansion of an archive member above 32 MiB: a higher one is a bomb."""
    grown: int = 1024 * 1024 * 1024
    """Bytes to which an archive of any size may expand, archives within it included; beyond them
    the ratio holds for the whole."""
    few: int = 100_000
    """Files that an archive of any size may hold, archives within it included; beyond them each
    must be worth 32 bytes of it."""
    nesting: int = 4
    """Archives within archives."""


LIMITS = Limits()
