"""What the flows need of the store of trust: the directory, who this node is, and proposals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    # Slow to load, and all read a setting's name here.
    from accord.identity.directory.trusted import Trusted
    from accord.identity.partners import Directory

ME = "me"
"""Setting: this node's short name as a partner."""
PARTNERSHIP = "partnership"
"""Setting: the short name of the partnership."""
MARKING = "marking"
"""Setting: the marking of what bears none, such as `AMBER`."""


class Kept(msgspec.Struct, frozen=True):
    """A proposal that this node has seen."""

    digest: str
    data: bytes
    at: str
    """`when()` it was first seen."""
    state: str
    """`open`, `signed` by this node, `published`, or `overtaken` by another."""


class Trust(Protocol):
    """The directory of partners as this node knows it. Adapters raise only accord's own errors."""

    def directory(self) -> Directory | None:
        """The partners; none where this node has not joined a partnership."""

    def trusted(self) -> Trusted | None:
        """The directory with the files that it rests on."""

    def me(self) -> str:
        """The name of this node as a partner, or empty."""

    def setting(self, name: str) -> str:
        """A setting, or empty."""

    def set(self, settings: Mapping[str, str]) -> None:
        """Change settings."""

    def replace(
        self,
        before: Trusted | None,
        after: Trusted,
        settings: Mapping[str, str] | None = None,
    ) -> bool:
        """Keep a newer directory in the place of the one that it was made from.

        False, and nothing is kept, where another process has kept a newer one in between.
        """

    def proposals(self) -> list[Kept]:
        """Proposals seen, the latest first."""

    def keep(self, proposal: Kept) -> None:
        """Keep a proposal, or its new state."""
