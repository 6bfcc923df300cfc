"""Whose a document is: this node's own people's, a feed's, or a partner's.

The empty origin is this node's own people; `feed:NAME` a feed that counts as another party's word
only; anything else the name of the partner that sealed the document.

Law (givers): where several gave the same bytes, this node's own people come first, then feeds, then
partners, each by name: the answer does not depend on who was first.
"""

from __future__ import annotations

FEED = "feed:"
"""What the origin of a feed begins with; no partner's name holds a colon."""


OTHERS = ("feed ", "exchange:")
"""How the sources begin of what feeds and partners give, and nothing else."""


def of_feed(name: str) -> str:
    """The origin of what a feed brings."""
    return f"{FEED}{name}"


def is_partner(origin: str) -> bool:
    """Whether a partner sealed what is of this origin."""
    return bool(origin) and not origin.startswith(FEED)


def source_of(feed: str, name: str) -> str:
    """Under which source something is kept that a feed brings."""
    begins = f"feed {feed}: "
    return name if name.startswith(begins) else begins + name


def people_source(name: str) -> str:
    """Under which source something is kept that this node's own people give.

    Law (people): by its sources it is told whether they gave what feeds gave, too.
    """
    return f"./{name}" if name.startswith(OTHERS) else name


def weight(origin: str) -> tuple[bool, bool, str]:
    """The order of givers, the first the one that counts."""
    return (bool(origin), is_partner(origin), origin)


def words(origin: str) -> str:
    """An origin other than this node's own people, for a person."""
    if origin.startswith(FEED):
        return f"the feed {origin.removeprefix(FEED)}"
    return f"partner {origin}"
