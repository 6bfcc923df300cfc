"""MPyC on connections that are ours: its runtime is started here, and not as it starts itself.

MPyC by itself reads the command line, the environment and `.config`, opens its own sockets, and
hands arrays over pickled, which lets whoever sends one run a program here. Of all this nothing is
used. Arrays go as whole numbers of one width, each below the prime of the field.

Law (no program from the wire): what arrives is only ever taken for numbers. MPyC's own calls of
`pickle` end in `_Plain`, which passes numbers on and refuses everything else.

Law (degree): nothing is opened but sharings of the least degree. A product of two sharings that is
opened without being shared anew can be taken apart into its factors by those who see all of it.
MPyC's own zero test opens such products; the one here does not.

Only the child process imports this module, after it has put environment and arguments aside.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from asyncio import Future
from collections.abc import Collection, Coroutine, Iterator, Sequence
from types import ModuleType
from typing import TypeVar

import mpyc.mpctools
import mpyc.random
import mpyc.runtime
import mpyc.seclists
import mpyc.secpols
import mpyc.statistics
import mpyc.thresha
import numpy as np
from mpyc import asyncoro, secgroups, sectypes
from mpyc.runtime import Party, Runtime
from numpy.typing import NDArray

from accord.demand.private.channel import Channel
from accord.demand.private.errors import Disagreed, Inconsistent, PartnerLeft, PoolError

SECURITY = 42
"""Bits of a mask above what it hides. Up to four partners deal parts of it, so that a part alone
has 40: it tells something with a chance below one in two to this power."""
LONGEST = 16 << 20
"""Bytes of one message."""
_WAITING = 64 << 20
"""Bytes that a partner may be ahead of this node."""
_LABEL = 8
_LAST_WORD = 1.0
"""Seconds for telling the others why this node stops."""
_WORD = 64
_MASK = (1 << _WORD) - 1
_DRAWN = 2_048
"""Random numbers made at once."""
_Numbers = NDArray[np.object_]
_T = TypeVar("_T")


class Refused(PoolError):
    """Something else than numbers was to be sent or read."""


class Stopped(PoolError):
    """A partner stopped, and says because of whom."""

    def __init__(self, said: int, blamed: int) -> None:
        super().__init__(
            f"partner {said + 1} stopped the computation because of partner {blamed + 1}. Nothing"
            " was opened; ask both what happened"
        )
        self.peer = blamed


class _Plain:
    """What MPyC finds where it looks for `pickle`."""

    @staticmethod
    def dumps(numbers: object) -> _Numbers:
        """Numbers as they are; they are written where the width is known."""
        if not isinstance(numbers, np.ndarray):
            raise Refused(f"only arrays of numbers are sent, not {type(numbers).__name__}")
        return numbers

    loads = dumps


class _Peer:
    """One partner, as MPyC looks at its connection: messages with labels, in any order."""

    def __init__(self, peer: int, channel: Channel, loop: asyncio.AbstractEventLoop) -> None:
        self.modulus = 0
        """The prime of the field; set before anything is sent."""
        self._peer = peer
        self._channel = channel
        self._loop = loop
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._arrived: dict[int, _Numbers | Future[_Numbers]] = {}
        self._sizes: dict[int, int] = {}
        self._ahead = 0
        self._ended = False

    def send(self, label: int, numbers: _Numbers) -> None:
        """What MPyC calls to send."""
        self._sizes[label] = numbers.size
        data = self._write(_Plain.dumps(numbers))
        self._outgoing.put_nowait(label.to_bytes(_LABEL, "little", signed=True) + data)

    def receive(self, label: int) -> _Numbers | Future[_Numbers]:
        """What MPyC calls to receive: numbers, or where they will be."""
        numbers = self._arrived.pop(label, None)
        if numbers is None:
            numbers = self._arrived[label] = self._loop.create_future()
            if self._ended:
                numbers.set_exception(self._too_early())
        elif not isinstance(numbers, Future):
            self._ahead -= numbers.size * 8 * self._words
        return numbers

    def end(self) -> None:
        """Say that nothing follows."""
        self._outgoing.put_nowait(b"")

    async def stop(self, blamed: int) -> None:
        """Say because of whom nothing follows; one that is not there any more need not know."""
        with contextlib.suppress(PartnerLeft):
            await self._channel.send(self._peer, bytes([blamed]))

    def awaited(self) -> bool:
        """Whether something of this partner is waited for."""
        return any(isinstance(numbers, Future) for numbers in self._arrived.values())

    async def write(self) -> None:
        """Send what there is to send, until the end."""
        while data := await self._outgoing.get():
            await self._channel.send(self._peer, data)
        await self._channel.send(self._peer, b"")

    async def read(self) -> None:
        """Take what arrives, until the partner says that nothing follows."""
        while data := await self._channel.receive(self._peer, LONGEST):
            if len(data) == 1:
                raise Stopped(self._peer, data[0])
            label = int.from_bytes(data[:_LABEL], "little", signed=True)
            self._take(label, self._numbers(data[_LABEL:]))
        self._ended = True
        if self.awaited():
            raise self._too_early()

    def _too_early(self) -> Disagreed:
        return Disagreed(self._peer, "came to its end too early")

    def _take(self, label: int, numbers: _Numbers) -> None:
        if self._sizes.get(label, numbers.size) != numbers.size:
            raise Disagreed(self._peer, f"sent {numbers.size:,} numbers where others belong")
        waiting = self._arrived.get(label)
        if waiting is None:
            self._arrived[label] = numbers
            self._ahead += numbers.size * 8 * self._words
            if self._ahead > _WAITING:
                raise Disagreed(self._peer, "sent far more than this node has asked for")
        elif isinstance(waiting, Future) and not waiting.done():
            del self._arrived[label]
            waiting.set_result(numbers)
        else:
            raise Disagreed(self._peer, "sent one message twice")

    @property
    def _words(self) -> int:
        return -(-self.modulus.bit_length() // _WORD)

    def _write(self, numbers: _Numbers) -> bytes:
        parts = [numbers >> _WORD * i & _MASK for i in range(self._words)]
        return np.stack(parts, axis=-1).astype("<u8").tobytes()

    def _numbers(self, data: bytes) -> _Numbers:
        if len(data) % (8 * self._words):
            raise Disagreed(self._peer, "sent what is no row of numbers")
        numbers = _joined(np.frombuffer(data, "<u8").reshape(-1, self._words))
        if numbers.size and numbers.max() >= self.modulus:
            raise Disagreed(self._peer, "sent a number that is not in the field")
        return numbers


class _Chance:
    """What MPyC finds where it looks for `secrets`: the same source, asked for much at once."""

    def __init__(self) -> None:
        self._below: dict[int, Iterator[int]] = {}

    def randbelow(self, bound: int) -> int:
        """A number below a bound, every one as likely."""
        if bound not in self._below:
            self._below[bound] = _below(bound)
        return next(self._below[bound])

    def randbits(self, bits: int) -> int:
        """A number of so many bits."""
        return self.randbelow(1 << bits)


def _below(bound: int) -> Iterator[int]:
    """Numbers below a bound, out of random ones of as many bits, those that are not below left out.

    Raises:
        Refused: there is no number below the bound.
    """
    if bound < 1:
        raise Refused(f"no random number is below {bound}")
    bits = (bound - 1).bit_length()
    words = max(1, -(-bits // _WORD))
    while True:
        drawn = np.frombuffer(os.urandom(8 * words * _DRAWN), "<u8").reshape(_DRAWN, words)
        numbers = _joined(drawn) & ((1 << bits) - 1)
        yield from numbers[numbers < bound].tolist()


def _joined(rows: NDArray[np.uint64]) -> _Numbers:
    """One number of each row of words, the lowest first."""
    numbers: _Numbers = rows[:, -1].astype(object)
    for i in reversed(range(rows.shape[1] - 1)):
        numbers = (numbers << _WORD) | rows[:, i].astype(object)
    return numbers


class Secret(Runtime):  # type: ignore[misc]
    """MPyC's runtime for one run."""

    def output(
        self,
        x: object,
        receivers: object = None,
        threshold: int | None = None,
        raw: bool = False,  # noqa: FBT001, FBT002 - as the base has it
    ) -> Future[_Numbers]:
        """Open a sharing, unless it is a product that was not shared anew."""
        if threshold not in (None, self.threshold):
            raise Refused("a product is shared anew before it is opened")
        opened: Future[_Numbers] = Runtime.output(self, x, receivers, threshold, raw)
        return opened

    @asyncoro.mpc_coro  # type: ignore[untyped-decorator]
    async def np_is_zero_public(self, a: sectypes.SecureArray) -> Future:  # type: ignore[type-arg]
        """Whether numbers are zero, and nothing else of them: each times a random number, opened.

        A random number is zero, and so decides wrong, with a chance of one in the prime.
        """
        field = a.sectype.field
        masks = await self._np_randoms(field, a.size)
        numbers = await self.gather(a)
        masked = await self._reshare(numbers.reshape(-1) * masks)
        opened: _Numbers = await self.output(masked)
        zero: NDArray[np.bool_] = opened.reshape(a.shape) == 0
        return zero  # type: ignore[return-value]


