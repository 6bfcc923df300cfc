"""A person's record that a name means a supplier: kept as a document like any other.

Law (nothing is erased): a removal is a later record about the same name, with person and reason.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from accord.core import json
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when
from accord.demand.contracts.facts import SupplierName
from accord.demand.suppliers import names

KIND: Final = "supplier alias"


class Alias(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A name of a supplier, reviewed."""

    accord: Literal["supplier alias"] = KIND
    name: str
    entity: str
    """A key, such as `lei:...`, or the name that the reviewed table has."""
    removed: bool = False
    """It means nobody in particular any more."""
    person: str
    why: str
    at: str


def write(record: Alias) -> bytes:
    """A record as the document that is kept; the same record always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=2) + b"\n"


def read(data: bytes) -> Reading:
    """A record as facts.

    Raises:
        Invalid: not such a record, or a member is missing, unknown or empty.
    """
    json.decode_strict(data)
    record = json.decode_as(Alias, data)
    for member in ("person", "why", "at"):
        if not getattr(record, member).strip():
            raise Invalid("must not be empty", f"/{member}")
    for member in ("name", "entity"):
        if not names.canonical(getattr(record, member)):
            raise Invalid("it names nobody", f"/{member}")
    meant = "nobody in particular" if record.removed else record.entity
    fact = SupplierName(entity=record.entity, kind="name", value=record.name)
    return Reading(
        kind="supplier alias record",
        subject=f"supplier-alias:{names.canonical(record.name)}",
        edition=when(record.at, "/at"),
        title=f"{record.name} is {meant}",
        facts=[] if record.removed else [fact],
    )
