"""TAXII's door: one request of a client or a partner in, one answer out, in TAXII's own words.

Law (closed): whoever may not know of a thing gets the answer of one that does not exist.

Source: TAXII 2.1, sections 3 to 5.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import unquote
from uuid import UUID

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.release import Way
from accord.exchange.taxii import filters as asking
from accord.exchange.taxii import negotiation, posted, resources
from accord.exchange.taxii.filters import IDS, SPECS, TYPES, VERSIONS, Filters
from accord.flows.exchange.answering.asked import BRIEF, Means, Refused
from accord.flows.exchange.answering.port import Damaged
from accord.flows.exchange.answering.taxii.collections import Shelved, of_caller
from accord.flows.exchange.answering.taxii.port import Full, Shelf
from accord.flows.exchange.answering.taxii.reading import Page, View
from accord.flows.exchange.messages import TAXII, Request, Response
from accord.identity.recipients import Recipient

ROOT = f"{TAXII}api/"
"""The one API root."""
_TITLE = "accord"
_LOG = logging.getLogger("accord.door")
_LATER = "3600"
"""Seconds after which a full inbox may be tried again: a person has to decide first."""
_PART = r"[0-9A-Za-z_.:-]{1,300}"
_COLLECTION = rf"{ROOT}collections/(?P<collection>{_PART})/"
_OBJECT = rf"{_COLLECTION}objects/(?P<object>{_PART})/"


class _Asked(msgspec.Struct, frozen=True):
    """One request, once it is known who asks for what."""

    caller: Recipient
    request: Request
    collection: str = ""
    object: str = ""


_Handler = Callable[["Taxii", _Asked], Response]


class Taxii:
    """Answers requests; who asks is known by a key or a token, never by the request's words."""

    def __init__(self, means: Means, shelf: Shelf, entropy: Callable[[int], bytes]) -> None:
        self._means, self._shelf, self._entropy = means, shelf, entropy

    def answer(self, caller: Recipient, request: Request) -> Response:
        """The answer to one request, at once.

        Raises:
            AccordError: this node's store failed; nothing was given out.
        """
        try:
            return self._answer(caller, request)
        except Refused as refused:
            return refusal(refused.status, str(refused))
        except Invalid as wrong:
            return refusal(400, str(wrong))
        except Full as full:
            return _and(refusal(429, str(full)), "retry-after", _LATER)
        except Damaged as damaged:
            _LOG.critical("nothing was sent: %s", damaged)
            self._means.remember(damaged)
            return refusal(500, "this node cannot answer; its people have been told why")

    def _answer(self, caller: Recipient, request: Request) -> Response:
        self._admit(caller)
        path = _decoded(request.path)
        found = [(methods, match) for pattern, methods in _ROUTES
                 if (match := pattern.fullmatch(path))]  # fmt: skip
        if not found:
            raise _not_here()
        methods, match = found[0]
        # What is left out of the answer to HEAD is left out where it is sent: it tells as much.
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            allowed = sorted({*methods, *(("HEAD",) if "GET" in methods else ())})
            return _and(refusal(405, "this is not done here"), "allow", ", ".join(allowed))
        if not negotiation.accepts(request.header("accept")):
            raise Refused(406, f"this server speaks {negotiation.MEDIA}")
        return handler(self, _Asked(caller, request, **match.groupdict()))

    def _admit(self, caller: Recipient) -> None:
        """Let clients in, and partners of today.

        Raises:
            Refused: anybody else, or nobody knows who is a partner any more.
        """
        if self._means.answers.sealed():
            # Restored from an old state: what was recalled since may be here again.
            raise Refused(503, "this node gives nothing out at present")
        if caller.kind == "client":
            return
        if caller.kind != "partner" or caller.name == self._means.trust.me() or caller.outgoing:
            raise Refused(401, "sign in")
        partner = self._means.directory().partner(caller.name)
        if partner is None or not partner.member:
            raise Refused(401, "sign in")
        self._means.refuse_expired()

    def _discovery(self, _: _Asked) -> Response:
        return _good(resources.discovery(_TITLE, ROOT))

    def _root(self, _: _Asked) -> Response:
        return _good(resources.api_root(_TITLE, posted.LARGEST))

    def _status(self, asked: _Asked) -> Response:
        found = self._shelf.status(asked.caller.label, asked.object)
        if found is None:
            raise _not_here()
        return _good(found.write())

    def _collections(self, asked: _Asked) -> Response:
        found = of_caller(self._means, asked.caller)
        return _good(resources.collections([one.collection for one in found]))

    def _collection(self, asked: _Asked) -> Response:
        return _good(resources.collection(self._one(asked).collection))

    def _manifest(self, asked: _Asked) -> Response:
        shelved = self._readable(asked)
        filters = _filters(asked, shelved, "manifest", IDS, TYPES, VERSIONS, SPECS)
        return self._shown(asked, shelved, filters, Way.LIST, _manifest)

    def _objects(self, asked: _Asked) -> Response:
        shelved = self._readable(asked)
        filters = _filters(asked, shelved, "objects", IDS, TYPES, VERSIONS, SPECS)
        return self._shown(asked, shelved, filters, Way.LIST, _envelope)

    def _object(self, asked: _Asked) -> Response:
        shelved = self._readable(asked)
        filters = _filters(asked, shelved, "object", VERSIONS, SPECS)
        filters = msgspec.structs.replace(filters, ids=(asked.object,))
        return self._shown(asked, shelved, filters, Way.OBJECT, _envelope)

    def _versions(self, asked: _Asked) -> Response:
        shelved = self._readable(asked)
        filters = _filters(asked, shelved, "versions", SPECS)
        every = frozenset({"all"})
        filters = msgspec.structs.replace(filters, ids=(asked.object,), words=every)
        return self._shown(asked, shelved, filters, Way.VERSIONS, _versions)

    def _post(self, asked: _Asked) -> Response:
        if not self._one(asked).collection.can_write:
            raise _forbidden("read from")
        request = asked.request
        if not negotiation.sends(request.header("content-type")):
            raise Refused(415, f"a body is {negotiation.MEDIA}")
        if len(request.body) > posted.LARGEST:
            raise Refused(413, f"the body is too long; the limit is {posted.LARGEST:,} bytes")
        try:
            objects = posted.read(request.body)
        except AccordError as wrong:
            raise Refused(422, str(wrong)) from wrong
        id_ = str(UUID(bytes=self._entropy(16), version=4))
        now = self._means.clock.now()
        status = self._shelf.post(asked.caller.label, id_, now, objects)
        return _good(status.write(), status=202)

    def _delete(self, asked: _Asked) -> Response:
        """Nobody may both read a collection and write to it: what is here is recalled by its own.

        Raises:
            Refused: always.
        """
        raise _forbidden("read from" if self._one(asked).collection.can_read else "written to")

    def _one(self, asked: _Asked) -> Shelved:
        """The collection that is asked for, by its identifier or its alias.

        Raises:
            Refused: there is none of this caller's.
        """
        for one in of_caller(self._means, asked.caller):
            if asked.collection in (one.collection.id, one.collection.alias):
                return one
        raise _not_here()

    def _readable(self, asked: _Asked) -> Shelved:
        """The collection that is asked for.

        Raises:
            Refused: there is none of this caller's, or nobody reads it.
        """
        shelved = self._one(asked)
        if not shelved.collection.can_read:
            raise _forbidden("written to")
        return shelved

    def _shown(
        self, asked: _Asked, shelved: Shelved, filters: Filters, way: Way,
        write: Callable[[Page, str], bytes],
    ) -> Response:  # fmt: skip
        """A page, once every decision on it is in the disclosure log."""
        self._means.notary.release_due()
        self._shelf.list_new(self._means.clock.now(), self._means.trust.me())
        if not shelved.reader.scopes:
            if asked.object:
                raise _not_here()
            return _good(write(Page([], more=False), ""))
        view = View(self._means, self._shelf, shelved.reader, way)
        page = self._page(view, filters)
        if not page.items and asked.object:
            self._means.answers.record(view.lines(b""))
            if not self._is_known(shelved, asked, way):
                raise _not_here()
        following = asking.token(page.items[-1].place, filters) if page.more else ""
        body = write(page, following)
        self._shelf.renamed(view.renamed)
        lines = view.lines(body)
        if lines:
            self._means.answers.record(lines)
        return _good(body, *_dates(page))

    def _page(self, view: View, filters: Filters) -> Page:
        """A page; what was redacted is found by the identifier that it was shown under too."""
        originals = self._shelf.originals(filters.ids) if filters.ids else ()
        if not originals:
            return view.page(filters)
        every = msgspec.structs.replace(filters, ids=(*filters.ids, *originals))
        return view.page(every, filters.ids)

    def _is_known(self, shelved: Shelved, asked: _Asked, way: Way) -> bool:
        """Whether the caller may see any version of an object of which no asked one is there."""
        view = View(self._means, self._shelf, shelved.reader, way)
        every = Filters(ids=(asked.object,), words=frozenset({"all"}), limit=1)
        found = self._page(view, every).items
        self._means.answers.record(view.lines(b""))
        return bool(found)


