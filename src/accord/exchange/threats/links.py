"""Which relationships may tie a vulnerability to an actor or an indicator.

Source: STIX 2.1, section 5.1 and the relationship tables of section 4. `exploits` is the
malware-to-vulnerability relationship, `targets` that of the others; both are followed from any
of them, because publishers mix them.
"""

from __future__ import annotations

from accord.exchange.threats.objects import ACTORS

BEARING = frozenset({"exploits", "targets", "uses", "indicates", "attributed-to", "authored-by"})
"""Types of relationship by which a vulnerability may be tied to an actor or an indicator."""
DIRECT = frozenset({"exploits", "targets", "uses"})
"""Those that lead to a vulnerability."""
MADE_BY = frozenset({"attributed-to", "authored-by"})
"""Those that lead from what was done to who did it."""
VIA = ACTORS | {"attack-pattern"}
"""Types of object that a way from an actor to a vulnerability may pass."""

_ENDS = VIA | {"indicator", "vulnerability"}


def type_of(object_: str) -> str:
    """The type that an identifier names."""
    return object_.partition("--")[0]


def bears(kind: str, source: str, target: str) -> bool:
    """Whether a relationship of this type between these two could tie a vulnerability."""
    return kind in BEARING and type_of(source) in _ENDS and type_of(target) in _ENDS
