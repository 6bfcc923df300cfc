from __future__ import annotations

from typing import Any

import pytest

from accord.flows.exchange.answering import logs
from accord.flows.exchange.answering.routes import ROUTES, Policy, Route, find


def test_a_route_without_a_policy_cannot_be_made() -> None:
    make: Any = Route
    with pytest.raises(TypeError):
        make("GET", "/anything", handler=logs.listing)
    for policy in (None, "partner", "", True):
        with pytest.raises(TypeError, match="policy"):
            make("GET", "/anything", policy, logs.listing)


def test_what_stands_below_a_log_is_for_its_members() -> None:
    for policy in (Policy.PARTNER, Policy.READER):
        with pytest.raises(TypeError, match="members"):
            Route("GET", "/logs/{log}/size", policy, logs.listing)
    with pytest.raises(TypeError, match="members"):
        Route("GET", "/logs", Policy.MEMBER, logs.listing)


def test_every_route_of_the_table_is_found_by_its_own_address_only() -> None:
    for route in ROUTES:
        path = f"{route.prefix}{route.pattern}".replace("{log}", "abc")
        path = path.replace("{rest}", "d.e").replace("{id}", "d.e")
        found = find(route.method, path)
        assert found
        assert found[0] is route
        assert found[1] == ("abc" if "{log}" in route.pattern else "")
        open_ = "{rest}" in route.pattern or "{id}" in route.pattern
        assert found[2] == ("d.e" if open_ else "")
        for wrong in (f"{path}/", path[1:], f"{path}?", path.replace("/v1", "/v2"), f"/{path}"):
            assert find(route.method, wrong) is None or open_
        assert find("PUT", path) is None
        assert find(route.method.lower(), path) is None


def test_each_address_stands_once_in_the_table() -> None:
    assert len({(route.method, route.pattern) for route in ROUTES}) == len(ROUTES)
