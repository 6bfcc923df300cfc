"""What partners save together is divided as Shapley's axioms say, checked by other means."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from accord.demand.price import Offer, Pool, Tier, pool, shapley

MONEY = st.integers(0, 5_000).map(lambda cents: Fraction(cents, 100))


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    volumes = sorted({0, *draw(st.lists(st.integers(1, 400), max_size=4))})
    return Offer(
        tuple(Tier(volume, draw(MONEY)) for volume in volumes),
        draw(st.sampled_from(["all-units", "incremental"])),
    )


VOLUMES = st.dictionaries(
    st.sampled_from(["au", "in", "jp", "us", "kr", "nz"]), st.integers(0, 300), min_size=1
)


def games(most: int = 6) -> st.SearchStrategy[list[Fraction]]:
    return st.integers(1, most).flatmap(
        lambda n: st.lists(
            st.integers(-50, 200).map(Fraction), min_size=2**n - 1, max_size=2**n - 1
        ).map(lambda found: [Fraction(0), *found])
    )


def by_orders(savings: Sequence[Fraction]) -> list[Fraction]:
    """The Shapley value as it is defined: the average over every order of joining."""
    n = (len(savings) - 1).bit_length()
    orders = list(permutations(range(n)))
    values = [Fraction(0)] * n
    for order in orders:
        bits = 0
        for i in order:
            values[i] += savings[bits | 1 << i] - savings[bits]
            bits |= 1 << i
    return [value / len(orders) for value in values]


@given(games())
def test_value_is_the_average_over_orders(savings: list[Fraction]) -> None:
    assert list(shapley(savings)) == by_orders(savings)


@given(games(8))
def test_efficiency(savings: list[Fraction]) -> None:
    assert sum(shapley(savings)) == savings[-1]


@given(games(5), st.data())
def test_symmetry(savings: list[Fraction], data: st.DataObject) -> None:
    n = (len(savings) - 1).bit_length()
    a, b = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))

    def swapped(bits: int) -> int:
        kept = bits & ~(1 << a | 1 << b)
        return kept | (bits >> a & 1) << b | (bits >> b & 1) << a

    alike = [savings[max(bits, swapped(bits))] for bits in range(len(savings))]
    values = shapley(alike)
    assert values[a] == values[b]


@given(games(5))
def test_dummy(savings: list[Fraction]) -> None:
    doubled = [savings[bits >> 1] for bits in range(2 * len(savings))]
    values = shapley(doubled)
    assert values[0] == 0
    assert values[1:] == shapley(savings)


@given(st.integers(1, 5), st.data())
def test_additivity(n: int, data: st.DataObject) -> None:
    amounts = st.lists(st.integers(0, 99), min_size=2**n - 1, max_size=2**n - 1)
    one, two = ([Fraction(v) for v in (0, *data.draw(amounts))] for _ in range(2))
    both = [a + b for a, b in zip(one, two, strict=True)]
    added = [a + b for a, b in zip(shapley(one), shapley(two), strict=True)]
    assert list(shapley(both)) == added


def cost_unit_by_unit(offer: Offer, volume: int) -> Fraction:
    """What a volume costs, each unit looked at by itself."""

    def price(unit: int) -> Fraction:
        return max(
            (tier for tier in offer.tiers if tier.volume <= unit), key=lambda t: t.volume
        ).price

    if offer.discount == "all-units":
        return sum((price(volume) for _ in range(volume)), Fraction(0))
    # The tier from 100 on is for what comes past the first 100 units.
    return sum((price(unit) for unit in range(volume)), Fraction(0))


@given(offers(), st.integers(0, 600))
def test_cost_is_that_of_its_units(offer: Offer, volume: int) -> None:
    assert offer.cost(volume) == cost_unit_by_unit(offer, volume)


@given(st.lists(offers(), min_size=1, max_size=3), VOLUMES)
def test_core(given_offers: list[Offer], volumes: dict[str, int]) -> None:
    """A coalition blocks exactly where its members together pay less by themselves."""
    found = pool(given_offers, volumes)
    pays = {part.partner: part.pays for part in found.parts}
    blocking = set()
    for bits in range(1, 2 ** len(volumes)):
        names = found.names(bits)
        apart = min(offer.cost(sum(volumes[name] for name in names)) for offer in given_offers)
        if apart < sum(pays[name] for name in names):
            blocking.add(names)
    assert {one.partners for one in found.blocking} == blocking
    assert all(one.saves > one.given for one in found.blocking)
    gaps = [one.saves - one.given for one in found.blocking]
    assert all(a >= b for a, b in pairwise(gaps))
    whole = min(offer.cost(sum(volumes.values())) for offer in given_offers)
    assert sum(pays.values()) == whole


def test_a_pool_made_by_hand() -> None:
    """10 each from 0, 8 each from 100: two with 60 save 240 together, a third with 1 adds 2."""
    offer = Offer((Tier(0, Fraction(10)), Tier(100, Fraction(8))))
    found = pool([offer], {"au": 60, "in": 60, "jp": 1})
    assert found.savings[found.everyone] == 242
    assert [part.share for part in found.parts] == [
        Fraction(362, 3),
        Fraction(362, 3),
        Fraction(2, 3),
    ]
    assert (
        found.warnings
        == ("au and in would do better by themselves: the division is not in the core",)
        or found.blocking == ()
    )


def test_whose_part_is_nothing_is_told() -> None:
    offer = Offer((Tier(0, Fraction(10)), Tier(100, Fraction(8))))
    found: Pool = pool([offer], {"au": 60, "in": 60, "jp": 0})
    assert found.parts[2].share == 0
    assert "pooling is worthless to jp: its part is nothing" in found.warnings
    assert found.blocking == ()
