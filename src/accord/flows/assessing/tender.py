"""Several offers against one baseline, side by side."""

from __future__ import annotations

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.core.errors import Invalid
from accord.core.yaml import decode
from accord.flows.assessing.assess import Assessor, pick
from accord.flows.assessing.port import Store
from accord.flows.assessing.scores import score_new

MOST_OFFERS = 100


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One release that somebody offers."""

    product: str
    release: str = ""
    type: str = ""
    supplier: str = ""


class Tender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a buyer asks offers for."""

    buyer: str
    offers: tuple[Offer, ...]
    tender: str = ""
    """Its title."""


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
        found = msgspec.convert(decode(data), Tender)
    except msgspec.ValidationError as wrong:
        raise Invalid(f"not a tender: {wrong}") from wrong
    if not 0 < len(found.offers) <= MOST_OFFERS:
        raise Invalid(f"{len(found.offers)} offers, not 1 to {MOST_OFFERS}", "/offers")
    names = [(one.product.casefold(), one.release.casefold()) for one in found.offers]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise Invalid("this release is offered twice", f"/offers/{place}")
    return found


def compare(store: Store, me: str, now: str, tender: Tender) -> Compared:
    """The verdict on each offer.

    Raises:
        NotFound: a release is not known here.
        Invalid: the buyer has no baseline here.
    """
    score_new(store.scores)
    with store.view(few=True) as view:
        assessor = Assessor(view, me, now, [tender.buyer])
        listed = []
        for one in tender.offers:
            found = pick(view, one.product, one.release)
            listed.append(msgspec.structs.replace(found, type=one.type or found.type))
        found_ = [one.assessments[0] for one in assessor.each(listed)]
    return Compared(tender, tuple(found_), now)
