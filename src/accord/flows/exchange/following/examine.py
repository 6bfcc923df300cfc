"""Envelopes looked at one by one: verified, judged and prepared for the store, or refused.

This is the part of a pull that costs time, and it needs neither store nor network: a large one
runs it in worker processes.

Law (one poisonous object): whatever is in an envelope, only its own entry is refused.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any, Protocol

import msgspec
from msgspec.structs import astuple

from accord.core.errors import Invalid
from accord.exchange import accept
from accord.exchange.accept import Altered, Circumstances, Lapsed, NotTaken, Opened
from accord.exchange.objects import Content, read_document, read_stix
from accord.flows.load import end_with_parent, rarely_collect
from accord.flows.prepare import packer, prepare
from accord.flows.prepared import Prepared, Rows
from accord.flows.recognise import recognise
from accord.identity.markings import Marking

CHUNK = 250
"""Envelopes that a worker process looks at in one go."""
_OBJECTS = ("STIX 2.1 object", "STIX 2.0 object")
_BUNDLE = "STIX bundle"


class Blob(msgspec.Struct, frozen=True):
    """What came back for an entry."""

    number: int
    commitment: bytes
    data: bytes
    """Salt and envelope; empty where it was withheld."""


class Taken(msgspec.Struct):
    """An object that may be taken, ready for the store: the columns of its row, and its document.

    Each comes from a worker process, so that nothing in it but the document is in parts.
    """

    number: int
    digest: str
    """SHA-256 of the envelope."""
    origin: str
    object: str
    version: str
    type: str
    media: str
    tlp: int
    """Of its marking, as the header and the body have it, like `pap`, `release_at`, `expires`."""
    pap: int
    release_at: str
    expires: str
    created: str
    issued: str
    title: str
    refs: str
    """JSON list of object identifiers."""
    prepared: Prepared


class Left(msgspec.Struct):
    """An entry that is not taken."""

    number: int
    state: str
    """`quarantined`, `withheld`, or `altered`: to be asked for once more."""
    reason: str


Examined = Taken | Left


class _Bundle(msgspec.Struct):
    objects: list[msgspec.Raw] = []


def examine(blobs: Sequence[Blob], circumstances: Circumstances, log: str) -> list[Examined]:
    """Look at some envelopes; `log` is how the source of their documents begins.

    Raises:
        FromTheFuture: one is sealed later than it is here: one of two clocks is wrong.
    """
    compressor = packer()
    found: list[Examined] = []
    for blob in blobs:
        if not blob.data:
            found.append(Left(blob.number, "withheld", ""))
            continue
        try:
            opened = accept.opened(blob.data, blob.commitment, circumstances)
            prepared = prepare(f"{log}/{blob.number}", opened.body, compressor=compressor)
            content = _content(opened, prepared, circumstances)
            marking = accept.acceptable(opened.header, content, circumstances)
        except Altered as wrong:
            found.append(Left(blob.number, "altered", str(wrong)))
        except Lapsed as wrong:
            found.append(Left(blob.number, "withheld", str(wrong)))
        except NotTaken as wrong:
            found.append(Left(blob.number, "quarantined", str(wrong)))
        else:
            found.append(_taken(blob.number, opened, marking, content, prepared))
    return found


def _taken(
    number: int, opened: Opened, marking: Marking, content: Content, prepared: Prepared
) -> Taken:
    header = opened.header
    created = header.created or content.created
    refs = _json(content.refs).decode()
    return Taken(
        number, opened.digest, header.origin, header.object, header.version, header.type,
        header.media, int(marking.tlp), int(marking.pap), marking.release_at, marking.expires,
        created, header.issued, header.title, refs, prepared,
    )  # fmt: skip


_json = msgspec.json.Encoder().encode
Flat = tuple[Any, ...]
"""What was found of an envelope, without a struct in it: those cost a process as much to take in
as the rest together."""


def flat(one: Examined) -> Flat:
    """What was found, as it goes from one process to another."""
    if isinstance(one, Left):
        return astuple(one)
    prepared = one.prepared
    rows = () if prepared.rows is None else astuple(prepared.rows)
    return (*astuple(one)[:-1], *astuple(prepared)[:-1], *rows)


def whole(parts: Flat) -> Examined:
    """What was found, put together again: of its parts, each of these has its own number."""
    if len(parts) == _LEFT:
        return Left(*parts)
    document = list(parts[_COLUMNS:_DOCUMENT])
    if len(parts) > _DOCUMENT:
        document.append(Rows(*parts[_DOCUMENT:]))
    columns = [*parts[:_COLUMNS], Prepared(*document)]
    return Taken(*columns)


_LEFT = len(Left.__struct_fields__)
_COLUMNS = len(Taken.__struct_fields__) - 1
_DOCUMENT = _COLUMNS + len(Prepared.__struct_fields__) - 1


def _content(opened: Opened, prepared: Prepared, circumstances: Circumstances) -> Content:
    """What the body says of itself.

    Raises:
        NotTaken: no reader takes it, or it is not a partner's to give.
    """
    if prepared.outcome == "quarantined":
        place, reason = prepared.quarantined[0]
        raise NotTaken(f"{place}: {reason}" if place else reason)
    try:
        if prepared.kind in _OBJECTS:
            return read_stix(opened.body)
        return _document(opened, prepared, circumstances)
    except Invalid as wrong:
        raise NotTaken(str(wrong)) from wrong


def _document(opened: Opened, prepared: Prepared, circumstances: Circumstances) -> Content:
    """What a whole document says; its header names it by its subject or by its digest."""
    sort = recognise(opened.body) or ""
    if sort in accept.OURS_TO_SAY:
        raise NotTaken(f"{prepared.kind}: only this node's own people say that")
    header = opened.header
    if sort == _BUNDLE:
        for raw in msgspec.json.decode(opened.body, type=_Bundle).objects:
            accept.own_name(header, read_stix(bytes(raw)).created_by, circumstances)
    names = [name for name in (prepared.subject, f"sha256:{prepared.digest}") if name]
    said = header.object if header.object in names else names[0]
    content = read_document(sort, opened.body)
    return msgspec.structs.replace(content, object=said, version=header.version, type=header.type)


class Examiner(Protocol):
    """Looks at envelopes, here or in other processes."""

    def begin(self, blobs: Sequence[Blob]) -> Iterator[Examined]:
        """Begin with some; what is found is given when it is asked for, in order."""
        ...


class Alone:
    """In this process, when it is asked for."""

    def __init__(self, circumstances: Circumstances, log: str) -> None:
        self._circumstances = circumstances
        self._log = log

    def begin(self, blobs: Sequence[Blob]) -> Iterator[Examined]:
        """As `Examiner.begin`."""
        yield from examine(blobs, self._circumstances, self._log)


class Pooled:
    """In worker processes, which begin at once."""

    def __init__(self, pool: ProcessPoolExecutor, circumstances: Circumstances, log: str) -> None:
        self._pool = pool
        self._about = circumstances, log

    def begin(self, blobs: Sequence[Blob]) -> Iterator[Examined]:
        """As `Examiner.begin`."""
        begun: list[Future[list[Flat]]] = [
            self._pool.submit(_examine, _bare(blobs[at : at + CHUNK]), *self._about)
            for at in range(0, len(blobs), CHUNK)
        ]
        return (whole(one) for future in begun for one in future.result())


class Workers:
    """Worker processes, which start when they are first asked for: mostly they never are."""

    def __init__(self) -> None:
        self._begun: ProcessPoolExecutor | None = None

    def begin(self) -> ProcessPoolExecutor:
        """The processes; they take a while to start, and meanwhile something else can be done."""
        if self._begun is None:
            context = multiprocessing.get_context("spawn")
            count = max(1, os.cpu_count() or 1)
            self._begun = ProcessPoolExecutor(count, context, _start_worker)
            for _ in range(count):
                self._begun.submit(_nothing)
        return self._begun

    def end(self) -> None:
        """End them, without beginning anything more of what they were given."""
        if self._begun is not None:
            self._begun.shutdown(cancel_futures=True)


@contextmanager
def workers() -> Iterator[Workers]:
    """Worker processes that are ended at the end, if they were begun."""
    begun = Workers()
    try:
        yield begun
    finally:
        begun.end()


def _start_worker() -> None:
    # An interrupt from the terminal reaches every process: the parent alone decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_with_parent, daemon=True).start()
    rarely_collect()


def _nothing() -> None:
    pass


def _bare(blobs: Sequence[Blob]) -> list[Flat]:
    return [(blob.number, blob.commitment, blob.data) for blob in blobs]


def _examine(blobs: Sequence[Flat], circumstances: Circumstances, log: str) -> list[Flat]:
    gc.collect(1)
    return [flat(one) for one in examine([Blob(*blob) for blob in blobs], circumstances, log)]