Method = Literal["GET", "POST", "DELETE"]
ROUTES: tuple[tuple[str, dict[str, _Handler]], ...] = (
    (TAXII, {"GET": Taxii._discovery}),  # noqa: SLF001 - of the class above
    (ROOT, {"GET": Taxii._root}),  # noqa: SLF001 - as above
    (rf"{ROOT}status/(?P<object>{_PART})/", {"GET": Taxii._status}),  # noqa: SLF001 - as above
    (f"{ROOT}collections/", {"GET": Taxii._collections}),  # noqa: SLF001 - as above
    (_COLLECTION, {"GET": Taxii._collection}),  # noqa: SLF001 - as above
    (f"{_COLLECTION}manifest/", {"GET": Taxii._manifest}),  # noqa: SLF001 - as above
    (f"{_COLLECTION}objects/", {"GET": Taxii._objects, "POST": Taxii._post}),  # noqa: SLF001 - as above
    (_OBJECT, {"GET": Taxii._object, "DELETE": Taxii._delete}),  # noqa: SLF001 - as above
    (f"{_OBJECT}versions/", {"GET": Taxii._versions}),  # noqa: SLF001 - as above
)
"""Every address, with what is done there. All are for clients and partners alone."""
_ROUTES = tuple((re.compile(pattern, re.ASCII), methods) for pattern, methods in ROUTES)


