"""The keys that a node holds, and what opens them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from accord.flows.exchange import partners
from accord.identity.keys import LibrarySigner, Signers
from accord.store import keys
from accord.store.key_errors import NoKey
from accord.transport.tls import ensure_certificate

if TYPE_CHECKING:
    from accord.wiring.node import Node


def ring(node: Node) -> keys.Ring:
    """Every private key of a node, opened.

    Raises:
        NoKey: one cannot be opened.
    """
    return keys.open_ring(node.settings.home, node.passphrase, node.pin)


def signers(node: Node) -> Signers:
    """The keys with which a node signs today, as its partners know them.

    A newcomer whose directory does not hold its own record yet signs with what it has: the
    others may have taken it up already, and it learns of that by asking.

    Raises:
        NotFound: it is in no partnership.
        NoKey: they cannot be opened.
    """
    record = partners.known(node.trust).directory.partner(node.me)
    own = record.keys if record else tuple(signer.key() for signer in node.ring.all())
    try:
        return node.ring.current(own)
    except NoKey:
        # They were opened before another command made new ones.
        node.forget_keys()
        return node.ring.current(own)


def new_keys(
    node: Node, passphrase: str, uris: Sequence[str], *, ml_dsa: bool
) -> tuple[LibrarySigner, ...]:
    """New private keys, as `Node.new_keys` has it."""
    if not uris and node.ring.elsewhere:
        own = partners.own_record(node.trust)
        if any(key.in_use and key.keyid in node.ring.elsewhere for key in own.keys):
            raise NoKey(
                "a key of this node is kept on a token or in a service: name where the new "
                "one is with --key, or say --key file"
            )
    home = node.settings.home
    made = keys.create(home, passphrase, node.entropy, uris=uris, ml_dsa=ml_dsa, pin=node.pin)
    node.forget_keys()
    return made


def certificate(node: Node, name: str, addresses: Collection[str]) -> str:
    """SHA-256 of the certificate that the door shows, as `Node.certificate` has it."""
    directory = node.trust.directory()
    own = directory.partner(name) if directory else None
    listed = own.addresses if own else ()
    folder = node.settings.home / keys.FOLDER
    return ensure_certificate(folder, name, node.clock, (*addresses, *listed))
