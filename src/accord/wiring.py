"""From settings to live objects: the only place that names adapters."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache, cached_property
from getpass import getpass
from pathlib import Path

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from accord.core.clock import Clock, SystemClock
from accord.core.errors import AccordError, NotFound
from accord.core.show import printable
from accord.flows.exchange import partners
from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.door import Door
from accord.flows.exchange.answering.nearby import Nearby
from accord.flows.exchange.answering.taxii.door import Taxii
from accord.flows.exchange.answering.taxii.last_word import KINDS
from accord.flows.exchange.following.sync import Means as Syncing
from accord.flows.exchange.sharing.around import Around
from accord.flows.exchange.sharing.checkpoints import Notary
from accord.flows.exchange.sharing.due import release_due
from accord.flows.exchange.sharing.owner import Owner, standing
from accord.flows.exchange.sharing.plan import DEFAULT
from accord.flows.exchange.sharing.recall import Recaller
from accord.flows.exchange.sharing.renewing import Renewed, renew
from accord.flows.exchange.sharing.screening import PersonalScreen
from accord.flows.exchange.sharing.share import Sharer
from accord.flows.exposures import Exposures
from accord.flows.feeds.run import Means as Reading
from accord.flows.misp.export import Exporter
from accord.flows.rebuild import rebuild
from accord.identity.directory.trusted import Lookup
from accord.identity.keys import LibrarySigner, Signers
from accord.identity.markings import parse_tlp
from accord.store import database, keys, migrate
from accord.store.assurance.standards import SqlStandards
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
from accord.store.exchange.screening import SqlScans
from accord.store.exchange.sharing import SqlSharing
from accord.store.exchange.taxii import SqlShelf
from accord.store.exchange.trust import SqlTrust
from accord.store.feeds import SqlFeeds
from accord.store.hunting.engine import DuckEngine
from accord.store.hunting.rules import SqlRules
from accord.store.intake import SqlIntake
from accord.store.key_errors import NoKey
from accord.store.osv import SqlAdvisories
from accord.store.views import SqlViews
from accord.transport.fetch import HttpFetcher
from accord.transport.http import HttpCarrier
from accord.transport.tls import ensure_certificate


class Settings(msgspec.Struct, frozen=True):
    """Which node."""

    home: Path
    """Folder of the node; the embedded database lives in it."""
    database: str = ""
    """`postgresql://...`, or empty for the embedded database."""


def _passphrase() -> str:
    """As the environment has it, or as a person types it."""
    said = os.environ.get("ACCORD_PASSPHRASE", "")
    if not said and sys.stdin.isatty():
        return getpass("Passphrase of this node's keys: ")
    return said


def _pin(label: str) -> str:
    """Of the token with this label: as the environment has it, or as a person types it."""
    said = os.environ.get("ACCORD_PIN", "")
    if not said and sys.stdin.isatty():
        return getpass(f"PIN of the token {printable(label)}: ")
    return said


class _Notary:
    """The node's notary of each moment: its keys may be rotated while it runs.

    What is due comes into the logs without them.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def checkpoint(self, log: str) -> bytes:
        """The signed note of a log's newest checkpoint, once what is in it counts today."""
        self._node.renew()
        return self._node.notary.checkpoint(log)

    def release_due(self) -> None:
        """Append what waited for its release date."""
        release_due(self._node.sharing, self._node.clock.now())


