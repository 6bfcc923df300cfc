"""Suppliers as entities: who is one, by identifier or by a name that a person reviewed.

Law (order): the entities follow from what is said, never from the order in which it is said.
Law (again): what is said twice changes nothing.
Law (apart): neither an alias nor a weaker identifier joins what two LEIs, two numbers of one
register, or two entities of the reviewed table keep apart; the contradiction is reported.
Law (similar): names that are only similar join nothing.

Kind by kind, the surest first, groups that share an identifier become one. What contradicts stays
by itself, and the rest of those who share the identifier still meet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.demand.contracts.facts import KINDS, SupplierName
from accord.demand.suppliers import names
from accord.demand.suppliers.identifiers import SPELLED

_HARD: Final = ("lei", "registry")


class Said(msgspec.Struct, frozen=True, order=True):
    """How one row names its supplier; identifiers in their one spelling, or empty."""

    name: str
    lei: str = ""
    registry: str = ""
    domain: str = ""
    cpe: str = ""

    @property
    def identifiers(self) -> tuple[str, ...]:
        """`kind:value`, the surest first."""
        found = ((kind, getattr(self, kind)) for kind in KINDS[:-1])
        return tuple(f"{kind}:{value}" for kind, value in found if value)


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """One supplier."""

    key: str
    """Its surest identifier, `lei:...`, or `name:` and the canonical form of its name."""
    name: str
    """As the reviewed table calls it, else as it is written, the first by alphabet."""
    identifiers: tuple[str, ...]
    """`kind:value` without names, the surest first."""
    names: tuple[str, ...]
    """As they are written, by alphabet."""
    aliases: tuple[str, ...] = ()
    """Canonical names that a person reviewed."""


class Contradiction(msgspec.Struct, frozen=True, order=True):
    """Identifiers that cannot both be true, so nothing was joined by the one that is shared."""

    shared: str
    """`kind:value` that several claim."""
    by: tuple[str, ...]
    """Who: the surest identifier or the reviewed name of each."""


class Suppliers(msgspec.Struct, frozen=True):
    """Everybody, resolved."""

    entities: Mapping[str, Entity]
    """By key."""
    said: Mapping[Said, tuple[str, str]]
    """Of each row its entity's key, and how it was found: `identifier`, `alias` or `name`."""
    contradictions: tuple[Contradiction, ...]

    def named(self, text: str) -> list[Entity]:
        """Those of a key, an identifier or a name."""
        if text in self.entities:
            return [self.entities[text]]
        folded = names.canonical(text)
        return [
            one
            for _, one in sorted(self.entities.items())
            if text in one.identifiers
            or folded in one.aliases
            or (folded and folded in map(names.canonical, (one.name, *one.names)))
        ]


class _Group:
    """What is one supplier, as far as is known."""

    def __init__(self) -> None:
        self.holds: dict[str, set[str]] = {kind: set() for kind in KINDS}
        """Identifiers by kind, as `kind:value`; under `name` what a person reviewed."""
        self.table: set[str] = set()
        """Canonical names that the reviewed table has for it."""
        self.own: set[str] = set()
        """Canonical names that it stands under because it has nothing else."""
        self.wanted: set[str] = set()
        """Canonical names that it is called."""
        self.rows: set[Said] = set()
        self.brought: set[Said] = set()
        """Rows that only a reviewed name brought here."""
        self.titles: set[str] = set()

    def conflicts(self, other: _Group, kind: str) -> bool:
        mine = dict(_kept_apart_by(self, kind))
        return any(
            held.isdisjoint(mine[family])
            for family, held in _kept_apart_by(other, kind)
            if family in mine
        )

    def take(self, other: _Group) -> None:
        for kind in KINDS:
            self.holds[kind] |= other.holds[kind]
        for name in ("table", "own", "wanted", "rows", "brought", "titles"):
            getattr(self, name).update(getattr(other, name))

    @property
    def label(self) -> str:
        """What it is called in a report: its surest identifier, or a name."""
        for kind in KINDS[:-1]:
            if self.holds[kind]:
                return min(self.holds[kind])
        return f"name:{min(self.table or self.own or self.wanted)}"


def _registers(group: _Group) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number in group.holds["registry"]:
        found.setdefault(number.split(":")[1], set()).add(number)
    return found


