"""Read a feed: ask what is next, take in what it brings, and keep how far it was read.

Law (resumes): how far a feed was read is kept after each step, once what it brought is kept; a
reading that was killed goes on there, and what it had not kept is asked for again.
Law (honest): what did not come whole is not called read: it is asked for again next time.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from accord.core.clock import Clock
from accord.exchange.feeds import schedule
from accord.exchange.feeds.addresses import shown
from accord.exchange.feeds.errors import FeedError, NotFetched
from accord.exchange.feeds.kinds import Kind, kind_of
from accord.exchange.feeds.values import Answer, Ask, Item, Read
from accord.flows.feeds.access import access
from accord.flows.feeds.port import Feed, Feeds, Fetched, Fetcher, Ran, Session
from accord.flows.feeds.value import weigh
from accord.flows.load import Giver, Loaded, load_documents, load_file
from accord.flows.ports import Intake, Views

PAGES: Final = 5_000
"""Indexes and pages of one reading; what is left comes next time."""
INDEX: Final = 128 << 20
"""Bytes of an index or a page."""
ITEM: Final = 256 << 20
FILE: Final = 8 << 30
_BATCH: Final = 200
_BATCH_BYTES: Final = 8 << 20
_IN_A_ROW: Final = 5
"""Items that fail one after the other, after which the publisher is away."""
_NOTES: Final = 20
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
    """Indexes and pages of one reading, at most."""


def run(feed: Feed, means: Means) -> Ran:
    """Read a feed once, and say when it is due again.

    A failure of the feed is a part of the account, never an error.
    """
    reading = _Reading(feed, means)
    began = time.monotonic()
    at = means.clock.now()
    wait = 0
    try:
        reading.go()
        error = reading.left
    except FeedError as wrong:
        error = str(wrong)
        wait = wrong.wait if isinstance(wrong, NotFetched) else 0
        reading.failed = True
    now = means.clock.now()
    chance = means.entropy(1)[0] / 256
    feed, ran = reading.feed, reading.account(at, time.monotonic() - began, error)
    health = (
        schedule.failed(feed.health, now, wait, chance)
        if reading.failed
        else schedule.succeeded(now, feed.options.every, chance)
    )
    feed = msgspec.structs.replace(
        feed, health=health, tried=at, error=error,
        good=feed.good if reading.failed else now,
        changed=now if ran.new else feed.changed,
    )  # fmt: skip
    means.feeds.save(feed)
    means.feeds.note(ran)
    if ran.new:
        weigh(feed.name, at, means.feeds, means.views)
    return ran


def due(feeds: Feeds, now: str) -> list[Feed]:
    """The feeds to be asked now, those that wait longest first."""
    found = [feed for feed in feeds.all() if feed.health.due <= now]
    return sorted(found, key=lambda feed: (feed.health.due, feed.name))


class _Reading:
    """One reading of one feed."""

    def __init__(self, feed: Feed, means: Means) -> None:
        self.feed = feed
        self.failed = False
        self.left = ""
        """What did not come; empty: everything did."""
        self._means = means
        self._kind: Kind = kind_of(feed.kind)
        self._loaded = Loaded()
        self._notes: list[str] = []
        self._requests = self._bytes = 0
        self._known = frozenset[str]()
        self._validators: dict[str, dict[str, str]] = {}
        """Of what was read in this reading; they count once all that it led to is kept."""

    def go(self) -> None:
        """Ask until nothing is left.

        Raises:
            FeedError: the feed does not answer as it should.
        """
        with _folder(self._means.folder) as folder:
            way = access(self.feed, self._means.environment)
            self._known = self._means.intake.known()
            with self._means.fetcher.open(way) as session:
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
        reader = self._kind.reader
        queue = deque(reader.begin(self.feed.url))
        items: dict[str, Item] = {}
        for _ in range(self._means.pages):
            if not queue:
                break
            ask = queue.popleft()
            found = self._fetch(session, ask, file, FILE if ask.role == "document" else INDEX)
            if found is None:
                continue
            if ask.role == "document":
                self._take_file(ask, file)
            else:
                answer = Answer(found.url, found.status, found.headers, file.read_bytes())
                read = reader.read(ask, answer, self.feed.position)
                self._take(read)
                queue.extendleft(reversed(read.asks))
                items |= {one.key: one for one in read.items}
            self._remember(ask, found)
        if queue:
            pages = self._means.pages
            self.left = f"after {pages:,} pages there is more: the next reading goes on from there"
        self._read_items(session, file, items)
        if not self.left:
            self._save(validators=self.feed.validators | self._validators)

    def _fetch(self, session: Session, ask: Ask, file: Path, most: int) -> Fetched | None:
        """The answer in the file; None: nothing has changed, or it is closed to us.

        Raises:
            NotFetched: no whole answer came, or not one that says yes.
        """
        self._requests += 1
        headers = [("accept", ask.accept)]
        if ask.conditional:
            headers += _conditions(self.feed.validators.get(ask.url, {}))
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
        raise NotFetched(f"{shown(ask.url)} answers {_said(found.status)}", found.status, wait)

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
        self._add(load_file(file, source, means.intake, now, self._giver(), self._known))

    def _read_items(self, session: Session, file: Path, items: Mapping[str, Item]) -> None:
        """What an index lists and was not read in this revision, in bounded batches."""
        done = self._means.feeds.items(self.feed.name) if items else {}
        wanted = [
            one for one in items.values() if done.get(one.key) != one.revision or not one.revision
        ]
        batch: list[tuple[Item, bytes]] = []
        missing = in_a_row = 0
        last: NotFetched | None = None
        for item in wanted:
            try:
                body = self._item(session, item, file)
            except NotFetched as wrong:
                if wrong.status in {_TOO_MANY, *_CLOSED} or wrong.status >= _FAILING or wrong.wait:
                    self._take_batch(batch)
                    raise
                last, missing, in_a_row = wrong, missing + 1, in_a_row + 1
                if in_a_row >= _IN_A_ROW:
                    self._take_batch(batch)
                    raise
                continue
            in_a_row = 0
            if body is None:
                continue
            batch.append((item, body))
            if len(batch) >= _BATCH or sum(len(one) for _, one in batch) >= _BATCH_BYTES:
                self._take_batch(batch)
                batch = []
        self._take_batch(batch)
        if last is not None:
            self.left = f"{missing:,} of {len(wanted):,} documents did not come; last: {last}"

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

    def _take_batch(self, batch: Sequence[tuple[Item, bytes]]) -> None:
        if not batch:
            return
        self._add(self._load([(f"{self._source()} {shown(i.url)}", body) for i, body in batch]))
        self._means.feeds.read(self.feed.name, [item for item, _ in batch])

    def _load(self, documents: Sequence[tuple[str, bytes]]) -> Loaded:
        means = self._means
        now = means.clock.now()
        return load_documents(documents, means.intake, now, self._giver(), self._known)

    def _giver(self) -> Giver:
        feed = self.feed
        return Giver(feed.origin, feed.name, feed.options.tlp, self._kind.admits)

    def _source(self) -> str:
        return f"feed {self.feed.name}:"

    def _add(self, loaded: Loaded) -> None:
        self._loaded.add(loaded)
        for one in loaded.quarantined:
            self._note(f"{one.source}: {one.reason}")
        self._loaded.quarantined.clear()

    def _note(self, text: str) -> None:
        if len(self._notes) < _NOTES:
            self._notes.append(text[:400])

    def _remember(self, ask: Ask, found: Fetched) -> None:
        if ask.conditional and found.status == _OK:
            kept = {name: found.headers[name] for name in _VALIDATORS if found.headers.get(name)}
            self._validators[ask.url] = kept

    def _save(self, **changes: object) -> None:
        self.feed = msgspec.structs.replace(self.feed, **changes)
        self._means.feeds.save(self.feed)


_VALIDATORS: Final = {"etag": "if-none-match", "last-modified": "if-modified-since"}
"""What says that an answer has not changed, and how it is asked (RFC 9110, section 13.1)."""


def _conditions(kept: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(asked, kept[name]) for name, asked in _VALIDATORS.items() if kept.get(name)]


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
