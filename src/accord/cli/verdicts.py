"""Verdicts on a terminal: each buyer's with its reasons, then what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from accord.cli import show
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.assessing.shown import Shown, ShownReason, ShownVerdict
    from accord.flows.assessing.tender import Compared

_WIDTHS = (18, 10, 22, 10, 34)
_SHOWN = 5
"""Reasons that are printed of each buyer; `--json` has all."""


def assessed(found: Shown, limit: int) -> None:
    """One release: verdicts, reasons, recognitions, and the first so many of what is missing."""
    kind = f", {found.type}" if found.type else ""
    typer.echo(printable(f"{found.product} {found.release}{kind}, as of {found.as_of[:10]}"))
    show.table(
        "",
        ("Buyer", "Baseline", "Verdict", "Until", "Met"),
        [
            (
                one.buyer,
                one.baseline,
                one.verdict,
                one.until[:10],
                f"{one.met} of {len(one.requirements)} requirements",
            )
            for one in found.verdicts
        ],
        widths=_WIDTHS,
    )
    for one in found.verdicts:
        _reasons(one)
    _recognised(found)
    _delta(found, limit)


def _reasons(one: ShownVerdict) -> None:
    typer.echo(f"{one.buyer}: {one.verdict}")
    for reason in one.reasons[:_SHOWN]:
        _reason(reason)
    if len(one.reasons) > _SHOWN:
        typer.echo(f"  - and {len(one.reasons) - _SHOWN} more; --json has all")
    for condition in one.conditions:
        since = f" (stands since {condition.since[:10]})" if condition.since else ""
        show.wrapped(f"by {condition.by[:10]}: {condition.requirement} {condition.title}{since}", 2)


def _reason(reason: ShownReason) -> None:
    """A contradiction names both sides, each on a line of its own."""
    show.wrapped(f"- {reason.text}", 2)
    for side in reason.claimed:
        show.wrapped(f"claimed: {side}", 6)
    for side in reason.denied:
        show.wrapped(f"against: {side}", 6)


def _recognised(found: Shown) -> None:
    """Whose verdicts were let in, and whose were not."""
    for one in found.verdicts:
        for chain in one.recognised:
            rules = " and ".join(link.rule for link in chain.chain)
            show.wrapped(f"{one.buyer} recognises {chain.authority} by {rules}")
    refused: dict[str, dict[str, None]] = {}
    for unheard in found.not_recognised:
        refused.setdefault(unheard.buyer, {})[unheard.reason] = None
    for buyer, some in sorted(refused.items()):
        reasons = sorted(some)
        for reason in reasons[:_SHOWN]:
            show.wrapped(f"not recognised, {f'{buyer}: {reason}' if buyer else reason}")
        if len(reasons) > _SHOWN:
            typer.echo(f"not recognised, and {len(reasons) - _SHOWN} more; --json has all")


def _short_of(found: Shown) -> dict[tuple[str, str, str], str]:
    """What a bill lacks, by buyer, requirement and item: a supplier can add it."""
    return {
        (one.buyer, need.id, passed.item): passed.why
        for one in found.verdicts
        for need in one.requirements
        for passed in need.not_counted
        if passed.kind == "bill" and passed.why
    }


def _delta(found: Shown, limit: int) -> None:
    missing = found.missing
    if not missing:
        return
    short = _short_of(found)
    typer.echo("\nWhat is missing, what unlocks most first:")
    listed = missing[:limit] if limit else missing
    for place, one in enumerate(listed, 1):
        show.wrapped(f"{place:3}. {one.item}, {one.level}: {one.effect}")
        for wanted in one.wanted:
            due = f"; by {wanted.by[:10]}" if wanted.by else ""
            show.wrapped(
                f"{wanted.buyer} {wanted.requirement} {wanted.title}: {wanted.verdict};"
                f" {wanted.would_do}{due}",
                5,
            )
            if lacking := short.get((wanted.buyer, wanted.requirement, one.item)):
                show.wrapped(f"its bill has {lacking}", 9)
            for why in wanted.answer_first:
                show.wrapped(f"answer first: {why}", 9)
    show.more(len(missing) - len(listed))


_CODES = {"verified": "V", "third party": "T", "self-asserted": "S", "unknown": "?",
          "contradicted": "X"}  # fmt: skip
_ABREAST = 10
"""Offers whose verdicts stand beside each other; more come in a block below."""


def side_by_side(found: Compared) -> None:
    """The offers by number, each with its verdict; then a requirement a line, an offer a column."""
    typer.echo(printable(f"{found.tender.tender or 'Tender'}, for {found.tender.buyer}"))
    pairs = list(zip(found.tender.offers, found.assessments, strict=True))
    for number, (offer, one) in enumerate(pairs, 1):
        name = f"{offer.product} {offer.release}".strip()
        by = f" of {offer.supplier}" if offer.supplier else ""
        met = f"{sum(j.met for j in one.judged)} of {len(one.baseline.needs)} met"
        show.wrapped(f"{number:3}. {name}{by}: {one.verdict}; {met}")
    for start in range(0, len(pairs), _ABREAST):
        _abreast(found, start)
    codes = ", ".join(f"{code} {word}" for word, code in _CODES.items())
    show.wrapped(f"{codes}; ! is not enough for this baseline, and - was not judged")


def _abreast(found: Compared, start: int) -> None:
    some = found.assessments[start : start + _ABREAST]
    head = "".join(f"{start + place:<4}" for place in range(1, len(some) + 1))
    typer.echo(f"\n{head}Requirement")
    judged = [{j.need.id: j for j in one.judged} for one in some]
    for need in found.assessments[0].baseline.needs:
        cells = ""
        for one in judged:
            j = one.get(need.id)
            code = f"{_CODES[j.verdict]}{'' if j.met else '!'}" if j else "-"
            cells += code.ljust(4)
        show.beside(cells, f"{need.id} {need.title}")
