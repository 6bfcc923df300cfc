"""One document from bytes to rows: digest, recognise, read, key. Pure, so it runs anywhere.

This is the part of loading that costs time, and it needs neither store nor clock: large loads
run it in worker processes.
"""

from __future__ import annotations

import re
from itertools import chain

import zstandard

from accord.core.digests import Digest, digest
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Reading
from accord.flows.prepared import Prepared, Row, Rows
from accord.flows.read import KEPT, READERS
from accord.flows.recognise import recognise
from accord.flows.rows import rows_of

_LEVEL = 1
_LINE = 1000
"""Characters of a title that are kept with the document's row; the document has it all."""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_MARKS = (
    b"\\u0000",
    b"\\U0000",
    b"\\0",
    b"\\x00",
    b"\\ud",
    b"\\uD",
)
_PERCENT_MARKS = (b"%00", b"%ed", b"%ED")
"""What NUL or a lone surrogate is written with, in any format that is read."""


def packer() -> zstandard.ZstdCompressor:
    """What compresses documents; one thread may use it for many."""
    return zstandard.ZstdCompressor(level=_LEVEL)


def prepare(
    source: str,
    data: bytes,
    name: Digest | None = None,
    compressor: zstandard.ZstdCompressor | None = None,
) -> Prepared:
    """Everything that the store needs to keep a document; never raises for what it holds.

    The digest and a compressor are made here unless the caller has them.
    """
    prepared = Prepared(name or digest(data), source, "unrecognised", size=len(data))
    prepared.packed = (compressor or packer()).compress(data)
    read_into(prepared, data)
    return prepared


def read_into(prepared: Prepared, data: bytes) -> None:
    """Recognise and read the document; what cannot be read is quarantined with its reason."""
    try:
        name = recognise(data)
        if name in KEPT:
            prepared.kind, prepared.outcome = name, "kept"
            return
        if name is None:
            raise Unreadable("no reader recognises this content")
        prepared.kind = name
        _fill(prepared, READERS[name](data), data)
    except Invalid as wrong:
        prepared.outcome = "quarantined"
        prepared.quarantined = [(wrong.place, wrong.reason)]
        prepared.rows = None


def _fill(prepared: Prepared, reading: Reading, data: bytes) -> None:
    prepared.kind, prepared.title = _clean(reading.kind), _clean(reading.title)[:_LINE]
    prepared.subject, prepared.edition = _clean(reading.subject), _clean(reading.edition)
    prepared.quarantined = [(item.place, item.reason) for item in reading.refused]
    prepared.rows = rows_of(reading)
    if prepared.size > LIMITS.text:
        _check_texts(prepared.rows)
    if _may_hold_no_text(data):
        _clean_rows(prepared)


def _check_texts(rows: Rows) -> None:
    """Only a document longer than the bound on one text can hold a text that is longer."""
    kept = (rows.affected, rows.components, rows.identities, rows.deployments)
    for row in chain(*kept, *rows.tables.values()):
        for value in row:
            if isinstance(value, str) and len(value) > LIMITS.text:
                raise TooLarge(f"a text of {len(value):,} characters; the limit is {LIMITS.text:,}")


def _may_hold_no_text(data: bytes) -> bool:
    """Whether anything in a document could be read as NUL or as a lone surrogate."""
    return (
        b"\x00" in data
        or (b"\\" in data and any(mark in data for mark in _MARKS))
        or (b"%" in data and any(mark in data for mark in _PERCENT_MARKS))
    )


def _clean(text: str) -> str:
    """Text as every database can hold it: NUL and lone surrogates become U+FFFD."""
    return _NO_TEXT.sub("\ufffd", text)


def _clean_row(row: Row) -> Row:
    return tuple(_clean(value) if isinstance(value, str) else value for value in row)


def _clean_rows(prepared: Prepared) -> None:
    rows = prepared.rows
    assert rows is not None
    rows.tables = {name: [_clean_row(row) for row in kept] for name, kept in rows.tables.items()}
    rows.affected = [_clean_row(row) for row in rows.affected]
    rows.components = [_clean_row(row) for row in rows.components]
    rows.identities = [_clean_row(row) for row in rows.identities]
    rows.deployments = [_clean_row(row) for row in rows.deployments]
    prepared.quarantined = [
        (_clean(place), _clean(reason)) for place, reason in prepared.quarantined
    ]
