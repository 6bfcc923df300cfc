"""Another authority's verdicts as claims, as far as written rules recognise them.

Law (scope): a rule recognises nothing outside its dates, product types, items and levels.
Law (never more): a recognised verdict is believed no further than its authority believed it.
Law (age): what is recognised is as old as the oldest date that any link of its chain gives the
evidence, undated where one says that it is, and ends with the first that ends.
Law (chain): a verdict that rests on further recognitions counts only while every link stands and is
known here; none is taken on trust.
Law (no echo): nobody's word adds to itself. What comes back to whoever said it, or passes one
authority twice, counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from accord.assurance.assessing.judging import RECOGNISED
from accord.assurance.model import Claim, Level, Link, type_of

MOST_LINKS = 8
"""Recognitions behind a verdict that are followed."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer recognises an authority's verdicts, within bounds."""

    id: str
    by: str
    """The buyer, by its baseline's name."""
    of: str
    """The authority whose verdicts count: a buyer, by its baseline's name."""
    level: Level = Level.VERIFIED
    """The least that the authority must have found."""
    items: tuple[str, ...] = ("*",)
    """Patterns of items, such as `ssdf@1.1#PS.*`."""
    types: tuple[str, ...] = ()
    """Types of product; empty: all."""
    without: tuple[str, ...] = ()
    """Types of product that are left out."""
    onward: bool = False
    """Whether what the authority itself only recognised counts too."""
    since: str
    """`when()` it begins."""
    until: str = ""
    """`when()` it ends; empty: it has no end."""
    revoked: str = ""
    """`when()` it was revoked; empty: it stands."""
    person: str = ""
    why: str = ""

    def stands(self, now: str) -> bool:
        """Whether it counts at a `when()`. What is revoked never counts again."""
        ends = [end for end in (self.until, self.revoked) if end]
        return self.since <= now and all(now < end for end in ends)

    def covers(self, item: str) -> bool:
        """Whether an item is within its scope."""
        return any(fnmatchcase(item, pattern) for pattern in self.items)


class Found(msgspec.Struct, frozen=True):
    """What an authority found about one item."""

    item: str
    level: Level
    denied: bool = False
    links: tuple[Link, ...] = ()
    """Empty: it verified this itself."""
    until: str = ""
    issued: str | None = None
    """`when()` its evidence was issued; empty: that is undated. None: it does not say, and the
    statement's own date stands for it."""
    expires: str = ""
    """`when()` its evidence expires; empty: it does not say."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """An authority's verdict on one release, as it was signed."""

    id: str
    """`sha256:` and its digest."""
    authority: str
    """The buyer whose verdict it is."""
    at: str
    until: str = ""
    type: str = ""
    """Type of product, as it says; empty: it does not."""
    found: tuple[Found, ...] = ()


class Refused(msgspec.Struct, frozen=True):
    """A verdict that no rule lets in, and why."""

    statement: str
    authority: str
    item: str
    reason: str


