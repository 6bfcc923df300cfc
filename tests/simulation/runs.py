"""One run by its number: a plan under faults, then quiet, then the checks, then what comes last."""

from __future__ import annotations

import gc
from collections import Counter

from simulation import checks, endings, journeys
from simulation.attacks import Bad
from simulation.plans import Plan
from simulation.world import World

LONG, SHORT = 18, 12
"""Actions of every fourth run, and of the others."""


class Failed(AssertionError):
    """A run that went wrong, with how to see it again."""


class Run:
    """One run."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        kind = self.world.random.random()
        self.gated, self.skewed, self.bad = kind < 0.15, kind > 0.8, 0.15 < kind < 0.4
        self.far = not self.bad and self.world.random.random() < 0.45
        self.plan = Plan(self.world, skewed=self.skewed)
        self.steps = SHORT if seed % 4 else LONG
        self.ending = ""
        self.refused = 0

    def play(self) -> None:
        """Everything, in order."""
        world = self.world
        # Keys count from the founding on: a clock that is behind must not be before it.
        world.pass_time(7200)
        if self.gated:
            world.gated()
        bad = Bad(self.plan, world.random.choice(world.names)) if self.bad else None
        world.network.between = self.plan.between
        self.plan.begin()
        world.faults.armed = True
        rotates = (
            world.random.randrange(self.steps) if self.gated and world.random.random() < 0.5 else -1
        )
        for step in range(self.steps // 2 if self.far else self.steps):
            self.plan.step()
            if step == rotates:
                endings.rotate(world)
            if bad and step in (self.steps // 2 - 1, self.steps - 3):
                world.random.choice((bad.lie, bad.pry))()
        if self.far:
            journeys.far(world, self.plan)
        self.plan.settle()
        if bad:
            bad.poison()
            bad.lie()
            bad.pry()
            self.plan.settle()
            self.refused = bad.refused
        checks.everything(world, self.plan, facts=world.random.random() < 0.5)
        self.refused += world.network.refused.total()
        if not bad:
            ending = world.random.choice((None, *endings.ALL))
            if ending is not None:
                self.ending = ending.__name__
                ending(world, self.plan)


def play(seed: int) -> Run:
    """One run.

    Raises:
        Failed: something that must hold does not.
    """
    # The collector of cycles would take a tenth of the time: once a run is enough.
    gc.disable()
    run = Run(seed)
    try:
        run.play()
    except Exception as wrong:
        replay = f"replay: .venv/bin/python -m pytest tests/simulation --seed {seed}"
        trace = "\n".join(run.world.trace)
        raise Failed(f"{wrong!r}\n{trace}\n{replay}") from wrong
    finally:
        run.world.close()
        gc.enable()
    return run


def counted(run: Run) -> Counter[str]:
    """What happened in it."""
    faults, plan = run.world.faults.counts, run.plan.counts
    crashes = sum(count for kind, count in faults.items() if kind.startswith(("crash", "torn")))
    total = Counter({kind: count for kind, count in faults.items() if count})
    total["seeds"], total["nodes"], total["crashes"] = 1, len(run.world.names), crashes
    total["actions"], total["recalls"] = plan.total(), plan["take_back"]
    total["messages"], total["refused attacks"] = run.world.network.messages, run.refused
    return total
