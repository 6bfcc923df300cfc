"""What a buyer recognises, stated for its partners; and the end of it.

Law (final): a rule that was revoked stays revoked, whatever is stated later.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from accord.assurance.assessing.recognition import Rule
from accord.assurance.model import LEVELS, Level
from accord.assurance.statements import statement
from accord.assurance.statements.facts import Recognition
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when

PREDICATE: Final = "urn:accord:recognition:1"
MARK: Final = PREDICATE.encode()
KIND: Final = "recognition"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rule: str
    by: str
    of: str
    level: str
    items: tuple[str, ...]
    types: tuple[str, ...]
    without: tuple[str, ...]
    onward: bool
    since: str
    until: str
    revoked: str
    person: str
    why: str
    at: str


def write(rule: Rule, at: str) -> bytes:
    """The statement of a rule, or of its revocation."""
    predicate = _Predicate(
        rule=rule.id, by=rule.by, of=rule.of, level=rule.level.words, items=rule.items,
        types=rule.types, without=rule.without, onward=rule.onward, since=rule.since,
        until=rule.until, revoked=rule.revoked, person=rule.person, why=rule.why, at=at,
    )  # fmt: skip
    # A rule is about no artefact: its subject is its own name.
    digest = hashlib.sha256(f"{PREDICATE}:{rule.id}".encode()).hexdigest()
    about = [statement.Subject(rule.id, statement.DigestSet(digest))]
    return statement.write(about, PREDICATE, predicate)


def check(rule: Rule) -> Rule:
    """The rule itself.

    Raises:
        Invalid: it recognises nothing, everybody or itself, or its dates are no span of time.
    """
    for what, name in (("by", rule.by), ("of", rule.of)):
        if not _NAME.match(name):
            raise Invalid(f"{name[:60]!r} is not the short name of a buyer", f"/predicate/{what}")
    if rule.by == rule.of:
        raise Invalid(f"{rule.by} needs no rule to believe itself", "/predicate/of")
    if not rule.items or not all(rule.items):
        raise Invalid("a rule names the items that it covers; `*` is all", "/predicate/items")
    if rule.level == Level.UNKNOWN:
        raise Invalid("a rule never recognises what is unknown", "/predicate/level")
    if rule.until and rule.until <= rule.since:
        raise Invalid(f"it ends on {rule.until[:10]}, before it begins", "/predicate/until")
    if not rule.person or not rule.why:
        raise Invalid("a rule names who made it and why", "/predicate/person")
    return rule


def read(data: bytes) -> Reading:
    """A rule as a fact.

    Raises:
        Invalid: not a statement of what is recognised.
    """
    _, said = statement.read(data, PREDICATE, _Predicate)
    if said.level not in LEVELS:
        raise Invalid(f"{said.level[:60]!r} is not one of {', '.join(LEVELS)}", "/predicate/level")
    at = when(said.at, "/predicate/at")
    since = when(said.since, "/predicate/since")
    if not at or not since:
        raise Invalid("a rule has a date and a beginning", "/predicate/at")
    rule = check(
        Rule(
            id=said.rule, by=said.by, of=said.of, level=LEVELS[said.level], items=said.items,
            types=said.types, without=said.without, onward=said.onward, since=since,
            until=when(said.until, "/predicate/until"),
            revoked=when(said.revoked, "/predicate/revoked"), person=said.person, why=said.why,
        )
    )  # fmt: skip
    fact = Recognition(
        rule=rule.id, by=rule.by, of=rule.of, level=int(rule.level), items=rule.items,
        types=rule.types, without=rule.without, onward=rule.onward, since=rule.since,
        until=rule.until, revoked=rule.revoked, person=rule.person, why=rule.why,
    )  # fmt: skip
    ended = f", revoked on {rule.revoked[:10]}" if rule.revoked else ""
    return Reading(
        kind=KIND,
        # Each statement of a rule stays: a revocation counts, whatever follows it.
        subject="",
        edition=at,
        title=f"{rule.by} recognises {rule.of}{ended}",
        facts=[fact],
    )


def known(facts: Iterable[Recognition]) -> list[Rule]:
    """The rules that a node knows, each once: as first stated, and revoked if ever."""
    found: dict[tuple[str, str], Rule] = {}
    for fact in facts:
        rule = Rule(
            id=fact.rule, by=fact.by, of=fact.of, level=Level(fact.level), items=fact.items,
            types=fact.types, without=fact.without, onward=fact.onward, since=fact.since,
            until=fact.until, revoked=fact.revoked, person=fact.person, why=fact.why,
        )  # fmt: skip
        before = found.get((rule.by, rule.id))
        found[rule.by, rule.id] = rule if before is None else _narrower(before, rule)
    return [found[name] for name in sorted(found)]


def _narrower(one: Rule, other: Rule) -> Rule:
    """Of two statements of one rule: revoked if either is; else neither counts, if they differ."""
    revoked = min((end for end in (one.revoked, other.revoked) if end), default="")
    same = msgspec.structs.replace(one, revoked="", person="", why="") == msgspec.structs.replace(
        other, revoked="", person="", why=""
    )
    never = min(end for end in (revoked, one.since, other.since) if end)
    return msgspec.structs.replace(one, revoked=revoked if same else never)