def refusal(status: int, why: str) -> Response:
    """An error message; who is not signed in is told how to."""
    headers = [("content-type", negotiation.MEDIA), ("cache-control", BRIEF)]
    if status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2
        headers.append(("www-authenticate", 'Basic realm="accord", Bearer realm="accord"'))
    return Response(status, tuple(headers), resources.error(status, why))


def _decoded(path: str) -> str:
    """A path with its percent-encoding taken away once, part by part (RFC 3986, section 2.4).

    Raises:
        Refused: a part has a slash in it, or is not UTF-8.
    """
    try:
        parts = [unquote(part, errors="strict") for part in path.split("/")]
    except UnicodeDecodeError as wrong:
        raise _not_here() from wrong
    if any("/" in part for part in parts):
        raise _not_here()
    return "/".join(parts)


def _filters(asked: _Asked, shelved: Shelved, what: str, *known: str) -> Filters:
    """The question; a page goes on wherever the same is asked, by identifier or by alias."""
    about = f"{shelved.collection.id} {what} {asked.object}"
    return asking.read(asked.request.query, about, known)


def _and(response: Response, name: str, value: str) -> Response:
    return msgspec.structs.replace(response, headers=(*response.headers, (name, value)))


def _good(body: bytes, *headers: tuple[str, str], status: int = 200) -> Response:
    kind = ("content-type", negotiation.MEDIA)
    return Response(status, (kind, ("cache-control", BRIEF), *headers), body)


def _not_here() -> Refused:
    return Refused(404, "not found")


def _forbidden(what: str) -> Refused:
    return Refused(403, f"this collection can only be {what}")


def _dates(page: Page) -> tuple[tuple[str, str], ...]:
    if not page.items:
        return ()
    first, last = page.items[0].place, page.items[-1].place
    return (
        ("x-taxii-date-added-first", asking.moment(first)),
        ("x-taxii-date-added-last", asking.moment(last)),
    )


def _envelope(page: Page, following: str) -> bytes:
    return resources.envelope([one.body for one in page.items], following)


def _manifest(page: Page, following: str) -> bytes:
    moments = [asking.moment(one.place) for one in page.items]
    return resources.manifest(page.items, moments, following)


def _versions(page: Page, following: str) -> bytes:
    return resources.versions(page.items, following)
