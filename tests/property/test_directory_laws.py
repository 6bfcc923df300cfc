"""Partners who confirm, change and pass on the directory in any order end with the same one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import permutations

import msgspec
from attacks import later
from directories import FOUR, changed, ed25519, founded
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.flows.exchange import partners as flow
from accord.flows.exchange.trust import ME, Kept
from accord.identity.directory.trusted import Expired, Trusted
from accord.identity.partners import Directory


class Memory:
    """`Trust` without a database."""

    def __init__(self, name: str, trusted: Trusted) -> None:
        self._trusted: Trusted | None = trusted
        self._settings = {ME: name}

    def directory(self) -> Directory | None:
        return self._trusted.directory if self._trusted else None

    def trusted(self) -> Trusted | None:
        return self._trusted

    def me(self) -> str:
        return self._settings[ME]

    def setting(self, name: str) -> str:
        return self._settings.get(name, "")

    def set(self, settings: Mapping[str, str]) -> None:
        self._settings |= settings

    def replace(
        self, before: Trusted | None, after: Trusted, settings: Mapping[str, str] | None = None
    ) -> bool:
        assert before is self._trusted
        self._trusted = after
        self.set(settings or {})
        return True

    def proposals(self) -> list[Kept]:
        return []

    def keep(self, proposal: Kept) -> None:
        raise NotImplementedError


who = st.integers(0, len(FOUR) - 1)
verbs = st.sampled_from(["wait", "confirm", "change", "tell", "tell"])
steps = st.lists(st.tuples(verbs, who, who), max_size=40)


class Partners:
    """All of them, on one day, and the newest list that any has published."""

    def __init__(self) -> None:
        start = founded()
        self.nodes = [Memory(name, start) for name in FOUR]
        self.day, self.latest = 0, start.directory

    def wait(self, days: int, _other: int) -> None:
        self.day = min(self.day + 1 + 15 * days, 320)  # nothing that needs them all expires

    def confirm(self, number: int, _other: int) -> None:
        signers = [ed25519(FOUR[number])]
        flow.refresh(self.nodes[number], signers, later(self.day), alone=True)

    def tell(self, number: int, other: int) -> None:
        """What one has is offered to another."""
        files = flow.known(self.nodes[number]).files
        with suppress(Expired):
            flow.update_from(
                self.nodes[other], lambda name, _most: files.get(name), later(self.day)
            )

    def change(self, number: int, _other: int) -> None:
        """Whoever knows the newest list may publish the next one."""
        before = flow.known(self.nodes[number])
        record = before.directory.partner(FOUR[number])
        if before.directory != self.latest or record is None:
            return
        moved = msgspec.structs.replace(record, title=f"Body {before.directory.version}")
        after = changed(before, moved, FOUR, later(self.day))
        assert self.nodes[number].replace(before, after)
        self.latest = after.directory


@settings(max_examples=60)
@given(steps=steps)
def test_versions(steps: list[tuple[str, int, int]]) -> None:
    """Whoever extends files alone never passes one that has newer records, so nobody is stuck.

    Once each has told each, whatever was published last is known to all.
    """
    partners = Partners()
    for verb, number, other in steps:
        getattr(partners, verb)(number, other)
    numbers = range(len(FOUR))
    for number in numbers:
        partners.confirm(number, number)
    for one, other in permutations(numbers, 2):
        partners.tell(one, other)
    now = later(partners.day)
    assert [flow.current(node, now) for node in partners.nodes] == [partners.latest] * len(FOUR)
