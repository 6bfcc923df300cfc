"""Read a feed: ask what is next, take in what it brings, and keep how far it was read.

Law (resumes): how far a feed was read is kept after each step, once what it brought is kept; a
reading that was killed goes on there, and what it had not kept is asked for again.
Law (honest): what did not come whole is not called read: it is asked for again next time.
Law (apart): whatever goes wrong with one feed, even a mistake of our own, is that feed's failure:
it is counted and told, and the others are read.
"""

from __future__ import annotations

import logging
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import Final

import msgspec

from accord.core.clock import Clock
from accord.core.origins import source_of
from accord.core.show import printable
from accord.core.times import latest
from accord.exchange.feeds import schedule, validators
from accord.exchange.feeds.addresses import origin, shown
from accord.exchange.feeds.beside import CHECKED, OFFERED, checked_of, offered_of
from accord.exchange.feeds.errors import FeedError, Misanswered, NotFetched
from accord.exchange.feeds.kinds import kind_of
from accord.exchange.feeds.values import FROM, READ, Answer, Ask, Item, Read, mark
from accord.flows.feeds.access import access
from accord.flows.feeds.beside import Beside, Fetch
from accord.flows.feeds.port import DEFECT, Feed, Feeds, Fetched, Fetcher, Ran, Session
from accord.flows.feeds.value import weigh
from accord.flows.feeds.way import Step, Way
from accord.flows.load import Giver, Loaded, load_documents, load_file, refuse
from accord.flows.ports import Intake, Views

_LOG = logging.getLogger("accord.feeds")
PAGES: Final = 5_000
"""Pages of one reading; what is left comes next time."""
INDEXES: Final = 500
"""Indexes of one reading; those that are left come next time."""
INDEX: Final = 128 << 20
"""Bytes of an index or a page."""
ITEM: Final = 256 << 20
FILE: Final = 8 << 30
_BATCH: Final = 200
_BATCH_BYTES: Final = 8 << 20
_IN_A_ROW: Final = 5
"""Items, or unanswered indexes, one after the other, after which the publisher is away."""
_NOTES: Final = 20
_PLACES: Final = 50
"""Lists that would come next, of which one is likely to be there next time."""
_REMEMBERED: Final = 20_000
"""Lists that are known to be read, while others are not."""
_OK, _SAME = 200, 304
_CLOSED: Final = frozenset({401, 403})
_FAILING: Final = 500
_TOO_MANY: Final = 429


class Means(msgspec.Struct, frozen=True):
    """What reading feeds needs."""

    feeds: Feeds
    fetcher: Fetcher
    intake: Intake
    views: Views
    clock: Clock
    entropy: Callable[[int], bytes]
    environment: Mapping[str, str]
    """Where secrets may be, by name."""
    folder: Path
    """Where what is on its way is kept: its owner's alone to read."""
    pages: int = PAGES
    """Pages of one reading, at most."""
    indexes: int = INDEXES
    """Indexes of one reading, at most."""
    writer: Lock = msgspec.field(default_factory=Lock)
    """Held by the reading whose documents are taken in."""
    stop: Event = msgspec.field(default_factory=Event)
    """Set: a person wants no more of it; each reading ends before its next request."""


def run(feed: Feed, means: Means) -> Ran:
    """Read a feed once, and say when it is due again.

    A failure of the feed is a part of the account, never an error.
    """
    reading = _Reading(feed, means)
    began = time.monotonic()
    at = means.clock.now()
    error, wait = reading.tried(at)
    now = means.clock.now()
    chance = means.entropy(1)[0] / 256
    feed, ran = reading.feed, reading.account(at, time.monotonic() - began, error)
    health = (
        schedule.failed(feed.health, now, wait, chance)
        if reading.failed
        else schedule.succeeded(now, feed.options.every, chance, wait)
    )
    feed = msgspec.structs.replace(
        feed, health=health, tried=at, error=error,
        good=feed.good if reading.failed else now,
        changed=now if ran.new else feed.changed,
    )  # fmt: skip
    with means.writer:
        means.feeds.save(feed)
        means.feeds.note(ran)
    return ran


def due(feeds: Feeds, now: str) -> list[Feed]:
    """The feeds to be asked now, those that wait longest first."""
    every = feeds.all()
    found = [one for one in every if schedule.is_due(one.health, one.options.every, now)]
    return sorted(found, key=lambda feed: (feed.health.due, feed.name))


