"""`accord.flows.outreach.alerting.port.Alerts` on a database.

Law (one transaction): a message is released, its receipts kept and its outbox filled together, or
none of it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, bindparam, insert, select, text, update

from accord.core.errors import Invalid, NotFound
from accord.exchange.receipts import Line
from accord.flows.outreach.alerting.port import Kept, Matched
from accord.identity.markings import Marking, Pap, Tlp
from accord.outreach.alerts.model import SEVERITIES, Alert
from accord.outreach.alerts.rhythm import Rhythm
from accord.store.exchange import receipts
from accord.store.exchange.logs import among, chunks
from accord.store.exchange.tables import shared, shared_document
from accord.store.exchange.writer import writing
from accord.store.outreach.alert_tables import alert, rhythm, subscription
from accord.store.outreach.numbers import next_id

_decode = msgspec.json.Decoder(Alert).decode
_RHYTHM = tuple(Rhythm.__struct_fields__)

_REPLACE = text("""
UPDATE outbox SET state = 'replaced'
WHERE alert = :code AND state = 'queued' AND attempts = 0 AND again = 0
""")
"""What nobody can have got yet need not be sent any more once something follows it."""

_QUEUE = """
INSERT INTO outbox (alert, revision, subscriber_id, channel, subscription_id, state, due,
                    attempts, again, at, error)
SELECT :code, :revision, s.subscriber_id, s.channel, s.id, 'queued', r.due, 0, 0, '', ''
FROM subscription s JOIN rhythm r ON r.id = s.rhythm_id
WHERE s.state = 'active' AND s.recipient IN :allowed AND ({who})
ORDER BY s.subscriber_id, s.channel
"""
_WANTS = """
s.floor <= :severity
AND s.id IN (SELECT t.subscription_id FROM subscription_topic t WHERE t.topic IN :topics)
"""
_GOT = """
EXISTS (SELECT 1 FROM outbox o WHERE o.alert = :code AND o.subscriber_id = s.subscriber_id
        AND o.channel = s.channel AND o.state IN ({states}))
