"""Killed with SIGKILL while it syncs, a node ends as one that never was."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import msgspec
import pytest
from doors import Echo, Told, directory, new_signer, partner, parts, serving
from exchange_nodes import HandClock
from killed_sync import soak

from accord.flows.exchange.messages import Request
from accord.transport.http import HttpCarrier
from accord.transport.tls import ensure_certificate

KILLS = 8


def test_killed_again_and_again_it_ends_equal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Eight of the fifty and more of `make soak`."""
    seed = secrets.randbits(32)
    sys.stdout.write(f"seed {seed}\n")
    made = soak(tmp_path, KILLS, 600, 60, seed=seed)
    made.close()
    assert sum(made.moments.values()) == KILLS
    assert made.moments["done"] <= KILLS - 2, made.moments
    with capfd.disabled():
        sys.stdout.write(f"\nkilled while: {dict(made.moments)}\n")


@pytest.mark.parametrize("at", ["01.300000", "05.000000", "05.400000", "05.999999", "06.000000"])
def test_a_door_that_has_just_begun_takes_what_is_signed_again(tmp_path: Path, at: str) -> None:
    """Whatever the fraction of the second in which it is asked."""
    clock = HandClock("2026-11-23T12:00:00.000000Z")
    signers = {name: new_signer() for name in ("australia", "japan")}
    pin = ensure_certificate(tmp_path, "japan", clock)
    members = {
        name: partner(name, signer.key(), certificates=(pin,)) for name, signer in signers.items()
    }
    made = parts(Echo(), Told("japan", directory(*members.values())), clock)
    carrier = HttpCarrier(lambda: signers["australia"], clock, secrets.token_bytes)
    with serving(made, tmp_path) as port:
        clock.at = f"2026-11-23T12:00:{at}Z"
        there = (f"https://127.0.0.1:{port}",)
        japan = msgspec.structs.replace(members["japan"], addresses=there)
        assert carrier.send(japan, Request("GET", "/accord/v1/logs")).status == 200
    carrier.close()
