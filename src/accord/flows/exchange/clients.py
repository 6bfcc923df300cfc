"""Let organisations ask this node, each under a name and a token or certificate of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import Invalid, NotFound
from accord.identity import clients
from accord.identity.clients import Client


class Clients(Protocol):
    """Where clients are kept. A token is kept as its hash alone."""

    def clients(self) -> list[Client]:
        """All of them, revoked ones too, by name."""

    def add_client(self, client: Client, token: str) -> None:
        """Keep a new one with the hash of its token, or an empty one beside a certificate.

        Raises:
            Invalid: the name, the token or the certificate is taken.
        """

    def change_client(self, client: Client, token: str) -> None:
        """Put a client in place of the one of its name.

        Raises:
            NotFound: there is none.
            Invalid: the certificate is another client's.
        """


def add(kept: Clients, clock: Clock, entropy: Callable[[int], bytes], client: Client) -> str:
    """Add a client; gives its token, which is not kept, or nothing where it has a certificate.

    Raises:
        Invalid: it breaks a rule, or its name is taken (by a revoked client too: receipts name it).
    """
    client = clients.check(msgspec.structs.replace(client, created=clock.now()))
    token = "" if client.certificate else clients.make_token(entropy)
    kept.add_client(client, clients.token_hash(token))
    return token


def rotate(
    kept: Clients,
    clock: Clock,
    entropy: Callable[[int], bytes],
    name: str,
    certificate: tuple[str, str] = ("", ""),
) -> str:
    """Replace the token or the certificate of a client; the one before ends at once.

    A certificate is given by its SHA-256 and as itself.

    Raises:
        NotFound: no such client.
        Invalid: it was revoked, or the certificate is none.
    """
    changed = msgspec.structs.replace(
        _standing(kept, name), rotated=clock.now(), certificate=certificate[0], pem=certificate[1]
    )
    token = "" if changed.certificate else clients.make_token(entropy)
    kept.change_client(clients.check(changed), clients.token_hash(token))
    return token


def revoke(kept: Clients, clock: Clock, name: str) -> None:
    """Let a client ask no more, from now on and for good.

    Raises:
        NotFound: no such client.
        Invalid: it was revoked before.
    """
    kept.change_client(msgspec.structs.replace(_standing(kept, name), revoked=clock.now()), "")


def _standing(kept: Clients, name: str) -> Client:
    found = next((client for client in kept.clients() if client.name == name), None)
    if found is None:
        raise NotFound(f"no client {name!r}; `accord clients list` shows them")
    if found.revoked:
        raise Invalid(f"it was revoked on {found.revoked[:10]}; add it under a new name", name)
    return found
