"""A partner's door, asked: every answer is bounded, parsed and distrusted before anything uses it.

Law (distrust): whatever comes back, the answer is what the protocol says, or an error is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from accord.core import json
from accord.core.errors import AccordError, Invalid
from accord.exchange.log import tiles
from accord.flows.exchange.carrying import Carrier, Refused
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.identity.directory.metadata import is_file_name
from accord.identity.partners import Partner

BLOBS = 1_000
"""Envelopes that are asked for at once."""
LONGEST_ANSWER = 17 << 20
"""Bytes of an answer with envelopes: 16 MB, and what stands around the last one."""
LONGEST_BUNDLE = 64 << 10
"""Bytes of a bundle of entries: 256 of 33 bytes each are 9 kB."""
LONGEST_NOTE = 64 << 10
LONGEST_LISTING = 1 << 20
LONGEST_FILE = 8 << 20
MOST_LOGS = 1000
MOST_NOTICES = 200
"""Notices of recall in one answer."""
_LENGTH = 4
_OK, _NOT_FOUND, _CONFLICT = 200, 404, 409
_LOG = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")
_LINE = 200


class Misbehaved(AccordError):
    """A partner's answer breaks the protocol. Nothing of it was taken; it is asked again later."""


class Listed(msgspec.Struct, frozen=True):
    """A log that a partner says we may follow."""

    log: str
    name: str
    size: int


class Listing(msgspec.Struct, frozen=True):
    """What a partner has for us."""

    logs: list[Listed]
    recalled: str = ""
    """Digest of the last notice of recall for us; empty where there is none."""
    heard: bool = True
    """Whether the partner knows that we have it."""


class Notices(msgspec.Struct, frozen=True):
    """Notices of recall, not verified."""

    notices: list[bytes]
    more: bool
    """Whether there are others after them."""