def resolve(rows: Iterable[Said], table: Iterable[SupplierName]) -> Suppliers:
    """Everybody whom rows and the reviewed table name."""
    found: set[Contradiction] = set()
    groups = [*_reviewed(table, found), *_rows(rows)]
    for kind in KINDS:
        groups = _joined(groups, kind, found)
    shared = _counted(groups)
    entities: dict[str, Entity] = {}
    said: dict[Said, tuple[str, str]] = {}
    for group in groups:
        entity = _entity(group, shared)
        entities[entity.key] = entity
        said.update((row, (entity.key, _how(row, group))) for row in group.rows)
    return Suppliers(entities, said, tuple(sorted(found)))


def _reviewed(table: Iterable[SupplierName], found: set[Contradiction]) -> Iterator[_Group]:
    """The table's entities, each with what it is known by.

    An entity that is given by an identifier is whoever has it. One that is given two LEIs is
    neither of them.
    """
    groups: dict[str, _Group] = {}
    for fact in sorted(table, key=lambda one: (one.entity, one.kind, one.value)):
        reference = identifier(fact.entity)
        kind, _, value = reference.partition(":")
        about = reference if kind in KINDS[:-1] else f"name:{names.canonical(value)}"
        group = groups.setdefault(about, _Group())
        if kind in KINDS[:-1]:
            group.holds[kind].add(about)
        else:
            group.table.add(names.canonical(value))
            group.holds["name"].add(about)
            if not fact.entity.startswith("name:"):
                group.titles.add(fact.entity)
        if fact.kind == "name":
            group.holds["name"].add(f"name:{names.canonical(fact.value)}")
        else:
            group.holds[fact.kind].add(f"{fact.kind}:{fact.value}")
    for about, group in groups.items():
        if len(group.holds["lei"]) > 1:
            found.add(Contradiction(about, tuple(sorted(group.holds["lei"]))))
            group.holds["lei"] = {about} & group.holds["lei"]
        yield group


def identifier(entity: str) -> str:
    """An entity by `kind:value` in its one spelling; anything else is a name."""
    kind, colon, value = entity.partition(":")
    spell = SPELLED.get(kind) if colon else None
    try:
        if spell is not None and (spelled := spell(value)):
            return f"{kind}:{spelled}"
    except Invalid:
        return f"name:{entity}"
    return f"name:{entity}"


def _rows(rows: Iterable[Said]) -> Iterator[_Group]:
    """One group for each way in which a supplier is named."""
    for row in set(rows):
        group = _Group()
        group.rows.add(row)
        for one in row.identifiers:
            group.holds[one.partition(":")[0]].add(one)
        group.wanted.add(names.canonical(row.name))
        if not row.identifiers:
            group.own.add(names.canonical(row.name))
        yield group


def _holders(groups: Iterable[_Group], kind: str) -> dict[str, list[_Group]]:
    """Who has each identifier of a kind, and of names also who is called so."""
    holders: dict[str, list[_Group]] = {}
    for group in groups:
        held = set(group.holds[kind])
        if kind == "name":
            held |= {f"name:{one}" for one in group.own | group.wanted if one}
        for value in held:
            holders.setdefault(value, []).append(group)
    return holders


def _joined(groups: list[_Group], kind: str, found: set[Contradiction]) -> list[_Group]:
    """Groups with those joined that share an identifier of a kind and do not contradict."""
    links = [
        (value, holders if kind == "lei" else _fitting(value, holders, found))
        for value, holders in sorted(_holders(groups, kind).items())
    ]
    sets = _components(groups, [fitting for _, fitting in links])
    if kind == "lei":
        _report_registers(sets, found)
        return [_one(members) for members in sets]
    apart = {id(group) for one in sets for group in _contradictory(one, kind)}
    if apart:
        for value, fitting in links:
            if len(fitting) > 1 and any(id(group) in apart for group in fitting):
                found.add(_report(value, fitting))
        kept = [[group for group in fitting if id(group) not in apart] for _, fitting in links]
        sets = _components(groups, kept)
    if kind == "name":
        _by_alias(sets)
    return [_one(members) for members in sets]


def _fitting(value: str, holders: list[_Group], found: set[Contradiction]) -> list[_Group]:
    """Those who share an identifier without contradicting; a reviewed entity comes first."""
    kind, _, name = value.partition(":")
    hubs = [one for one in holders if (kind == "name" or one.table) and value in one.holds[kind]]
    if len(hubs) > 1:
        # A name is first of all its own entity's; anything else is nobody's then.
        found.add(_report(value, hubs))
        others = {id(one) for one in hubs}
        hubs = [one for one in hubs if kind == "name" and name in one.table]
        holders = [one for one in holders if id(one) not in others or one in hubs]
    if kind == "name" and not hubs:
        return [one for one in holders if name in one.own]
    rest = [one for one in holders if one not in hubs]
    fitting = [one for one in rest if not any(one.conflicts(hub, kind) for hub in hubs)]
    apart = {id(one) for one in _contradictory(fitting, kind)}
    if apart or len(fitting) < len(rest):
        found.add(_report(value, holders))
    return [*hubs, *(one for one in fitting if id(one) not in apart)]


