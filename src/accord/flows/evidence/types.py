"""What type of product something is: said and taken back by a person, each time as a document."""

from __future__ import annotations

import msgspec

from accord.assurance.evidence import records
from accord.assurance.model import type_of
from accord.core.errors import Invalid, NotFound
from accord.flows.evidence.port import Desk
from accord.flows.load import load_documents


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a product's type."""

    product: str
    type: str
    """Empty: take back what was said."""
    person: str
    release: str = ""
    """Empty: every release."""
    why: str = ""


def say(desk: Desk, said: Typed) -> bool:
    """Keep a product's type, in place of what was said before; False: it is said so already.

    Raises:
        NotFound: there is nothing to take back.
        Invalid: it is no type.
    """
    about = (said.product.casefold(), said.release.casefold())
    kept = {
        (one.product.casefold(), one.release.casefold()): one.type
        for one in desk.proofs.types(said.product)
    }
    if not said.type and about not in kept:
        name = f"{said.product} {said.release}".rstrip()
        raise NotFound(f"no type of {name} is kept; `accord evidence types` lists them")
    if said.type and kept.get(about) == type_of(said.type):
        return False
    now = desk.clock.now()
    record = records.TypeRecord(
        accord="product type", product=said.product, release=said.release,
        type=type_of(said.type), person=said.person, why=said.why, at=now,
    )  # fmt: skip
    data = records.write(record)
    loaded = load_documents([(f"type of {said.product}", data)], desk.intake, now)
    if loaded.quarantined:
        raise Invalid(loaded.quarantined[0].reason, loaded.quarantined[0].place)
    return True
