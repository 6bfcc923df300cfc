"""`accord.flows.outreach.alerting.port.Outbox` on a database.

Law (once): a line is claimed by one sender at a time; one whose sender is gone is claimed again,
and counted as one that may come twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Engine, bindparam, case, exists, func, select, text, update

from accord.exchange.receipts import Line
from accord.flows.outreach.alerting.port import Due, Key, Letter
from accord.store.exchange import receipts
from accord.store.exchange.logs import among, chunks
from accord.store.exchange.writer import writing
from accord.store.outreach.alert_tables import channel as table_of_channels
from accord.store.outreach.alert_tables import outbox
from accord.store.outreach.sealing import Vault

_SENDING = "sending"
_DUE = text("""
SELECT o.alert, o.revision, o.subscriber_id AS subscriber, o.channel, o.attempts + 1 AS attempts,
       s.address, s.language, s.recipient, s.cap, r.digest, r.override, u.token
FROM outbox o JOIN subscription s ON s.id = o.subscription_id
JOIN rhythm r ON r.id = s.rhythm_id JOIN subscriber u ON u.id = o.subscriber_id
WHERE o.state = 'queued' AND o.channel = :channel AND o.due <= :now
ORDER BY o.due, o.subscriber_id, o.alert, o.revision LIMIT :most
""")
_ITS = (
    (outbox.c.alert == bindparam("k_alert"))
    & (outbox.c.revision == bindparam("k_revision"))
    & (outbox.c.subscriber_id == bindparam("k_subscriber"))
    & (outbox.c.channel == bindparam("k_channel"))
)
_LETTER = (
    outbox.c.alert, outbox.c.revision, outbox.c.subscriber_id, outbox.c.channel, outbox.c.state,
    outbox.c.due, outbox.c.attempts, outbox.c.again, outbox.c.at, outbox.c.error,
)  # fmt: skip
_LONGEST = 300
"""Characters of an error that are kept."""


class SqlOutbox:
    """What waits to be sent."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault

    def give_up(self, now: str) -> int:
        """Queue again what was being sent by whoever was stopped; gives how many.

        That is no failed try: nobody knows what became of it.
        """
        late = (outbox.c.state == _SENDING) & (outbox.c.due <= now)
        again, tried = outbox.c.again + 1, outbox.c.attempts - 1
        values = {"state": "queued", "due": now, "again": again, "attempts": tried}
        change = update(outbox).where(late).values(**values)
        with writing(self._engine, durable=True) as connection:
            return connection.execute(change).rowcount

    def claim(self, channel: str, now: str, until: str, most: int) -> list[Due]:
        """Take what is due by a channel, so that nobody else does until a moment."""
        with writing(self._engine, durable=True) as connection:
            rows = connection.execute(_DUE, {"channel": channel, "now": now, "most": most}).all()
            found = [_due(row, self._vault.open(channel, row.address)) for row in rows]
            if found:
                taken = update(outbox).where(_ITS)
                taken = taken.values(state=_SENDING, due=until, attempts=outbox.c.attempts + 1)
                connection.execute(taken, _keys(found))
        return found

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log, durably."""
        with writing(self._engine, durable=True) as connection:
            receipts.append(connection, lines)

    def recent(self, subscribers: Collection[int], since: str) -> dict[int, list[str]]:
        """When each of some subscribers was written to since a moment, the earliest first."""
        query = (
            select(outbox.c.subscriber_id, outbox.c.at)
            .where(outbox.c.state.in_(("sent", "delivered")) & (outbox.c.at > since))
            .distinct()
            .order_by(outbox.c.at)
        )
        found: dict[int, list[str]] = {}
        with self._engine.connect() as connection:
            for chunk in chunks(sorted(set(subscribers))):
                these = query.where(among(connection, outbox.c.subscriber_id, chunk))
                for subscriber, at in connection.execute(these):
                    found.setdefault(subscriber, []).append(at)
        return found

    def sent(self, done: Sequence[Due], now: str) -> None:
        """Note that messages were taken by the provider."""
        self._change(done, state="sent", at=now, error="")

    def back(self, done: Sequence[Due], due: str, error: str, *, counted: bool = True) -> None:
        """Queue messages again for later; `counted`: as a try that failed."""
        values: dict[str, Any] = {"state": "queued", "due": due, "error": error[:_LONGEST]}
        if not counted:
            values["attempts"] = outbox.c.attempts - 1
        self._change(done, **values)

    def end(self, done: Sequence[Due], state: str, error: str) -> None:
        """Note that messages are not sent: `dead` or `kept`."""
        self._change(done, state=state, error=error[:_LONGEST])

    def arrived(self, keys: Sequence[Key], now: str) -> int:
        """Note that messages reached their subscribers; gives how many lines that changed."""
        open_ = outbox.c.state.in_(("sent", _SENDING, "queued", "dead"))
        change = update(outbox).where(open_).values(state="delivered", at=now, error="")
        with writing(self._engine) as connection:
            return sum(connection.execute(change.where(_line(one))).rowcount for one in keys)

    def bounced(self, keys: Sequence[Key], due: str, error: str, tries: int) -> int:
        """Note that messages were taken and did not arrive; gives how many lines that changed."""
        newer = outbox.alias()
        same = (newer.c.alert == outbox.c.alert) & (newer.c.revision > outbox.c.revision)
        same &= newer.c.subscriber_id == outbox.c.subscriber_id
        replaced = exists().where(same & (newer.c.channel == outbox.c.channel))
        state = case(
            (replaced, "replaced"), (outbox.c.attempts >= tries, "dead"), else_="queued"
        )  # fmt: skip
        change = update(outbox).where(outbox.c.state == "sent")
        change = change.values(state=state, due=due, error=error[:_LONGEST])
        with writing(self._engine, durable=True) as connection:
            return sum(connection.execute(change.where(_line(one))).rowcount for one in keys)

    def _change(self, done: Sequence[Due], **values: Any) -> None:  # noqa: ANN401 - of any column
        """Of lines that are still being sent: of one that was given up others know more."""
        if not done:
            return
        change = update(outbox).where(_ITS & (outbox.c.state == _SENDING)).values(**values)
        with writing(self._engine) as connection:
            connection.execute(change, _keys(done))

    def resting(self) -> dict[str, tuple[int, str]]:
        """Of each channel that failed: how often in a row, and until when it is left alone."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table_of_channels))
            return {row.channel: (row.failures, row.until) for row in rows}

    def rest(self, channel: str, failures: int, until: str, why: str) -> None:
        """Note how a channel does."""
        row = {"failures": failures, "until": until, "why": why[:_LONGEST]}
        here = table_of_channels.c.channel == channel
        with writing(self._engine) as connection:
            if (
                connection.execute(update(table_of_channels).where(here).values(**row)).rowcount
                == 0
            ):
                connection.execute(table_of_channels.insert().values(channel=channel, **row))

    def letters(self, state: str, most: int) -> list[Letter]:
        """Lines of a state, the oldest first; empty: of any."""
        query = select(*_LETTER).order_by(outbox.c.due, outbox.c.subscriber_id).limit(most)
        if state:
            query = query.where(outbox.c.state == state)
        with self._engine.connect() as connection:
            return [Letter(**_named(row)) for row in connection.execute(query)]

    def counts(self) -> dict[str, int]:
        """Lines by state."""
        query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def again(self, code: str, now: str) -> int:
        """Queue the dead letters of an alert anew; empty: of every one. Gives how many."""
        dead = outbox.c.state == "dead"
        if code:
            dead &= outbox.c.alert == code
        change = update(outbox).where(dead).values(state="queued", due=now, attempts=0, error="")
        with writing(self._engine, durable=True) as connection:
            return connection.execute(change).rowcount

    def next(self, channels: Sequence[str]) -> str:
        """`when()` the next line of some channels is due; empty: none waits."""
        waits = outbox.c.state.in_(("queued", _SENDING)) & outbox.c.channel.in_(channels)
        with self._engine.connect() as connection:
            return connection.execute(select(func.min(outbox.c.due)).where(waits)).scalar() or ""


def _line(key: Key) -> Any:  # noqa: ANN401 - a clause
    its, (alert, revision, subscriber, channel) = outbox.c, key
    return (
        (its.alert == alert) & (its.revision == revision)
        & (its.subscriber_id == subscriber) & (its.channel == channel)
    )  # fmt: skip


def _keys(found: Sequence[Due]) -> list[dict[str, Any]]:
    return [
        {
            "k_alert": one.alert, "k_revision": one.revision, "k_subscriber": one.subscriber,
            "k_channel": one.channel,
        }
        for one in found
    ]  # fmt: skip


def _due(row: Any, address: str) -> Due:  # noqa: ANN401 - a row of the database
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own way to a row's names
    values["address"] = address
    return Due(**{**values, "digest": bool(row.digest), "override": bool(row.override)})


def _named(row: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    values = dict(row._mapping)  # noqa: SLF001 - as above
    values["subscriber"] = values.pop("subscriber_id")
    return values
