"""`accord.flows.demand.pool.port.Pool` on a database."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Engine, insert, select, update

from accord.demand.private.asking import question as questions
from accord.demand.private.asking.facts import PoolQuestion, PoolShare, PoolWord
from accord.demand.private.asking.job import Sealed
from accord.demand.private.asking.question import Question
from accord.flows.demand.pool.port import Part, StatedQuestion, StatedShare, StatedWord
from accord.store.demand.pool_tables import pool_part
from accord.store.exchange import writer
from accord.store.sealed import origins_of, sealers
from accord.store.view import SqlView

_QUESTIONS = """
SELECT f.*, d.digest AS document, d.learned FROM pool_question f
JOIN document d ON d.id = f.document_id ORDER BY f.id
"""
_WORDS = """
SELECT f.*, d.digest AS document FROM pool_word f JOIN document d ON d.id = f.document_id
ORDER BY f.id
"""
_SHARES = """
SELECT f.*, d.digest AS document FROM pool_share f JOIN document d ON d.id = f.document_id
ORDER BY f.id
"""
_COMPONENTS = "SELECT DISTINCT document_id, purl FROM component WHERE purl <> ''"


class SqlPool:
    """What partners stated, and this node's own parts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def questions(self) -> list[StatedQuestion]:
        """Every question that is known."""
        with self._engine.connect() as connection, connection.begin():
            view = SqlView(connection)
            givers = sealers(view, "pool_question")
            return [
                StatedQuestion(
                    questions.known(PoolQuestion(row.question, row.asker, row.at, row.said)),
                    row.learned,
                    row.document,
                    origins_of(view, row.document_id, givers.get(row.document, frozenset())),
                )
                for row in view.counting(_QUESTIONS)
            ]

    def words(self) -> list[StatedWord]:
        """Every word on a question."""
        with self._engine.connect() as connection, connection.begin():
            view = SqlView(connection)
            givers = sealers(view, "pool_word")
            return [
                StatedWord(
                    PoolWord(**{name: getattr(row, name) for name in PoolWord.__struct_fields__}),
                    row.document,
                    origins_of(view, row.document_id, givers.get(row.document, frozenset())),
                )
                for row in view.counting(_WORDS)
            ]

    def shares(self, question: str) -> list[StatedShare]:
        """Every share of the answer to a question."""
        with self._engine.connect() as connection, connection.begin():
            view = SqlView(connection)
            givers = sealers(view, "pool_share")
            return [
                StatedShare(
                    PoolShare(row.question, row.partner, row.other, row.at),
                    row.document,
                    origins_of(view, row.document_id, givers.get(row.document, frozenset())),
                )
                for row in view.counting(_SHARES)
                if row.question == question
            ]

    def components(self) -> list[str]:
        """The package URLs of all bills that this node's own people gave."""
        with self._engine.connect() as connection, connection.begin():
            return sorted({row.purl for row in SqlView(connection).ours(_COMPONENTS)})

    def parts(self) -> list[Part]:
        """All parts of this node, whatever became of the statements."""
        with self._engine.connect() as connection:
            return [
                _part(row) for row in connection.execute(select(pool_part).order_by(pool_part.c.at))
            ]

    def keep(self, part: Part) -> Part:
        """Keep a part unless there is one of its question; gives what is kept.

        Raises:
            Refusing: the database does not take it.
        """
        name = part.question.id
        with writer.writing(self._engine, durable=True) as connection:
            query = select(pool_part).where(pool_part.c.question == name)
            kept = connection.execute(query).one_or_none()
            if kept is not None:
                return _part(kept)
            said = msgspec.json.encode(part.question).decode()
            row = insert(pool_part).values(
                question=name, said=said, at=part.at, audience=part.audience,
                chance=part.chance, sealed=b"",
            )  # fmt: skip
            connection.execute(row)
        return part

    def seal(self, question: str, sealed: Sealed) -> None:
        """Keep what a computation ended with, beside the part in it.

        Raises:
            Refusing: the database does not take it.
        """
        with writer.writing(self._engine, durable=True) as connection:
            row = update(pool_part).where(pool_part.c.question == question)
            connection.execute(row.values(sealed=msgspec.msgpack.encode(sealed)))


def _part(row: Any) -> Part:  # noqa: ANN401 - a row of the table
    sealed = msgspec.msgpack.decode(bytes(row.sealed), type=Sealed) if row.sealed else None
    question = msgspec.json.decode(row.said, type=Question)
    return Part(question, row.at, row.audience, bytes(row.chance), sealed)
