"""Names of one vulnerability: joined where documents declare them equal, never where related.

Law (only declared): two names are one vulnerability exactly when a chain of declared aliases
joins them.
Law (order): the answer does not depend on the order of the declarations.
Law (origin): a partner may give a vulnerability one more name, and never make two vulnerabilities
one that this node's own documents tell apart: else a statement about one would close the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec


class Names:
    """Vulnerabilities by all their names."""

    def __init__(
        self,
        declared: Iterable[tuple[str, str]],
        doubtful: Collection[tuple[str, str]] = (),
        spoken: Collection[str] = (),
    ) -> None:
        """`declared` holds pairs of names that a document declares equal, `doubtful` those of
        partners' documents, `spoken` names of which this node's own documents speak besides.
        """
        self._parent: dict[str, str] = {}
        for one, other in declared:
            self._join(one, other)
        self.refused = self._join_doubtful(doubtful, spoken)
        """Pairs of partners that would have made two vulnerabilities one."""
        groups: dict[str, list[str]] = {}
        for name in self._parent:
            groups.setdefault(self._find(name), []).append(name)
        self._group: dict[str, tuple[str, ...]] = {}
        for group in groups.values():
            self._group.update(dict.fromkeys(group, tuple(sorted(group, key=preference))))

    def of(self, name: str) -> tuple[str, ...]:
        """Every name of the vulnerability, the preferred one first."""
        return self._group.get(name) or (name,)

    def main(self, name: str) -> str:
        """The preferred name: a CVE identifier where there is one."""
        group = self._group.get(name)
        return group[0] if group else name

    def _join_doubtful(
        self, pairs: Collection[tuple[str, str]], spoken: Collection[str]
    ) -> frozenset[tuple[str, str]]:
        """Join what partners declare equal, where that is at most one vulnerability known here."""
        if not pairs:
            return frozenset()
        own = {self._find(name) for name in (*list(self._parent), *spoken)}
        ends = {pair: (self._find(pair[0]), self._find(pair[1])) for pair in pairs}
        together = Names(ends.values())
        known: dict[str, set[str]] = {}
        for root in {root for both in ends.values() for root in both} & own:
            known.setdefault(together.main(root), set()).add(root)
        refused = set()
        for pair, (one, other) in ends.items():
            if len(known.get(together.main(one), ())) > 1 and not own.isdisjoint((one, other)):
                refused.add(pair)
            else:
                self._join(one, other)
        return frozenset(refused)

    def _find(self, name: str) -> str:
        parent = self._parent
        root = name
        while (above := parent.setdefault(root, root)) != root:
            root = above
        while (above := parent[name]) != root:
            parent[name], name = root, above
        return root

    def _join(self, one: str, other: str) -> None:
        a, b = self._find(one), self._find(other)
        if a != b:
            self._parent[max(a, b)] = min(a, b)


def preference(name: str) -> tuple[bool, bool, int, str]:
    """Orders names of one vulnerability: CVE, then GHSA, then the rest; older CVE numbers first."""
    return (not name.startswith("CVE-"), not name.startswith("GHSA-"), len(name), name)


class Conflict(msgspec.Struct, frozen=True):
    """Documents that claim one name for different packages."""

    name: str
    claims: tuple[tuple[str, tuple[str, ...]], ...]
    """Each claiming advisory, with the packages that it names."""


def conflicts(claims: Mapping[str, Sequence[tuple[str, frozenset[str]]]]) -> list[Conflict]:
    """Names whose claimants have no package in common.

    `claims` gives for each name the advisories that declare it, with the packages that each
    affects. Packages of different ecosystems agree when their last part does: distributions and
    catalogues call the same software by their own names.
    """
    found = []
    for name, claimants in sorted(claims.items()):
        named = [(advisory, packages) for advisory, packages in claimants if packages]
        if any(
            not _agree(one, other)
            for position, (_, one) in enumerate(named)
            for _, other in named[position + 1 :]
        ):
            parts = tuple((advisory, tuple(sorted(packages))) for advisory, packages in named)
            found.append(Conflict(name, tuple(sorted(parts))))
    return found


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one & other) or bool({_last(p) for p in one} & {_last(p) for p in other})


def _last(package: str) -> str:
    return package.replace(":", "/").rsplit("/", 1)[-1].lower().replace("_", "-")
