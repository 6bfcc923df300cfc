"""A partner with the right certificate that does not do what it should; and one with another."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from pooling import HERE, peer, peers_of, run_of

from accord.core.clock import SystemClock
from accord.demand.private.errors import Disagreed, PartnerLeft
from accord.demand.private.questions import Given, Totals
from accord.transport.pooling.links import Links
from accord.transport.pooling.parent import Child, NoResult
from accord.transport.pooling.settings import Peer, Place, Run

QUESTION = Totals(2, ((10, 20),), 2, 2)
GIVEN = Given(((12, 3),), (2, 1))
CHILD, HOSTILE, OTHER = 0, 1, 2
Attack = Callable[[Links], Awaitable[None]]


class Evil:
    """Unpickled, it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (self.file, "w")


async def linked(links: Links, listening: socket.socket) -> None:
    server = await asyncio.start_server(links.accept, sock=listening, ssl=links.server_context())
    await links.connect(server)


async def attacked(runs: list[Run], heard: list[socket.socket], attack: Attack) -> None:
    """Two partners are played here; the first of them attacks the child, the second is silent.

    However it ends, nothing of theirs stays open.
    """
    hostile, silent = played = [Links(run, SystemClock()) for run in runs[1:]]
    linking = [asyncio.ensure_future(linked(*one)) for one in zip(played, heard, strict=True)]
    try:
        await asyncio.gather(*linking)
        with contextlib.suppress(PartnerLeft):
            await attack(hostile)
            await hostile.receive(CHILD, 1 << 24)
        with contextlib.suppress(PartnerLeft):
            while True:
                await silent.receive(CHILD, 1 << 24)
    finally:
        for one in linking:
            one.cancel()
        await asyncio.wait(linking)
        for links in played:
            await links.close(1)


async def called(run: Run) -> None:
    links = Links(run, SystemClock())
    try:
        with contextlib.suppress(Disagreed):
            await links._call(CHILD)
    finally:
        await links.close(1)


def told(tmp_path: Path, attack: Attack | None, **change: object) -> NoResult:
    """What the child says to an attack, or to a partner alone that calls with changed settings."""
    with contextlib.ExitStack() as ends:
        heard = [ends.enter_context(socket.create_server((HERE, 0))) for _ in range(2)]
        child = ends.enter_context(Child(Place(HERE, 0)))
        pool = ends.enter_context(ThreadPoolExecutor(1))
        ports = [child.port, *(one.getsockname()[1] for one in heard)]
        peers = peers_of(tmp_path, ports)
        runs = [run_of(tmp_path, peers, me, QUESTION, GIVEN) for me in range(3)]
        answer = pool.submit(child.keep, msgspec.structs.replace(runs[0], seconds=10.0))
        runs[HOSTILE] = msgspec.structs.replace(runs[HOSTILE], **change)
        plays = attacked(runs, heard, attack) if attack else called(runs[HOSTILE])
        asyncio.run(asyncio.wait_for(plays, 20))
        with pytest.raises(NoResult) as wrong:
            answer.result(20)
    return wrong.value


def sends(*frames: bytes) -> Attack:
    async def attack(links: Links) -> None:
        for frame in frames:
            await links.send(CHILD, frame)

    return attack


def test_a_pickle_is_never_read_as_one(tmp_path: Path) -> None:
    """Under the label and with the length of what the child waits for, so that it gets furthest."""
    file = tmp_path / "made by a pickle"
    evil = pickle.dumps(Evil(file))

    async def attack(links: Links) -> None:
        first = await links.receive(CHILD, 1 << 24)
        data = evil.ljust(len(first) - 8, b"\0")
        assert len(data) > 24
        await links.send(CHILD, first[:8] + data[: len(first) - 8])

    wrong = told(tmp_path, attack)
    assert wrong.peer == HOSTILE
    assert "australia" in str(wrong)
    assert not file.exists()
    pickle.loads(evil).close()
    assert file.exists()


@pytest.mark.parametrize(
    "program",
    [
        "mpyc.runtime.pickle.loads(b'cos\\nsystem\\n(S\"true\"\\ntR.')",
        "mpyc.runtime.pickle.dumps({'what': 'ever'})",
        "engine.runtime.transfer('anything'); await engine._failed",
        "await engine.runtime.output(number, threshold=2)",
    ],
)
def test_mpyc_itself_is_left_no_way_to_unpickle(program: str) -> None:
    start = (
        "import asyncio, sys; sys.argv[1:] = ['--no-log']\n"
        "import mpyc.runtime\nimport numpy as np\n"
        "from accord.transport.pooling.engine import Engine, Refused\n"
        "async def main():\n"
        "    engine = Engine(0, 3, None, 8)\n"
        "    number = engine.integers.array(np.array([1]))\n"
        f"    try:\n        {program}\n"
        "    except Refused as wrong:\n        print('refused:', wrong)\n"
        "asyncio.run(main())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", start], capture_output=True, text=True, check=False, timeout=20
    )
    assert ran.stdout.startswith("refused:"), ran.stderr


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ((b"x" * 20,), "no row of numbers"),
        ((b"label..." + b"\xff" * 8,), "not in the field"),
        ((b"label..." + b"\0" * 8,) * 2, "sent one message twice"),
        ((b"",), "came to its end too early"),
        ((bytes([OTHER]),), "india: partner 2 stopped the computation because of partner 3"),
    ],
)
def test_messages_that_cannot_be(tmp_path: Path, frames: tuple[bytes, ...], said: str) -> None:
    wrong = told(tmp_path, sends(*frames))
    assert said in str(wrong)
    assert wrong.peer == (OTHER if "india" in said else HOSTILE)


