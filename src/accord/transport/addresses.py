"""Which addresses of the network a feed may be at.

Law (public): a feed that nobody declared internal is at addresses of the public Internet only,
whatever its name, its redirections and its DNS say. Of a name with several addresses all count: one
that is not public refuses the name.

Law (metadata): no feed, not even one within, is at a cloud's metadata, however it is written.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890); RFC 4291 (IPv6), section
2.5.5.2 (IPv4-mapped); RFC 6052 and 8215 (NAT64); RFC 3056 (6to4); RFC 4380 (Teredo); RFC 6598
(shared space of providers); RFC 3927 (link-local, where clouds keep their metadata).
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from accord.exchange.feeds.errors import NotFetched

_V4: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
"""What is not one host of the public Internet."""
_GLOBAL: Final = IPv6Network("2000::/3")
_V6: Final = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)
"""What of `2000::/3` is not one host of the public Internet."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
_NEVER: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10",
            "ff00::/8",
        ),
    )
)  # fmt: skip
"""What not even an internal feed may be at: groups, and what is bound to one wire."""
_CLOUDS: Final = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
            "fd00:ec2::/32", "fd20:ce::/48",
        ),
    )
)  # fmt: skip
"""Where clouds keep the metadata and secrets of their machines: closed to each feed, also where
another address only wraps them."""
_LOW: Final = 0xFFFF_FFFF
_WRAPS: Final = (
    (IPv6Network("::/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
    (IPv6Network("2001::/32"), 64),
)
"""Networks that wrap addresses of IPv4, and how many bits stand below what is wrapped."""
_TEREDO: Final = IPv6Network("2001::/32")
_LOCAL64: Final = IPv6Network("64:ff9b:1::/48")


_Address = IPv4Address | IPv6Address


def refuse(text: str, *, internal: bool) -> None:
    """Whether a feed may be at an address.

    Raises:
        NotFetched: it may not.
    """
    try:
        written = ip_address(text.partition("%")[0])
    except ValueError as wrong:
        raise NotFetched(f"{text[:60]!r} is no address of a network") from wrong
    address = _meant(written)
    if _within(address, _NEVER) or any(_within(one, _CLOUDS) for one in _wrapped(address)):
        raise NotFetched(f"{text[:60]} is no address at which a feed can be")
    if not internal and not _public(address):
        raise NotFetched(
            f"{text[:60]} is not on the public Internet: nothing was sent; where the feed is"
            " within your own network, declare it with --internal"
        )


def _meant(address: _Address) -> _Address:
    """The host behind an address that only wraps another."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _within(address: _Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _wrapped(address: _Address) -> list[_Address]:
    """An address, and each of IPv4 that a gateway may read in it."""
    found: list[_Address] = [address]
    if isinstance(address, IPv4Address):
        return found
    number = int(address)
    found += [IPv4Address(number >> below & _LOW) for net, below in _WRAPS if address in net]
    if address in _TEREDO:
        found.append(IPv4Address(~number & _LOW))
    if address in _LOCAL64:
        # RFC 6052, section 2.2: behind 48 bits the octet of bits 64 to 71 is left out.
        found.append(IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF))
    return found


def _public(address: _Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _V4)
    return address in _GLOBAL and not any(address in network for network in _V6)
