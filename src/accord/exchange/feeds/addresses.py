"""Addresses of documents: which are followed, and how they are shown.

Law (shown): no part of an address that may hold a secret is shown or kept with what it gave.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from accord.core.errors import Invalid
from accord.core.show import printable
from accord.exchange.feeds.errors import Misanswered

_LONGEST = 4_000
_PORTS = {"http": 80, "https": 443}


def checked(url: str, *, plain: bool = True) -> SplitResult:
    """The parts of an address that may be asked.

    `plain` is whether it may be asked without TLS.

    Raises:
        Invalid: it may not, with the reason.
    """
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid(
            f"an address is at most {_LONGEST:,} characters of ASCII without spaces; write other"
            " characters as %XX, and names of hosts as xn--"
        )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as wrong:
        raise Invalid(f"{shown(url)!r} is no address: {wrong}") from wrong
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Invalid(f"{shown(url)!r} is no address of the web: begin it with https://")
    if parts.username is not None or parts.password is not None:
        raise Invalid("an address must not hold a name or password: keep the secret in a file")
    if parts.scheme == "http" and not plain:
        raise Invalid(
            f"{shown(url)!r} is not encrypted: use https://, or say --plain or --internal"
        )
    return parts


def clear(url: str, *, plain: bool) -> bool:
    """Whether a secret for the address would go over a network unencrypted.

    To this machine itself, written as a number, it may go where a person says `plain`.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return False
    try:
        own = ip_address(parts.hostname or "").is_loopback
    except ValueError:
        own = False
    return not (own and plain)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: credentials go to one such place only (RFC 6454)."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def shown(url: str) -> str:
    """An address for a person: without what stands behind `?`, and without a name or password."""
    bare = url.partition("?")[0].partition("#")[0]
    scheme, slashes, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    return printable(f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}")[:400]


def below(folder: str, name: str) -> str:
    """The address of a file below a folder, by the name that its index gives.

    Raises:
        Misanswered: the name leads elsewhere.
    """
    parts = name.split("/")
    if (
        not name.isascii()
        or not name.isprintable()
        or any(c in name for c in "\\?#%:")
        or {"", ".", ".."} & set(parts)
    ):
        raise Misanswered(f"{printable(name[:200])!r} is no file below the folder")
    return urljoin(folder, name.replace(" ", "%20"))


def linked(base: str, href: object) -> str:
    """The address that a document at `base` links to.

    Raises:
        Misanswered: it is none.
    """
    if not isinstance(href, str) or not href:
        raise Misanswered("a link without an address")
    try:
        url = urljoin(base, href)
        checked(url)
    except (Invalid, ValueError) as wrong:
        raise Misanswered(f"a link leads nowhere: {wrong}") from wrong
    return url
