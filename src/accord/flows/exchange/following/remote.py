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

BLOBS = 500
"""Envelopes that are asked for at once."""
LONGEST_ANSWER = 17 << 20
"""Bytes of an answer with envelopes: 16 MB, and what stands around the last one."""
LONGEST_BUNDLE = 64 << 10
"""Bytes of a bundle of entries: 256 of 33 bytes each are 9 kB."""
LONGEST_NOTE = 64 << 10
LONGEST_LISTING = 1 << 20
LONGEST_FILE = 8 << 20
MOST_LOGS = 1000
_LENGTH = 4
_OK, _NOT_FOUND, _CONFLICT = 200, 404, 409
_LOG = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_NUMBER = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")
_LINE = 200


class Misbehaved(AccordError):
    """A partner's answer breaks the protocol. Nothing of it was taken; it is asked again later."""


class Listed(msgspec.Struct, frozen=True):
    """A log that a partner says we may follow."""

    log: str
    name: str
    size: int


class _Listing(msgspec.Struct):
    logs: list[Listed]


class Remote:
    """One partner's door."""

    def __init__(self, carrier: Carrier, partner: Partner) -> None:
        self._carrier = carrier
        self._partner = partner

    def logs(self) -> list[Listed]:
        """The logs of the audiences that we are in.

        Raises:
            Misbehaved: not such a listing.
        """
        return self._listing(self._get("/logs"))

    def changes(self, since: Mapping[str, int], wait: int) -> list[Listed]:
        """As `logs`, as soon as they differ from the sizes known, or after so many seconds.

        Raises:
            Misbehaved: not such a listing.
        """
        sizes = ",".join(f"{log}:{size}" for log, size in sorted(since.items()))
        query = f"since={sizes}&wait={wait}" if sizes else f"wait={wait}"
        return self._listing(self._get("/changes", query))

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

    def _listing(self, answer: Response) -> list[Listed]:
        data = self._bounded(answer, LONGEST_LISTING, "its logs")
        try:
            listed = json.decode_as(_Listing, data).logs
        except Invalid as wrong:
            raise self._misbehaved(f"its list of logs: {wrong}") from wrong
        if len(listed) > MOST_LOGS or len({one.log for one in listed}) != len(listed):
            raise self._misbehaved(f"{len(listed)} logs, more than {MOST_LOGS} or some twice")
        for one in listed:
            if not (_LOG.fullmatch(one.log) and one.name.isprintable() and one.size >= 0):
                raise self._misbehaved(f"a log called {one.log[:_LINE]!r}")
            if len(one.name) > _LINE:
                raise self._misbehaved(f"an audience with a name of {len(one.name):,} characters")
        return listed

    def _misbehaved(self, what: str) -> Misbehaved:
        return Misbehaved(f"{self._partner.name} breaks the protocol: {what}")