def _contradictory(groups: Collection[_Group], kind: str) -> list[_Group]:
    """Those that contradict another of them."""
    families: dict[str, list[tuple[_Group, set[str]]]] = {}
    for group in groups if len(groups) > 1 else ():
        for family, held in _kept_apart_by(group, kind):
            families.setdefault(family, []).append((group, held))
    apart: dict[int, _Group] = {}
    for members in families.values():
        if set.intersection(*(held for _, held in members)):
            continue
        apart.update(
            (id(group), group)
            for group, held in members
            # Most hold one value, so the first other one decides.
            if any(held.isdisjoint(other) for _, other in members)
        )
    return list(apart.values())


def _kept_apart_by(group: _Group, kind: str) -> Iterator[tuple[str, set[str]]]:
    """What two groups of one supplier cannot have different: an LEI, a number of a register.

    Where it is by a number that they share, another number of the register keeps nobody apart: one
    LEI, or the reviewed table, has both.
    """
    if group.holds["lei"]:
        yield "lei", group.holds["lei"]
    if group.table:
        yield "table", group.table
    if kind != "registry":
        yield from _registers(group).items()


def _by_alias(sets: Iterable[list[_Group]]) -> None:
    """Note whom a reviewed name brought to an entity."""
    for members in sets:
        if any(one.holds["name"] for one in members):
            for one in members:
                if not one.holds["name"]:
                    one.brought |= one.rows


def _report(shared: str, groups: Iterable[_Group]) -> Contradiction:
    return Contradiction(shared, tuple(sorted({one.label for one in groups})))


def _report_registers(sets: Iterable[list[_Group]], found: set[Contradiction]) -> None:
    """Two numbers of one register under one LEI: one supplier, and something to be looked at."""
    for members in sets:
        whole = _Group()
        for one in members:
            whole.take(one)
        for numbers in _registers(whole).values():
            if len(numbers) > 1 and whole.holds["lei"]:
                found.add(Contradiction(min(whole.holds["lei"]), tuple(sorted(numbers))))


def _components(groups: list[_Group], links: Iterable[list[_Group]]) -> list[list[_Group]]:
    """Groups that hang together by these links."""
    parent = {id(group): id(group) for group in groups}

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for link in links:
        for group in link[1:]:
            parent[root(id(group))] = root(id(link[0]))
    sets: dict[int, list[_Group]] = {}
    for group in groups:
        sets.setdefault(root(id(group)), []).append(group)
    return list(sets.values())


def _one(members: list[_Group]) -> _Group:
    first, *rest = members
    for other in rest:
        first.take(other)
    return first


def _counted(groups: Iterable[_Group]) -> dict[str, int]:
    """How many groups hold each identifier."""
    counts: dict[str, int] = {}
    for group in groups:
        for kind in KINDS:
            for value in group.holds[kind]:
                counts[value] = counts.get(value, 0) + 1
    return counts


def _entity(group: _Group, shared: Mapping[str, int]) -> Entity:
    written = sorted(row.name for row in group.rows if row.name)
    titles = sorted(group.titles) or written
    key = _key(group, shared)
    held = [value for kind in KINDS[:-1] for value in sorted(group.holds[kind])]
    return Entity(
        key=key,
        name=titles[0] if titles else key,
        identifiers=tuple(held),
        names=tuple(dict.fromkeys(written)),
        aliases=tuple(sorted(value.removeprefix("name:") for value in group.holds["name"])),
    )


def _key(group: _Group, shared: Mapping[str, int]) -> str:
    """The surest identifier; of a reviewed entity one that nobody else claims."""
    for kind in KINDS[:-1]:
        held = sorted(group.holds[kind])
        if group.table:
            held = [value for value in held if shared[value] == 1]
        if held:
            return held[0]
    return f"name:{min(group.table or group.own or group.wanted)}"


def _how(row: Said, group: _Group) -> str:
    if row in group.brought:
        return "alias"
    return "identifier" if row.identifiers else "name"


def of_entity(text: str) -> Said:
    """A supplier as the reviewed table refers to it: by an identifier, or by a name."""
    kind, _, value = identifier(text).partition(":")
    return Said("", **{kind: value}) if kind in KINDS[:-1] else Said(value)


def nameless(row: Said) -> bool:
    """Whether nothing in it tells anybody apart."""
    return not row.identifiers and not names.canonical(row.name)
