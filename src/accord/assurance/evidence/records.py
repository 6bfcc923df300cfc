"""accord's records of evidence: what a person tied to a release, and whose word counts.

Law (nothing is erased): a removal is a later record about the same thing, with person and reason.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeVar

import msgspec

from accord.assurance.evidence import facts
from accord.assurance.evidence.facts import Identity, ProductType, SignKey, Standing, Tie
from accord.assurance.model import type_of
from accord.core import json
from accord.core.digests import digest
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when

T = TypeVar("T")

ROLES: Final = ("supplier", "builder", "assessor", "authority")
MOST_TYPE: Final = 100
"""Characters of a type of product."""
HOWS: Final = ("unsigned", "key", "certificate", "sigstore")
_SHA_256 = re.compile(r"sha256:[0-9a-f]{64}")
_DIGEST = re.compile(r"[A-Za-z0-9_]{1,20}:\S{1,200}")

Role = Literal["supplier", "builder", "assessor", "authority"]
How = Literal["unsigned", "key", "certificate", "sigstore"]


class Evidence(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A document is evidence for a release, and this was verified of it."""

    accord: Literal["evidence"]
    document: str
    """`sha256:` and the digest of the document."""
    product: str
    release: str = ""
    """Empty: every release of the product."""
    kind: str
    issuer: str = ""
    how: How = "unsigned"
    key: str = ""
    builder: str = ""
    matched: tuple[str, ...] = ()
    artefacts: tuple[str, ...] = ()
    issued: str = ""
    expires: str = ""
    removed: bool = False
    person: str
    why: str = ""
    at: str


class Issuer(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Whose word counts here, for what and until when."""

    accord: Literal["issuer"]
    name: str
    role: Role
    keys: tuple[SignKey, ...] = ()
    identities: tuple[Identity, ...] = ()
    certificates: tuple[str, ...] = ()
    trust_root: str = ""
    kinds: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    until: str = ""
    removed: bool = False
    person: str
    why: str
    at: str


class TypeRecord(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A product is of a type; without one, the record before is taken back."""

    accord: Literal["product type"]
    product: str
    release: str = ""
    """Empty: every release of the product."""
    type: str = ""
    person: str
    why: str = ""
    at: str


KINDS: Final = ("evidence", "issuer", "product type")
"""What stands as the member `accord` of these records."""


class _Kind(msgspec.Struct):
    accord: str


def write(record: Evidence | Issuer | TypeRecord) -> bytes:
    """A record as the document that is kept; the same record always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=2) + b"\n"


def read(data: bytes) -> Reading:
    """A record as facts.

    Raises:
        Invalid: not one of these records, or a member is missing, unknown or not what it must be.
    """
    json.decode_strict(data)
    kind = json.decode_as(_Kind, data).accord
    if kind == "product type":
        return _type(json.decode_as(TypeRecord, data))
    if kind == "issuer":
        return _issuer(json.decode_as(Issuer, data))
    return _evidence(json.decode_as(Evidence, data))


def _evidence(record: Evidence) -> Reading:
    _said(record.product, "/product")
    _said(record.person, "/person")
    if _SHA_256.fullmatch(record.document) is None:
        raise Invalid("`sha256:` and 64 hexadecimal digits are expected", "/document")
    if record.kind not in facts.KINDS:
        raise Invalid(f"{record.kind[:40]!r} is not a kind of evidence", "/kind")
    for name in ("matched", "artefacts"):
        for index, one in enumerate(getattr(record, name)):
            if _DIGEST.fullmatch(one) is None:
                raise Invalid(f"{one[:80]!r} is not `algorithm:digest`", f"/{name}/{index}")
    at = _at(record.at)
    named = record.document.removeprefix("sha256:")
    about = msgspec.json.encode((record.product, record.release, named))
    return Reading(
        kind="evidence record",
        subject=f"evidence:{digest(about)}",
        edition=at,
        title=_title(record, named),
        facts=[
            Tie(
                document=named,
                product=record.product,
                release=record.release,
                kind=record.kind,
                issuer=record.issuer,
                how=record.how,
                key=record.key,
                builder=record.builder,
                matched=record.matched,
                artefacts=record.artefacts,
                issued=when(record.issued, "/issued"),
                expires=when(record.expires, "/expires"),
                removed=record.removed,
                person=record.person,
                why=record.why,
                at=at,
            )
        ],
    )


def _title(record: Evidence, named: str) -> str:
    what = "no longer evidence" if record.removed else "evidence"
    return f"{record.kind} {named[:12]} is {what} for {record.product} {record.release}".rstrip()


def _issuer(record: Issuer) -> Reading:
    _said(record.name, "/name")
    _said(record.person, "/person")
    _said(record.why, "/why")
    for index, kind in enumerate(record.kinds):
        if kind not in facts.KINDS:
            raise Invalid(f"{kind[:40]!r} is not a kind of evidence", f"/kinds/{index}")
    at = _at(record.at)
    ended = ", ended" if record.removed else ""
    return Reading(
        kind="issuer record",
        subject=f"issuer:{record.name}",
        edition=at,
        title=f"{record.name}, {record.role}{ended}",
        facts=[
            Standing(
                name=record.name,
                role=record.role,
                keys=record.keys,
                identities=record.identities,
                certificates=record.certificates,
                trust_root=record.trust_root,
                kinds=record.kinds,
                items=record.items,
                products=record.products,
                until=when(record.until, "/until"),
                removed=record.removed,
                person=record.person,
                why=record.why,
                at=at,
            )
        ],
    )


def _type(record: TypeRecord) -> Reading:
    _said(record.product, "/product")
    _said(record.person, "/person")
    type_ = type_of(record.type)
    if len(type_) > MOST_TYPE:
        raise Invalid(f"a type of more than {MOST_TYPE} characters", "/type")
    at = _at(record.at)
    about = msgspec.json.encode((record.product.casefold(), record.release.casefold()))
    name = f"{record.product} {record.release}".rstrip()
    return Reading(
        kind="product type record",
        subject=f"product type:{digest(about)}",
        edition=at,
        title=f"{name} is {f'of type {type_}' if type_ else 'of no known type any more'}",
        facts=[
            ProductType(
                product=record.product, release=record.release, type=type_,
                person=record.person, why=record.why, at=at,
            )
        ],
    )  # fmt: skip


def _said(text: str, place: str) -> None:
    if not text.strip():
        raise Invalid("must not be empty", place)


def _at(text: str) -> str:
    at = when(text, "/at")
    if not at:
        raise Invalid("must not be empty", "/at")
    return at