class Engine:
    """A runtime between the partners of one run, over their channels."""

    def __init__(self, me: int, partners: int, channel: Channel, bits: int) -> None:
        """`bits` are those of every secret integer of the run, with the sign."""
        loop = asyncio.get_running_loop()
        self._me = me
        self._others = {i: _Peer(i, channel, loop) for i in range(partners) if i != me}
        parties = [Party(i) for i in range(partners)]
        for i, peer in self._others.items():
            parties[i].protocol = peer
        self._failed: Future[None] = loop.create_future()
        _replace()
        self.runtime = Secret(me, parties, _options((partners - 1) // 2))
        loop.set_exception_handler(self._note)
        for module in _WITH_RUNTIME:
            module.runtime = self.runtime  # type: ignore[attr-defined]
        self.integers: type[sectypes.SecureInteger] = self.runtime.SecInt(bits)
        for peer in self._others.values():
            peer.modulus = self.integers.field.modulus

    @property
    def modulus(self) -> int:
        """The prime of the field."""
        return int(self.integers.field.modulus)

    def awaited(self) -> list[int]:
        """The partners of whom something is waited for."""
        return [i for i, peer in self._others.items() if peer.awaited()]

    async def run(self, computing: Coroutine[object, object, _T]) -> _T:
        """The result, once every partner has said that it has one too.

        Raises:
            PoolError: a partner left, or sent what cannot be; there is no result.
        """
        reading = [asyncio.ensure_future(peer.read()) for peer in self._others.values()]
        writing = [asyncio.ensure_future(peer.write()) for peer in self._others.values()]
        result = asyncio.ensure_future(computing)
        try:
            await self._first_of(result, *reading, *writing)
            for peer in self._others.values():
                peer.end()
            for transfer in (*reading, *writing):
                await self._first_of(transfer, *reading, *writing)
            return result.result()
        except PoolError as wrong:
            for task in (result, *writing):
                task.cancel()
            await self._tell(wrong, reading)
            raise
        finally:
            for task in (result, *reading, *writing):
                task.cancel()

    async def _tell(self, wrong: PoolError, reading: Collection[Future[None]]) -> None:
        """Say because of whom this node stops, so that nobody takes it for the reason.

        It reads on until they stop as well: who is left with a broken connection may never find
        what was said before.
        """
        blamed = getattr(wrong, "peer", self._me)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD):
                await asyncio.gather(*(peer.stop(blamed) for peer in self._others.values()))
                await asyncio.wait(reading)

    async def _first_of(self, wanted: Future[_T], *others: Future[None]) -> None:
        """Wait for one; whatever fails before it ends the waiting."""
        watched: set[Future[_T] | Future[None]] = {wanted, self._failed, *others}
        while not wanted.done():
            done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        await wanted

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """What went wrong inside MPyC, in tasks that nobody waits for."""
        wrong = context.get("exception")
        if isinstance(wrong, Exception) and not self._failed.done():
            self._failed.set_exception(wrong if isinstance(wrong, PoolError) else _odd(wrong))


_WITH_RUNTIME: Sequence[ModuleType] = (
    asyncoro,
    sectypes,
    secgroups,
    mpyc.mpctools,
    mpyc.seclists,
    mpyc.secpols,
    mpyc.random,
    mpyc.statistics,
)
"""Modules of MPyC that find the runtime in a global name."""


def _replace() -> None:
    """Put our own in place of what MPyC would do with the wire and with its own failures."""
    mpyc.runtime.pickle = _Plain
    mpyc.runtime.secrets = mpyc.thresha.secrets = _Chance()
    asyncoro._reconcile = _settle  # noqa: SLF001 - the one place where it settles results


def _settle(declared: object, task: asyncio.Task[object]) -> None:
    """Hand on the result of one of MPyC's tasks. A failure goes to the loop, which goes on.

    MPyC itself stops the loop then, before anybody can be told why.
    """
    asyncoro.runtime._pc_level -= 1  # noqa: SLF001 - as MPyC has it
    if task.cancelled():
        return
    result = task.result()
    if declared is not None:
        asyncoro.__reconcile(declared, result)  # noqa: SLF001 - as above


def _odd(wrong: Exception) -> Inconsistent:
    return Inconsistent(
        f"a partner's numbers do not fit the computation ({type(wrong).__name__}). It ended and"
        " nothing was opened; compare the versions of accord"
    )


def _options(threshold: int) -> argparse.Namespace:
    """All options that MPyC's runtime looks at.

    Random bits are dealt by threshold + 1 partners, which is quicker here than from common keys
    (`no_prss`): there a square root is taken for each bit.
    """
    return argparse.Namespace(
        threshold=threshold,
        no_log=True,
        no_async=False,
        no_barrier=False,
        no_prss=True,
        mix32_64bit=False,
        sec_param=SECURITY,
        bit_length=32,
        ssl=False,
    )
