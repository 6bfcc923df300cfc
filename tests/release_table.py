"""Who may have what under TLP 2.0, as a table by hand: the oracle of release, made without it.

Each word is five letters, for CLEAR, GREEN, AMBER, AMBER+STRICT and RED: `y` may have it.
"""

from __future__ import annotations

import msgspec

from accord.exchange.release import Circle, Way
from accord.identity.markings import Tlp
from accord.identity.recipients import PUBLIC, SELF, Recipient

OWNER = "australia"
ORIGINS = (OWNER, "india", "japan")
COLOURS = (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED)


class Row(msgspec.Struct, frozen=True):
    """One kind of recipient."""

    name: str
    recipient: Recipient
    circle: Circle | None
    own: str
    """Of what this node made itself."""
    foreign: str
    """Of what came from a partner other than the recipient."""
    back: str = ""
    """Of what came from the recipient."""
    synced: bool = False
    """Whether it asks for blobs of audience logs."""


NAMED = Circle("power", OWNER, frozenset({"japan", "united-states"}))
ALL = Circle("everyone", OWNER, everyone=True)
EMPTY = Circle("nobody", OWNER)
THEIRS = Circle("theirs", "india", frozenset({"japan"}))
JAPAN = Recipient("partner", "japan")
INDIA = Recipient("partner", "india")
NAMELESS = Recipient("partner", "")


def client(sort: str, tlp: Tlp) -> Recipient:
    return Recipient("client", f"{sort}-{int(tlp)}", "grid", sort, tlp)


_OPERATOR = ("ynnnn", "yynnn", "yyynn", "yyynn", "yyynn")
_OTHER = ("ynnnn", "yynnn", "yynnn", "yynnn", "yynnn")
_NONE = "nnnnn"

ROWS = (
    Row("own people", SELF, None, "yyyyy", "yyyyy", synced=True),
    Row("named partner", JAPAN, NAMED, "yyyyy", "yynnn", "yyyyy", synced=True),
    Row("partner among all", JAPAN, ALL, "yyyyn", "yynnn", "yyyyy", synced=True),
    Row("partner outside", INDIA, NAMED, _NONE, _NONE, _NONE, synced=True),
    Row("partner of nobody", JAPAN, EMPTY, _NONE, _NONE, _NONE, synced=True),
    Row("partner without audience", JAPAN, None, _NONE, _NONE, "yyyyy", synced=True),
    Row("partner, not our audience", JAPAN, THEIRS, _NONE, _NONE, _NONE, synced=True),
    Row("partner without a name", NAMELESS, ALL, _NONE, _NONE, _NONE, synced=True),
    Row("public", PUBLIC, None, "ynnnn", "ynnnn"),
    *(
        Row(f"{sort} entitled to {tlp.word}", client(sort, tlp), None, word, word)
        for sort, words in (("operator", _OPERATOR), ("industry", _OTHER), ("supplier", _OTHER))
        for tlp, word in zip(COLOURS, words, strict=True)
    ),
)


def may(row: Row, tlp: Tlp, origin: str, way: Way) -> bool:
    """Whether a recipient may have something of a colour and an origin by a way."""
    if way is Way.SYNC and not row.synced:
        return False
    word = row.own if origin == OWNER else row.foreign
    if origin == row.recipient.name and row.recipient.kind == "partner":
        word = row.back
    return word[COLOURS.index(tlp)] == "y"
