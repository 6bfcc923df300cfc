"""Joint asks in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Engine, select, update

from accord.demand.asks.facts import Consent, Step
from accord.demand.asks.joint import Said
from accord.exchange.receipts import Line
from accord.flows.demand.asks.port import Link
from accord.identity.markings import Marking, Pap, Tlp, parse_tlp
from accord.store.demand.ask_tables import ask_link
from accord.store.exchange import receipts
from accord.store.exchange.writer import writing
from accord.store.sealed import origins_of, sealers
from accord.store.view import SqlView, texts_of

_CONSENTS = """
SELECT c.*, d.digest AS document FROM ask_consent c JOIN document d ON d.id = c.document_id
ORDER BY c.id
"""
_STEPS = "SELECT s.* FROM ask_step s ORDER BY s.id"
_MARKED = """
SELECT DISTINCT k.digest, s.origin, s.tlp, s.pap, s.release_at, s.expires
FROM shared_document k JOIN shared s ON s.id = k.shared_id
JOIN document d ON d.digest = k.digest JOIN ask_consent c ON c.document_id = d.id
WHERE s.state IN ('live', 'held')
"""
_COLUMNS = tuple(Link.__struct_fields__)


class SqlAsks:
    """`accord.flows.demand.asks.port.Asks` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def said(self) -> list[Said]:
        """Every consent that is known here, and who gave it."""
        with self._engine.connect() as connection:
            view = SqlView(connection)
            givers = sealers(view, "ask_consent")
            return [
                Said(
                    Consent(
                        ask=row.ask, supplier=row.supplier, requirement=row.requirement,
                        products=texts_of(row.products), text=row.text, due=row.due,
                        partners=texts_of(row.partners), partner=row.partner,
                        agreed=bool(row.agreed), person=row.person, why=row.why, at=row.at,
                    ),
                    row.document,
                    origins_of(view, row.document_id, givers.get(row.document, frozenset())),
                )
                for row in view.counting(_CONSENTS)
            ]  # fmt: skip

    def steps(self) -> list[Step]:
        """What this node's people did about asks."""
        with self._engine.connect() as connection:
            return [
                Step(
                    ask=row.ask, step=row.step, recipient=row.recipient, answer=row.answer,
                    text=row.text, promised=row.promised, documents=texts_of(row.documents),
                    release=row.release, found=bool(row.found), effect=row.effect,
                    person=row.person, why=row.why, at=row.at,
                )
                for row in SqlView(connection).counting(_STEPS)
            ]  # fmt: skip

    def marked(self, documents: Collection[str]) -> dict[str, list[tuple[str, Marking]]]:
        """How consents are marked where they were shared: by digest, each sealer's marking."""
        wanted = set(documents)
        found: dict[str, list[tuple[str, Marking]]] = {}
        with self._engine.connect() as connection:
            for row in SqlView(connection).rows(_MARKED):
                if row.digest in wanted:
                    marking = Marking(Tlp(row.tlp), Pap(row.pap), row.release_at, row.expires)
                    found.setdefault(row.digest, []).append((row.origin, marking))
        return found

    def dispatch(self, link: Link, lines: Iterable[Line]) -> None:
        """Keep a link with the receipts of what is about to leave, durably: both or neither."""
        with writing(self._engine, durable=True) as connection:
            receipts.append(connection, lines)
            row = {name: getattr(link, name) for name in _COLUMNS}
            connection.execute(ask_link.insert().values({**row, "tlp": link.tlp.word}))

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log, durably."""
        with writing(self._engine, durable=True) as connection:
            receipts.append(connection, lines)

    def link(self, token: str) -> Link | None:
        """A link by the hash of its secret."""
        with self._engine.connect() as connection:
            query = select(ask_link).where(ask_link.c.token == token)
            row = connection.execute(query).one_or_none()
        return _link(row) if row else None

    def take(self, token: str, now: str) -> bool:
        """Use a link, once: False where it was used, or has expired, or there is none."""
        fresh = (ask_link.c.token == token) & (ask_link.c.used == "") & (ask_link.c.expires > now)
        with writing(self._engine, durable=True) as connection:
            return connection.execute(update(ask_link).where(fresh).values(used=now)).rowcount == 1

    def give_back(self, token: str, now: str) -> None:
        """Let a link be used again: nothing came of its use at a moment."""
        mine = (ask_link.c.token == token) & (ask_link.c.used == now)
        with writing(self._engine, durable=True) as connection:
            connection.execute(update(ask_link).where(mine).values(used=""))

    def close(self, ask: str, now: str) -> None:
        """End every link of an ask that was not used."""
        open_ = (ask_link.c.ask == ask) & (ask_link.c.used == "")
        with writing(self._engine, durable=True) as connection:
            connection.execute(update(ask_link).where(open_).values(expires=now))


def _link(row: Any) -> Link:  # noqa: ANN401 - a row of the database
    values = {name: getattr(row, name) for name in _COLUMNS}
    return Link(**{**values, "tlp": parse_tlp(row.tlp)})
