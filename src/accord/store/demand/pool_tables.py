"""The tables of the pool: what partners stated, and what this node keeps to itself."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from accord.store.metadata import METADATA, document, key, texts

pool_question = Table(
    "pool_question",
    METADATA,
    key(),
    document(),
    *texts("question", "asker", "at", "said"),
    Index("pool_question_question", "question"),
)
"""`said` is the question as a JSON object."""

pool_word = Table(
    "pool_word",
    METADATA,
    key(),
    document(),
    *texts("question", "partner", "word", "commitment", "address", "certificate"),
    *texts("person", "why", "at"),
    Index("pool_word_question", "question"),
)

pool_share = Table(
    "pool_share",
    METADATA,
    key(),
    document(),
    *texts("question", "partner", "other", "at"),
    Index("pool_share_question", "question"),
)

FACTS = (pool_question, pool_word, pool_share)
"""What partners stated."""

pool_part = Table(
    "pool_part",
    METADATA,
    Column("question", Text, primary_key=True),
    *texts("said", "at", "audience"),
    Column("chance", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""This node's own part in each question that it approved: the question as a JSON object, when that
was, through which audience its words go, the node's chance, and what its computation ended with:
key, items and share; empty before. It follows from no document, and what is recalled is not
forgotten here."""
