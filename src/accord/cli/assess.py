"""May a release be bought: a verdict for each buyer, why, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, AsOf, Database, Home, moment, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.assurance.assessing.deciding import Assessment
    from accord.assurance.assessing.delta import Missing
    from accord.assurance.model import Claim
    from accord.flows.assessing.assess import Assessed, Change
    from accord.flows.assessing.port import Event
    from accord.flows.assessing.tender import Compared
    from accord.wiring import Node

NOT_ACCEPTED = 10
"""Exit code of `--fail`: a buyer neither accepts nor accepts with conditions."""
_MOST = 16 * 1024 * 1024
"""Bytes of a tender that are read."""
_WIDTHS = (12, 12, 22, 10, 38)


def assess(
    product: Annotated[
        str, typer.Argument(help="A product; without one, every verdict that may have changed.")
    ] = "",
    release: Annotated[str, typer.Option(help="A release, where several are known.")] = "",
    buyers: Annotated[
        str, typer.Option("--for", help="Buyers by short name: us,au,in,jp. All without it.")
    ] = "",
    type_: Annotated[
        str, typer.Option("--type", help="Type of product, such as `network device`.")
    ] = "",
    as_of: AsOf = "",
    tender: Annotated[
        Path | None, typer.Option(help="Compare the offers in this file instead.", metavar="FILE")
    ] = None,
    state: Annotated[
        bool, typer.Option("--state", help="Keep this node's verdicts as documents to share.")
    ] = False,
    export: Annotated[
        str, typer.Option(help="Write one buyer's verdict, signed: verdict, svr or vsa.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File that --export writes.")
    ] = None,
    person: Annotated[
        str, typer.Option(help="Who decides, of --state and --export.", envvar="ACCORD_PERSON")
    ] = "",
    changes: Annotated[
        bool, typer.Option("--changes", help="List how verdicts changed instead.")
    ] = False,
    fail: Annotated[
        bool, typer.Option("--fail", help="Exit with 10 where a buyer does not accept.")
    ] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Assess a release for its buyers: verdicts, reasons, and what is missing."""
    names = tuple(dict.fromkeys(name.strip() for name in buyers.split(",") if name.strip()))
    if (state or export) and not person.strip():
        raise typer.BadParameter("say who decides", param_hint="--person")
    if export and (len(names) != 1 or output is None):
        raise typer.BadParameter("name one buyer with --for, and a file with --output")
    if as_of and (state or export):
        raise typer.BadParameter("a verdict is stated as of now", param_hint="--as-of")
    node = opened(home, database)
    if changes:
        _changes(node, product, json=json)
    elif tender is not None:
        _tender(node, tender, json=json, fail=fail)
    elif product:
        from accord.flows.assessing.assess import Question, assess_one

        asked = Question(
            product=product, release=release, buyers=names, as_of=moment(as_of), type=type_
        )
        found = assess_one(node.assessing, node.me, node.clock.now(), asked)
        _print(found, json=json)
        if state:
            _state(node, found, person)
        if export and output is not None:
            _export(node, found, export, output, person)
        if fail and not all(_accepted(one) for one in found.assessments):
            raise typer.Exit(NOT_ACCEPTED)
    else:
        _update(node.reassess(every=True), json=json)


def _accepted(one: Assessment) -> bool:
    from accord.assurance.model import ACCEPT, CONDITIONAL

    return one.verdict in {ACCEPT, CONDITIONAL}


def _print(found: Assessed, *, json: bool) -> None:
    if json:
        show.as_json(as_object(found))
        return
    listed = found.release
    kind = f", {listed.type}" if listed.type else ""
    typer.echo(printable(f"{listed.product} {listed.release}{kind}, as of {found.now[:10]}"))
    show.table(
        "",
        ("Buyer", "Baseline", "Verdict", "Until", "Met"),
        [
            (
                one.baseline.name,
                one.baseline.version,
                one.verdict,
                one.until[:10],
                f"{sum(j.met for j in one.judged)} of {len(one.judged)} requirements",
            )
            for one in found.assessments
        ],
        widths=_WIDTHS,
    )
    for one in found.assessments:
        _reasons(one)
    _recognised(found)
    _delta(found.missing)


