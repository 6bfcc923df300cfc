"""Which addresses a feed may be at."""

from __future__ import annotations

import pytest

from accord.exchange.feeds.errors import NotFetched
from accord.transport.addresses import refuse

PUBLIC = [
    "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.1",
    "192.167.255.255", "198.17.255.255", "223.255.255.255", "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip
WITHIN = [
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1",
    "127.255.255.254", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.2.1", "::1",
    "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "::127.0.0.1", "2002:7f00:1::", "2002:808:808::", "2001:db8::1",
    "2001::7f00:1", "64:ff9b:1::1", "3fff::1", "fec0::1", "100::1", "5f00::1", "192.88.99.1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255",
    "255.255.255.255", "240.0.0.1", "::", "fe80::1", "fe80::1%eth0", "ff02::1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "168.63.129.16",
    "100.100.100.200", "192.0.0.192", "fd20:ce::254", "::a9fe:a9fe", "::ffff:0:a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1",
    "2001:0:808:808::5601:5601", "64:ff9b::6464:64c8", "::ffff:168.63.129.16", "2002:c000:c0::",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_asked(address: str) -> None:
    refuse(address, internal=False)
    refuse(address, internal=True)


@pytest.mark.parametrize("address", WITHIN)
def test_addresses_within_a_network_need_a_word(address: str) -> None:
    with pytest.raises(NotFetched, match="--internal"):
        refuse(address, internal=False)
    refuse(address, internal=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_asked(address: str) -> None:
    for internal in (False, True):
        with pytest.raises(NotFetched, match="no address at which"):
            refuse(address, internal=internal)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(NotFetched, match="no address of a network"):
        refuse("localhost", internal=True)
