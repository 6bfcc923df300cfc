"""`accord.flows.demand.pool.port.Compute`: the computation in a process of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from accord.demand.private.asking import word
from accord.demand.private.asking.job import Job, Sealed, Sum
from accord.demand.private.asking.question import Question as Asked
from accord.demand.private.errors import NotAble, NotBegun
from accord.demand.private.questions import Given, Question
from accord.flows.demand.pool.port import Peer as Partner
from accord.transport.pooling.parent import Child, NoResult
from accord.transport.pooling.settings import Common, Held, Peer, Place, Run


class Together:
    """Computes with the other partners of a question."""

    def __init__(self, keys: Path, listen: str = "") -> None:
        """`keys` is the folder of the door's key; `listen` another `host:port` than is told."""
        self._keys = keys
        self._listen = listen

    def compute(self, job: Job, peers: Sequence[Partner], seconds: float) -> Sealed:
        """As `Compute.compute`.

        Raises:
            NotAble: NumPy is not installed.
            NotBegun: this node cannot listen, or not everybody came.
            NoResult: it did not come to its end; nothing was opened.
        """
        _able("numpy")
        question = Common(job.question, job.commitments)
        given = Held(job.chance, job.items)
        return self._keep(self._run(job, peers, seconds, question, given))

    def add_up(self, job: Sum, peers: Sequence[Partner], seconds: float) -> Sealed:
        """As `Compute.add_up`.

        Raises:
            NotAble, NotBegun, NoResult: as for `compute`.
        """
        _able("mpyc")
        return self._keep(self._run(job, peers, seconds, job.computed, job.given))

    def _run(
        self,
        job: Job | Sum,
        peers: Sequence[Partner],
        seconds: float,
        question: Question | Common,
        given: Given | Held,
    ) -> Run:
        return Run(
            run=job.question.id.rpartition("-")[2], me=job.me, peers=tuple(map(_peer, peers)),
            keys=str(self._keys.absolute()), seconds=seconds, question=question, given=given,
        )  # fmt: skip

    def _keep(self, run: Run) -> Sealed:
        here = run.peers[run.me]
        host, port = word.place(self._listen) if self._listen else (here.host, here.port)
        try:
            child = Child(Place(host, port))
        except NoResult as wrong:
            listen = self._listen or f"{host}:{port}"
            raise NotBegun(f"cannot listen at {listen}: {wrong}. Say --listen HOST:PORT") from wrong
        with child:
            try:
                return child.keep(run).sealed
            except NoResult as wrong:
                if wrong.begun:
                    raise
                raise NotBegun(f"{wrong}. Run it again when all are there") from wrong

    def opened(self, question: Asked, parts: Sequence[bytes]) -> list[bytes]:
        """As `Compute.opened`."""
        from accord.demand.private.common.answer import opened  # noqa: PLC0415 - an extra

        return opened(question, parts)

    def named(self, sealed: Sealed, digests: Collection[bytes]) -> dict[bytes, str]:
        """As `Compute.named`."""
        from accord.demand.private.common.answer import named  # noqa: PLC0415 - an extra

        return named(sealed, digests)


def _able(package: str) -> None:
    if find_spec(package) is None:
        raise NotAble(
            "computing together needs NumPy and MPyC, which are not installed here: install"
            " `accord[pool]`"
        )


def _peer(partner: Partner) -> Peer:
    host, port = word.place(partner.address)
    pin = sha256(word.der(partner.certificate)).hexdigest()
    return Peer(partner.name, host, port, pin, partner.certificate)
