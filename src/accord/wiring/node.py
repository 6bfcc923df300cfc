"""One node: everything that it has, each made when it is first asked for.

What a property makes is imported there, and not above: a command waits for what it uses, and for
nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from accord.core.clock import Clock, SystemClock
from accord.wiring import asking

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from accord.flows.assessing.update import Change
    from accord.flows.exchange.answering.asked import Means
    from accord.flows.exchange.answering.door import Door
    from accord.flows.exchange.answering.taxii.door import Taxii
    from accord.flows.exchange.following.sync import Means as Syncing
    from accord.flows.exchange.sharing.checkpoints import Notary
    from accord.flows.exchange.sharing.owner import Owner
    from accord.flows.exchange.sharing.recall import Recaller
    from accord.flows.exchange.sharing.renewing import Renewed
    from accord.flows.exchange.sharing.share import Sharer
    from accord.flows.exposures import Exposures
    from accord.flows.feeds.run import Means as Reading
    from accord.flows.misp.export import Exporter
    from accord.identity.keys import LibrarySigner, Signers
    from accord.store import keys
    from accord.store.assurance.assessing import SqlAssessing
    from accord.store.assurance.proofs import SqlProofs
    from accord.store.assurance.standards import SqlStandards
    from accord.store.demand.asks import SqlAsks
    from accord.store.demand.pool import SqlPool
    from accord.store.demand.purchases import SqlPurchases
    from accord.store.exchange.accounts import SqlAccounts
    from accord.store.exchange.answers import SqlAnswers
    from accord.store.exchange.following import SqlFollowing
    from accord.store.exchange.high_water import FileHighWater
    from accord.store.exchange.holdings import SqlHoldings
    from accord.store.exchange.inbox import SqlInbox
    from accord.store.exchange.people import SqlPeople
    from accord.store.exchange.pulse import SqlPulse
    from accord.store.exchange.receipts import SqlReceipts
    from accord.store.exchange.reviews import SqlReviews
    from accord.store.exchange.sharing import SqlSharing
    from accord.store.exchange.trust import SqlTrust
    from accord.store.feeds import SqlFeeds
    from accord.store.hunting.engine import DuckEngine
    from accord.store.hunting.rules import SqlRules
    from accord.store.intake import SqlIntake
    from accord.store.osv import SqlAdvisories
    from accord.store.views import SqlViews
    from accord.transport.http import HttpCarrier


class Settings(msgspec.Struct, frozen=True):
    """Which node."""

    home: Path
    """Folder of the node; the embedded database lives in it."""
    database: str = ""
    """`postgresql://...`, or empty for the embedded database."""


class Node:
    """One node: its store and its clock."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.passphrase: Callable[[], str] = cache(asking.passphrase)
        """Opens the private keys, where they are encrypted."""
        self.pin: Callable[[str], str] = cache(asking.pin)
        """Opens the token with this label, where keys are kept on one."""
        self._ring: keys.Ring | None = None

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        from accord.store import database

        return database.connect(self.settings.database, self.settings.home)

    @cached_property
    def intake(self) -> SqlIntake:
        """The one writer."""
        from accord.store.intake import SqlIntake

        return SqlIntake(self.engine)

    @cached_property
    def views(self) -> SqlViews:
        """What the node knows."""
        from accord.store.views import SqlViews

        return SqlViews(self.engine)

    @cached_property
    def standards(self) -> SqlStandards:
        """Catalogues, crosswalks and baselines that were loaded."""
        from accord.store.assurance.standards import SqlStandards

        return SqlStandards(self.engine)

    @cached_property
    def proofs(self) -> SqlProofs:
        """What is recorded of evidence."""
        from accord.store.assurance.proofs import SqlProofs

        return SqlProofs(self.engine)

    @cached_property
    def assessing(self) -> SqlAssessing:
        """What releases are assessed by, and the verdicts."""
        from accord.wiring import assuring

        return assuring.assessing(self)

    @cached_property
    def purchases(self) -> SqlPurchases:
        """Contracts, rates and suppliers."""
        from accord.wiring import demanding

        return demanding.purchases(self)

    @cached_property
    def pool(self) -> SqlPool:
        """Questions that partners answer together."""
        from accord.wiring import demanding

        return demanding.pool(self)

    @property
    def asked(self) -> bool:
        """Whether anybody asked about a release; if not, there is nothing to reassess."""
        from accord.store.assurance.asked import asked

        with self.engine.connect() as connection:
            return asked(connection)

    def reassess(self, *, every: bool = False) -> Change:
        """Make the verdicts anew that a new document, or time, may have changed.

        Of releases that somebody asked about, or of `every` one: see `update.update`.
        """
        from accord.flows.assessing.update import update

        return update(self.assessing, self.me, self.clock.now(), every=every)

    @cached_property
    def asks(self) -> SqlAsks:
        """Joint asks of suppliers."""
        from accord.store.demand.asks import SqlAsks

        return SqlAsks(self.engine)

    @cached_property
    def exposures(self) -> Exposures:
        """The ranked list."""
        from accord.flows.exposures import Exposures

        return Exposures(self.views)

    @cached_property
    def trust(self) -> SqlTrust:
        """The partnership's directory, and who this node is in it."""
        from accord.store.exchange.trust import SqlTrust

        return SqlTrust(self.engine)

    @property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""
        return self.trust.me()

    @property
    def ring(self) -> keys.Ring:
        """Every private key of this node.

        Raises:
            NoKey: one cannot be opened.
        """
        if self._ring is None:
            from accord.wiring import holding

            self._ring = holding.ring(self)
        return self._ring

    @property
    def signers(self) -> Signers:
        """The keys with which this node signs today, as its partners know them.

        A newcomer whose directory does not hold its own record yet signs with what it has: the
        others may have taken it up already, and it learns of that by asking.

        Raises:
            NotFound: it is in no partnership.
            NoKey: they cannot be opened.
        """
        from accord.wiring import holding

        return holding.signers(self)

    def forget_keys(self) -> None:
        """Open the keys anew when they are next asked for: they have changed."""
        self._ring = None

    def new_keys(
        self, passphrase: str, uris: Sequence[str] = (), *, ml_dsa: bool = True
    ) -> tuple[LibrarySigner, ...]:
        """New private keys in the node's folder, beside those that it has.

        `uris` are addresses of keys that are kept elsewhere; `ml_dsa` is whether an ML-DSA-65 key
        is made where no address leads to one.

        Raises:
            AccordError: they cannot be made or kept, or a key would come out of a token into a
                file without anybody having said so.
        """
        from accord.wiring import holding

        return holding.new_keys(self, passphrase, uris, ml_dsa=ml_dsa)

    def certificate(self, name: str, addresses: Collection[str] = ()) -> str:
        """SHA-256 of the certificate that this node's door shows, which is made where it lacks.

        A new one is made for `addresses`, and those that the directory lists of this node.
        """
        from accord.wiring import holding

        return holding.certificate(self, name, addresses)

    @cached_property
    def high_water(self) -> FileHighWater:
        """What was signed and disclosed, as it is remembered outside the database."""
        from accord.store.exchange.high_water import FileHighWater

        return FileHighWater(self.settings.home / "log-state.json")

    @cached_property
    def sharing(self) -> SqlSharing:
        """The audiences of this node and their logs."""
        from accord.store.exchange.sharing import SqlSharing

        return SqlSharing(self.engine, self.high_water, self.entropy)

    @cached_property
    def holdings(self) -> SqlHoldings:
        """The documents from which objects are shared."""
        from accord.store.exchange.holdings import SqlHoldings

        return SqlHoldings(self.engine)

    @property
    def owner(self) -> Owner:
        """The owner of this node's audiences, as of now.

        Raises:
            NotFound: it is in no partnership.
        """
        from accord.wiring import giving

        return giving.owner(self)

    @property
    def sharer(self) -> Sharer:
        """What sharing needs, as of now.

        Raises:
            NotFound: it is in no partnership.
            Expired: nobody has confirmed the directory of partners for too long.
            NoKey: its keys cannot be opened.
        """
        from accord.wiring import giving

        return giving.sharer(self)

    @property
    def recaller(self) -> Recaller:
        """What taking back needs, as of now.

        Raises:
            NotFound: it is in no partnership.
        """
        from accord.wiring import giving

        return giving.recaller(self)

    def renew(self) -> Renewed:
        """Seal anew what this node shares, where today's keys and rules ask for it.

        Cheap where nothing has changed.

        Raises:
            NotFound: it is in no partnership.
            NoKey: its keys cannot be opened.
        """
        from accord.wiring import giving

        return giving.renew(self)

    @property
    def notary(self) -> Notary:
        """Signs checkpoints of this node's logs.

        Raises:
            NotFound: it is in no partnership.
            NoKey: its keys cannot be opened.
        """
        from accord.wiring import giving

        return giving.notary(self)

    @cached_property
    def answers(self) -> SqlAnswers:
        """What partners and clients are answered from."""
        from accord.wiring import answering

        return answering.answers(self)

    @cached_property
    def advisories(self) -> SqlAdvisories:
        """Advisories as vulnerability scanners ask for them."""
        from accord.store.osv import SqlAdvisories

        return SqlAdvisories(self.engine)

    @cached_property
    def answering(self) -> Means:
        """What everybody is answered with."""
        from accord.wiring import answering

        return answering.means(self)

    @cached_property
    def door(self) -> Door:
        """Answers partners, clients and the public."""
        from accord.wiring import answering

        return answering.door(self)

    @cached_property
    def taxii(self) -> Taxii:
        """Answers clients and partners that speak TAXII."""
        from accord.wiring import answering

        return answering.taxii(self)

    @cached_property
    def exporter(self) -> Exporter:
        """Writes feeds for MISP."""
        from accord.wiring import answering

        return answering.exporter(self)

    @cached_property
    def receipts(self) -> SqlReceipts:
        """The disclosure log."""
        from accord.store.exchange.receipts import SqlReceipts

        return SqlReceipts(self.engine, self.high_water)

    @cached_property
    def accounts(self) -> SqlAccounts:
        """The exchange as a whole."""
        from accord.store.exchange.accounts import SqlAccounts

        return SqlAccounts(self.engine)

    @cached_property
    def carrier(self) -> HttpCarrier:
        """The way to partners."""
        from accord.wiring import taking

        return taking.carrier(self)

    @cached_property
    def following(self) -> SqlFollowing:
        """The logs of partners, and what of them is applied here."""
        from accord.store.exchange.following import SqlFollowing

        return SqlFollowing(self.engine)

    @property
    def syncing(self) -> Syncing:
        """What sync needs, as of now.

        Raises:
            NotFound: it is in no partnership.
            NoKey: its keys cannot be opened.
        """
        from accord.wiring import taking

        return taking.syncing(self)

    @cached_property
    def hunting(self) -> DuckEngine:
        """Looks through logs, and keeps their archive."""
        from accord.store.hunting.engine import DuckEngine

        return DuckEngine(self.settings.home / "hunting")

    @cached_property
    def rules(self) -> SqlRules:
        """Standing rules by which sightings are shared."""
        from accord.store.hunting.rules import SqlRules

        return SqlRules(self.engine)

    @cached_property
    def feeds(self) -> SqlFeeds:
        """Feeds of publishers."""
        from accord.store.feeds import SqlFeeds

        return SqlFeeds(self.engine)

    @property
    def reading(self) -> Reading:
        """What reading feeds needs."""
        from accord.wiring import taking

        return taking.reading(self)

    @cached_property
    def pulse(self) -> SqlPulse:
        """Whether a log has changed."""
        from accord.store.exchange.pulse import SqlPulse

        return SqlPulse(self.engine)

    @cached_property
    def people(self) -> SqlPeople:
        """Clients of this node."""
        from accord.store.exchange.people import SqlPeople

        return SqlPeople(self.engine)

    @cached_property
    def inbox(self) -> SqlInbox:
        """What was posted, and waits for a person."""
        from accord.store.exchange.inbox import SqlInbox

        return SqlInbox(self.engine)

    @cached_property
    def reviews(self) -> SqlReviews:
        """What waits for a person's decision before it may leave."""
        from accord.store.exchange.reviews import SqlReviews

        return SqlReviews(self.engine)

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many, from the machine."""
        return secrets.token_bytes

    @property
    def address(self) -> str:
        """Where the database is, without its password."""
        from accord.store import database

        return database.shown(self.engine.url)

    def create(self) -> bool:
        """Create the node, or upgrade it; tells whether it is new.

        Raises:
            AccordError: the folder or the database cannot be used.
        """
        from accord.wiring import place

        return place.create(self)

    def open(self) -> Node:
        """The node itself, once it is known to be there.

        Raises:
            NotFound: no node here, or one of another schema.
            AccordError: the database does not answer.
        """
        from accord.wiring import place

        place.check(self)
        return self
