"""The score of a bill: of each field that a profile asks for, how many components state it.

Law (nothing listed, nothing passed): a bill that lists no component beside its own product passes
no profile, and none of the fields of components.
Law (placeholders never pass): what is unknown, withheld or missing is counted, and not as stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from accord.assurance.model import Claim, Level
from accord.assurance.profiles.bill import Bill, Component
from accord.assurance.profiles.checks import OF_BILL, OF_COMPONENT
from accord.assurance.profiles.profile import Profile
from accord.assurance.profiles.said import Said
from accord.core.reading import Refused

EXAMPLES = 5
"""Places that are named for each field that lacks."""


class Lack(msgspec.Struct, frozen=True):
    """One component that does not state a field."""

    place: str
    component: str
    said: str
    """`missing`, `unknown` or `withheld`."""


class FieldScore(msgspec.Struct, frozen=True, kw_only=True):
    """One field, counted."""

    id: str
    title: str
    level: str
    required: bool
    source: str
    stated: int
    """Numerator of the share."""
    total: int
    """Denominator of the share: components, or 1 for the bill."""
    withheld: int
    unknown: int
    missing: int
    lacking: tuple[Lack, ...]
    """The first few."""
    passes: bool

    @property
    def share(self) -> Fraction:
        """Exactly; nothing of nothing is nothing."""
        return Fraction(self.stated, self.total) if self.total else Fraction(0)


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One bill by one profile."""

    profile: str
    title: str
    components: int
    """All that were looked at, the product among them."""
    listed: int
    """Those beside the product."""
    refused: tuple[Refused, ...]
    """Components that break the schema of their format; they count, and state nothing."""
    fields: tuple[FieldScore, ...]
    passes: bool
    """Every required field is stated throughout."""


class _Counts:
    """What one check found so far."""

    __slots__ = ("by", "lacking")

    def __init__(self) -> None:
        self.by = [0, 0, 0, 0]
        self.lacking: list[Lack] = []

    def add(self, said: Said, component: Component | None = None) -> None:
        self.by[said] += 1
        if said is not Said.STATED and len(self.lacking) < EXAMPLES:
            named = component or Component()
            subject = f"{named.name}@{named.version}" if named.version else named.name
            self.lacking.append(Lack(named.place, subject, said.word))


def score(bill: Bill, profiles: Sequence[Profile]) -> tuple[Score, ...]:
    """A bill by each of some profiles, in one walk over its components.

    Raises:
        Invalid: the bill cannot be read on, part of the way.

    """
    asked: set[tuple[str, str]] = {
        (field.level, field.check) for profile in profiles for field in profile.fields
    }
    made = {key: _Counts() for key in asked}
    of_component = [
        (OF_COMPONENT[check], counts)
        for (level, check), counts in made.items()
        if level == "component"
    ]
    components = listed = 0
    for component in bill.components():
        components += 1
        listed += not component.is_product
        for look, counts in of_component:
            counts.add(look(component, bill.edges), component)
    for (level, check), counts in made.items():
        if level == "bill":
            counts.add(OF_BILL[check](bill))
    return tuple(_score(bill, profile, made, components, listed) for profile in profiles)


def _score(
    bill: Bill,
    profile: Profile,
    made: dict[tuple[str, str], _Counts],
    components: int,
    listed: int,
) -> Score:
    fields = []
    for field in profile.fields:
        counts = made[field.level, field.check]
        total = sum(counts.by)
        whole = counts.by[Said.STATED] == total > 0
        fields.append(
            FieldScore(
                id=field.id,
                title=field.title,
                level=field.level,
                required=field.required,
                source=field.source,
                stated=counts.by[Said.STATED],
                total=total,
                withheld=counts.by[Said.WITHHELD],
                unknown=counts.by[Said.UNKNOWN],
                missing=counts.by[Said.MISSING],
                lacking=tuple(counts.lacking),
                passes=whole and (field.level == "bill" or listed > 0),
            )
        )
    return Score(
        profile=profile.name,
        title=profile.title,
        components=components,
        listed=listed,
        refused=tuple(bill.refused),
        fields=tuple(fields),
        passes=listed > 0 and all(field.passes for field in fields if field.required),
    )


def item(profile: str, field: str = "all") -> str:
    """The name under which a baseline asks for a field, or for the whole."""
    return f"sbom@{profile}#{field}"


def claims(found: Score, evidence: str = "", issued: str = "") -> tuple[Claim, ...]:
    """What a score proves: the node counted by itself, so what passes is verified.

    What falls short is unknown rather than denied: a better bill of the same release may follow.

    Args:
        found: the score.
        evidence: `sha256:` and the digest of the bill.
        issued: `when()` the bill was made, by its own word.

    """
    made = [
        Claim(
            item=item(found.profile, field.id),
            level=Level.VERIFIED if field.passes else Level.UNKNOWN,
            kind="bill",
            evidence=evidence,
            issued=issued,
            place=field.lacking[0].place if field.lacking else "",
            why=_why(field, found.listed),
        )
        for field in found.fields
    ]
    short = [field.id for field in found.fields if field.required and not field.passes]
    required = sum(field.required for field in found.fields)
    why = f"{required - len(short)} of {required} required fields"
    if not found.listed:
        why += "; the bill lists nothing beside its product"
    elif short:
        why += f"; lacking: {', '.join(short)}"
    whole = Claim(
        item=item(found.profile),
        level=Level.VERIFIED if found.passes else Level.UNKNOWN,
        kind="bill",
        evidence=evidence,
        issued=issued,
        why=why,
    )
    return (*made, whole)


def _why(field: FieldScore, listed: int) -> str:
    if field.level == "bill":
        return "the bill states it" if field.stated else f"{field.lacking[0].said} in the bill"
    if not listed:
        return "the bill lists nothing beside its product"
    kinds = (("unknown", field.unknown), ("withheld", field.withheld))
    told = "".join(f", {count} {word}" for word, count in kinds if count)
    return f"{field.stated} of {field.total} components{told}"
