"""How many release decisions a second one core makes.

100,000 distinct made-up subjects against partners, clients and the public, so that no answer is
the one before: first plain objects, as the door decides them for a partner's blobs; then with the
creator that nearly every object names; then relationships with both ends; then redactions. Last a
mix as partners share it, which is what the target speaks of.

Run: python benchmarks/release.py
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from uuid import UUID

from accord.exchange.objects import read_stix
from accord.exchange.release import Circle, Subject, Way, decide
from accord.identity.markings import Marking, Tlp, marking_id
from accord.identity.recipients import PUBLIC, Recipient

COUNT = 100_000
ROUNDS = 3
SEED = 20261123
FLOOR = 200_000
"""Decisions on the mix a second a core, which the node promises."""
MIX = {"named": 0.83, "links": 0.15, "plain": 0.015, "parts": 0.005}
"""With a creator, relationships and sightings, documents, and objects with marked fields."""
OWNER = "australia"
PARTNERS = ("australia", "india", "japan", "united-states")
NOW = "2026-11-23T12:00:00.000000Z"
LATER = "2026-12-24T00:00:00.000000Z"
WHEN = "2026-11-01T00:00:00.000Z"
MODIFIED = "2026-11-01T00:00:00.000000Z"

Question = tuple[Subject, Recipient, Way, Circle | None]


def body(kind: str, number: int, **fields: object) -> bytes:
    """About 600 bytes, as an indicator has."""
    common = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{UUID(int=number)}",
        "created": WHEN,
        "modified": WHEN,
        "name": f"{kind} {number}",
        "description": "Seen in the mail gateway of a grid operator. " * 5,
        "pattern": f"[domain-name:value = 'host{number}.example']",
        "pattern_type": "stix",
        "valid_from": WHEN,
    }
    return json.dumps(common | fields).encode()


def subject(chance: random.Random, kind: str, number: int, **members: object) -> Subject:
    tlp = chance.choices(list(Tlp), weights=(20, 40, 30, 5, 5))[0]
    release_at = LATER if chance.random() < 0.02 else ""
    plain = Subject(
        object=f"{kind}--{UUID(int=number)}",
        version=MODIFIED,
        type=kind,
        origin=OWNER if chance.random() < 0.8 else chance.choice(PARTNERS),
        marking=Marking(tlp, release_at=release_at, expires=LATER if number % 3 else ""),
        state="live" if chance.random() < 0.97 else "recalled",
        body=body(kind, number),
    )
    return Subject(**({name: getattr(plain, name) for name in plain.__struct_fields__} | members))


def asked(chance: random.Random, one: Subject) -> Question:
    """Mostly partners, now and then a client or the public."""
    kind = chance.random()
    if kind < 0.8:
        members = frozenset(chance.sample(PARTNERS, 3))
        circle = Circle("power", OWNER, members, everyone=chance.random() < 0.3)
        return one, Recipient("partner", chance.choice(PARTNERS[1:])), Way.SYNC, circle
    if kind < 0.95:
        sort = chance.choice(("operator", "industry", "supplier"))
        tlp = chance.choice((Tlp.GREEN, Tlp.AMBER))
        return one, Recipient("client", f"c{kind}", "grid", sort, tlp), Way.LIST, None
    return one, PUBLIC, Way.OBJECT, None


def rate(questions: list[Question]) -> tuple[float, Counter[str]]:
    """Decisions a second of processor in the best of some rounds, and what came out."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for one, recipient, way, circle in questions:
            decide(one, recipient, way, circle, OWNER, NOW)
        best = max(best, len(questions) / (time.process_time() - start))
    found = (decide(one, who, way, circle, OWNER, NOW) for one, who, way, circle in questions)
    return best, Counter(decision.outcome for decision in found)


def report(name: str, questions: list[Question]) -> float:
    best, outcomes = rate(questions)
    shown = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(outcomes.items()))
    print(f"{name:32} {len(questions):8,} {best:12,.0f} a second   ({shown})")
    return best


def main() -> None:
    chance = random.Random(SEED)
    plain = [subject(chance, "indicator", number) for number in range(COUNT)]
    report("plain objects", [asked(chance, one) for one in plain])
    makers = [subject(chance, "identity", number) for number in range(50)]
    named = [
        subject(chance, "indicator", number, refs=((maker.object, maker),))
        for number in range(COUNT)
        for maker in (chance.choice(makers),)
    ]
    report("with the creator looked at", [asked(chance, one) for one in named])
    links = [
        subject(chance, "relationship", number, ends=tuple(chance.sample(plain, 2)))
        for number in range(COUNT // 5)
    ]
    report("relationships with both ends", [asked(chance, one) for one in links])
    red = [{"marking_ref": marking_id(Tlp.RED), "selectors": ["description"]}]
    marked = [body("indicator", n, granular_markings=red) for n in range(COUNT // 20)]
    parts = [
        subject(chance, "indicator", n, body=one, granular=True) for n, one in enumerate(marked)
    ]
    report("with a field to cut", [asked(chance, one) for one in parts])
    pools = {"named": named, "links": links, "plain": plain, "parts": parts}
    kinds = chance.choices(list(MIX), list(MIX.values()), k=COUNT)
    mixed = [asked(chance, chance.choice(pools[kind])) for kind in kinds]
    best = report("a mix as partners share it", mixed)
    start = time.process_time()
    for one in plain[: COUNT // 5]:
        read_stix(one.body)
    spent = time.process_time() - start
    print(f"{'objects read for sharing':32} {COUNT // 5:8,} {COUNT / 5 / spent:12,.0f} a second")
    if best < FLOOR:
        sys.exit(f"{best:,.0f} decisions a second are fewer than {FLOOR:,}")


if __name__ == "__main__":
    main()
