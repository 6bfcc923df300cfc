"""Recall and precision of the detector on the planted texts, kind by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
import planted

from accord.exchange.personal import detector
from accord.exchange.personal.redact import text_at


class Score(msgspec.Struct):
    """Of one kind."""

    planted: int = 0
    found: int = 0
    """Of what was planted."""
    wrong: int = 0
    """Found where nothing was planted, or only a part of it."""
    misses: list[str] = []
    errors: list[str] = []

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        told = self.found + self.wrong
        return self.found / told if told else 1.0


def told_in(body: bytes) -> Counter[tuple[str, str]]:
    """What the detector says, as kind and text."""
    return Counter(
        (one.kind, text_at(body, "", one.place)[one.start : one.end]) for one in detector.find(body)
    )


def measured() -> dict[str, Score]:
    """The score of each kind over all planted texts and all that only look as if."""
    return _measured(planted.positives(), planted.negatives())


def measured_by_others() -> dict[str, Score]:
    """The same over what others wrote to get past it, told apart from the rest."""
    return _measured(planted.by_others(), planted.others_left_alone())


def _measured(positives: Iterable[planted.Planted], negatives: Iterable[bytes]) -> dict[str, Score]:
    scores = {kind: Score() for kind in (*planted.KINDS, "name")}
    for one in positives:
        told, holds = told_in(one.body), Counter(one.holds)
        for (kind, text), count in holds.items():
            scores[kind].planted += count
            scores[kind].found += min(count, told[kind, text])
            if told[kind, text] < count:
                scores[kind].misses.append(f"{text!r} in {one.body.decode()}")
        for (kind, text), count in (told - holds).items():
            scores.setdefault(kind, Score()).wrong += count
            scores[kind].errors.append(f"{text!r} in {one.body.decode()}")
    for body in negatives:
        for (kind, text), count in told_in(body).items():
            scores.setdefault(kind, Score()).wrong += count
            scores[kind].errors.append(f"{text!r} in {body.decode()}")
    return scores


def table(scores: dict[str, Score], negatives: Iterable[bytes]) -> str:
    lines = [
        f"{'kind':12} {'planted':>8} {'found':>8} {'wrong':>8} {'recall':>8} {'precision':>10}"
    ]
    lines += [
        f"{kind:12} {one.planted:8,} {one.found:8,} {one.wrong:8,} {one.recall:8.3f}"
        f" {one.precision:10.3f}"
        for kind, one in scores.items()
        if one.planted or one.wrong
    ]
    return "\n".join(
        [*lines, f"and {sum(1 for _ in negatives):,} objects in which nothing is to be found"]
    )
