"""What holds for every test: no test meets the person's own node, and properties are steady."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from simulation.summary import (  # noqa: F401 - hooks, which pytest looks for here
    pytest_addoption,
    pytest_runtest_logreport,
    pytest_terminal_summary,
)

# Two busy cores make single examples slow now and then: that says nothing about the code.
settings.register_profile("accord", deadline=None, print_blob=True)
settings.register_profile(
    "ci",
    parent=settings.get_profile("accord"),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "accord")


@pytest.fixture(autouse=True, scope="session")
def no_node_of_the_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test names its node; it never meets the one of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ACCORD_")]:
            if name != "ACCORD_REAL_DATA":
                patch.delenv(name)
        patch.setenv("ACCORD_HOME", str(tmp_path_factory.getbasetemp() / "no-node-named"))
        yield
