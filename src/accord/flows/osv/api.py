"""The three addresses of osv.dev, over what the caller may see.

Law (seen): an answer holds nothing that the caller may not see, and does not tell that it is there.
Law (as it came): a document of the OSV schema is answered with its own bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

import msgspec

from accord.core.errors import AccordError
from accord.core.yaml import decode as decode_yaml
from accord.flows.osv import questions, records
from accord.flows.osv.port import Advisories, Eyes, Found
from accord.flows.osv.questions import Question, Wrong

PAGE = 1_000
"""Records of one answer."""
LARGEST = 8 << 20
"""Bytes of records after which a page ends, however few they are."""
RANGES = 1_000
"""Affected ranges of a record that is made here."""
_LONGEST = 300
_INVALID, _MISSING = 3, 5
"""Codes of gRPC, which osv.dev writes beside the HTTP status."""

Answer = tuple[int, bytes]
"""HTTP status and body."""


class Api:
    """Answers one caller's request."""

    def __init__(self, advisories: Advisories, eyes: Eyes) -> None:
        self._advisories = advisories
        self._eyes = eyes

    def query(self, body: bytes) -> Answer:
        """`POST /v1/query`: the records that affect a package."""
        try:
            question = questions.read(body)
        except Wrong as wrong:
            return _no(400, _INVALID, str(wrong))
        shown: list[bytes] = []
        room, last = LARGEST, ""
        for of in self._affecting(question):
            if len(shown) == PAGE or (shown and room <= 0):
                return 200, _vulns(shown, questions.token(last))
            record = self._record(of)
            if record is not None:
                shown.append(record)
                room -= len(record)
                last = of[0].id
        if question.unordered and not shown and not question.after:
            return _no(400, _INVALID, question.unordered)
        return 200, _vulns(shown)

    def batch(self, body: bytes) -> Answer:
        """`POST /v1/querybatch`: identifier and date of the records that affect each package."""
        try:
            asked = questions.read_batch(body)
        except Wrong as wrong:
            return _no(400, _INVALID, str(wrong))
        results = []
        known: dict[Question, bytes] = {}
        for number, question in enumerate(asked):
            if question not in known:
                known[question] = self._names(question)
            if question.unordered and known[question] == _vulns([]) and not question.after:
                return _no(400, _INVALID, f"query {number}: {question.unordered}")
            results.append(known[question])
        return 200, b'{"results":[' + b",".join(results) + b"]}"

    def vulnerability(self, name: str) -> Answer:
        """`GET /v1/vulns/{id}`: one record."""
        if not name.isprintable() or len(name) > _LONGEST:
            return _no(404, _MISSING, "Bug not found.")
        found = self._advisories.called(name)
        own = [one for one in found if one.id == name]
        for of in _groups(self._eyes.seen(own)):
            record = self._record(of)
            if record is not None:
                return 200, record
        others = sorted({one.id for one in self._eyes.seen(found) if one.id != name})
        if not others:
            return _no(404, _MISSING, "Bug not found.")
        told = f"Bug not found, but the following aliases were: {' '.join(others)}"
        for_names = self._eyes.name(told.encode(), [one for one in found if one.id in others])
        return _no(404, _MISSING, for_names.decode() if for_names else "Bug not found.")

    def _affecting(self, question: Question) -> Iterator[list[Found]]:
        found = self._advisories.affecting(question.asked)
        return _groups(self._eyes.seen([one for one in found if one.id > question.after]))

    def _names(self, question: Question) -> bytes:
        shown: list[bytes] = []
        last = ""
        for of in self._affecting(question):
            if len(shown) == PAGE:
                return _vulns(shown, questions.token(last))
            modified = max(one.modified for one in of)
            entry = msgspec.json.encode({"id": of[0].id, "modified": modified})
            told = self._eyes.name(entry, of)
            if told is not None:
                shown.append(told)
                last = of[0].id
        return _vulns(shown)

    def _record(self, of: Sequence[Found]) -> bytes | None:
        """The record of one identifier, from the documents that say something of it."""
        for one in of:
            if one.whole:
                body = self._eyes.document(one)
                if body is not None:
                    return _as_json(body)
        of = [one for one in of if not one.whole]
        if not of:
            return None
        name = of[0].vulnerability
        every = {one.document: one for one in self._advisories.called(name) if not one.whole}
        seen = [one for one in self._eyes.seen(list(every.values())) if one.vulnerability == name]
        standing = [one for one in seen if not one.withdrawn]
        seen = standing or seen or list(of)
        return self._eyes.made(self._made(name, seen), seen)

    def _made(self, name: str, of: Sequence[Found]) -> bytes:
        """A record of some documents, which is made once: it follows from their bytes."""
        place = (name, tuple(sorted(one.digest for one in of)))
        body = _MADE.get(place)
        if body is None:
            facts = self._advisories.facts([one.document for one in of], name, RANGES)
            body = records.make(of, facts, [url for one in of for url in self._links(one)])
            _remember(_MADE, place, body)
        return body

    def _links(self, one: Found) -> tuple[str, ...]:
        """References of a document, which is opened once: it may be large."""
        found = _LINKS.get(one.digest)
        if found is None:
            found = tuple(records.links(self._advisories.body(one.document))[: records.LINKS])
            _remember(_LINKS, one.digest, found)
        return found


_REMEMBERED = 2_000
_LINKS: dict[str, tuple[str, ...]] = {}
"""By digest, whose bytes never change."""
_MADE: dict[tuple[str, tuple[str, ...]], bytes] = {}
"""By vulnerability, and the digests of the documents that a record is made of."""
_K = TypeVar("_K")
_V = TypeVar("_V")


def _remember(where: dict[_K, _V], key: _K, value: _V) -> None:
    if len(where) >= _REMEMBERED:
        where.clear()
    where[key] = value


def _groups(found: Sequence[Found]) -> Iterator[list[Found]]:
    """By identifier; what is a record itself first, this node's own, and the newest."""
    by_date = sorted(found, key=attrgetter("modified", "digest"), reverse=True)
    by_date.sort(key=lambda one: (one.id, not one.whole, bool(one.origin)))
    return (list(group) for _, group in groupby(by_date, key=attrgetter("id")))


def _vulns(shown: Sequence[bytes], token: str = "") -> bytes:
    """An answer without records is an empty object, as osv.dev gives it."""
    if not shown:
        return b"{}"
    more = b',"next_page_token":' + msgspec.json.encode(token) if token else b""
    return b'{"vulns":[' + b",".join(shown) + b"]" + more + b"}"


def _as_json(body: bytes) -> bytes:
    """The bytes themselves; what came as YAML is written as JSON."""
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if body.startswith(b"{"):
        return body
    try:
        return msgspec.json.encode(decode_yaml(body))
    except AccordError:  # it was read once, when it was loaded
        return b"{}"


def _no(status: int, code: int, message: str) -> Answer:
    return status, msgspec.json.encode({"code": code, "message": message})
