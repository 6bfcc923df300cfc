"""Who stands before the door: a partner by its signature, a client by its token, or the public.

Law (once): a signed request is admitted once, also over a restart of this node.

Law (closed): what claims to be somebody and cannot prove it is refused; it is never the public.

A nonce is remembered for as long as its signature could hold, and what was made before the last one
that was forgotten is refused. A gate that has just begun remembers none, so it takes only what no
gate before it could have taken: signatures made later than that, by its own clock. Who is refused
is told that clock, and signs again.

Source: RFC 9421, sections 7.2.2 (replay) and 7.3.2; RFC 6750, section 2.1; RFC 7617, for programs
that know only a name and a password: the client's name and its token.
"""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Protocol

from accord.identity.partners import Directory, Untrusted
from accord.identity.recipients import PUBLIC, Recipient
from accord.identity.signatures import LIFE, Signable, Signed, is_signed, verify_request

AHEAD = 5
"""Seconds by which a signer's clock may be ahead. Few: no more than these are lost on a restart."""
LATE = 30
"""Seconds for which a signature is still taken after its end: it was 90 seconds on its way."""
EACH = 10_000
"""Nonces that are remembered of one partner."""
MOST = 100_000
"""Nonces that are remembered in all."""

_WRONG = 600
"""Seconds by which the clock must go back for it to have been wrong before: all begins anew then.
Less is borne, by refusing what may be known until the clock is there again."""
_BARE = re.compile(r"accord_[A-Za-z0-9_-]{20,200}")
_TOKEN = re.compile(rf"[Bb]earer ({_BARE.pattern})")
_LONGEST = 1_000


class Clients(Protocol):
    """Who has which token or certificate."""

    def by_token(self, token: str) -> Recipient | None:
        """The client whose token this is, if it is one of today."""
        ...

    def by_certificate(self, fingerprint: str) -> Recipient | None:
        """The client whose TLS certificate has this SHA-256, if it is one of today."""
        ...


class Gate:
    """Admits requests; one for the life of a door."""

    def __init__(
        self,
        started: str,
        clients: Clients,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        """`started` is when the door began, `lock` what keeps threads apart."""
        self._clients = clients
        self._lock = lock or nullcontext()
        self._nonces: dict[str, dict[str, int]] = {}
        self._latest = _seconds(started)
        self._floor = self._latest + AHEAD + 1

    def admit(
        self, request: Signable, directory: Directory | None, me: str, now: str, shown: str = ""
    ) -> Recipient:
        """Who asks. `shown` is the SHA-256 of the certificate that its connection proved to hold.

        Raises:
            Untrusted: it claims to be somebody, and did not prove it.
        """
        given = [value for name, value in request.headers if name.lower() == "authorization"]
        if is_signed(request):
            if given:
                raise Untrusted("it has both a signature and a token")
            return self._partner(request, directory, me, now)
        if shown:
            return self._shown(shown, given)
        return self._client(given) if given else PUBLIC

    def time(self, now: str) -> str:
        """The time in which to sign so that it is taken, as `when()` text."""
        seconds = _seconds(now)
        with self._lock:
            self._follow_clock(seconds)
            return _text(self._floor) if self._floor > seconds else now

    def is_young(self, now: str) -> bool:
        """Whether nothing can be taken within this second."""
        seconds = _seconds(now)
        with self._lock:
            self._follow_clock(seconds)
            return self._floor > seconds + AHEAD

    def _partner(
        self, request: Signable, directory: Directory | None, me: str, now: str
    ) -> Recipient:
        if directory is None:
            raise Untrusted("this node is in no partnership")
        signed = verify_request(request, directory, me)
        with self._lock:
            self._remember(signed, _seconds(now))
        name, title = signed.partner.name, signed.partner.title
        return Recipient("partner", name, title, outgoing=signed.outgoing)

    def _client(self, given: list[str]) -> Recipient:
        name, token = _named_token(given[0]) if len(given) == 1 else ("", "")
        found = self._clients.by_token(token) if token else None
        if found is None or name not in ("", found.name):
            raise Untrusted("its token is nobody's")
        return found

    def _shown(self, shown: str, given: list[str]) -> Recipient:
        found = self._clients.by_certificate(shown)
        if found is None:
            raise Untrusted("its certificate is nobody's")
        if given and self._client(given) != found:
            raise Untrusted("its token is another's than its certificate")
        return found

    def _remember(self, signed: Signed, now: int) -> None:
        self._follow_clock(now)
        self._check_time(signed, now)
        self._forget(now)
        known = self._nonces.setdefault(signed.partner.name, {})
        if signed.nonce in known:
            raise Untrusted(f"{signed.partner.name} made it once; it came twice")
        if len(known) >= EACH or sum(map(len, self._nonces.values())) >= MOST:
            raise Untrusted(f"{signed.partner.name} asks more often than can be remembered")
        known[signed.nonce] = signed.created

    def _follow_clock(self, now: int) -> None:
        if now < self._latest - _WRONG:
            self._nonces.clear()
            self._floor = now + AHEAD + 1
            self._latest = now
        self._latest = max(self._latest, now)

    def _check_time(self, signed: Signed, now: int) -> None:
        name = signed.partner.name
        if not 0 < signed.expires - signed.created <= LIFE:
            raise Untrusted(f"a signature holds for {LIFE} seconds at most")
        if signed.created > now + AHEAD:
            raise Untrusted(f"the clock of {name} is {signed.created - now} seconds ahead")
        if signed.expires + LATE <= now:
            raise Untrusted(f"{name} signed it {now - signed.created} seconds ago, too long")
        if signed.created < self._floor:
            raise Untrusted(f"{name} signed it before this node began; it is to sign again")

    def _forget(self, now: int) -> None:
        """Nonces end about in the order in which they came."""
        for known in self._nonces.values():
            while known:
                oldest = next(iter(known))
                if known[oldest] + LIFE + LATE >= now:
                    break
                self._floor = max(self._floor, known.pop(oldest) + 1)


def _named_token(header: str) -> tuple[str, str]:
    """The client's name and token of a header: Bearer has no name, Basic has both; else empty."""
    bearer = _TOKEN.fullmatch(header)
    if bearer:
        return "", bearer[1]
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic" or len(text) > _LONGEST:
        return "", ""
    try:
        name, _, token = b64decode(text, validate=True).decode("ascii").partition(":")
    except ValueError:
        return "", ""
    return (name, token) if name and _BARE.fullmatch(token) else ("", "")


def _seconds(when: str) -> int:
    return int(datetime.fromisoformat(when).timestamp() // 1)


def _text(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"