class Node:
    """One node: its store and its clock."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.passphrase: Callable[[], str] = cache(_passphrase)
        """Opens the private keys, where they are encrypted."""
        self.pin: Callable[[str], str] = cache(_pin)
        """Opens the token with this label, where keys are kept on one."""
        self._ring: keys.Ring | None = None

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        return database.connect(self.settings.database, self.settings.home)

    @cached_property
    def intake(self) -> SqlIntake:
        """The one writer."""
        return SqlIntake(self.engine)

    @cached_property
    def views(self) -> SqlViews:
        """What the node knows."""
        return SqlViews(self.engine)

    @cached_property
    def standards(self) -> SqlStandards:
        """Catalogues, crosswalks and baselines that were loaded."""
        return SqlStandards(self.engine)

    @cached_property
    def exposures(self) -> Exposures:
        """The ranked list."""
        return Exposures(self.views)

    @cached_property
    def trust(self) -> SqlTrust:
        """The partnership's directory, and who this node is in it."""
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
            self._ring = keys.open_ring(self.settings.home, self.passphrase, self.pin)
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
        record = partners.known(self.trust).directory.partner(self.me)
        own = record.keys if record else tuple(signer.key() for signer in self.ring.all())
        try:
            return self.ring.current(own)
        except NoKey:
            # They were opened before another command made new ones.
            self._ring = None
            return self.ring.current(own)

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
        if not uris and self.ring.elsewhere:
            own = partners.own_record(self.trust)
            if any(key.in_use and key.keyid in self.ring.elsewhere for key in own.keys):
                raise NoKey(
                    "a key of this node is kept on a token or in a service: name where the new "
                    "one is with --key, or say --key file"
                )
        made = keys.create(
            self.settings.home, passphrase, self.entropy, uris=uris, ml_dsa=ml_dsa, pin=self.pin
        )
        self._ring = None
        return made

    def certificate(self, name: str, addresses: Collection[str] = ()) -> str:
        """SHA-256 of the certificate that this node's door shows, which is made where it lacks.

        A new one is made for `addresses`, and those that the directory lists of this node.
        """
        directory = self.trust.directory()
        own = directory.partner(name) if directory else None
        listed = own.addresses if own else ()
        folder = self.settings.home / keys.FOLDER
        return ensure_certificate(folder, name, self.clock, (*addresses, *listed))

    @cached_property
    def high_water(self) -> FileHighWater:
        """What was signed and disclosed, as it is remembered outside the database."""
        return FileHighWater(self.settings.home / "log-state.json")

    @cached_property
    def sharing(self) -> SqlSharing:
        """The audiences of this node and their logs."""
        return SqlSharing(self.engine, self.high_water, self.entropy)

    @cached_property
    def holdings(self) -> SqlHoldings:
        """The documents from which objects are shared."""
        return SqlHoldings(self.engine)

    @property
    def owner(self) -> Owner:
        """The owner of this node's audiences, as of now.

        Raises:
            NotFound: it is in no partnership.
        """
        directory = standing(self.trust.directory(), self.me)
        return Owner(directory, self.me, self.sharing, self.clock.now())

    @property
    def sharer(self) -> Sharer:
        """What sharing needs, as of now.

        Raises:
            NotFound: it is in no partnership.
            Expired: nobody has confirmed the directory of partners for too long.
            NoKey: its keys cannot be opened.
        """
        owner = self.owner
        partners.current(self.trust, owner.now)
        return Sharer(
            owner.directory, owner.me, owner.sharing, owner.now, self.holdings,
            PersonalScreen(SqlScans(self.engine)), self.signers,
        )  # fmt: skip

    @property
    def recaller(self) -> Recaller:
        """What taking back needs, as of now.

        Raises:
            NotFound: it is in no partnership.
        """
        owner = self.owner
        return Recaller(
            owner.directory, owner.me, owner.sharing, owner.now, self.holdings,
            lambda: self.signers,
        )  # fmt: skip

    def renew(self) -> Renewed:
        """Seal anew what this node shares, where today's keys and rules ask for it.

        Cheap where nothing has changed.

        Raises:
            NotFound: it is in no partnership.
            NoKey: its keys cannot be opened.
        """
        return renew(self.owner, lambda: self.signers)

    @property
    def notary(self) -> Notary:
        """Signs checkpoints of this node's logs.

        Raises:
            NotFound: it is in no partnership.
            NoKey: its keys cannot be opened.
        """
        return Notary(self.sharing, self.trust, self.signers, self.clock)

    @cached_property
    def answers(self) -> SqlAnswers:
        """What partners and clients are answered from."""
        return SqlAnswers(self.engine, self.trust, self.high_water, self.clock)

    @cached_property
    def advisories(self) -> SqlAdvisories:
        """Advisories as vulnerability scanners ask for them."""
        return SqlAdvisories(self.engine)

    @cached_property
    def _answering(self) -> Means:
        """What everybody is answered with."""

        def around() -> Nearby:
            default = parse_tlp(self.sharing.marking() or DEFAULT.word)
            return Nearby(lambda: Around(self.owner, self.holdings, default))

        return Means(self.answers, self.trust, _Notary(self), around, self.clock, self.advisories)

    @cached_property
    def door(self) -> Door:
        """Answers partners, clients and the public."""
        return Door(self._answering)

    @cached_property
    def taxii(self) -> Taxii:
        """Answers clients and partners that speak TAXII."""
        return Taxii(self._answering, SqlShelf(self.engine, KINDS, self.clock), self.entropy)

    @cached_property
    def exporter(self) -> Exporter:
        """Writes feeds for MISP."""
        return Exporter(self._answering, lambda: self.owner, self.people, self.views, self.holdings)

    @cached_property
    def receipts(self) -> SqlReceipts:
        """The disclosure log."""
        return SqlReceipts(self.engine, self.high_water)

    @cached_property
    def accounts(self) -> SqlAccounts:
        """The exchange as a whole."""
        return SqlAccounts(self.engine)

    @cached_property
    def carrier(self) -> HttpCarrier:
        """The way to partners."""
        return HttpCarrier(lambda: self.signers.ed25519, self.clock, self.entropy)

    @cached_property
    def following(self) -> SqlFollowing:
        """The logs of partners, and what of them is applied here."""
        return SqlFollowing(self.engine)

    @property
    def syncing(self) -> Syncing:
        """What sync needs, as of now.

        Raises:
            NotFound: it is in no partnership.
            NoKey: its keys cannot be opened.
        """

        def refresh(offered: Lookup) -> bool:
            return partners.update_from(self.trust, offered, self.clock.now())

        return Syncing(
            carrier=self.carrier,
            following=self.following,
            trust=self.trust,
            signers=self.signers,
            clock=self.clock,
            refresh=refresh,
        )

    @cached_property
    def hunting(self) -> DuckEngine:
        """Looks through logs, and keeps their archive."""
        return DuckEngine(self.settings.home / "hunting")

    @cached_property
    def rules(self) -> SqlRules:
        """Standing rules by which sightings are shared."""
        return SqlRules(self.engine)

    @cached_property
    def feeds(self) -> SqlFeeds:
        """Feeds of publishers."""
        return SqlFeeds(self.engine)

    @property
    def reading(self) -> Reading:
        """What reading feeds needs."""
        return Reading(
            feeds=self.feeds,
            fetcher=HttpFetcher(),
            intake=self.intake,
            views=self.views,
            clock=self.clock,
            entropy=self.entropy,
            environment=os.environ,
            folder=self.settings.home / "feeds",
        )

    @cached_property
    def pulse(self) -> SqlPulse:
        """Whether a log has changed."""
        return SqlPulse(self.engine)

    @cached_property
    def people(self) -> SqlPeople:
        """Clients of this node."""
        return SqlPeople(self.engine)

    @cached_property
    def inbox(self) -> SqlInbox:
        """What was posted, and waits for a person."""
        return SqlInbox(self.engine)

    @cached_property
    def reviews(self) -> SqlReviews:
        """What waits for a person's decision before it may leave."""
        return SqlReviews(self.engine)

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many, from the machine."""
        return secrets.token_bytes

    @property
    def address(self) -> str:
        """Where the database is, without its password."""
        return database.shown(self.engine.url)

    def create(self) -> bool:
        """Create the node, or upgrade it; tells whether it is new.

        Raises:
            AccordError: the folder or the database cannot be used.
        """
        try:
            self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as wrong:
            raise AccordError(f"cannot make {self.settings.home}: {wrong.strerror}") from wrong
        if not self.settings.database:
            self._make_file()
        new = not self._is_node()
        migrate.upgrade(self.engine)
        if migrate.unfinished(self.engine):
            rebuild(self.intake)
        return new

    def open(self) -> Node:
        """The node itself, once it is known to be there.

        Raises:
            NotFound: no node here, or one of another schema.
            AccordError: the database does not answer.
        """
        if not self.settings.database and not self._has_file():
            raise NotFound(
                f"no node in {self.settings.home}; run `accord init`, or name another with --home"
            )
        try:
            migrate.check(self.engine)
        except (OperationalError, DBAPIError) as wrong:
            raise self._silent(wrong) from wrong
        return self

    def _make_file(self) -> None:
        """The database is its owner's alone to read: it says who is exposed to what."""
        file = self.settings.home / "accord.sqlite"
        try:
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as wrong:
            raise AccordError(f"cannot write {file}: {wrong.strerror}") from wrong

    def _has_file(self) -> bool:
        try:
            return (self.settings.home / "accord.sqlite").exists()
        except OSError as wrong:
            raise AccordError(f"cannot look into {self.settings.home}: {wrong.strerror}") from wrong

    def _silent(self, wrong: DBAPIError) -> AccordError:
        """What a driver says of a database that cannot be used, in one line."""
        why = str(wrong.orig).strip().partition("\n")[0]
        return AccordError(f"the database at {self.address} does not answer: {why}")

    def _is_node(self) -> bool:
        try:
            return migrate.is_node(self.engine)
        except (OperationalError, DBAPIError) as wrong:
            raise self._silent(wrong) from wrong
