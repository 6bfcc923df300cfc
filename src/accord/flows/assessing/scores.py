"""Bills that are evidence, scored once by every profile of fields."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files

import msgspec

from accord.assurance.model import Claim, Level
from accord.assurance.profiles.scoring import claims
from accord.core.errors import Invalid
from accord.core.times import when
from accord.flows.assessing.port import ScoreLine, Scores
from accord.flows.score import score_bill


@cache
def profiles() -> str:
    """The digest of the profiles that come with accord: another one asks for new scores."""
    folder = files("accord.assurance") / "data" / "profiles"
    found = sorted((one.name, one.read_bytes()) for one in folder.iterdir())
    return sha256(msgspec.json.encode(found)).hexdigest()


def score_new(scores: Scores) -> int:
    """Score every bill that is evidence and not scored yet; gives how many."""
    waiting = scores.unscored(profiles())
    for digest in waiting:
        try:
            found = score_bill(scores.body(digest))
            issued = when(found.timestamp)
            lines = [
                ScoreLine(one.item, int(one.level), issued, one.place, one.why)
                for score in found.scores
                for one in claims(score)
            ]
        except Invalid as wrong:
            # It was tied as a bill; what cannot be counted is unknown, and says why.
            lines = [ScoreLine("sbom@", int(Level.UNKNOWN), "", wrong.place, wrong.reason)]
        scores.keep(digest, profiles(), lines)
    return len(waiting)


def claimed(found: Iterable[tuple[str, ScoreLine]]) -> list[Claim]:
    """Scores as claims: the node counted by itself."""
    return [
        Claim(
            item=line.item,
            level=Level(line.level),
            kind="bill",
            evidence=f"sha256:{digest}",
            issued=line.issued,
            place=line.place,
            why=line.why,
        )
        for digest, line in found
    ]
