"""Personal data in what is about to be shared: looked for once, and held until a person decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from accord.exchange.personal import detector
from accord.exchange.personal.finds import Find
from accord.flows.exchange.sharing.port import Screened, Waiting


class Decided(msgspec.Struct, frozen=True):
    """What a person decided on bytes in which something was found."""

    outcome: str
    """`released`, `redacted` or `withdrawn`."""
    body: bytes
    """What is left, where it was redacted."""
    detector: str
    """Version whose finds the person saw."""


class Scans(Protocol):
    """What was found and decided before. Adapters raise only accord's own errors."""

    def scans(self, digests: Collection[str], detector: str) -> dict[str, tuple[Find, ...]]:
        """Finds of a detector's version, by the digest of the body; none for what is not kept."""

    def keep_scans(self, found: dict[str, tuple[Find, ...]], detector: str) -> None:
        """Keep what was found, by the digest of the body."""

    def decided(self, digests: Collection[str]) -> dict[str, Decided]:
        """The last decision on each body, by its digest; nothing of what nobody decided on."""

    def hold(self, waiting: Sequence[Waiting], at: str) -> list[int]:
        """Let objects wait for a person, each once; gives the numbers under which they wait."""


class PersonalScreen:
    """`accord.flows.exchange.sharing.port.Screen` with accord's own detector.

    Law (seen is decided): a release holds for what the person was shown; what a later version of
    the detector finds in the same bytes is for a person to decide anew.
    """

    def __init__(self, scans: Scans) -> None:
        self._scans = scans

    def screen(self, bodies: Sequence[tuple[str, bytes, str]]) -> dict[str, Screened]:
        """What is known of bodies, each given as digest, bytes and media type; by digest."""
        digests = [digest for digest, _, _ in bodies]
        found = self._scans.scans(digests, detector.VERSION)
        new = {
            digest: detector.find(body, media)
            for digest, body, media in bodies
            if digest not in found
        }
        if new:
            self._scans.keep_scans(new, detector.VERSION)
        found |= new
        decided = self._scans.decided(digests)
        return {digest: _screened(found[digest], decided.get(digest)) for digest in digests}

    def hold(self, waiting: Sequence[Waiting], at: str) -> list[int]:
        """Let objects wait for a person, each once; gives the numbers under which they wait."""
        return self._scans.hold(waiting, at)


_FREE, _FOUND, _WITHDRAWN = Screened("free"), Screened("found"), Screened("withdrawn")


def _screened(finds: Collection[Find], decided: Decided | None) -> Screened:
    """A person's stricter word holds for good; a milder one for what was seen."""
    if decided is None:
        return _FOUND if finds else _FREE
    if decided.outcome == "withdrawn":
        return _WITHDRAWN
    if finds and decided.detector != detector.VERSION:
        return _FOUND
    if decided.outcome == "redacted":
        # A recall erased what was left; the bytes are back, and so is the question.
        return Screened("redacted", decided.body) if decided.body else _FOUND
    return _FREE
