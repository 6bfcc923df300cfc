"""How far evidence is believed, at a moment: by what was verified, and whose word it is by then.

Law (a signature is no pass): without a standing that covers the claim at that moment, a signed
document is believed no further than nobody's: *unknown*.
Law (about the artefact): a signature over a page that was given along signs no artefact.
Law (as of a moment): a standing that was ended, or a key that was taken from it, no longer counts
from then on, and what it signed before does not either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from accord.assurance.evidence import facts
from accord.assurance.evidence.described import RESPONDS
from accord.assurance.evidence.facts import Standing, Tie
from accord.assurance.evidence.items import matches
from accord.assurance.evidence.keys import fingerprint
from accord.assurance.evidence.predicates import BUILD_LEVELS
from accord.assurance.model import Claim, Level
from accord.supply.products import names

SIGNED: Final = "sigstore@1#signed"


class Weight(msgspec.Struct, frozen=True):
    """How far everything in one document is believed, for one release."""

    level: Level
    why: str
    items: tuple[str, ...] = ()
    """Patterns of items that the issuer's word covers; empty: all."""
    left_out: bool = False
    """It does not count at all at this moment."""
    derived: tuple[tuple[str, str], ...] = ()
    """Items that follow from what this node verified, each with what it found."""

    def of(self, item: str) -> tuple[Level, str]:
        """How far one claim of it is believed, and why."""
        if self.level > Level.SELF_ASSERTED and not matches(item, self.items):
            return Level.UNKNOWN, "its issuer has no standing for this item"
        return self.level, self.why


def weigh(tie: Tie, standings: Mapping[str, Standing], at: str) -> Weight:
    """How far a document counts for the release that it is tied to, at a moment."""
    if tie.expires and tie.expires <= at:
        return Weight(Level.UNKNOWN, f"expired on {tie.expires[:10]}", left_out=True)
    if tie.issued > at:
        return Weight(Level.UNKNOWN, f"issued on {tie.issued[:10]}, later", left_out=True)
    if not tie.issuer:
        return Weight(Level.SELF_ASSERTED, "not signed by anybody with a standing")
    standing = standings.get(tie.issuer)
    if standing is None:
        return Weight(Level.UNKNOWN, f"{tie.issuer} has no standing")
    lacks = lacking(standing, tie.kind, tie.product, at) or _key_gone(tie, standing)
    if lacks:
        return Weight(Level.UNKNOWN, lacks)
    if tie.how == "unsigned":
        return Weight(Level.SELF_ASSERTED, f"said to be {tie.issuer}'s, not signed")
    level, why = _by_role(tie, standing)
    return Weight(level, why, standing.items, derived=_derived(tie, standing, level))


def unheard(claim: Claim, speakers: Collection[str], *, promised: bool) -> Claim:
    """A claim of a document that nobody with a standing gave: a denial only by a supplier's name.

    `speakers` are the suppliers' names. A rival's word denies nothing; it is noted. Nor does it
    shorten the days within which the supplier itself has `promised` to answer.
    """
    counts = claim.holds and not (promised and is_promise(claim))
    if counts or not claim.level or is_one_of(claim.issuer, speakers):
        return claim
    does = "promises" if claim.holds else "denies"
    why = f"{claim.issuer}, who is not known as the supplier and has no standing, {does} it"
    return msgspec.structs.replace(claim, level=Level.UNKNOWN, why=why)


def is_promise(claim: Claim) -> bool:
    """Whether it says within how many days vulnerabilities are answered."""
    return claim.holds and bool(claim.level) and claim.item.startswith(RESPONDS)


def is_one_of(name: str, speakers: Collection[str]) -> bool:
    """Whether an organisation is one of some, however its name is written."""
    return maker(name) in {maker(one) for one in speakers}


def maker(name: str) -> str:
    """An organisation's name in one spelling."""
    return names.package(name, "any")


def lacking(standing: Standing, kind: str, product: str, at: str) -> str:
    """Why an issuer's word does not count for this; empty: it does."""
    name = standing.name
    if standing.removed:
        return f"the standing of {name} was ended on {standing.at[:10]}"
    if standing.until and standing.until <= at:
        return f"the standing of {name} ended on {standing.until[:10]}"
    kinds = standing.kinds or ((facts.PROVENANCE,) if standing.role == "builder" else ())
    if kinds and kind not in kinds:
        return f"{name} has a standing for {', '.join(kinds)}, and not for a {kind}"
    if not matches(product, standing.products):
        return f"{name} has no standing for {product}"
    return ""


def _key_gone(tie: Tie, standing: Standing) -> str:
    known = {
        "unsigned": {tie.key},
        "key": {key.keyid for key in standing.keys},
        "certificate": {fingerprint(pem) for pem in standing.certificates},
        "sigstore": {one.id for one in standing.identities if one.oidc},
    }[tie.how]
    return "" if tie.key in known else f"what signed it is no longer one of {standing.name}'s"


def _by_role(tie: Tie, standing: Standing) -> tuple[Level, str]:
    name = standing.name
    if standing.role == "supplier":
        return Level.SELF_ASSERTED, f"{name}, the supplier, says so"
    if standing.role == "builder":
        if tie.matched and tie.builder == name:
            return Level.VERIFIED, f"signed by the builder {name} for this release's artefact"
        return Level.SELF_ASSERTED, f"{name} says so, of no artefact of this release"
    if standing.role == "authority" and tie.matched and tie.kind == facts.SUMMARY:
        return Level.VERIFIED, f"{name} verified this release's artefact"
    return Level.THIRD_PARTY, f"{name} says so"


def _derived(tie: Tie, standing: Standing, level: Level) -> tuple[tuple[str, str], ...]:
    """What this node found by itself: who signed what, and whose build platform it was."""
    found: list[tuple[str, str]] = []
    artefacts = [one for one in tie.matched if one in tie.artefacts]
    if tie.how == "sigstore" and artefacts:
        found.append((SIGNED, f"signed by {tie.key} for {artefacts[0][:24]}"))
    if level is Level.VERIFIED and standing.role == "builder":
        found.append((BUILD_LEVELS[1], f"the build platform {standing.name} signed it"))
        if any(fnmatchcase(BUILD_LEVELS[2], pattern) for pattern in standing.items):
            found.append((BUILD_LEVELS[2], f"{standing.name} has a standing for hardened builds"))
    return tuple(found)
