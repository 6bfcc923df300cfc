"""What is shown of a pooled price adds up in minor units, and is what the exact numbers say."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, permutations
from pathlib import Path

import nodes
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.demand import rounding
from accord.demand.offers import read
from accord.flows.demand.pooled import priced

NAMES = ["au", "in", "jp", "us"]


@st.composite
def files(draw: st.DrawFn) -> dict[str, object]:
    price = st.integers(0, 5_000_000).map(lambda n: f"{Decimal(n).scaleb(-4)}")
    offers = [
        {
            "supplier": f"s{at}",
            "discount": draw(st.sampled_from(["all-units", "incremental"])),
            "tiers": [
                {"from": low, "price": draw(price)}
                for low in sorted({0, *draw(st.lists(st.integers(1, 40), max_size=3))})
            ],
        }
        for at in range(draw(st.integers(1, 3)))
    ]
    volumes = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 30), min_size=1))
    return {
        "currency": draw(st.sampled_from(["USD", "JPY", "KWD"])),
        "offers": offers,
        "volumes": volumes,
    }


def cost(offer: dict[str, object], volume: int) -> Fraction:
    """Unit by unit, the plainest way."""
    tiers: list[dict[str, object]] = offer["tiers"]  # type: ignore[assignment]
    of = [
        Fraction(str([t for t in tiers if int(str(t["from"])) < unit][-1]["price"]))
        for unit in range(1, volume + 1)
    ]
    if offer["discount"] == "incremental":
        return sum(of, Fraction(0))
    reached = [t for t in tiers if int(str(t["from"])) <= volume][-1]
    return volume * Fraction(str(reached["price"]))


@settings(max_examples=40)
@given(files())
def test_it_adds_up_and_is_what_orders_of_joining_say(file: dict[str, object]) -> None:
    found = priced(read(json.dumps(file).encode()))
    volumes: dict[str, int] = file["volumes"]  # type: ignore[assignment]
    offers: list[dict[str, object]] = file["offers"]  # type: ignore[assignment]
    unit = Decimal(1).scaleb(-{"USD": 2, "JPY": 0, "KWD": 3}[str(file["currency"])])

    def together(members: tuple[str, ...]) -> Fraction:
        return min(cost(offer, sum(volumes[name] for name in members)) for offer in offers)

    assert len(found.coalitions) == 2 ** len(volumes) - 1
    for some in found.coalitions:
        assert abs(Fraction(some.together) - together(some.partners)) <= Fraction(unit) / 2
        assert some.saving == some.apart - some.together
    whole = found.coalitions[-1]
    assert sum(one.saving for one in found.division) == whole.saving
    assert sum(one.pays for one in found.division) == whole.together
    orders = list(permutations(sorted(volumes)))
    for one in found.division:
        value = Fraction(0)
        for order in orders:
            before = order[: order.index(one.partner)]
            with_it = together((*before, one.partner)) - (together(before) if before else 0)
            value += together((one.partner,)) - with_it
        assert Fraction(one.exact) == value / len(orders)
        assert abs(Fraction(one.saving) - Fraction(one.exact)) < len(volumes) * Fraction(unit)
    exact = {one.partner: Fraction(one.exact) for one in found.division}
    blocks = {
        members
        for size in range(1, len(volumes) + 1)
        for members in combinations(sorted(volumes), size)
        if sum(exact[name] for name in members)
        < sum(together((name,)) for name in members) - together(members)
    }
    assert {one.partners for one in found.blocking} == blocks
    assert found.in_core == (not blocks)


@given(st.lists(st.fractions(-50, 50, max_denominator=30), min_size=1, max_size=8))
def test_parts_are_whole_and_near(shares: list[Fraction]) -> None:
    total = round(sum(shares))
    found = rounding.parts(shares, total)
    assert sum(found) == total
    assert all(
        abs(one - share) < 1 + Fraction(1, 2) for one, share in zip(found, shares, strict=True)
    )
    if sum(shares) == total:
        assert all(abs(one - share) < 1 for one, share in zip(found, shares, strict=True))


def test_the_command(tmp_path: Path) -> None:
    """Two buy 4 and 6 sites: 10 apart, 8 from ten on; the hundred saved 20 is halved."""
    file = tmp_path / "offers.yaml"
    asked = {
        "currency": "AUD",
        "product": "SCADA",
        "offers": [{"supplier": "Grid", "tiers": [{"price": 10}, {"from": 10, "price": 8}]}],
        "volumes": {"au": 4, "us": 6},
    }
    file.write_text(yaml.safe_dump(asked))
    done = nodes.run("demand", "price", file, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["together"] for one in found["coalitions"]] == ["40.00", "60.00", "80.00"]
    assert [(one["saving"], one["pays"]) for one in found["division"]] == [
        ("10.00", "30.00"), ("10.00", "50.00"),
    ]  # fmt: skip
    shown = nodes.run("demand", "price", file).stdout
    assert "in the core" in shown
    assert "SCADA" in shown
    rows = nodes.run("demand", "price", file, "--csv").stdout.splitlines()
    assert rows == [
        "partners,volume,supplier,apart,together,saving",
        "au,4,Grid,40.00,40.00,0.00",
        "us,6,Grid,60.00,60.00,0.00",
        "au us,10,Grid,100.00,80.00,20.00",
    ]
    file.write_text("offers: []")
    done = nodes.run("demand", "price", file)
    assert (done.returncode, "currency" in done.stderr) == (1, True)
    done = nodes.run("demand", "price", tmp_path / "none.yaml")
    assert (done.returncode, "cannot read" in done.stderr) == (1, True)


def test_the_largest_remainder_is_rounded_up() -> None:
    tenths = [Fraction(n, 10) for n in (1, 7, 2)]
    assert rounding.parts(tenths, 1) == [0, 1, 0]
    assert rounding.parts([-one for one in tenths], -1) == [0, -1, 0]
