"""Where packages are from, and whether any advisory speaks of anything from there."""

from __future__ import annotations

from collections.abc import Collection

from accord.store.view import SqlView

_BY_DISTRIBUTION = ("pkg:deb/", "pkg:rpm/", "pkg:apk/", "pkg:alpm/")
"""Types of package URL whose advisories are each distribution's own (the namespace)."""
_SPEAKING = (
    "SELECT DISTINCT a.document_id FROM package p JOIN affected a ON a.package_id = p.id"
    " WHERE {name} >= :first AND {name} < :past LIMIT :most"
)


def source_of(name: str) -> str:
    """How the names begin of all that comes from where a package does: `pkg:npm/`, `cpe:`."""
    if not name.startswith("pkg:"):
        return f"{name.partition(':')[0]}:"
    parts = name.split("/")
    return "/".join(parts[: 2 if name.startswith(_BY_DISTRIBUTION) else 1]) + "/"


def spoken_of(view: SqlView, source: str, *, besides: Collection[int] = ()) -> bool:
    """Whether an advisory speaks of anything from there; where none does, nothing is known.

    `besides` are documents that are left out.
    """
    # Byte order, which is that of SQLite: the range of an index there.
    name = 'p.name COLLATE "C"' if view.connection.dialect.name == "postgresql" else "p.name"
    past = source[:-1] + chr(ord(source[-1]) + 1)
    rows = view.rows(_SPEAKING.format(name=name), first=source, past=past, most=len(besides) + 1)
    return any(row.document_id not in besides for row in rows)
