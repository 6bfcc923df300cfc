"""Check what a publisher keeps beside each document, in one reading of a feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from accord.exchange.feeds import beside
from accord.exchange.feeds.addresses import shown
from accord.exchange.feeds.errors import Misanswered, NotFetched
from accord.exchange.feeds.values import Ask, Item, Key

if TYPE_CHECKING:
    from pysequoia import Cert

_ABSENT = (404, 410)
Fetch = Callable[[Ask, int], bytes | None]
"""Body of an address within so many bytes; None: its status is one that the ask reads."""


class Beside:
    """The digests and signatures of one reading."""

    def __init__(self, fetch: Fetch, note: Callable[[str], None]) -> None:
        self.counts = beside.Checked()
        """Since the last time they were taken."""
        self._fetch = fetch
        self._note = note
        self._keys: list[Key] = []
        self._certificates: list[Cert] | None = None
        self._there: set[str] = set()
        self._absent: set[str] = set()
        """Endings that the first document had none of: a directory offers them for all, or not."""

    def name(self, keys: Sequence[Key]) -> None:
        """Keys that a provider names as its own."""
        self._keys += [one for one in keys if one not in self._keys]
        del self._keys[beside.KEYS :]

    def taken(self, so_far: beside.Checked) -> beside.Checked:
        """What was counted so far and since; counting begins anew."""
        counts, self.counts = self.counts, beside.Checked()
        sums = {
            name: getattr(so_far, name) + getattr(counts, name)
            for name in counts.__struct_fields__
            if name != "why"
        }
        return beside.Checked(**sums, why=counts.why or so_far.why)

    def wrong(self, item: Item, document: bytes) -> str:
        """Why a document is not what its publisher vouches for; empty: nothing says so.

        Raises:
            NotFetched: what is beside it did not come.
        """
        if not item.digests and not item.signature and not item.probed:
            self.counts.undigested += 1
            self.counts.unsigned += 1
            return ""
        why = self._digest(item, document) or self._signature(item, document)
        self.counts.refused += bool(why)
        return why

    def _digest(self, item: Item, document: bytes) -> str:
        for url in item.digests:
            offered = self._beside(item, url)
            if offered is not None:
                why = beside.wrong_digest(document, offered)
                self.counts.digests += not why
                return why
        self.counts.undigested += 1
        return ""

    def _signature(self, item: Item, document: bytes) -> str:
        if not item.signature:
            self.counts.unsigned += 1
            return ""
        unable = beside.unable(len(self._keys))
        if unable:
            self.counts.unverified += 1
            self.counts.why = unable
            return ""
        signature = self._beside(item, item.signature)
        if signature is None:
            self.counts.unsigned += 1
            return ""
        why = beside.wrong_signature(document, signature, self._known())
        self.counts.signed += not why
        return why

    def _beside(self, item: Item, url: str) -> bytes | None:
        """A file beside a document; None: there is none."""
        ending = url[url.rfind(".") :]
        if item.probed and ending in self._absent:
            return None
        found = self._fetch(Ask(url=url, reads=_ABSENT), beside.LONGEST)
        if found is not None:
            self._there.add(ending)
        elif ending not in self._there:
            self._absent.add(ending)
        return found

    def _known(self) -> list[Cert]:
        """The provider's keys, asked for when the first signature is there.

        Raises:
            NotFetched: none of them came.
        """
        if self._certificates is None:
            found: list[Cert] = []
            why = ""
            for key in self._keys:
                try:
                    body = self._fetch(Ask(url=key.url), beside.LONGEST)
                    found += beside.certificates(body or b"", key.fingerprint)
                except (NotFetched, Misanswered) as wrong:
                    why = f"the key at {shown(key.url)} cannot be used: {wrong}"
                    self._note(why)
            if not found:
                raise NotFetched(why)
            self._certificates = found
        return self._certificates
