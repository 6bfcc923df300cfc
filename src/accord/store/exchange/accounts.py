"""The exchange as a whole, for its own people: who stands where, how long it took, and evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine, Table, func, select

from accord.flows.exchange.accounts.stats import Arrival, Release, Word
from accord.flows.exchange.accounts.status import (
    AudienceStatus,
    FollowStatus,
    Kept,
    Numbered,
    Standing,
)
from accord.flows.exchange.answering.port import Evidence
from accord.store.exchange.state import state_hash
from accord.store.exchange.tables import (
    audience,
    cosignature,
    entry,
    evidence,
    follow,
    followed_entry,
    head,
    member,
    receipt,
    review,
    setting,
    shared,
    waiting,
)

_AT_ONCE = 2000


class SqlAccounts:
    """The ports `Times` and `Accounts` of `accord.flows.exchange.accounts`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state_hash(self) -> str:
        """One digest over what is held of partners."""
        with self._engine.connect() as connection, connection.begin():
            return state_hash(connection)

    def releases(self) -> Iterator[Release]:
        """Every envelope in every log of this node, in the order of the logs."""
        query = (
            select(
                audience.c.name, entry.c.number, shared.c.object, shared.c.version,
                shared.c.created, entry.c.at,
            )
            .join(audience, audience.c.id == entry.c.audience_id)
            .join(shared, shared.c.id == entry.c.shared_id)
            .order_by(entry.c.audience_id, entry.c.number)
        )  # fmt: skip
        with self._engine.connect().execution_options(yield_per=_AT_ONCE) as connection:
            for row in connection.execute(query):
                yield Release(*list(row))

    def words(self) -> list[Word]:
        """Every word of every partner, by audience, partner and size."""
        query = (
            select(
                audience.c.name, cosignature.c.partner, cosignature.c.size,
                cosignature.c.received, cosignature.c.quarantined,
            )
            .join(audience, audience.c.id == cosignature.c.audience_id)
            .order_by(audience.c.name, cosignature.c.partner, cosignature.c.size)
        )  # fmt: skip
        with self._engine.connect() as connection:
            return [Word(*list(row)) for row in connection.execute(query)]

    def members(self, everyone: Sequence[str]) -> dict[str, frozenset[str]]:
        """The partners of today of each audience, by its name."""
        with self._engine.connect() as connection:
            named = _members(connection, everyone)
            names = connection.execute(select(audience.c.id, audience.c.name))
            return {name: frozenset(named[id_]) for id_, name in names}

    def arrivals(self) -> Iterator[Arrival]:
        """Every envelope that was applied here."""
        query = (
            select(
                follow.c.partner, shared.c.object, shared.c.version, shared.c.created,
                shared.c.issued, followed_entry.c.at,
            )
            .join(follow, follow.c.id == followed_entry.c.follow_id)
            .join(shared, shared.c.id == followed_entry.c.shared_id)
            .where(followed_entry.c.at != "")
            .order_by(followed_entry.c.follow_id, followed_entry.c.number)
        )  # fmt: skip
        with self._engine.connect().execution_options(yield_per=_AT_ONCE) as connection:
            for row in connection.execute(query):
                yield Arrival(*list(row))

    def standing(self, everyone: Sequence[str]) -> Kept:
        """Audiences, follows and counts; `everyone` is who an audience of all partners is."""
        undecided = select(func.count()).select_from(review).where(review.c.outcome == "")
        with self._engine.connect() as connection:
            why = select(setting.c.value).where(setting.c.name == "sealed")
            return Kept(
                audiences=tuple(_audiences(connection, everyone)),
                follows=tuple(_follows(connection)),
                sealed=connection.scalar(why) or "",
                waiting=_count(connection, waiting),
                reviews=connection.scalar(undecided) or 0,
                evidence=_count(connection, evidence),
                receipts=connection.scalar(select(func.max(receipt.c.number))) or 0,
            )

    def evidence(self, number: int | None = None) -> list[Numbered]:
        """What contradicts what, oldest first; or the one of a number."""
        query = select(evidence).order_by(evidence.c.id)
        if number is not None:
            query = query.where(evidence.c.id == number)
        with self._engine.connect() as connection:
            return [
                Numbered(
                    row.id,
                    Evidence(
                        row.partner, row.log, row.what, row.at, bytes(row.ours), bytes(row.theirs)
                    ),
                )
                for row in connection.execute(query)
            ]


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _members(connection: Connection, everyone: Sequence[str]) -> dict[int, list[str]]:
    """The members of today of each audience: whoever left the partnership is in none."""
    named: dict[int, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(select(member)):
        named[row.audience_id][row.partner] = row.removed
    found: dict[int, list[str]] = {}
    for id_, scope in connection.execute(select(audience.c.id, audience.c.scope)):
        absent = "out" if scope == "named" else ""
        found[id_] = [name for name in sorted(everyone) if not named[id_].get(name, absent)]
    return found


def _audiences(connection: Connection, everyone: Sequence[str]) -> Iterator[AudienceStatus]:
    members = _members(connection, everyone)
    query = select(audience, head.c.size, head.c.checkpoint).join(
        head, head.c.audience_id == audience.c.id
    )
    words: dict[tuple[int, str], tuple[int, str]] = {}
    said = select(cosignature.c.audience_id, cosignature.c.partner, cosignature.c.size,
                  cosignature.c.received)  # fmt: skip
    for id_, partner, size, received in connection.execute(said.order_by(cosignature.c.size)):
        words[id_, partner] = size, received
    for row in connection.execute(query.order_by(audience.c.name)).all():
        yield AudienceStatus(
            name=row.name,
            log=row.log,
            everyone=row.scope == "all",
            size=row.size,
            signed=bool(row.checkpoint),
            members=tuple(
                Standing(name, *words.get((row.id, name), (0, ""))) for name in members[row.id]
            ),
        )


def _follows(connection: Connection) -> Iterator[FollowStatus]:
    columns = followed_entry.c
    states: dict[tuple[int, str], int] = {}
    counted = (
        select(columns.follow_id, columns.state, func.count())
        .where(columns.state.in_(("quarantined", "withheld")))
        .group_by(columns.follow_id, columns.state)
    )
    for id_, state, count in connection.execute(counted):
        states[id_, state] = count
    for row in connection.execute(select(follow).order_by(follow.c.partner, follow.c.name)):
        yield FollowStatus(
            partner=row.partner,
            log=row.log,
            name=row.name,
            size=row.size,
            cosigned=row.cosigned,
            quarantined=states.get((row.id, "quarantined"), 0),
            withheld=states.get((row.id, "withheld"), 0),
            at=row.at,
            stopped=row.stopped,
        )
