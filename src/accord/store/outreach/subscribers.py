"""`accord.flows.outreach.alerting.port.People` on a database.

Law (double opt-in): what is asked for an address counts once it was confirmed from there, and what
counted before stays until then.
Law (leaving): who leaves is left nothing of: no address, no topics, nothing that waits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from accord.flows.outreach.alerting.port import Subscribed, Subscriber
from accord.outreach.alerts.model import Topic
from accord.outreach.alerts.rhythm import Rhythm
from accord.store.exchange.writer import writing
from accord.store.outreach.alert_tables import (
    outbox,
    rhythm,
    subscriber,
    subscription,
    subscription_topic,
)
from accord.store.outreach.alerts import topic_key
from accord.store.outreach.numbers import next_id
from accord.store.outreach.sealing import Vault

_RHYTHM = tuple(Rhythm.__struct_fields__)
_PENDING, _ACTIVE = "pending", "active"


class SqlSubscribers:
    """Who wants alerts, and how."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault

    def subscribe(self, wanted: Subscriber, token: str, secret: str, expires: str, now: str) -> int:
        """Keep a subscription that waits for its confirmation; of the same address, anew."""
        its = subscription.c
        name = self._vault.name(wanted.channel, wanted.address)
        sealed = self._vault.seal(wanted.channel, wanted.address)
        here = its.address_name == name
        with writing(self._engine, durable=True) as connection:
            _forget(connection, here & (its.state == _PENDING))
            owner = connection.execute(select(its.subscriber_id).where(here)).scalar()
            if owner is None:
                owner = next_id(connection, subscriber)
                row = {"id": owner, "token": token, "created": now, "ended": ""}
                connection.execute(insert(subscriber).values(row))
            id_ = next_id(connection, subscription)
            connection.execute(
                insert(subscription).values(
                    id=id_, subscriber_id=owner, channel=wanted.channel, address=sealed,
                    address_name=name,
                    language=wanted.language, recipient=wanted.recipient, state=_PENDING,
                    floor=wanted.floor, cap=wanted.cap,
                    rhythm_id=_rhythm(connection, wanted.rhythm), secret=secret, expires=expires,
                    created=now,
                )
            )  # fmt: skip
            topics = sorted({topic_key(one.kind, one.value) for one in wanted.topics})
            rows = [{"topic": one, "subscription_id": id_} for one in topics]
            connection.execute(insert(subscription_topic), rows)
        return id_

    def confirm(self, secret: str, now: str) -> Subscribed | None:
        """Confirm the subscription with this hash, once; None: there is none, or it expired."""
        its = subscription.c
        with writing(self._engine, durable=True) as connection:
            row = connection.execute(select(subscription).where(_waits(secret, now))).one_or_none()
            if row is None:
                return None
            here = its.address_name == row.address_name
            before = list(
                connection.execute(select(its.id).where(here & (its.state == _ACTIVE))).scalars()
            )
            moved = update(outbox).where(outbox.c.subscription_id.in_(before))
            connection.execute(moved.values(subscription_id=row.id))
            _forget(connection, its.id.in_(before))
            change = update(subscription).where(its.id == row.id)
            connection.execute(change.values(state=_ACTIVE, secret="", expires=""))
            return self._listed(connection, its.id == row.id)[0]

    def pending(self, secret: str, now: str) -> bool:
        """Whether a subscription waits for this hash."""
        with self._engine.connect() as connection:
            return bool(
                connection.execute(select(subscription.c.id).where(_waits(secret, now))).first()
            )

    def leave(self, token: str, now: str) -> bool:
        """End everything of the subscriber with this token; False: there is none."""
        with writing(self._engine, durable=True) as connection:
            here = (subscriber.c.token == token) & (subscriber.c.ended == "")
            owner = connection.execute(select(subscriber.c.id).where(here)).scalar()
            if owner is None:
                return False
            connection.execute(update(subscriber).where(here).values(ended=now))
            _forget(connection, subscription.c.subscriber_id == owner)
            waits = (outbox.c.subscriber_id == owner) & outbox.c.state.in_(("queued", "dead"))
            connection.execute(update(outbox).where(waits).values(state="left"))
        return True

    def leave_from(self, channel: str, address: str, now: str) -> bool:
        """End everything of the subscriber with an active address; False: there is none."""
        its = subscription.c
        here = (its.address_name == self._vault.name(channel, address)) & (its.state == _ACTIVE)
        query = (
            select(subscriber.c.token)
            .join(subscription, its.subscriber_id == subscriber.c.id)
            .where(here)
        )
        with self._engine.connect() as connection:
            token = connection.execute(query).scalar()
        return token is not None and self.leave(token, now)

    def known(self, token: str) -> bool:
        """Whether a subscriber has this token."""
        with self._engine.connect() as connection:
            query = select(subscriber.c.id).where(subscriber.c.token == token)
            return bool(connection.execute(query).first())

    def all(self) -> list[Subscribed]:
        """Every subscription that did not end."""
        with self._engine.connect() as connection:
            return self._listed(connection, subscription.c.id > 0)

    def _listed(self, connection: Connection, which: Any) -> list[Subscribed]:  # noqa: ANN401 - a clause
        its = subscription.c
        topics: dict[int, list[Topic]] = {}
        named = select(subscription_topic).order_by(subscription_topic.c.topic)
        for row in connection.execute(named):
            kind, _, value = row.topic.partition(":")
            topics.setdefault(row.subscription_id, []).append(Topic(kind, value))
        query = (
            select(subscription, subscriber.c.token, *(rhythm.c[name] for name in _RHYTHM))
            .join(subscriber, subscriber.c.id == its.subscriber_id)
            .join(rhythm, rhythm.c.id == its.rhythm_id)
            .where(which)
            .order_by(its.id)
        )
        return [
            _subscribed(row, self._vault.open(row.channel, row.address), topics.get(row.id, []))
            for row in connection.execute(query)
        ]


def _waits(secret: str, now: str) -> Any:  # noqa: ANN401 - a clause
    its = subscription.c
    return (its.secret == secret) & (its.state == _PENDING) & (its.expires > now)


def _forget(connection: Connection, which: Any) -> None:  # noqa: ANN401 - a clause
    ids = select(subscription.c.id).where(which)
    connection.execute(
        delete(subscription_topic).where(subscription_topic.c.subscription_id.in_(ids))
    )
    connection.execute(delete(subscription).where(which))


def _rhythm(connection: Connection, wanted: Rhythm) -> int:
    values = {name: getattr(wanted, name) for name in _RHYTHM}
    same = select(rhythm.c.id)
    for name, value in values.items():
        same = same.where(rhythm.c[name] == value)
    found = connection.execute(same).scalar()
    if found is None:
        found = next_id(connection, rhythm)
        connection.execute(insert(rhythm).values(id=found, due="", **values))
    return int(found)


def _subscribed(row: Any, address: str, topics: list[Topic]) -> Subscribed:  # noqa: ANN401 - a row
    return Subscribed(
        id=row.id, subscriber=row.subscriber_id, state=row.state, token=row.token,
        wanted=Subscriber(
            channel=row.channel, address=address, topics=tuple(topics), floor=row.floor,
            language=row.language, cap=row.cap, recipient=row.recipient,
            rhythm=Rhythm(**{name: getattr(row, name) for name in _RHYTHM}),
        ),
    )  # fmt: skip
