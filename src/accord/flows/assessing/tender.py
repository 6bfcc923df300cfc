"""Several offers against one baseline, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.evidence.believing import maker
from accord.core.errors import Invalid, NotFound
from accord.core.yaml import decode, lines
from accord.flows.assessing.assess import Assessor, pick
from accord.flows.assessing.port import Key, Store
from accord.flows.assessing.scores import score_new

MOST_OFFERS = 100


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One release that somebody offers."""

    product: str
    release: str = ""
    type: str = ""
    supplier: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    buyer: str
    offers: tuple[Offer, ...]
    tender: str = ""


class Tender(msgspec.Struct, frozen=True):
    """What a buyer asks offers for."""

    buyer: str
    offers: tuple[Offer, ...]
    tender: str = ""
    """Its title."""
    lines: tuple[int, ...] = ()
    """The line of the file on which each offer begins."""

    def place(self, number: int) -> str:
        """Where an offer stands: `/offers/1 (line 5)`."""
        line = f" (line {self.lines[number]})" if number < len(self.lines) else ""
        return f"/offers/{number}{line}"


class Compared(msgspec.Struct, frozen=True):
    """A tender with the verdict on each offer, in its order."""

    tender: Tender
    assessments: tuple[Assessment, ...]
    now: str


def read_tender(data: bytes) -> Tender:
    """A tender as YAML or JSON: `buyer`, and `offers` of `product` and `release`.

    Raises:
        Invalid: it is not one; the error names the place.
    """
    try:
        found = msgspec.convert(decode(data), _File)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"not a tender: {wrong}") from wrong
    if not 0 < len(found.offers) <= MOST_OFFERS:
        raise Invalid(f"{len(found.offers)} offers, not 1 to {MOST_OFFERS}", "/offers")
    tender = Tender(found.buyer, found.offers, found.tender, lines(data, "offers"))
    _once(tender, [(one.product, one.release) for one in found.offers])
    return tender


def _once(tender: Tender, names: Sequence[Key]) -> None:
    """Several may offer one release; nobody offers it twice.

    Raises:
        Invalid: somebody does; the error names both places.
    """
    first: dict[tuple[str, ...], int] = {}
    for number, (product, release) in enumerate(names):
        who = tender.offers[number].supplier
        before = first.setdefault((product.casefold(), release.casefold(), maker(who)), number)
        if before != number:
            by = f"by {who}" if who else "by nobody who is named; say the `supplier` of each"
            raise Invalid(
                f"{product} {release} is offered twice, {by}: first at {tender.place(before)}",
                tender.place(number),
            )


def compare(store: Store, me: str, now: str, tender: Tender, as_of: str = "") -> Compared:
    """The verdict on each offer.

    Raises:
        NotFound: a release is not known here; the error names the offer's place.
        Invalid: the buyer has no baseline here, or somebody offers one release twice.
    """
    score_new(store.scores)
    now = as_of or now
    with store.view(as_of, few=True) as view:
        assessor = Assessor(view, me, now, [tender.buyer])
        listed = []
        for number, one in enumerate(tender.offers):
            try:
                found = pick(view, one.product, one.release)
            except NotFound as wrong:
                raise NotFound(f"{tender.place(number)}: {wrong}") from wrong
            listed.append(msgspec.structs.replace(found, type=one.type or found.type))
        _once(tender, [one.key for one in listed])
        found_ = [one.assessments[0] for one in assessor.each(listed)]
    return Compared(tender, tuple(found_), now)
