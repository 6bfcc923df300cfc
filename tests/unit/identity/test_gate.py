"""The gate: once, in time, within bounds, and closed to what cannot prove itself."""

from __future__ import annotations

from base64 import b64encode

import msgspec
import pytest
from doors import CLIENT, NOW, START, TOKEN, Tokens, directory, new_signer, partner, signed
from hypothesis import given
from hypothesis import strategies as st

from accord.flows.exchange.messages import Request
from accord.identity import gate as module
from accord.identity.gate import AHEAD, LATE, Gate
from accord.identity.partners import Directory, Untrusted
from accord.identity.recipients import PUBLIC, Recipient
from accord.identity.signatures import LIFE

AUSTRALIA = new_signer()
INDIA = new_signer()
KNOWN = directory(
    partner("australia", AUSTRALIA.key()), partner("india", INDIA.key()), partner("japan")
)
PLAIN = Request("GET", "/accord/v1/logs")


def at(seconds: float, base: int = 1_772_323_800) -> str:
    """A time so many seconds after NOW."""
    return module._text(int(base + seconds))


def new_gate(started: str = START) -> Gate:
    return Gate(started, Tokens())


def admit(
    gate: Gate, request: Request, now: str = NOW, known: Directory | None = KNOWN
) -> Recipient:
    return gate.admit(request, known, "japan", now)


def refused(gate: Gate, request: Request, why: str, now: str = NOW) -> None:
    with pytest.raises(Untrusted, match=why):
        admit(gate, request, now)


def test_times_are_read_and_written() -> None:
    assert at(0) == NOW
    assert module._seconds(NOW) == module._seconds(NOW.replace(".000000", ".999999"))


def test_a_partner() -> None:
    caller = admit(new_gate(), signed(PLAIN, AUSTRALIA))
    assert caller == Recipient("partner", "australia", "Australia")


def test_once() -> None:
    gate = new_gate()
    request = signed(PLAIN, AUSTRALIA)
    admit(gate, request)
    refused(gate, request, "twice")
    refused(gate, request, "twice", at(LIFE))
    refused(gate, request, "twice", at(LIFE + LATE - 1))
    refused(gate, request, "too long", at(LIFE + LATE))
    refused(gate, request, "too long", at(10_000))


@given(steps=st.lists(st.integers(-20, 60), max_size=30), restarts=st.sets(st.integers(0, 30)))
def test_once_whatever_the_clock_and_restarts_do(steps: list[int], restarts: set[int]) -> None:
    """Requests are sent again and again while time goes on, back a little, and gates restart.

    A clock that is set back while the node is down is the one thing that a gate cannot see.
    """
    gate, now, latest = new_gate(), 0, 0
    made: list[Request] = []
    taken: set[Request] = set()
    for number, step in enumerate(steps):
        now += step
        latest = max(latest, now)
        if number in restarts:
            latest = now = latest + 1
            gate = new_gate(at(now))
        made.append(signed(PLAIN, AUSTRALIA, now=at(now + step % 7)))
        for request in made:
            try:
                admit(gate, request, at(now))
            except Untrusted:
                continue
            assert request not in taken
            taken.add(request)


def test_nothing_of_before_a_restart() -> None:
    """What an earlier gate could have taken until the last moment is not taken by the next."""
    request = signed(PLAIN, AUSTRALIA, now=at(AHEAD))
    admit(new_gate(), request, NOW)
    restarted = new_gate(NOW)
    for later in range(AHEAD + LIFE + LATE + 2):
        refused(restarted, request, "before this node began|too long", at(later))


def test_after_a_restart_the_time_to_sign_in_is_told() -> None:
    restarted = new_gate(NOW)
    assert restarted.is_young(NOW)
    assert not restarted.is_young(at(1))
    refused(restarted, signed(PLAIN, AUSTRALIA, now=at(1)), "before this node began", at(1))
    admit(restarted, signed(PLAIN, AUSTRALIA, now=restarted.time(at(1))), at(1))
    assert restarted.time(at(100)) == at(100)


@pytest.mark.parametrize("seconds", [AHEAD, 0, -1, -LIFE, -(LIFE + LATE - 1)])
def test_in_time(seconds: int) -> None:
    admit(new_gate(), signed(PLAIN, AUSTRALIA, now=at(seconds)))


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (AHEAD + 1, "ahead"),
        (3_600, "ahead"),
        (10**8, "ahead"),
        (-(LIFE + LATE), "too long"),
        (-3_600, "too long"),
    ],
)
def test_out_of_time(seconds: int, why: str) -> None:
    refused(new_gate(at(-7_200)), signed(PLAIN, AUSTRALIA, now=at(seconds)), why)