_SHOWN = 5
"""Reasons that are printed of each buyer; `--json` has all."""


def _reasons(one: Assessment) -> None:
    typer.echo(f"{one.baseline.name}: {one.verdict}")
    for reason in one.reasons[:_SHOWN]:
        typer.echo(printable(f"  - {reason}"))
    if len(one.reasons) > _SHOWN:
        typer.echo(f"  - and {len(one.reasons) - _SHOWN} more; --json has all")
    for condition in one.conditions:
        typer.echo(printable(f"  by {condition.by[:10]}: {condition.need}"))


def _recognised(found: Assessed) -> None:
    """Whose verdicts were let in, and whose were not."""
    chains = {
        (one.baseline.name, support.claim.issuer, tuple(x.rule for x in support.claim.links))
        for one in found.assessments
        for judged in one.judged
        for support in judged.supports
        if support.claim.links
    }
    for buyer, authority, rules in sorted(chains):
        typer.echo(printable(f"{buyer} recognises {authority} by {' and '.join(rules)}"))
    for buyer, refused in sorted(found.refused.items()):
        reasons = sorted({one.reason for one in refused})
        for reason in reasons[:_SHOWN]:
            typer.echo(printable(f"not recognised, {f'{buyer}: {reason}' if buyer else reason}"))
        if len(reasons) > _SHOWN:
            typer.echo(f"not recognised, and {len(reasons) - _SHOWN} more; --json has all")


def _delta(missing: tuple[Missing, ...]) -> None:
    if not missing:
        return
    typer.echo("\nWhat is missing, what unlocks most first:")
    for place, one in enumerate(missing, 1):
        unlocked = f"unlocks {len(one.unlocks)}" if one.unlocks else "unlocks nothing alone"
        more = f", and {', '.join(one.accepts)} would accept" if one.accepts else ""
        typer.echo(printable(f"{place:3}. {one.item}, {one.level.words}: {unlocked}{more}"))
        for wanted in one.wanted:
            kinds = f" by {' or '.join(wanted.accepts)}" if wanted.accepts else ""
            age = f", at most {wanted.days} days old" if wanted.days else ""
            instead = f"; or {' or '.join(wanted.alternatives)}" if wanted.alternatives else ""
            typer.echo(
                printable(
                    f"       {wanted.buyer} {wanted.need} {wanted.title}: {wanted.verdict};"
                    f" {wanted.level.words} is needed{kinds}{age}{instead}"
                )
            )
            for why in wanted.denied:
                typer.echo(printable(f"         answer first: {why}"))


def as_object(found: Assessed) -> dict[str, Any]:
    """One release as `--json` and pages show it."""
    return {
        "product": found.release.product,
        "release": found.release.release,
        "type": found.release.type,
        "digests": found.release.digests,
        "as_of": found.now,
        "verdicts": [_assessment(one) for one in found.assessments],
        "missing": [
            {
                "item": one.item,
                "level": one.level.words,
                "unlocks": [{"buyer": buyer, "requirement": need} for buyer, need in one.unlocks],
                "accepts": one.accepts,
                "wanted": [
                    {
                        "buyer": wanted.buyer,
                        "requirement": wanted.need,
                        "title": wanted.title,
                        "verdict": wanted.verdict,
                        "level": wanted.level.words,
                        "evidence": wanted.accepts,
                        "days": wanted.days,
                        "alternatives": wanted.alternatives,
                        "answer_first": wanted.denied,
                    }
                    for wanted in one.wanted
                ],
            }
            for one in found.missing
        ],
        "not_recognised": [
            {"buyer": buyer, "authority": one.authority, "item": one.item, "reason": one.reason}
            for buyer, refused in found.refused.items()
            for one in refused
        ],
    }