"""
_MAYBE = "'sent', 'delivered', 'sending', 'queued', 'dead'"
"""States of what somebody has, or may have."""
_WHO = {
    "alert": _WANTS,
    "update": f"({_WANTS}) OR " + _GOT.format(states=f"{_MAYBE}, 'replaced'"),
    "cancel": _GOT.format(states=_MAYBE),
}
"""By kind of message: who is told. Whoever got one message gets what follows it, whatever is
subscribed to now; who got nothing is not told that it is over."""


class SqlAlerts:
    """Messages, and whom they are queued for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Kept]:
        """Every message, the newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(alert).order_by(alert.c.id.desc()))
            return [_kept(row) for row in rows]

    def thread(self, code: str) -> list[Kept]:
        """Every message of one alert, in order."""
        query = select(alert).where(alert.c.code == code).order_by(alert.c.revision)
        with self._engine.connect() as connection:
            return [_kept(row) for row in connection.execute(query)]

    def draft(self, kept: Kept) -> None:
        """Keep a new draft.

        Raises:
            Invalid: its number is taken: another draft waits.
        """
        with writing(self._engine, durable=True) as connection:
            if connection.execute(select(alert.c.id).where(_same(kept))).first():
                name = kept.alert.identifier
                raise Invalid(f"{name} is there already: release it, edit it or drop it")
            connection.execute(
                insert(alert).values(
                    id=next_id(connection, alert), code=kept.alert.code,
                    revision=kept.alert.revision, **_values(kept),
                )
            )  # fmt: skip

    def edit(self, kept: Kept) -> None:
        """Keep a draft in place of what it was.

        Raises:
            NotFound: it is no draft any more.
        """
        with writing(self._engine, durable=True) as connection:
            self._change(connection, kept)

    def drop(self, code: str, revision: int) -> None:
        """Forget a draft.

        Raises:
            NotFound: it is no draft.
        """
        which = (alert.c.code == code) & (alert.c.revision == revision)
        with writing(self._engine, durable=True) as connection:
            gone = connection.execute(alert.delete().where(which & (alert.c.state == "draft")))
            if gone.rowcount == 0:
                raise NotFound(f"{code}-{revision} is no draft; `accord alerts list` shows them")

    def recipients(self) -> list[str]:
        """For whom there are subscriptions, by name."""
        query = select(subscription.c.recipient).distinct().order_by(subscription.c.recipient)
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def rhythms(self) -> list[tuple[int, Rhythm]]:
        """When subscribers may be written to."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(rhythm))
            return [(row.id, Rhythm(**{n: getattr(row, n) for n in _RHYTHM})) for row in rows]

    def release(
        self, kept: Kept, lines: Iterable[Line], allowed: Collection[str],
        dues: Sequence[tuple[int, str]],
    ) -> Matched:  # fmt: skip
        """Keep a message as released, with its receipts, and queue it: all of it or nothing.

        Raises:
            NotFound: it is no draft any more.
        """
        one = kept.alert
        with writing(self._engine, durable=True) as connection:
            self._change(connection, kept)
            receipts.append(connection, lines)
            if dues:
                change = (
                    update(rhythm)
                    .where(rhythm.c.id == bindparam("its"))
                    .values(due=bindparam("at"))
                )
                connection.execute(change, [{"its": id_, "at": at} for id_, at in dues])
            replaced = 0
            if one.kind != "alert":
                replaced = connection.execute(_REPLACE, {"code": one.code}).rowcount
            queued = _queue(connection, one, allowed) if allowed else 0
        return Matched(queued, replaced)

    def marked(self, documents: Collection[str]) -> dict[str, list[tuple[str, Marking]]]:
        """How documents are marked where they were shared: by digest, each sealer's marking."""
        its, of = shared_document.c, shared.c
        query = (
            select(its.digest, of.origin, of.tlp, of.pap, of.release_at, of.expires)
            .join(shared, of.id == its.shared_id)
            .where(of.state.in_(("live", "held")))
            .distinct()
        )
        found: dict[str, list[tuple[str, Marking]]] = {}
        with self._engine.connect() as connection:
            for chunk in chunks(sorted(set(documents))):
                for row in connection.execute(query.where(among(connection, its.digest, chunk))):
                    marking = Marking(Tlp(row.tlp), Pap(row.pap), row.release_at, row.expires)
                    found.setdefault(row.digest, []).append((row.origin, marking))
        return found

    def _change(self, connection: Connection, kept: Kept) -> None:
        draft = _same(kept) & (alert.c.state == "draft")
        if connection.execute(update(alert).where(draft).values(**_values(kept))).rowcount == 0:
            raise NotFound(f"{kept.alert.identifier} is no draft; `accord alerts list` shows them")


def _queue(connection: Connection, one: Alert, allowed: Collection[str]) -> int:
    """One statement, however many subscribers there are."""
    who = _WHO[one.kind]
    statement = text(_QUEUE.format(who=who)).bindparams(bindparam("allowed", expanding=True))
    given: dict[str, Any] = {"code": one.code, "revision": one.revision, "allowed": sorted(allowed)}
    if one.kind != "cancel":
        statement = statement.bindparams(bindparam("topics", expanding=True))
        given |= {
            "severity": SEVERITIES.index(one.severity),
            "topics": ["all", *(topic_key(t.kind, t.value) for t in one.topics if t.value)],
        }
    return connection.execute(statement, given).rowcount


def topic_key(kind: str, value: str) -> str:
    """A topic as it is kept."""
    return f"{kind}:{value}" if value else kind


def _same(kept: Kept) -> Any:  # noqa: ANN401 - a clause
    return (alert.c.code == kept.alert.code) & (alert.c.revision == kept.alert.revision)


def _values(kept: Kept) -> dict[str, Any]:
    return {
        "state": kept.state, "kind": kept.alert.kind, "sent": kept.alert.sent,
        "occasion": kept.occasion, "person": kept.person, "created": kept.created,
        "content": msgspec.json.encode(kept.alert).decode(),
    }  # fmt: skip


def _kept(row: Any) -> Kept:  # noqa: ANN401 - a row of the database
    return Kept(
        id=row.id, alert=_decode(row.content), state=row.state, occasion=row.occasion,
        person=row.person, created=row.created,
    )  # fmt: skip
