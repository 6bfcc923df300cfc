"""The child process from outside: started, told what to do, listened to until its deadline."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from typing import Self

import msgspec

from accord.demand.private.errors import PoolError
from accord.transport.pooling.settings import (
    LONGEST_LINE,
    Answer,
    Failed,
    Kept,
    Place,
    Ready,
    Run,
)

_START = 60.0
"""Seconds within which the child listens."""
_SPARE = 10.0
"""Seconds after its own deadline until the child is ended from outside."""
_PIECE = 1 << 16


class NoResult(PoolError):
    """The run ended without a result, and nothing was opened."""

    def __init__(self, reason: str, peer: int | None = None, *, begun: bool = True) -> None:
        super().__init__(reason)
        self.begun = begun
        """Whether anything was sent besides who is there."""
        self.peer = peer
        """The partner that is the reason, by its place in the run, where it is one."""


class Child:
    """One run in a process of its own, which ends with the `with` block."""

    def __init__(self, place: Place) -> None:
        """Start it, listening at a place.

        Raises:
            NoResult: it cannot be started, or cannot listen there.
        """
        program = (sys.executable, "-I", "-m", "accord.transport.pooling.child")
        self._process = subprocess.Popen(  # noqa: S603 - our own module, nothing of anybody's
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        self._read = b""
        try:
            self.port = self._listen(place)
            """On which it listens; the partners are told."""
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def keep(self, run: Run) -> Kept:
        """Compute with the others, once; what came out stays closed.

        Raises:
            NoResult: with the reason, and the partner where it is one.
        """
        answer = self._told(run)
        if not isinstance(answer, Kept):
            raise _no_result(answer, run)
        return answer

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def kill(self) -> None:
        """End it, wherever it is. Whoever waits for its answer is told that there is none."""
        self._process.kill()

    def close(self) -> None:
        """End it, and leave nothing of it."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _told(self, run: Run) -> Answer:
        self._tell(run)
        return self._answer(run.seconds + _SPARE)

    def _listen(self, place: Place) -> int:
        self._tell(place)
        ready = self._answer(_START)
        if not isinstance(ready, Ready):
            raise _no_result(ready)
        return ready.port

    def _tell(self, what: Place | Run) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(msgspec.json.encode(what) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as wrong:
            raise NoResult(_BROKEN) from wrong

    def _answer(self, seconds: float) -> Answer:
        """The next line of the child."""
        assert self._process.stdout
        out, end = self._process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self._read:
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise NoResult(f"the computation gave no answer within {seconds:g} seconds")
            more = os.read(out, _PIECE)
            if not more or len(self._read) > LONGEST_LINE:
                raise NoResult(_BROKEN)
            self._read += more
        line, self._read = self._read.split(b"\n", 1)
        answer: Answer = msgspec.json.decode(line, type=Answer)
        return answer


_BROKEN = (
    "the process that computes ended without an answer. Nothing was opened; ask for the question to"
    " be run again"
)


def _no_result(answer: Answer, run: Run | None = None) -> NoResult:
    if not isinstance(answer, Failed):
        return NoResult(_BROKEN)
    if run is None or answer.peer is None or answer.peer >= len(run.peers):
        return NoResult(answer.reason, answer.peer, begun=answer.begun)
    reason = f"{run.peers[answer.peer].name}: {answer.reason}"
    return NoResult(reason, answer.peer, begun=answer.begun)
