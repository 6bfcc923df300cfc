"""What was simulated, in one line at the end of a test run; and `--seed` to see one run again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_KEY = "simulation"
_TOTAL: Counter[str] = Counter()
_FIRST = ("seeds", "nodes", "actions", "messages", "recalls", "refused attacks", "crashes")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="simulate this seed alone, and print its trace")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gathered here, where the workers of a parallel run report to."""
    if report.when == "call":
        for name, value in report.user_properties:
            if name == _KEY:
                _TOTAL.update(json.loads(str(value)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _TOTAL:
        terminalreporter.write_line(f"simulation: {told(_TOTAL)}")


def told(total: Counter[str]) -> str:
    """One line."""
    rest = sorted(total.keys() - set(_FIRST))
    first = ", ".join(f"{total[name]:,} {name}" for name in _FIRST)
    return f"{first}; " + ", ".join(f"{total[name]:,} {name}" for name in rest)
