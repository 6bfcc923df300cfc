"""Digests as words, to be read out over the telephone.

Sixteen words stand for the first 128 bits of a SHA-256: enough that nobody can make another thing
with the same words. Any two words of the list differ in at least three letters, so that a slip of
the ear or the pen is told from another word.

Law (words): `same(words(d), e)` exactly where the first 128 bits of d and e are equal.
"""

from __future__ import annotations

import re

from accord.core.errors import Invalid

COUNT = 16
"""Words of a digest, one a byte."""
_A_LINE = 4

_LIST = """
abbey acorn album almond anchor ankle apron arcade artist atlas attic autumn badge ballad
bamboo banjo barley basket beacon beetle bicycle biscuit blizzard blossom bonfire brother
bubble buffalo butter cabbage cabin cactus camera canal canyon caravan cargo carpet castle
cello chalk champion chapel cherry chestnut chimney cinnamon circus clarinet clover cobalt
coconut comet compass copper cottage cotton cousin cradle cricket crystal cucumber curtain
daffodil daisy dancer desert diagram diamond doctor dolphin donkey dragon drummer dynamo eagle
easel echo eclipse elbow elephant ember emerald engine envelope epoch equator fabric falcon
family feather fiddle finger flamingo flannel forest fossil fountain frozen furnace galaxy
garden garlic gazelle geyser giraffe glacier goblet gondola granite guitar hammer harbour
harvest helmet hickory horizon hybrid iceberg igloo indigo insect island ivory jaguar jasmine
jewel jigsaw journal juggler juniper kangaroo kayak kernel kidney kimono kitchen koala ladder
lagoon lantern lemon leopard lettuce library lilac linen lobster locket lunar magnet mammoth
marble meadow melody mercury mineral mirror monsoon mosaic muffin museum mustard napkin nectar
nephew nickel noodle nutmeg oasis obelisk ocean octopus olive onion opera orange orbit orchid
ostrich oxygen panda paper parrot peanut pelican pencil piano picnic pigeon pillow pirate
plumber polar pony potato pottery pumpkin puzzle pyramid quarry queen quilt quiver rabbit
radio raisin rhubarb ribbon rubber ruby saturn school silver slipper snail soccer sofa spider
spiral summit sunset syrup tadpole teapot temple tennis thimble thunder tornado trumpet tulip
tunnel turkey turtle ukulele unicorn urban vanilla village violin volcano voyage vulture
waffle walnut warrior whisper window wizard wombat yacht yogurt yonder zebra zigzag
"""

WORDS = tuple(_LIST.split())
"""A word for each byte, in alphabetical order."""
_KNOWN = frozenset(WORDS)


def words(digest: bytes | str) -> str:
    """The words of a SHA-256, given as bytes or in hexadecimal: sixteen, in groups of four.

    Raises:
        Invalid: too short for a digest.
    """
    said = [WORDS[byte] for byte in _bytes(digest)]
    groups = (said[start : start + _A_LINE] for start in range(0, COUNT, _A_LINE))
    return "  ".join("-".join(group) for group in groups)


def same(said: str, digest: bytes | str) -> bool:
    """Whether these are the words of a digest; case, spaces, dashes and commas do not matter.

    Raises:
        Invalid: too short for a digest.
    """
    return _split(said) == [WORDS[byte] for byte in _bytes(digest)]


def unknown(said: str) -> tuple[str, ...]:
    """Those that are not words of the list: misheard, or mistyped."""
    return tuple(word for word in _split(said) if word not in _KNOWN)


def _split(said: str) -> list[str]:
    return re.findall(r"[^\W_]+", said.casefold())


def _bytes(digest: bytes | str) -> bytes:
    try:
        raw = bytes.fromhex(digest) if isinstance(digest, str) else digest
    except ValueError as wrong:
        raise Invalid("a digest in hexadecimal is expected") from wrong
    if len(raw) < COUNT:
        raise Invalid(f"a digest of {len(raw)} bytes is too short for {COUNT} words")
    return raw[:COUNT]