class Remote:
    """One partner's door."""

    def __init__(self, carrier: Carrier, partner: Partner) -> None:
        self._carrier = carrier
        self._partner = partner
        self.listed: frozenset[str] = frozenset()
        """The logs that it gave us when it was last asked for them."""

    def logs(self) -> Listing:
        """The logs of the audiences that we are in, and whether there are notices of recall.

        Raises:
            Misbehaved: not such a listing.
        """
        found = self._listing(self._get("/logs"))
        self.listed = frozenset(one.log for one in found.logs)
        return found

    def changes(self, since: Mapping[str, int], recalled: str, wait: int) -> Listing:
        """As `logs`, as soon as it differs from what is known, or after so many seconds.

        Raises:
            Misbehaved: not such a listing.
        """
        sizes = ",".join(f"{log}:{size}" for log, size in sorted(since.items()))
        known = f"since={sizes}&" if sizes else ""
        known += f"recalled={recalled}&" if recalled else ""
        return self._listing(self._get("/changes", f"{known}wait={wait}"))

    def notices(self, after: str) -> Notices:
        """Notices of recall after one of them, named by its digest, or from the first.

        Raises:
            Misbehaved: not such a list.
        """
        answer = self._get("/recalls", f"after={after}" if after else "")
        data = self._bounded(answer, LONGEST_ANSWER, "its notices of recall")
        try:
            found = json.decode_as(Notices, data)
        except Invalid as wrong:
            raise self._misbehaved(f"its notices of recall: {wrong}") from wrong
        if len(found.notices) > MOST_NOTICES or (found.more and not found.notices):
            raise self._misbehaved(f"{len(found.notices)} notices of recall in one answer")
        return found

    def file(self, name: str, most: int = LONGEST_FILE) -> bytes | None:
        """A file of the partnership's metadata, or None where the partner has none of this name.

        Raises:
            Misbehaved: it has more than so many bytes.
        """
        if not is_file_name(name):
            return None
        answer = self._send(Request("GET", f"{PREFIX}/directory/{name}"))
        if answer.status == _NOT_FOUND:
            return None
        return self._bounded(answer, min(most, LONGEST_FILE), f"directory file {name}")

    def checkpoint(self, log: str, held: bytes) -> tuple[bytes, bool]:
        """The newest signed note, not verified, and whether it contradicts the one that we hold.

        Raises:
            Misbehaved: too large.
        """
        answer = self._send(Request("POST", f"{PREFIX}/logs/{log}/checkpoint", body=held))
        contradicts = answer.status == _CONFLICT
        if contradicts:
            answer = msgspec.structs.replace(answer, status=_OK)
        return self._bounded(answer, LONGEST_NOTE, "checkpoint"), contradicts

    def entries(self, log: str, first: int, size: int) -> Iterator[list[bytes]]:
        """The entries `[first, size)`, bundle by bundle, not verified.

        Raises:
            Misbehaved: a bundle is cut short or too large.
        """
        # Where nothing is new the last bundle is not asked for either.
        numbers = range(first // tiles.WIDTH, -(-size // tiles.WIDTH)) if first < size else ()
        for number in numbers:
            start = number * tiles.WIDTH
            width = min(tiles.WIDTH, size - start)
            path = tiles.path(None, number, width)
            data = self._bounded(self._get(f"/logs/{log}/{path}"), LONGEST_BUNDLE, path)
            try:
                yield tiles.unbundle(data, width)[max(0, first - start) :]
            except Invalid as wrong:
                raise self._misbehaved(f"{path}: {wrong}") from wrong

    def tile(self, log: str, level: int, number: int, width: int) -> bytes:
        """The hashes of a tile, not verified.

        Raises:
            Misbehaved: too large.
        """
        path = tiles.path(level, number, width)
        return self._bounded(self._get(f"/logs/{log}/{path}"), LONGEST_BUNDLE, path)

    def blobs(self, log: str, commitments: Sequence[bytes]) -> list[bytes]:
        """What stands behind the first of these commitments, at least one, not verified.

        Empty bytes are an envelope that is withheld.

        Raises:
            Misbehaved: cut short, too large, or more than was asked for.
        """
        request = Request("POST", f"{PREFIX}/logs/{log}/blobs", body=b"".join(commitments))
        data = self._bounded(self._send(request), LONGEST_ANSWER, "envelopes")
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            start = at + _LENGTH
            at = start + int.from_bytes(data[at:start], "big")
            if start > end or at > end:
                raise self._misbehaved(f"envelope {len(found)} of an answer is cut short")
            found.append(data[start:at])
        if not 0 < len(found) <= len(commitments):
            raise self._misbehaved(
                f"{len(found)} envelopes in an answer to a question for {len(commitments)}"
            )
        return found

    def acknowledge(self, log: str, statement: bytes) -> int | None:
        """Give our acknowledgement; None once it is taken, else the size that the partner holds.

        Raises:
            Misbehaved: neither.
            Refused: it does not take it.
        """
        answer = self._send(
            Request("POST", f"{PREFIX}/logs/{log}/acknowledgements", body=statement)
        )
        if answer.status != _CONFLICT:
            self._bounded(answer, LONGEST_LISTING, "answer to an acknowledgement")
            return None
        match = _NUMBER.fullmatch(answer.body[:32])
        if match is None:
            raise self._misbehaved("no size stands in its answer to an acknowledgement")
        return int(match[1])

    def _get(self, path: str, query: str = "") -> Response:
        return self._send(Request("GET", f"{PREFIX}{path}", query))

    def _send(self, request: Request) -> Response:
        return self._carrier.send(self._partner, request)

    def _bounded(self, answer: Response, longest: int, what: str) -> bytes:
        """The body of an answer that says yes."""
        if answer.status != _OK:
            reason = f"{self._partner.name} answers {answer.status} when asked for {what}"
            raise Refused(reason, answer.status)
        if len(answer.body) > longest:
            raise self._misbehaved(f"{what} of {len(answer.body):,} bytes; {longest:,} are taken")
        return answer.body

    def _listing(self, answer: Response) -> Listing:
        data = self._bounded(answer, LONGEST_LISTING, "its logs")
        try:
            listing = json.decode_as(Listing, data)
        except Invalid as wrong:
            raise self._misbehaved(f"its list of logs: {wrong}") from wrong
        listed = listing.logs
        if len(listed) > MOST_LOGS or len({one.log for one in listed}) != len(listed):
            raise self._misbehaved(f"{len(listed)} logs, more than {MOST_LOGS} or some twice")
        for one in listed:
            if not (_LOG.fullmatch(one.log) and one.name.isprintable() and one.size >= 0):
                raise self._misbehaved(f"a log called {one.log[:_LINE]!r}")
            if len(one.name) > _LINE:
                raise self._misbehaved(f"an audience with a name of {len(one.name):,} characters")
        if listing.recalled and not _DIGEST.fullmatch(listing.recalled):
            raise self._misbehaved("a notice of recall is named by its SHA-256")
        return listing

    def _misbehaved(self, what: str) -> Misbehaved:
        return Misbehaved(f"{self._partner.name} breaks the protocol: {what}")
