"""Check what a publisher keeps beside each document, in one reading of a feed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from accord.exchange.feeds import beside
from accord.exchange.feeds.addresses import origin, shown
from accord.exchange.feeds.errors import Misanswered, NotFetched
from accord.exchange.feeds.values import Ask, Item, Key

if TYPE_CHECKING:
    from pysequoia import Cert

_ABSENT = (404, 410)
_DIGEST, _SIGNATURE = "digest", "signature"
Fetch = Callable[[Ask, int], bytes | None]
"""Body of an address within so many bytes; None: its status is one that the ask reads."""


class Beside:
    """The digests and signatures of one reading."""

    def __init__(
        self, fetch: Fetch, note: Callable[[str], None], offered: Mapping[str, Collection[str]]
    ) -> None:
        """`offered` is what servers have offered in earlier readings."""
        self.counts = beside.Checked()
        """Since the last time they were taken."""
        self._fetch = fetch
        self._note = note
        self._before = offered
        self._offered = {server: set(kinds) for server, kinds in offered.items()}
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
            self._undigested(item)
            self._unsigned(item)
            return ""
        why = self._digest(item, document) or self._signature(item, document)
        self.counts.refused += bool(why)
        return why

    def _digest(self, item: Item, document: bytes) -> str:
        for url in item.digests:
            offered = self._beside(item, url)
            if offered is not None:
                self._offers(item, _DIGEST)
                why = beside.wrong_digest(document, offered)
                self.counts.digests += not why
                return why
        self._undigested(item)
        return ""

    def _signature(self, item: Item, document: bytes) -> str:
        if not item.signature:
            self._unsigned(item)
            return ""
        unable = beside.unable(len(self._keys))
        if unable:
            self.counts.unverified += 1
            self.counts.why = unable
            return ""
        signature = self._beside(item, item.signature)
        if signature is None:
            self._unsigned(item)
            return ""
        self._offers(item, _SIGNATURE)
        why = beside.wrong_signature(document, signature, self._known())
        self.counts.signed += not why
        return why

    def offered(self) -> dict[str, list[str]]:
        """What servers have offered, in this reading too."""
        return {server: sorted(kinds) for server, kinds in self._offered.items()}

    def _offers(self, item: Item, kind: str) -> None:
        server = _server(item)
        if server in self._offered or len(self._offered) < beside.SERVERS:
            self._offered.setdefault(server, set()).add(kind)

    def _undigested(self, item: Item) -> None:
        self.counts.undigested += 1
        self.counts.digests_gone += self._gone(item, _DIGEST)

    def _unsigned(self, item: Item) -> None:
        self.counts.unsigned += 1
        self.counts.signatures_gone += self._gone(item, _SIGNATURE)

    def _gone(self, item: Item, kind: str) -> bool:
        """Whether an earlier reading was offered what is not there now; a person is told."""
        gone = kind in self._before.get(_server(item), ())
        if gone:
            self._note(f"{shown(item.url)}: no {kind} is offered, as its server did before")
        return gone

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


def _server(item: Item) -> str:
    scheme, host, port = origin(item.url)
    return f"{scheme}://{host}:{port}"
