"""Evidence for a release: add, list, remove; and whose word counts for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Person, opened, said
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.evidence.add import Added

evidence = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What proves a supplier's claims about a release, verified before it is kept.",
)
issuer = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Whose word counts, for what and until when."
)
evidence.add_typer(issuer, name="issuer")

Why = Annotated[str, typer.Option(callback=said, help="The reason, for those who read it later.")]
Product = Annotated[str, typer.Argument(callback=said, help="Name of the product.")]
Release = Annotated[str, typer.Option(help="Release of the product; none: all that are named.")]
_HASHES = ("sha256", "sha384", "sha512")


@evidence.command()
def add(
    product: Product,
    files: Annotated[
        list[Path],
        typer.Argument(help="Bills, VEX, statements, bundles, results, forms, certificates."),
    ],
    person: Person,
    release: Release = "",
    artefact: Annotated[
        list[str] | None,
        typer.Option(help="What is shipped: a file, or `sha256:...`, or `gitCommit:...`."),
    ] = None,
    issuer: Annotated[str, typer.Option(help="Whose it must be, by the name given here.")] = "",
    why: Annotated[str, typer.Option(help="A remark for those who read it later.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="It may be what was removed before; say --why.")
    ] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Verify documents and keep them as evidence for a release: all of them, or none.

    In-toto statements, SLSA provenance and Sigstore bundles must be about an artefact of the
    release. A signature counts only where its owner has a standing: `accord evidence issuer add`.
    """
    from accord.flows.evidence.add import Ask
    from accord.flows.evidence.add import add as run

    node = opened(home, database)
    ask = Ask(
        product=product,
        person=person,
        release=release.strip(),
        artefacts=frozenset(found for one in artefact or () for found in _artefact(one)),
        issuer=issuer.strip(),
        why=why.strip(),
        again=again,
    )
    added = run(node, ask, [(str(path), read_bytes(path)) for path in files])
    if json:
        show.as_json({"taken": added.taken, "beside": added.beside})
    else:
        _tell(added)
    reassessed(node)


def _tell(added: Added) -> None:
    for one in added.taken:
        releases = ", ".join(release or "every release" for release in one.releases)
        by = f"by {one.issuer}" if one.issuer else "by nobody with a standing"
        how = "not signed" if one.how == "unsigned" else f"signature verified ({one.how})"
        state = "" if one.new else "; recorded already"
        typer.echo(printable(f"{one.source}: {one.kind} for {releases}"))
        typer.echo(printable(f"    {one.digest[:12]}  {by}, {how}; {one.claims} claims{state}"))
        for digest in one.matched[:3]:
            typer.echo(printable(f"    about {digest}"))
    for source in added.beside:
        typer.echo(printable(f"{source}: kept beside"))
    for item in added.loaded.quarantined:
        show.note(printable(f"{item.source} at {item.place}: {item.reason[:300]}"))


