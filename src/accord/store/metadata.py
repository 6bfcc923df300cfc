"""Where every table of a node is registered, and the columns that most of them have."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text

METADATA = MetaData()

ID = BigInteger().with_variant(Integer, "sqlite")


def key() -> Column[int]:
    """The number of a row."""
    return Column("id", ID, primary_key=True, autoincrement=False)


def document() -> Column[int]:
    """The document that a fact follows from."""
    return Column("document_id", ID, nullable=False, index=True)


def texts(*names: str) -> list[Column[str]]:
    """Columns of text that is never null."""
    return [Column(name, Text, nullable=False) for name in names]