def test_a_signature_does_not_hold_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.identity.signatures.LIFE", LIFE + 1)
    refused(new_gate(), signed(PLAIN, AUSTRALIA), "60 seconds at most")
    monkeypatch.setattr("accord.identity.signatures.LIFE", 0)
    refused(new_gate(), signed(PLAIN, AUSTRALIA), "60 seconds at most")


def test_a_clock_that_is_set_back() -> None:
    """Ten years ahead, then right: nothing is refused for ten years, and nothing is taken twice."""
    years = 10 * 365 * 86_400
    gate = new_gate(START)
    before = signed(PLAIN, AUSTRALIA, now=at(AHEAD))
    admit(gate, before)
    for later in (years, years + 200):
        admit(gate, signed(PLAIN, AUSTRALIA, now=at(later)), at(later))
    refused(gate, before, "before this node began", at(1))
    admit(gate, signed(PLAIN, AUSTRALIA, now=gate.time(at(2))), at(2))
    admit(gate, signed(PLAIN, AUSTRALIA, now=at(20)), at(20))
    refused(gate, before, "before this node began", at(20))


def test_memory_is_bounded_for_each_partner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EACH", 3)
    gate = new_gate()
    for _ in range(3):
        admit(gate, signed(PLAIN, AUSTRALIA))
    refused(gate, signed(PLAIN, AUSTRALIA), "more often")
    admit(gate, signed(PLAIN, INDIA))
    later = at(LIFE + LATE + 10)
    admit(gate, signed(PLAIN, AUSTRALIA, now=later), later)


def test_memory_is_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    gate = new_gate()
    admit(gate, signed(PLAIN, AUSTRALIA))
    admit(gate, signed(PLAIN, INDIA))
    refused(gate, signed(PLAIN, INDIA), "more often")


def test_what_is_refused_is_not_remembered() -> None:
    gate = new_gate()
    early = signed(PLAIN, AUSTRALIA, now=at(60))
    refused(gate, early, "ahead")
    admit(gate, early, at(58))


def test_another_partners_nonce_is_another() -> None:
    gate = new_gate()
    admit(gate, signed(PLAIN, AUSTRALIA))
    assert set(gate._nonces) == {"australia"}
    admit(gate, signed(PLAIN, INDIA))
    assert set(gate._nonces) == {"australia", "india"}


def with_headers(*headers: tuple[str, str]) -> Request:
    return msgspec.structs.replace(PLAIN, headers=headers)


def test_nothing_given_is_the_public() -> None:
    assert admit(new_gate(), PLAIN) is PUBLIC
    assert admit(new_gate(), PLAIN, known=None) is PUBLIC


def basic(name: str, token: str) -> str:
    return f"Basic {b64encode(f'{name}:{token}'.encode()).decode()}"


def test_a_client_by_its_name_and_token() -> None:
    for header in (basic(CLIENT.name, TOKEN), basic(CLIENT.name, TOKEN).replace("B", "b", 1)):
        assert admit(new_gate(), with_headers(("authorization", header))) == CLIENT
    for header in (
        basic("another", TOKEN), basic("", TOKEN), basic(CLIENT.name, TOKEN[:-1]),
        basic(CLIENT.name, ""), basic(CLIENT.name, f"{TOKEN}\n"), "Basic", "Basic %%%", "Basic ===",
        f"Basic {TOKEN}", f"Basic {'A' * 5000}", f"{basic(CLIENT.name, TOKEN)} x", "Basic /////w==",
    ):  # fmt: skip
        refused(new_gate(), with_headers(("authorization", header)), "nobody's")


def test_a_client_by_its_token() -> None:
    for scheme in ("Bearer", "bearer"):
        assert admit(new_gate(), with_headers(("authorization", f"{scheme} {TOKEN}"))) == CLIENT


@pytest.mark.parametrize(
    "given_",
    [
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer  {TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer",
        "",
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer {TOKEN}\n",
    ],
)
def test_a_wrong_token_is_never_the_public(given_: str) -> None:
    refused(new_gate(), with_headers(("authorization", given_)), "nobody's")


def test_one_claim_at_a_time() -> None:
    token = ("authorization", f"Bearer {TOKEN}")
    refused(new_gate(), with_headers(token, token), "nobody's")
    both = signed(PLAIN, AUSTRALIA)
    refused(new_gate(), msgspec.structs.replace(both, headers=(*both.headers, token)), "both")


@pytest.mark.parametrize("name", ["signature", "signature-input", "Signature"])
def test_half_a_signature_is_never_the_public(name: str) -> None:
    refused(new_gate(), with_headers((name, "accord=:AAAA:")), "headers")


def test_a_node_in_no_partnership_has_no_partners() -> None:
    with pytest.raises(Untrusted, match="no partnership"):
        admit(new_gate(), signed(PLAIN, AUSTRALIA), known=None)