def test_fewer_numbers_than_belong(tmp_path: Path) -> None:
    async def attack(links: Links) -> None:
        first = await links.receive(CHILD, 1 << 24)
        await links.send(CHILD, first[:8] + b"\0" * 8)

    assert "australia: partner 2 sent 1 numbers where others belong" in str(told(tmp_path, attack))


def test_a_message_that_is_too_long_is_not_waited_for(tmp_path: Path) -> None:
    async def attack(links: Links) -> None:
        links._ends[CHILD][1].write((1 << 31).to_bytes(4, "big"))

    assert "australia: partner 2 announced 2,147,483,648 bytes" in str(told(tmp_path, attack))


def test_far_more_than_was_asked_for(tmp_path: Path) -> None:
    async def attack(links: Links) -> None:
        for label in range(6):
            await links.send(CHILD, label.to_bytes(8, "little") + bytes(15 << 20))

    assert "far more than this node has asked for" in str(told(tmp_path, attack))


def test_a_partner_that_closes(tmp_path: Path) -> None:
    async def attack(links: Links) -> None:
        await links.receive(CHILD, 1 << 24)
        await links.close(1)

    assert "australia: partner 2 left the computation" in str(told(tmp_path, attack))


@pytest.mark.parametrize(
    "change",
    [
        {"run": "ab" * 16},
        {"question": msgspec.structs.replace(QUESTION, agencies=3)},
    ],
)
def test_another_run_or_question(tmp_path: Path, change: dict[str, object]) -> None:
    wrong = told(tmp_path, None, **change)
    assert "australia: partner 2 has another run, question" in str(wrong)


def other_key(tmp_path: Path, name: str, port: int) -> Peer:
    return peer(tmp_path / "impostor", name, port)


def test_who_shows_another_certificate_is_told_to_the_one_who_called(tmp_path: Path) -> None:
    """The child calls an address where somebody else answers."""
    with socket.create_server((HERE, 0)) as heard, Child(Place(HERE, 0)) as child:
        peers = peers_of(tmp_path, [heard.getsockname()[1], child.port, 1])
        impostor = other_key(tmp_path, "america", peers[0].port)
        theirs = msgspec.structs.replace(
            run_of(tmp_path / "impostor", (impostor, *peers[1:]), 0, QUESTION, GIVEN)
        )

        async def answering() -> None:
            links = Links(theirs, SystemClock())
            context = links.server_context()
            server = await asyncio.start_server(links.accept, sock=heard, ssl=context)
            loop = asyncio.get_running_loop()
            run = run_of(tmp_path, peers, 1, QUESTION, GIVEN)
            with pytest.raises(NoResult, match=r"america: .* is not who it should be"):
                await loop.run_in_executor(None, child.keep, run)
            assert links.missing() == [1, 2]
            server.close()
            await links.close(1)

        asyncio.run(answering())


def test_who_calls_with_another_certificate_is_let_nowhere(tmp_path: Path) -> None:
    with Child(Place(HERE, 0)) as child, ThreadPoolExecutor(1) as pool:
        peers = peers_of(tmp_path, [child.port, 1, 1])
        run = msgspec.structs.replace(run_of(tmp_path, peers, 0, QUESTION, GIVEN), seconds=1.5)
        answer = pool.submit(child.keep, run)
        impostor = other_key(tmp_path, "australia", 1)
        theirs = run_of(tmp_path / "impostor", (peers[0], impostor, peers[2]), 1, QUESTION, GIVEN)
        links = Links(theirs, SystemClock())

        async def call() -> None:
            await asyncio.wait_for(links._call(0), 1)

        with pytest.raises(TimeoutError):
            asyncio.run(call())
        with pytest.raises(NoResult, match="waited for: australia, india"):
            answer.result(20)


def test_a_certificate_that_is_not_the_one_in_the_directory(tmp_path: Path) -> None:
    with Child(Place(HERE, 0)) as child:
        peers = peers_of(tmp_path, [child.port, 1, 1])
        swapped = msgspec.structs.replace(
            peers[1], certificate=other_key(tmp_path, "australia", 1).certificate
        )
        run = run_of(tmp_path, (peers[0], swapped, peers[2]), 0, QUESTION, GIVEN)
        with pytest.raises(NoResult, match="certificate of australia is not the one"):
            child.keep(run)
