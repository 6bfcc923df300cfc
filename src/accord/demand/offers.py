"""A file of offers: what suppliers ask for what volume, and how much each partner wants.

YAML or JSON, or a table in which a row says either a tier (`from`, `price`) or a volume
(`partner`, `volume`). It is computed with and not kept: nothing in it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, Literal

import msgspec

from accord.core import tables, yaml
from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused
from accord.demand import money
from accord.demand.contracts import sheets
from accord.demand.contracts.sheets import Columns, Row
from accord.demand.price import Offer, Tier

Discount = Literal["all-units", "incremental"]
_DISCOUNTS: Final[Mapping[str, Discount]] = {"all-units": "all-units", "incremental": "incremental"}
MOST_OFFERS: Final = 100
MOST_TIERS: Final = 1_000
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)


class Named(msgspec.Struct, frozen=True):
    """A supplier's offer."""

    supplier: str
    offer: Offer


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a pooled price is computed of."""

    currency: str
    """ISO 4217."""
    product: str = ""
    unit: str = ""
    """What is counted."""
    offers: tuple[Named, ...]
    volumes: Mapping[str, int]
    """Units that each partner wants."""


class _Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    price: str
    from_: str = msgspec.field(name="from", default="0")


class _Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    supplier: str
    tiers: tuple[_Tier, ...]
    discount: Discount = "all-units"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    currency: str
    offers: tuple[_Offer, ...]
    volumes: dict[str, str]
    product: str = ""
    unit: str = ""


def read(data: bytes) -> Offers:
    """Offers and volumes, from YAML, JSON or a table.

    Raises:
        Invalid: it is not of the form; the error names the place.
        Unreadable: neither YAML, JSON nor a table.
        TooLarge: past a bound.
    """
    return _table(data) if _is_table(data) else _mapping(data)


def _mapping(data: bytes) -> Offers:
    found = yaml.decode_as(_File, data)
    offers = [_listed(one, f"/offers/{at}") for at, one in enumerate(found.offers)]
    volumes = {
        _partner(name, "/volumes"): _whole(text, f"/volumes/{name}")
        for name, text in found.volumes.items()
    }
    if len(volumes) < len(found.volumes):
        raise Invalid("a partner stands twice", "/volumes")
    return _checked(
        _currency(found.currency, "/currency"), found.product, found.unit, offers, volumes
    )


def _listed(one: _Offer, place: str) -> Named:
    tiers = [(tier.from_, tier.price, f"{place}/tiers/{n}") for n, tier in enumerate(one.tiers)]
    return _offer(one.supplier, one.discount, tiers, place)


def _offer(
    supplier: str, discount: Discount, tiers: Iterable[tuple[str, str, str]], place: str
) -> Named:
    if not supplier.strip():
        raise Invalid("an offer needs its supplier", place)
    made = tuple(Tier(_whole(low, at), _price(price, at)) for low, price, at in tiers)
    if len(made) > MOST_TIERS:
        raise Invalid(f"{len(made):,} tiers; at most {MOST_TIERS:,} are expected", place)
    try:
        return Named(supplier.strip(), Offer(made, discount))
    except Invalid as wrong:
        raise Invalid(f"{wrong.reason}; the tiers rise by `from`", place + wrong.place) from wrong


def _currency(text: str, place: str) -> str:
    try:
        code = money.currency(text)
    except Invalid as wrong:
        raise Invalid(wrong.reason, place) from wrong
    if not code:
        raise Invalid("no currency is said; give its code of ISO 4217", place)
    return code


def _whole(text: str, place: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise Invalid(f"{text[:40]!r} is no volume: a whole number from 0 on, digits only", place)
    return int(text)


def _price(text: str, place: str) -> Fraction:
    try:
        number = money.decimal(text.strip())
    except Invalid as wrong:
        raise Invalid(f"price: {wrong.reason}", place) from wrong
    if not number:
        raise Invalid("no price", place)
    return Fraction(number)


def _partner(text: str, place: str) -> str:
    name = text.strip()
    if not name:
        raise Invalid("a volume without a partner", place)
    return name


def _checked(
    currency: str, product: str, unit: str, offers: list[Named], volumes: dict[str, int]
) -> Offers:
    if not 0 < len(offers) <= MOST_OFFERS:
        raise Invalid(f"{len(offers)} offers; 1 to {MOST_OFFERS} are expected", "/offers")
    suppliers = [one.supplier.casefold() for one in offers]
    for at, name in enumerate(suppliers):
        if name in suppliers[:at]:
            raise Invalid(f"{offers[at].supplier} offers twice", f"/offers/{at}")
    if not volumes:
        raise Invalid("no partner says how much it wants", "/volumes")
    return Offers(
        currency=currency, product=product, unit=unit, offers=tuple(offers), volumes=volumes
    )


_COLUMNS: Final = Columns(
    "offers",
    {
        **sheets.words(("supplier", "product", "unit", "discount", "from", "price")),
        "currency": money.currency,
        **sheets.words(("partner", "volume")),
    },
    needed=(),
    spellings={"vendor": "supplier", "buyer": "partner", "least volume": "from"},
)
_SAME: Final = ("product", "unit", "currency")


def _is_table(data: bytes) -> bool:
    """Whether the heading is one of a table: at least two columns that it may have."""
    lines = tables.lines(data)
    _, begin = tables.comments(lines, ())
    skipped: list[Refused] = []
    for _, cells in tables.rows(lines[begin : begin + 1], begin, skipped):
        return len(set(tables.heading(cells, _COLUMNS.spellings)) & set(_COLUMNS.known)) > 1
    return False


class _Rows:
    """What the rows of a table say, one after the other."""

    def __init__(self) -> None:
        self.tiers: dict[str, list[tuple[str, str, str]]] = {}
        self.discounts: dict[str, Discount] = {}
        self.volumes: dict[str, int] = {}
        self.same = dict.fromkeys(_SAME, "")

    def take(self, row: Row, cells: Mapping[str, str]) -> None:
        """Add one row."""
        for name in _SAME:
            self._agree(name, cells[name], row)
        if bool(cells["partner"]) == bool(cells["supplier"]):
            raise Invalid("a row is for a supplier's tier or for a partner's volume", row.place)
        if cells["partner"]:
            if cells["partner"] in self.volumes:
                raise Invalid(f"{cells['partner']} stands twice", row.at("partner"))
            self.volumes[cells["partner"]] = _whole(cells["volume"], row.at("volume"))
            return
        supplier = cells["supplier"]
        tier = (cells["from"] or "0", cells["price"], row.place)
        self.tiers.setdefault(supplier, []).append(tier)
        if cells["discount"]:
            self._discount(supplier, cells["discount"], row.at("discount"))

    def _agree(self, name: str, said: str, row: Row) -> None:
        if said and self.same[name] not in {"", said}:
            reason = f"{name} {said} after {self.same[name]}: one file is for one {name}"
            raise Invalid(reason, row.at(name))
        self.same[name] = said or self.same[name]

    def _discount(self, supplier: str, text: str, place: str) -> None:
        if text not in _DISCOUNTS:
            raise Invalid(f"discount {text[:40]!r} is neither {' nor '.join(_DISCOUNTS)}", place)
        if self.discounts.setdefault(supplier, _DISCOUNTS[text]) != text:
            raise Invalid(f"discount {text} after another for {supplier}", place)


def _table(data: bytes) -> Offers:
    made, head, rows = sheets.read_csv(data, _COLUMNS)
    found = _Rows()
    for row in rows:
        cells = sheets.spelled(row, _COLUMNS, head, made.refused)
        if cells is not None:
            found.take(row, cells)
    _nothing_passed_over(made)
    offers = [
        _offer(name, found.discounts.get(name, "all-units"), tiers, tiers[0][2])
        for name, tiers in found.tiers.items()
    ]
    code = _currency(found.same["currency"], "column `currency`")
    return _checked(code, found.same["product"], found.same["unit"], offers, found.volumes)


def _nothing_passed_over(made: Reading) -> None:
    for wrong in made.refused:
        raise Invalid(wrong.reason, wrong.place)
    for one in made.not_evaluated:
        known = ", ".join(_COLUMNS.known)
        raise Invalid(f"{one.reason} {one.subject!r}; the columns are {known}", one.place)