class _Reading:
    """One reading of one feed."""

    def __init__(self, feed: Feed, means: Means) -> None:
        self.feed = feed
        self.failed = False
        self._left: list[str] = []
        """What did not come; empty: everything did."""
        self._means = means
        self._loaded = Loaded()
        self._notes: list[str] = []
        self._requests = self._bytes = 0
        self._known = frozenset[str]()
        self._validators: dict[str, dict[str, str]] = {}
        """Of what was read in this reading; they count once all that it led to is kept."""
        self._resting: dict[tuple[str, str, int], NotFetched] = {}
        """Servers that want rest: they are not asked again in this reading, and others are."""

    def tried(self, at: str) -> tuple[str, int]:
        """What went wrong, and the seconds that the publisher asks us to wait.

        The one place at which a defect of this node ends: it is told by its kind and place, without
        its words, which may repeat what a publisher or a person keeps secret.
        """
        wait = 0
        try:
            try:
                self._go()
                wait = max((one.wait for one in self._resting.values()), default=0)
            finally:
                if self._loaded.total.new:
                    with self._means.writer:
                        weigh(self.feed.name, at, self._means.feeds, self._means.views)
        except FeedError as wrong:
            self.failed = True
            self._left = [str(wrong)]
            wait = wrong.wait if isinstance(wrong, NotFetched) else 0
        except Exception as wrong:  # noqa: BLE001 - law (apart)
            self.failed = True
            kind = type(wrong).__name__
            self._left = [f"{DEFECT}{kind}): a mistake within this node; its log says where"]
            _LOG.error("the feed %s: %s%s) at %s", self.feed.name, DEFECT, kind, _place(wrong))
        return printable("; ".join(self._left)), wait

    def _go(self) -> None:
        with _folder(self._means.folder) as folder:
            way = access(self.feed, self._means.environment)
            self._known = self._means.intake.known()
            with self._means.fetcher.open(way) as session:
                offered = offered_of(self.feed.position.get(OFFERED))
                getter = self._getter(session, folder / "beside")
                self._beside = Beside(getter, self._note, offered)
                self._read(session, folder / "answer")

    def account(self, at: str, seconds: float, error: str) -> Ran:
        """What came of it."""
        total = self._loaded.total
        outcome = "new" if total.new else "same"
        if error:
            outcome = "failed" if self.failed else "partly"
        return Ran(
            feed=self.feed.name, at=at, outcome=outcome,  # type: ignore[arg-type]
            seconds=round(seconds, 3), requests=self._requests, bytes=self._bytes,
            read=total.read, new=total.new, same=total.same,
            quarantined=total.quarantined + total.items_quarantined,
            error=error, notes=tuple(self._notes),
        )  # fmt: skip

    def _read(self, session: Session, file: Path) -> None:
        way = Way(
            kind_of(self.feed.kind).reader.begin(self.feed.url),
            self._means.indexes, self._means.pages,
        )  # fmt: skip
        items: dict[str, Item] = {}
        self._follow(way, session, file, items)
        self._read_items(session, file, items)
        if not self._left:
            self._save(validators=self.feed.validators | self._validators)

    def _follow(self, way: Way, session: Session, file: Path, items: dict[str, Item]) -> None:
        """Ask for indexes and pages as far as they lead; one of several that fails is passed over.

        Raises:
            FeedError: none led to an end, or the publisher is away.
        """
        failed: list[FeedError] = []
        ends = silent = 0
        for step in way:
            try:
                ends += self._step(way, step, session, file, items)
                silent = 0
            except FeedError as wrong:
                silent = silent + 1 if isinstance(wrong, NotFetched) and not wrong.status else 0
                if not step.apart or silent >= _IN_A_ROW:
                    raise
                failed.append(wrong)
                self._note(str(wrong))
        for url in way.circles:
            self._note(f"a link leads in a circle, back to {shown(url)}: it is not asked twice")
        self._keep_place(way)
        if failed:
            self._left.append(
                f"{len(failed):,} of {len(failed) + ends:,} lists of documents did not come;"
                f" last: {failed[-1]}"
            )
        if not ends and way.circles and not self._left:
            self._left.append(f"its links lead in a circle, back to {shown(way.circles[0])}")
        if not ends and self._resting:
            raise next(iter(self._resting.values()))
        if not ends and self._left:
            raise Misanswered("; ".join(self._left))

    def _step(
        self, way: Way, step: Step, session: Session, file: Path, items: dict[str, Item]
    ) -> bool:
        """Whether a step leads to documents, or to nothing more."""
        ask = step.ask
        found = self._fetch(session, ask, file, FILE if ask.role == "document" else INDEX)
        if found is None:
            return True
        if ask.role == "document":
            self._take_file(ask, file)
            self._remember(ask, found)
            return True
        answer = Answer(
            found.url, found.status, found.headers, file.read_bytes(), self._means.clock.now()
        )
        read = kind_of(self.feed.kind).reader.read(ask, answer, self.feed.position)
        self._beside.name(read.keys)
        self._take(read)
        way.lead(step, read.asks)
        items |= {one.key: one for one in read.items}
        if not read.asks:
            # What leads on is asked for each time: where it leads may change while it does not.
            self._remember(ask, found)
        return bool(read.documents or not read.asks)

    def _keep_place(self, way: Way) -> None:
        """Where the next reading goes on; cursors are kept with their pages."""
        rest = way.rest
        before = self.feed.position
        position = {name: place for name, place in before.items() if name not in {FROM, READ}}
        if rest is not None:
            self._left.append(
                f"after {way.asked:,} pages there is more: the next reading goes on from there"
            )
            if not rest.again:
                now, left = list(map(mark, way.lists)), way.left()
                read = list(dict.fromkeys((*before.get(READ, ()), *now)))
                # Once each was read, those of this reading are the first of the next round.
                ended = {mark(url) for url in left} <= set(read)
                read = now if ended else read[-_REMEMBERED:]
                position |= {FROM: left[:_PLACES], READ: read}
        if position != self.feed.position:
            self._save(position=position)

    def _fetch(self, session: Session, ask: Ask, file: Path, most: int) -> Fetched | None:
        """The answer in the file; None: nothing has changed, or it is closed to us.

        Raises:
            NotFetched: no whole answer came, or not one that says yes.
        """
        if self._means.stop.is_set():
            raise KeyboardInterrupt
        server = origin(ask.url)
        if server in self._resting:
            raise self._resting[server]
        self._requests += 1
        headers = [("accept", ask.accept)]
        if ask.conditional:
            headers += validators.conditions(self.feed.validators.get(ask.url, {}))
        found = session.fetch(ask.url, headers, file, most)
        self._bytes += found.size
        if found.status == _OK or found.status in ask.reads:
            return found
        if found.status == _SAME and len(headers) > 1:
            return None
        if ask.optional and found.status in _CLOSED:
            self._note(f"{shown(ask.url)} is closed to us (status {found.status})")
            return None
        wait = schedule.wait_of(found.headers.get("retry-after", ""), self._means.clock.now())
        wrong = NotFetched(f"{shown(ask.url)} answers {_said(found.status)}", found.status, wait)
        if _wants_rest(wrong):
            self._resting[server] = wrong
        raise wrong

    def _take(self, read: Read) -> None:
        """What a page holds, and how far the feed is read with it."""
        for note in read.notes:
            self._note(note)
        for batch in _cut(read.documents):
            self._add(self._load([(f"{self._source()} {name}", body) for name, body in batch]))
        if read.position is not None:
            self._save(position=read.position)

    def _take_file(self, ask: Ask, file: Path) -> None:
        means = self._means
        source = f"{self._source()} {shown(ask.url)}"
        now = means.clock.now()
        with means.writer:
            loaded = load_file(file, source, means.intake, now, self._giver(), self._known)
        self._add(loaded)

    def _read_items(self, session: Session, file: Path, items: Mapping[str, Item]) -> None:
        """What an index lists and was not read in this revision, in bounded batches."""
        done = self._means.feeds.items(self.feed.name) if items else {}
        wanted = [
            one for one in items.values() if done.get(one.key) != one.revision or not one.revision
        ]
        servers = {origin(one.url) for one in wanted}
        batch: list[tuple[Item, bytes]] = []
        missing = in_a_row = refused = 0
        last: NotFetched | None = None
        for item in wanted:
            try:
                body = self._item(session, item, file)
                why = "" if body is None else self._unlike(item, body)
            except NotFetched as wrong:
                rests = _wants_rest(wrong)
                if wrong.status in _CLOSED or (wrong.status >= _FAILING and not rests):
                    self._take_batch(batch)
                    raise
                last, missing, in_a_row = wrong, missing + 1, in_a_row + (not rests)
                if in_a_row >= _IN_A_ROW or (rests and servers <= self._resting.keys()):
                    self._take_batch(batch)
                    raise
                continue
            in_a_row = 0
            refused += bool(why)
            if body is None or why or self._refused(item, body):
                continue
            batch.append((item, body))
            if len(batch) >= _BATCH or sum(len(one) for _, one in batch) >= _BATCH_BYTES:
                self._take_batch(batch)
                batch = []
        self._take_batch(batch)
        if last is not None:
            self._left.append(
                f"{missing:,} of {len(wanted):,} documents did not come; last: {last}"
            )
        if refused:
            self._left.append(
                f"{refused:,} of {len(wanted):,} documents are not what their publisher vouches for"
            )

    def _item(self, session: Session, item: Item, file: Path) -> bytes | None:
        """Its bytes; None: it has not changed.

        What bears no revision is asked for each time, if it has changed.
        """
        ask = Ask(url=item.url, role="item", conditional=not item.revision, item=item)
        found = self._fetch(session, ask, file, ITEM)
        if found is None:
            return None
        if not item.revision:
            self._remember(ask, found)
        return file.read_bytes()

    def _refused(self, item: Item, body: bytes) -> bool:
        """Whether it is not what its index names: nothing but that is kept of it."""
        why = kind_of(self.feed.kind).refused(item, body)
        if why:
            self._refuse(item, why)
            with self._means.writer:
                self._means.feeds.read(self.feed.name, [item])
        return bool(why)

    def _unlike(self, item: Item, body: bytes) -> str:
        """Why it is not what is vouched for: it may be damaged on its way, and is asked for again.

        Raises:
            NotFetched: what is beside it did not come.
        """
        if self.feed.kind != "csaf":
            return ""
        why = self._beside.wrong(item, body)
        if why:
            self._refuse(item, why)
        return why

    def _refuse(self, item: Item, why: str) -> None:
        with self._means.writer:
            loaded = refuse([(f"{self._source()} {shown(item.url)}", why)], self._means.intake)
        self._add(loaded)

    def _getter(self, session: Session, file: Path) -> Fetch:
        """How what is beside a document is asked for."""

        def fetched(ask: Ask, most: int) -> bytes | None:
            found = self._fetch(session, ask, file, most)
            return file.read_bytes() if found is not None and found.status == _OK else None

        return fetched

    def _take_batch(self, batch: Sequence[tuple[Item, bytes]]) -> None:
        position = self.feed.position
        checked = self._beside.taken(checked_of(position.get(CHECKED)))
        if checked.told():
            told = {CHECKED: msgspec.to_builtins(checked), OFFERED: self._beside.offered()}
            self._save(position=position | told)
        if not batch:
            return
        self._add(self._load([(f"{self._source()} {shown(i.url)}", body) for i, body in batch]))
        with self._means.writer:
            self._means.feeds.read(self.feed.name, [item for item, _ in batch])

    def _load(self, documents: Sequence[tuple[str, bytes]]) -> Loaded:
        means = self._means
        now = means.clock.now()
        with means.writer:
            return load_documents(documents, means.intake, now, self._giver(), self._known)

    def _giver(self) -> Giver:
        feed = self.feed
        until = latest(self._means.clock.now())
        return Giver(feed.origin, feed.name, feed.options.tlp, kind_of(feed.kind).admits, until)

    def _source(self) -> str:
        return source_of(self.feed.name, "").rstrip()

    def _add(self, loaded: Loaded) -> None:
        self._loaded.add(loaded)
        for one in loaded.quarantined:
            self._note(f"{one.source}: {one.reason}")
        self._loaded.quarantined.clear()

    def _note(self, text: str) -> None:
        if len(self._notes) < _NOTES:
            self._notes.append(printable(text[:400]))

    def _remember(self, ask: Ask, found: Fetched) -> None:
        if ask.conditional and found.status == _OK:
            self._validators[ask.url] = validators.kept(found.headers)

    def _save(self, **changes: object) -> None:
        """What cannot be kept is not taken for kept, either."""
        feed = msgspec.structs.replace(self.feed, **changes)
        with self._means.writer:
            self._means.feeds.save(feed)
        self.feed = feed


def _wants_rest(wrong: FeedError) -> bool:
    return isinstance(wrong, NotFetched) and (wrong.status == _TOO_MANY or wrong.wait > 0)


def _place(wrong: Exception) -> str:
    """Where in this program something went wrong: files and lines alone."""
    frames = traceback.extract_tb(wrong.__traceback__)[-4:]
    return " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames))


def _said(status: int) -> str:
    words = {401: "that it wants credentials", 403: "that we may not", 404: "that it is not there"}
    return f"{words[status]} (status {status})" if status in words else f"with status {status}"


def _cut(documents: Sequence[tuple[str, bytes]]) -> Iterator[Sequence[tuple[str, bytes]]]:
    for start in range(0, len(documents), 1_000):
        yield documents[start : start + 1_000]


@contextmanager
def _folder(above: Path) -> Iterator[Path]:
    """Where what is on its way is kept, and nothing of it afterwards.

    Raises:
        FeedError: there is no room for it.
    """
    try:
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=above, prefix="feed-") as folder:
            yield Path(folder)
    except OSError as wrong:
        raise FeedError(f"cannot write in {above}: {wrong.strerror}") from wrong
