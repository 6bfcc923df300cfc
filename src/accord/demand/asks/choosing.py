"""The best set of asks under a budget of negotiations, by integer programming.

An ask costs, and so does going to a supplier at all, once for all that is asked of it there:
maximise the priority of what is asked, the budget kept.

A price for each unit of budget (Lagrange's multiplier) parts the problem into one for each
supplier. It gives a bound on what any set reaches, a first set, and proof of which asks are in no
better set: those are left out, and the solver is given the rest; of too many, those that reach
furthest.

Law (best): no set within the budget is worth more than the bound; where the gap is nought, none
is worth more than the one given.

Sources: A. M. Geoffrion, *Lagrangean relaxation for integer programming*, 1974; HiGHS, the solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from accord.core.errors import Invalid, NotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Truths = NDArray[np.bool_]

SECONDS: Final = 8.0
"""How long the solver may look; then the best set found is given with its gap."""
_ROUNDS: Final = 80
_SLACK: Final = 1e-9
_MOST: Final = 20_000
"""Asks that the solver is given: with ten times as many it does not keep its time."""


class Candidate(msgspec.Struct, frozen=True):
    """An ask that may be chosen."""

    supplier: str
    requirement: str
    worth: float
    cost: float = 1.0


class Chosen(msgspec.Struct, frozen=True):
    """A set of asks."""

    asks: tuple[Candidate, ...]
    """In the order in which they were given."""
    worth: float
    cost: float
    bound: float
    """No set within the budget is worth more."""

    @property
    def gap(self) -> float:
        """How far the set may be from the best, as a part of its worth; nought: it is the best."""
        return (
            0.0 if self.bound <= self.worth else (self.bound - self.worth) / max(self.worth, 1e-12)
        )


def choose(
    candidates: Sequence[Candidate], budget: float, *, visit: float = 0.0, seconds: float = SECONDS
) -> Chosen:
    """The best set of asks that costs at most `budget`.

    `visit` is what going to a supplier costs, once.

    Raises:
        NotFound: the solver is not installed.
        Invalid: a cost, the budget or `visit` is below zero, or an ask is named twice.
    """
    _check(candidates, budget, visit)
    useful = [one for one in candidates if one.worth > 0 and one.cost + visit <= budget]
    if not useful:
        return Chosen((), 0.0, 0.0, 0.0)
    problem = _Problem(useful, budget, visit)
    bound, best, reach = problem.narrowed()
    value, picked = problem.worth(best), best
    kept, rest = problem.kept(reach, value)
    if bound > value * (1 + _SLACK) and kept.any():
        limit, found = problem.solved(kept, seconds)
        # What was left out reaches no more than the first set, or than `rest`.
        bound = min(bound, max(limit, value, rest))
        if problem.worth(found) > value:
            value, picked = problem.worth(found), found
    if bound <= value * (1 + _SLACK):
        bound = value
    asks = tuple(one for one, yes in zip(useful, picked, strict=True) if yes)
    cost = sum(one.cost for one in asks) + visit * len({one.supplier for one in asks})
    return Chosen(asks, value, cost, bound)


def _check(candidates: Sequence[Candidate], budget: float, visit: float) -> None:
    if not (budget >= 0 and visit >= 0):
        raise Invalid("the budget and the cost of a visit are numbers from zero on")
    seen = set()
    for one in candidates:
        if not (one.cost >= 0 and one.worth < float("inf")):
            raise Invalid(f"{one.supplier}, {one.requirement}: a cost is a number from zero on")
        if (one.supplier, one.requirement) in seen:
            raise Invalid(f"{one.requirement} is asked of {one.supplier} twice")
        seen.add((one.supplier, one.requirement))


class _Problem:
    """The numbers of a choice, an ask in each place."""

    def __init__(self, candidates: Sequence[Candidate], budget: float, visit: float) -> None:
        try:
            import highspy
            import numpy as np
        except ImportError as error:
            raise NotFound(
                "choosing asks needs the solver HiGHS: `pip install 'accord[demand]'`"
            ) from error
        self._np = np
        self._highs: Any = highspy
        self._worth = np.array([one.worth for one in candidates])
        self._cost = np.array([one.cost for one in candidates])
        numbers: dict[str, int] = {}
        self._supplier = np.array(
            [numbers.setdefault(one.supplier, len(numbers)) for one in candidates]
        )
        self._suppliers = len(numbers)
        self._budget = budget
        self._visit = visit

    def worth(self, picked: Truths) -> float:
        """What a set is worth."""
        return float(self._worth[picked].sum())

    def _priced(self, price: float) -> tuple[float, Floats, Floats]:
        """The bound at a price, what each supplier is worth at it, and what each ask adds."""
        np = self._np
        adds = self._worth - price * self._cost
        each = np.bincount(self._supplier, np.maximum(adds, 0), self._suppliers)
        each = each.astype(np.float64) - price * self._visit
        return price * self._budget + float(np.maximum(each, 0).sum()), each, adds

    def narrowed(self) -> tuple[float, Truths, Floats]:
        """A bound, a first set, and what a set with each ask in it can be worth at most."""
        low, high = 0.0, self._dearest()
        for _ in range(_ROUNDS):
            third = (high - low) / 3
            if self._priced(low + third)[0] <= self._priced(high - third)[0]:
                high -= third
            else:
                low += third
        bound, each, adds = self._priced((low + high) / 2)
        first = self._filled(each, adds)
        open_ = self._np.maximum(each, 0)[self._supplier]
        # With this ask in the set its supplier is gone to, and it counts where it adds nothing.
        forced = each[self._supplier] + self._np.minimum(adds, 0)
        return bound, first, bound - (open_ - forced)

    def kept(self, reach: Floats, value: float) -> tuple[Truths, float]:
        """The asks that the solver is given, and what a set with any other can be worth at most.

        Those that may be in a set better than `value`; where they are too many for the solver to
        keep its time, those that reach furthest.
        """
        np = self._np
        better: Truths = reach > value * (1 - _SLACK)
        if better.sum() <= _MOST:
            return better, 0.0
        kept: Truths = np.zeros(len(reach), dtype=bool)
        kept[np.argsort(-reach, kind="stable")[:_MOST]] = True
        return kept, float(reach[~kept].max())

    def _dearest(self) -> float:
        """A price at which nothing is bought any more."""
        costing = self._cost > 0
        dearest = (
            float((self._worth[costing] / self._cost[costing]).max()) if costing.any() else 0.0
        )
        if self._visit > 0:
            whole = self._np.bincount(self._supplier, self._worth, self._suppliers)
            dearest = max(dearest, float(whole.max()) / self._visit)
        return dearest

    def _filled(self, each: Floats, adds: Floats) -> Truths:
        """A set within the budget: what pays at the price, the most worth first, then what fits."""
        np = self._np
        picked: Truths = np.zeros(len(self._worth), dtype=bool)
        left = self._budget
        order = np.argsort(self._supplier, kind="stable")
        starts = np.searchsorted(self._supplier[order], np.arange(self._suppliers + 1))
        ranked = np.argsort(-each, kind="stable")
        for supplier in ranked[each[ranked] > 0]:
            mine = order[starts[supplier] : starts[supplier + 1]]
            mine = mine[adds[mine] > 0]
            left -= self._some(picked, mine[np.argsort(-adds[mine], kind="stable")], left)
        gone = np.isin(self._supplier, np.unique(self._supplier[picked])) & ~picked
        more = np.flatnonzero(gone & (self._cost <= left))
        left -= self._some(picked, more[np.argsort(-adds[more], kind="stable")], left, visit=0.0)
        for supplier in ranked[~np.isin(ranked, self._supplier[picked])]:
            if left < self._visit:
                break
            mine = order[starts[supplier] : starts[supplier + 1]]
            left -= self._some(picked, mine[np.argsort(-adds[mine], kind="stable")], left)
        return picked

    def _some(
        self, picked: Truths, mine: Whole, left: float, *, visit: float | None = None
    ) -> float:
        """Pick what fits of some asks, of one supplier unless no visit is due; what it cost."""
        used, taken = self._visit if visit is None else visit, []
        for one in mine:
            if used + self._cost[one] <= left:
                used += float(self._cost[one])
                taken.append(one)
        if not taken:
            return 0.0
        picked[taken] = True
        return used

    def solved(self, kept: Truths, seconds: float) -> tuple[float, Truths]:
        """The best of the kept asks by the solver: its bound and its set."""
        np, places = self._np, self._np.flatnonzero(kept)
        suppliers, at = np.unique(self._supplier[places], return_inverse=True)
        solver = _silent(self._highs.Highs)()
        for name, value in _OPTIONS.items():
            solver.setOptionValue(name, value)
        solver.setOptionValue("time_limit", float(seconds))
        solver.passModel(self._model(places, at, len(suppliers)))
        solver.run()
        picked: Truths = np.zeros(len(kept), dtype=bool)
        info = solver.getInfo()
        if info.primal_solution_status == _FEASIBLE:
            values = np.array(solver.getSolution().col_value[: len(places)])
            picked[places[values > 0.5]] = True  # noqa: PLR2004 - nought or one, but for rounding
        return float(info.mip_dual_bound), picked

    def _model(self, places: Whole, at: Whole, suppliers: int) -> Any:  # noqa: ANN401 - HiGHS's own
        """Asks and suppliers are nought or one; no ask without its supplier; the budget."""
        np, n = self._np, len(places)
        model = self._highs.HighsLp()
        model.num_col_, model.num_row_ = n + suppliers, n + 1
        model.sense_ = self._highs.ObjSense.kMaximize
        model.col_cost_ = np.concatenate([self._worth[places], np.zeros(suppliers)])
        model.col_lower_ = np.zeros(n + suppliers)
        model.col_upper_ = np.ones(n + suppliers)
        model.integrality_ = [self._highs.HighsVarType.kInteger] * (n + suppliers)
        model.row_lower_ = np.full(n + 1, -self._highs.kHighsInf)
        model.row_upper_ = np.concatenate([np.zeros(n), [self._budget]])
        pairs = np.stack([np.arange(n), n + at], axis=1).ravel()
        signs = np.tile([1.0, -1.0], n)
        matrix = model.a_matrix_
        matrix.format_ = self._highs.MatrixFormat.kRowwise
        matrix.start_ = np.concatenate([np.arange(0, 2 * n + 1, 2), [3 * n + suppliers]])
        matrix.index_ = np.concatenate([pairs, np.arange(n + suppliers)])
        costs = np.concatenate([self._cost[places], np.full(suppliers, self._visit)])
        matrix.value_ = np.concatenate([signs, costs])
        return model


def _silent(solver: type[Any]) -> type[Any]:
    """The solver without callbacks: when it sets them up, it prints its name among our output."""
    return type("Silent", (solver,), {"enableCallbacks": lambda _: None})


_FEASIBLE: Final = 2
"""HiGHS's word for a solution that keeps every rule."""
_OPTIONS: Final[dict[str, Any]] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 1,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
}
"""One thread and one seed: the same question has the same answer."""