class Recognition:
    """The rules and statements that a node knows of one release, as of a moment."""

    def __init__(
        self, rules: Iterable[Rule], statements: Iterable[Statement], types: str, now: str
    ) -> None:
        # A rule's name is its author's to give: another's of the same name is another rule.
        self._rules = {(rule.by, rule.id): rule for rule in rules}
        self._statements = {one.id: one for one in statements}
        self._found: dict[str, dict[tuple[str, tuple[Link, ...]], Found]] = {}
        self._type = types
        self._now = now

    def of(self, buyer: str) -> tuple[list[Claim], list[Refused]]:
        """What a buyer recognises, and what it does not."""
        claims: list[Claim] = []
        refused: list[Refused] = []
        for statement in sorted(self._statements.values(), key=lambda one: one.id):
            if statement.authority == buyer:
                continue
            for one in statement.found:
                found = self._recognised(buyer, statement, one)
                if isinstance(found, Claim):
                    claims.append(found)
                else:
                    refused.append(Refused(statement.id, statement.authority, one.item, found))
        return claims, refused

    def _recognised(self, buyer: str, statement: Statement, one: Found) -> Claim | str:
        reason = f"{buyer} recognises nothing of {statement.authority}"
        for rule in self._between(buyer, statement.authority):
            why_not = self._outside(rule, statement, one) or self._echo(buyer, statement, one)
            if not why_not:
                return self._claim(rule, statement, one)
            reason = why_not
        return reason

    def _echo(self, buyer: str, statement: Statement, one: Found) -> str:
        """Whose own word comes back by whom, as a reason; empty: nobody's. Each link is known."""
        passed, by = {buyer, statement.authority}, statement.authority
        for link in one.links:
            whose = self._statements[link.statement].authority
            if whose in passed:
                return f"it is {whose}'s own word, come back by {by}"
            passed.add(whose)
            by = whose
        return ""

    def _between(self, buyer: str, authority: str) -> Sequence[Rule]:
        """What lets in most comes first."""
        rules = [rule for rule in self._rules.values() if (rule.by, rule.of) == (buyer, authority)]
        return sorted(rules, key=lambda rule: (not rule.stands(self._now), rule.id))

    def _outside(self, rule: Rule, statement: Statement, one: Found) -> str:
        """Why a rule does not let a finding in; empty: it does."""
        if rule.revoked and rule.revoked <= self._now:
            return f"rule {rule.id} was revoked on {rule.revoked[:10]}"
        if not rule.stands(self._now):
            when = f"begins on {rule.since[:10]}" if rule.since > self._now else "has ended"
            return f"rule {rule.id} {when}"
        types = {type_of(each) for each in self._types(statement, one)}
        if rule.types and not types.issubset(map(type_of, rule.types)):
            return f"rule {rule.id} is for {', '.join(rule.types)}"
        left_out = types & {"", *map(type_of, rule.without)}
        if rule.without and left_out:
            return f"rule {rule.id} leaves out {min(left_out) or 'products of an unknown type'}"
        if not rule.covers(one.item):
            return f"rule {rule.id} does not cover {one.item}"
        if statement.at > self._now or (statement.until and statement.until <= self._now):
            return (
                f"the statement of {statement.authority} counts from {statement.at[:10]} until "
                f"{statement.until[:10] or 'further notice'}"
            )
        ended = min((end for end in (one.until, one.expires) if end), default="")
        if ended and ended <= self._now:
            return f"what {statement.authority} found ended on {ended[:10]}"
        if not one.denied and one.level < rule.level:
            return f"rule {rule.id} asks for {rule.level.words}; it is {one.level.words}"
        if one.links and not rule.onward:
            return f"{statement.authority} only recognised it, and rule {rule.id} is not onward"
        return self._behind(statement, one)

    def _types(self, statement: Statement, one: Found) -> set[str]:
        """The type of the product: as the node knows it, or each that the chain names."""
        if self._type:
            return {self._type}
        behind = (self._statements.get(link.statement) for link in one.links)
        named = {statement.type, *(other.type for other in behind if other is not None)}
        return named - {""} or {""}

    def _behind(self, statement: Statement, one: Found) -> str:
        """What is wrong with the chain behind a finding; empty: each link stands."""
        if not one.links:
            return ""
        if len(one.links) > MOST_LINKS:
            return f"it rests on {len(one.links)} recognitions; {MOST_LINKS} are followed"
        link, *rest = one.links
        rule = self._rules.get((statement.authority, link.rule))
        behind = self._statements.get(link.statement)
        if rule is None or behind is None:
            # What is not here is not named: it may have gone to others alone.
            what = "a rule" if rule is None else "a statement"
            return f"{what} of its chain is not, or no longer, known here"
        if rule.of != behind.authority:
            return f"its chain is broken: rule {rule.id} is of {rule.by} about {rule.of}"
        found = self._same(behind, one.item, rest)
        if found is None or found.denied != one.denied or found.level < one.level:
            return f"{behind.authority} does not say so of {one.item}"
        why_not = self._outside(rule, behind, found)
        return f"a link of its chain fell: {why_not}" if why_not else ""

    def _same(self, statement: Statement, item: str, links: Sequence[Link]) -> Found | None:
        """What a statement says of an item by the rest of a chain; of several, the first."""
        found = self._found.get(statement.id)
        if found is None:
            found = self._found[statement.id] = {}
            for one in statement.found:
                found.setdefault((one.item, one.links), one)
        return found.get((item, tuple(links)))

    def _claim(self, rule: Rule, statement: Statement, one: Found) -> Claim:
        ends = [rule.until, rule.revoked, statement.until, one.until, one.expires]
        dates = [_dated(statement, one)]
        by = statement.authority
        for place, link in enumerate(one.links, 1):
            behind, agreed = self._statements[link.statement], self._rules[by, link.rule]
            ends += [agreed.until, agreed.revoked, behind.until]
            by = behind.authority
            found = self._same(behind, one.item, one.links[place:])
            if found is not None:
                ends += [found.until, found.expires]
                dates.append(_dated(behind, found))
        said = "contradicted" if one.denied else one.level.words
        return Claim(
            item=one.item,
            holds=not one.denied,
            level=max(one.level, Level.SELF_ASSERTED),
            kind=RECOGNISED,
            issuer=statement.authority,
            evidence=statement.id,
            issued=min(dates),
            expires=min((end for end in ends if end), default=""),
            why=f"{statement.authority} found it {said}",
            links=(Link(rule.id, statement.id), *one.links),
        )


def _dated(statement: Statement, one: Found) -> str:
    """How old its evidence is: never younger than the statement; empty: undated."""
    return statement.at if one.issued is None else min(one.issued, statement.at)