def _assessment(one: Assessment) -> dict[str, Any]:
    return {
        "buyer": one.baseline.name,
        "baseline": one.baseline.version,
        "verdict": one.verdict,
        "until": one.until,
        "reasons": one.reasons,
        "conditions": [{"requirement": c.need, "by": c.by} for c in one.conditions],
        "requirements": [
            {
                "id": judged.need.id,
                "group": judged.need.group,
                "title": judged.need.title,
                "must": judged.need.must,
                "verdict": judged.verdict,
                "needed": judged.need.level.words,
                "met": judged.met,
                "until": judged.until,
                "evidence": [
                    {**_claim(support.claim), "for": support.item, "path": support.path}
                    for support in judged.supports
                ],
                "denied_by": [_claim(claim) for claim in judged.denials],
                "missing": judged.missing,
            }
            for judged in one.judged
        ],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "item": claim.item,
        "level": claim.level.words,
        "kind": claim.kind,
        "issuer": claim.issuer,
        "document": claim.evidence,
        "place": claim.place,
        "issued": claim.issued,
        "expires": claim.expires,
        "why": claim.why,
        "chain": [{"rule": link.rule, "statement": link.statement} for link in claim.links],
    }


def _state(node: Node, found: Assessed, person: str) -> None:
    from accord.flows.assessing.state import state

    for one in state(node, found, person):
        show.note(f"{one.buyer}: {one.verdict}, stated as document {one.document[:12]}.")
    show.note("Share it with `accord share DIGEST --audience NAME`.")


def _export(node: Node, found: Assessed, form: str, output: Path, person: str) -> None:
    from accord.flows.assessing.state import Signing, export

    body = export(found, found.assessments[0], form, Signing(node.me, person, node.signers))
    output.write_bytes(body)
    show.note(f"{len(body):,} bytes written.")


def _update(change: Change, *, json: bool) -> None:
    if json:
        show.as_json({"assessed": change.assessed, "changes": [_event(e) for e in change.events]})
        return
    typer.echo(f"{change.assessed:,} releases looked at, {len(change.events):,} verdicts changed.")
    for event in change.events:
        typer.echo(printable(_line(event)))


def _changes(node: Node, product: str, *, json: bool) -> None:
    found = node.assessing.ledger.events(product)
    if json:
        show.as_json([{"number": number, **_event(event)} for number, event in found])
        return
    for _, event in found:
        typer.echo(printable(f"{show.second(event.at)}  {_line(event)}"))


def _line(event: Event) -> str:
    before = f"{event.before} -> " if event.before else ""
    return f"{event.product} {event.release} for {event.buyer}: {before}{event.after}; {event.why}"


def _event(event: Event) -> dict[str, str]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def _tender(node: Node, file: Path, *, json: bool, fail: bool) -> None:
    from accord.core.errors import TooLarge
    from accord.flows.assessing.tender import compare, read_tender

    with file.open("rb") as opened_:
        data = opened_.read(_MOST + 1)
    if len(data) > _MOST:
        raise TooLarge(f"a tender of more than {_MOST:,} bytes")
    found = compare(node.assessing, node.me, node.clock.now(), read_tender(data))
    if json:
        show.as_json(
            {
                "tender": found.tender.tender,
                "buyer": found.tender.buyer,
                "offers": [
                    {
                        "product": offer.product, "release": offer.release,
                        "supplier": offer.supplier, **_assessment(one),
                    }
                    for offer, one in zip(found.tender.offers, found.assessments, strict=True)
                ],
            }
        )  # fmt: skip
    else:
        _side_by_side(found)
    if fail and not all(_accepted(one) for one in found.assessments):
        raise typer.Exit(NOT_ACCEPTED)


def _side_by_side(found: Compared) -> None:
    """A requirement a line, an offer a column."""
    offers = [f"{one.product} {one.release}".strip() for one in found.tender.offers]
    typer.echo(printable(f"{found.tender.tender or 'Tender'}, for {found.tender.buyer}"))
    rows = [("verdict", "", *(one.verdict for one in found.assessments))]
    rows.append(("met", "", *(str(sum(j.met for j in one.judged)) for one in found.assessments)))
    judged = [{j.need.id: j for j in one.judged} for one in found.assessments]
    for need in found.assessments[0].baseline.needs:
        cells = []
        for one in judged:
            verdict = one[need.id].verdict if need.id in one else ""
            cells.append(verdict if not verdict or one[need.id].met else f"{verdict} (!)")
        rows.append((need.id, need.title, *cells))
    show.table("", ("Requirement", "", *offers), rows)
    typer.echo("(!) not enough for this baseline")
