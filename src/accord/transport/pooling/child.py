"""The child process: one run, and nothing that it was not told.

`python -I -m accord.transport.pooling.child`: a line says where to listen, the answer says on which
port, a second line says with whom to compute what, and the last answer is the result or why there
is none. It ends with its parent, and at its deadline.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from accord.core.clock import SystemClock
from accord.core.errors import AccordError
from accord.demand.private import masked
from accord.demand.private.asking.job import Job, Sealed
from accord.demand.private.errors import NotAble
from accord.demand.private.questions import Given, Question, limited
from accord.transport.pooling.links import Links
from accord.transport.pooling.settings import (
    LONGEST_LINE,
    Answer,
    Common,
    Failed,
    Held,
    Kept,
    Place,
    Ready,
    Run,
)

if TYPE_CHECKING:
    from accord.transport.pooling.engine import Engine

_SEED = 32
_GOODBYE = 2.0
"""Seconds for closing connections."""


def main() -> None:
    """Read, compute, answer."""
    answers = _put_aside()
    try:
        asyncio.run(_child(answers))
    except (AccordError, OSError, msgspec.DecodeError) as wrong:
        _say(answers, Failed(str(wrong), getattr(wrong, "peer", None)))


def _put_aside() -> BinaryIO:
    """Forget environment and arguments, and keep the answers' way to ourselves.

    MPyC looks at all three when it is imported.
    """
    os.environ.clear()
    os.environ["MPYC_NOUVLOOP"] = "1"
    sys.argv[1:] = ["--no-log"]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


async def _child(answers: BinaryIO) -> None:
    told_us = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(told_us), sys.stdin
    )
    place = msgspec.json.decode(await told_us.readline(), type=Place)
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.create_server((place.host, place.port), family=family) as listening:
        _say(answers, Ready(listening.getsockname()[1]))
        run = msgspec.json.decode(await told_us.readline(), type=Run)
        run.check()
        _say(answers, await _with_parent(_run(run, listening), told_us))


async def _with_parent(
    running: Coroutine[object, object, Answer], told_us: asyncio.StreamReader
) -> Answer:
    """The answer, unless the parent's end of the pipe is closed before."""
    run, gone = asyncio.ensure_future(running), asyncio.ensure_future(told_us.read(1))
    await asyncio.wait({run, gone}, return_when=asyncio.FIRST_COMPLETED)
    if run.done():
        gone.cancel()
        return run.result()
    run.cancel()
    await asyncio.wait({run})
    return Failed("this node's own process ended, and the computation with it")


async def _run(run: Run, listening: socket.socket) -> Answer:
    run = _checked(run)
    links = Links(run, SystemClock())
    server = await asyncio.start_server(links.accept, sock=listening, ssl=links.server_context())
    waited_for = links.missing
    try:
        async with asyncio.timeout(run.seconds):
            await links.connect(server)
            if isinstance(run.question, Common):
                sealed = await _common(run.question, run, links)
                sealed = msgspec.structs.replace(sealed, sent=links.sent)
                return Kept(sealed, time.process_time())
            engine, computing = _engine(run, links, run.question)
            waited_for = engine.awaited
            numbers = await engine.run(computing)
    except TimeoutError:
        return _late(run, waited_for(), begun=not links.missing())
    finally:
        server.close()
        await links.close(_GOODBYE)
    first = masked.written([mask for _, mask in numbers])
    second = masked.written([engine.modulus, *(number for number, _ in numbers)])
    return Kept(Sealed(b"", (), first, second, links.sent), time.process_time())


def _checked(run: Run) -> Run:
    """With what goes into a computation of numbers, before anybody is connected."""
    if isinstance(run.question, Common) or not isinstance(run.given, Given):
        return run
    return msgspec.structs.replace(run, given=limited(run.question, run.given))


async def _common(question: Common, run: Run, links: Links) -> Sealed:
    """Raises: NotAble: NumPy is not installed."""
    from accord.demand.private.common.answer import answer  # noqa: PLC0415 - an extra

    assert isinstance(run.given, Held)
    given = run.given
    job = Job(run.me, question.asked, question.commitments, given.chance, given.items)
    return await answer(job, links, os.urandom(_SEED))


def _engine(
    run: Run, links: Links, question: Question
) -> tuple[Engine, Coroutine[object, object, list[tuple[int, int]]]]:
    """MPyC, loaded only now that nothing is left for it to read.

    Raises:
        NotAble: it is not installed.
    """
    try:
        from accord.transport.pooling.computing import bits, sealed  # noqa: PLC0415
        from accord.transport.pooling.engine import Engine  # noqa: PLC0415
    except ImportError as wrong:
        raise NotAble(
            "computing together needs MPyC and NumPy, which are not installed here: install"
            " `accord[pool]`"
        ) from wrong
    assert isinstance(run.given, Given)
    among = len(run.peers)
    engine = Engine(run.me, among, links, bits(question, among))
    return engine, sealed(engine, question, run.given)


def _late(run: Run, missing: Sequence[int], *, begun: bool) -> Failed:
    names = ", ".join(run.peers[i].name for i in missing) or "nobody in particular"
    return Failed(
        f"the computation was not over after {run.seconds:g} seconds; waited for: {names}. Nothing"
        " was opened",
        missing[0] if len(missing) == 1 else None,
        begun,
    )


def _say(answers: BinaryIO, answer: Answer) -> None:
    answers.write(msgspec.json.encode(answer) + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