@evidence.command("list")
def list_(
    product: Annotated[str, typer.Argument(help="Name of the product; none: all.")] = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what is evidence, how far it is believed now, and why."""
    node = opened(home, database)
    found = node.proofs.listed(product, node.clock.now())
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("No evidence.")
        return
    show.stacked(
        (
            (
                one.tie.document[:12],
                f"{one.tie.product} {one.tie.release or '(every release)'}",
                one.tie.kind,
                one.level,
            ),
            (
                f"{one.why}; {one.claims} claims; {one.title}",
                f"by {one.tie.issuer or 'nobody with a standing'}; {one.tie.how}",
                f"recorded by {one.tie.person} on {one.tie.at[:10]}",
            ),
        )
        for one in found
    )


@evidence.command()
def remove(
    product: Product,
    document: Annotated[str, typer.Argument(help="Its digest, or how that begins.")],
    person: Person,
    why: Why,
    release: Annotated[str | None, typer.Option(help="For this release only.")] = None,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Record that a document is no longer evidence; it stays kept, and so does the record."""
    from accord.flows.evidence.add import remove as run

    node = opened(home, database)
    count = run(node, product, document, release, (person, why))
    typer.echo(printable(f"{document} is no longer evidence for {product} ({count} records)."))
    reassessed(node)


@evidence.command("type")
def type_(
    product: Product,
    person: Person,
    type_: Annotated[
        str, typer.Argument(help="What it is: `router`, `operating system`.", metavar="TYPE")
    ] = "",
    release: Annotated[str, typer.Option(help="For this release only; none: for all.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take back what was said.")] = False,
    why: Annotated[str, typer.Option(help="A remark for those who read it later.")] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Record what type of product something is, for baselines and rules that are for some types."""
    from accord.flows.evidence.types import Typed, say

    if bool(type_.strip()) == remove:
        raise typer.BadParameter("name one type, or --remove", param_hint="TYPE")
    node = opened(home, database)
    said_ = Typed(
        product=product, type=type_.strip(), person=person, release=release.strip(), why=why.strip()
    )
    new = say(node, said_)
    name = f"{product} {release}".strip()
    done = "is recorded" if new else "was recorded already"
    kept = f"of type {type_.strip()}" if type_ else "of no known type"
    typer.echo(printable(f"{name} {done} as {kept}."))
    reassessed(node)


@evidence.command("types")
def types(
    product: Annotated[str, typer.Argument(help="Name of the product; none: all.")] = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what types of product are recorded, and who said so."""
    found = opened(home, database).proofs.types(product)
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("No type of product is recorded.")
        return
    show.stacked(
        (
            (f"{one.product} {one.release or '(every release)'}", one.type),
            (f"by {one.person} on {one.at[:10]}{f': {one.why}' if one.why else ''}",),
        )
        for one in found
    )


@issuer.command("add")
def issuer_add(
    name: Annotated[str, typer.Argument(callback=said, help="What it is called here.")],
    role: Annotated[
        Literal["supplier", "builder", "assessor", "authority"],
        typer.Option(help="What its word is worth."),
    ],
    person: Person,
    why: Why,
    key: Annotated[list[Path] | None, typer.Option(help="A public key, in PEM.")] = None,
    certificate: Annotated[
        list[Path] | None, typer.Option(help="A root that its certificates lead to, in PEM.")
    ] = None,
    identity: Annotated[
        list[str] | None,
        typer.Option(help="What Sigstore's certificate, or provenance's builder, calls it."),
    ] = None,
    oidc: Annotated[str, typer.Option(help="Who vouches for the identity: https://...")] = "",
    trust_root: Annotated[
        Path | None, typer.Option(help="Sigstore's trusted_root.json, pinned here.")
    ] = None,
    kinds: Annotated[list[str] | None, typer.Option(help="Kind of evidence; none: all.")] = None,
    items: Annotated[list[str] | None, typer.Option(help="Pattern of items; none: all.")] = None,
    products: Annotated[
        list[str] | None, typer.Option(help="Pattern of products; none: all.")
    ] = None,
    until: Annotated[str, typer.Option(help="The day it ends.", metavar="DATE")] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Give somebody a standing, in place of the one before; it is kept as a document."""
    from accord.core.errors import Invalid
    from accord.core.times import when
    from accord.flows.evidence.issuers import Wanted, give

    try:
        ends = when(until)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--until") from wrong
    wanted = Wanted(
        name=name,
        role=role,
        person=person,
        why=why,
        keys=tuple((str(path), read_bytes(path)) for path in key or ()),
        certificates=tuple((str(path), read_bytes(path)) for path in certificate or ()),
        identities=tuple(identity or ()),
        oidc=oidc.strip(),
        trust_root=read_bytes(trust_root) if trust_root else b"",
        kinds=tuple(kinds or ()),
        items=tuple(items or ()),
        products=tuple(products or ()),
        until=ends,
    )
    node = opened(home, database)
    new = give(node, wanted)
    state = "has a standing" if new else "had this standing already"
    typer.echo(printable(f"{name}, {role}, {state}."))
    reassessed(node)


@issuer.command("list")
def issuer_list(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List everybody who has, or had, a standing."""
    node = opened(home, database)
    found = node.proofs.standings()
    if json:
        show.as_json(list(found.values()))
        return
    if not found:
        typer.echo("Nobody has a standing.")
        return
    now = node.clock.now()
    show.stacked(
        (
            (one.name, one.role, _state(one.removed, one.until, now)),
            (
                f"{len(one.keys)} keys, {len(one.certificates)} roots; "
                + (", ".join(i.id for i in one.identities) or "no identities"),
                f"kinds: {', '.join(one.kinds) or 'all'}; items: {', '.join(one.items) or 'all'}",
                f"products: {', '.join(one.products) or 'all'}",
                f"by {one.person} on {one.at[:10]}: {one.why}",
            ),
        )
        for one in found.values()
    )


@issuer.command("remove")
def issuer_remove(
    name: Annotated[str, typer.Argument(help="What it is called here.")],
    person: Person,
    why: Why,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """End a standing: from now on nothing that it signed counts."""
    from accord.flows.evidence.issuers import end

    node = opened(home, database)
    end(node, name, person, why)
    typer.echo(printable(f"{name} has no standing any more."))
    reassessed(node)


def _state(ended: bool, until: str, now: str) -> str:
    if ended:
        return "ended"
    if until and until <= now:
        return f"ended on {until[:10]}"
    return f"until {until[:10]}" if until else "stands"


def read_bytes(path: Path) -> bytes:
    """A file within the bound on one document."""
    from accord.core.limits import LIMITS

    try:
        if path.is_dir():
            raise typer.BadParameter(f"{path} is a folder; name the files in it")
        with path.open("rb") as file:
            data = file.read(LIMITS.bytes + 1)
    except OSError as wrong:
        raise typer.BadParameter(f"{path} cannot be read: {wrong.strerror}") from wrong
    if len(data) > LIMITS.bytes:
        raise typer.BadParameter(f"{path} is larger than {LIMITS.bytes:,} bytes")
    return data


def _artefact(text: str) -> list[str]:
    """Digests of what is shipped: of a file, or as they are said."""
    import hashlib

    from accord.assurance.evidence.items import SIZES, digest
    from accord.core.errors import Invalid

    algorithm, colon, said_ = text.partition(":")
    if colon and algorithm in SIZES:
        try:
            return [f"{algorithm}:{digest(algorithm, said_, '--artefact')}"]
        except Invalid as wrong:
            raise typer.BadParameter(str(wrong)) from wrong
    found = {name: hashlib.new(name) for name in _HASHES}
    try:
        with Path(text).open("rb") as file:
            while chunk := file.read(1 << 20):
                for one in found.values():
                    one.update(chunk)
    except OSError as wrong:
        reason = (
            f"{text} is no digest (`sha256:...`) and no file that can be read: {wrong.strerror}"
        )
        raise typer.BadParameter(reason, param_hint="--artefact") from wrong
    return [f"{name}:{one.hexdigest()}" for name, one in found.items()]
