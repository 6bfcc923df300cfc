"""However a run ends before its end, everybody is told why and nobody has a share."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import pytest
from pools import Queues, run, seed, shares, tables

from accord.demand.private.common.bins import KEY_BYTES, Table
from accord.demand.private.common.release import Share, release
from accord.demand.private.common.run import common
from accord.demand.private.common.sharing import SEED_BYTES
from accord.demand.private.errors import (
    Disagreed,
    DoesNotFit,
    Inconsistent,
    PartnerLeft,
    PoolError,
)
from accord.demand.private.shape import Shape

SHAPE = Shape(4, 2, 4, 22, 4)
ITEMS = [[b"a", b"b"], [b"b"], [b"c"], [b"c", b"d"]]
SEEDS = [seed(i) for i in range(4)]


class Leaves(Queues):
    """Is gone after so many messages."""

    def __init__(self, plain: Queues, after: int) -> None:
        super().__init__(plain.me, plain.queues)
        self.left = after

    async def send(self, peer: int, data: bytes) -> None:
        if not self.left:
            raise ConnectionResetError
        self.left -= 1
        await super().send(peer, data)


class Lies(Queues):
    """Sends one message of another length."""

    def __init__(self, plain: Queues, at: int, more: int) -> None:
        super().__init__(plain.me, plain.queues)
        self.at, self.more = at, more
        self.lied_to: list[int] = []

    async def send(self, peer: int, data: bytes) -> None:
        self.at -= 1
        if self.at == 0:
            self.lied_to.append(peer)
            data = data + bytes(self.more) if self.more > 0 else data[: self.more]
        await super().send(peer, data)


def messages_of(partner: int) -> int:
    """How many messages a partner sends in a run that goes well."""
    _, made = tables(ITEMS, SHAPE)
    _, channels = run(made, SEEDS)
    return sum(sender == partner for c in channels for sender, _ in c.received)


@pytest.mark.parametrize("partner", range(4))
def test_a_partner_that_leaves_ends_it_for_all(partner: int) -> None:
    _, made = tables(ITEMS, SHAPE)
    sent = messages_of(partner)
    for after in {0, 1, 3, 5, sent // 2, sent - 4, sent - 1} & set(range(sent)):
        ended, _ = run(made, SEEDS, {partner: lambda plain, n=after: Leaves(plain, n)})  # type: ignore[misc]
        others = [outcome for i, outcome in enumerate(ended) if i != partner]
        opened = [outcome for outcome in others if isinstance(outcome, Share)]
        assert isinstance(ended[partner], ConnectionResetError)
        assert all(isinstance(o, PartnerLeft | Share) for o in others)
        assert after >= sent - 4 or not opened
        with pytest.raises(Inconsistent, match="one share of each"):
            release([share for share in opened if share.first], SHAPE)


@pytest.mark.parametrize("more", [-1, 1, 1 << 20])
@pytest.mark.parametrize("partner", [0, 3])
def test_a_message_of_another_length_is_refused(partner: int, more: int) -> None:
    _, made = tables(ITEMS, SHAPE)
    sent = messages_of(partner)
    for at in {1, 4, sent // 2, sent}:
        liars: list[Lies] = []

        def wrapped(plain: Queues, at: int = at, liars: list[Lies] = liars) -> Lies:
            liars.append(Lies(plain, at, more))
            return liars[0]

        ended, _ = run(made, SEEDS, {partner: wrapped})
        (deceived,) = liars[0].lied_to
        told = ended[deceived]
        assert isinstance(told, Disagreed)
        assert told.peer == partner
        assert f"partner {partner + 1} sent" in str(told)
        assert all(isinstance(outcome, PoolError | Share) for outcome in ended)
        # The very last word goes to a partner that does not compute: the others are done by then,
        # and that partner, which has no result, consents to no release.
        shares_made = [outcome for outcome in ended if isinstance(outcome, Share) and outcome.first]
        assert len(shares_made) < 3 or (at == sent and deceived == 3)


def test_another_question_ends_before_a_share_is_sent() -> None:
    _, made = tables(ITEMS, SHAPE)
    ended, channels = run(made, SEEDS, questions=[b"one", b"one", b"other", b"one"])
    assert all(isinstance(outcome, PoolError) for outcome in ended)
    assert isinstance(ended[0], Disagreed)
    assert "partner 3 has another question" in str(ended[0])
    assert {len(data) for channel in channels for _, data in channel.received} == {32}


def test_another_shape_is_another_question() -> None:
    _, made = tables(ITEMS, SHAPE)
    made[1] = Table(ITEMS[1], seed("key", 0), Shape(4, 3, 4, 22, 4))
    ended, _ = run(made, SEEDS)
    assert isinstance(ended[0], Disagreed)
    assert ended[0].peer == 1


def test_what_does_not_fit_is_refused_before_anything_is_sent() -> None:
    key = seed("key", 0)
    with pytest.raises(DoesNotFit, match="5 items are more than the 4"):
        Table([b"%d" % n for n in range(5)], key, SHAPE)
    with pytest.raises(DoesNotFit, match=f"{KEY_BYTES} bytes, not 3"):
        Table([b"a"], b"key", SHAPE)
    with pytest.raises(DoesNotFit, match="another key"):
        Table([b"%d" % n for n in range(4)], key, Shape(4, 2, 4, 1, 4))
    with pytest.raises(DoesNotFit, match="another key"):
        Table([b"%d" % n for n in range(3)], key, Shape(4, 2, 4, 1, 2))


@pytest.mark.parametrize(("me", "chance"), [(4, bytes(SEED_BYTES)), (-1, bytes(32)), (0, b"few")])
def test_a_run_needs_its_chance_and_its_number(me: int, chance: bytes) -> None:
    _, made = tables(ITEMS, SHAPE)
    silent: Sequence[object] = ()
    with pytest.raises(DoesNotFit):
        common(me, silent, made[0], b"", chance).send(None)  # type: ignore[arg-type]


def opened() -> tuple[Shape, list[Share]]:
    _, made = tables(ITEMS, SHAPE)
    return SHAPE, shares(made)


@pytest.mark.parametrize("partner", range(3))
@pytest.mark.parametrize("which", ["first", "second"])
def test_a_changed_copy_names_the_two_that_hold_it(partner: int, which: str) -> None:
    shape, three = opened()
    share = three[partner]
    parts = {"first": share.first, "second": share.second}
    parts[which] = bytes([parts[which][0] ^ 1]) + parts[which][1:]
    three[partner] = Share(partner, **parts)
    holder = partner if which == "second" else (partner - 1) % 3
    with pytest.raises(Inconsistent, match=f"partners {holder + 1} and {(holder + 1) % 3 + 1} "):
        release(three, shape)


def test_missing_double_and_cut_shares_are_refused() -> None:
    shape, three = opened()
    for wrong in (three[:2], [*three, three[0]], [three[0], three[1], three[1]]):
        with pytest.raises(Inconsistent, match="one share of each"):
            release(wrong, shape)
    cut = Share(2, three[2].first[:-16], three[2].second[:-16])
    with pytest.raises(Inconsistent, match="partner 3 has not the length"):
        release([*three[:2], cut], shape)


def test_a_digest_that_comes_twice_is_refused() -> None:
    shape, three = opened()
    (wide,) = {len(share.first) for share in three}
    twice = (b"0123456789abcdef" * 2).ljust(wide, b"\0")
    nothing = bytes(wide)
    made = [Share(0, twice, nothing), Share(1, nothing, nothing), Share(2, nothing, twice)]
    with pytest.raises(Inconsistent, match="came out twice"):
        release(made, shape)


@pytest.mark.parametrize("wrong", [PartnerLeft(2), Disagreed(1, "sent nonsense")])
def test_errors_cross_a_process_boundary(wrong: PoolError) -> None:
    again = pickle.loads(pickle.dumps(wrong))
    assert (type(again), str(again), again.peer) == (type(wrong), str(wrong), wrong.peer)  # type: ignore[attr-defined]
