"""The partnership: found it, join it, change it together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened, said
from accord.cli.show import as_json, note, table
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.partners import Own, Signed
    from accord.identity.directory.proposals import Review
    from accord.identity.keys import LibrarySigner
    from accord.identity.partners import Partner
    from accord.wiring import Node

partners = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who the partners are, and with which keys: found, join, change and list a partnership.",
)

_MOST = 32 * 1024 * 1024
"""Bytes of a file that is read."""
Title = Annotated[str, typer.Option(callback=said, help="Name of this node's body, for people.")]
Addresses = Annotated[
    list[str],
    typer.Option("--address", help="https://host:port of this node's door; may be repeated."),
]
Output = Annotated[
    str, typer.Option("-o", "--output", help="File to write; `-` is standard output.")
]
Words = Annotated[
    list[str] | None,
    typer.Option(help="Words that were read out; asked for where missing.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without being asked once more.")]
Instead = Annotated[
    bool,
    typer.Option("--instead", help="Give up another proposal that this node has signed."),
]
Why = Annotated[str, typer.Option(help="The reason, for the other partners.")]
OwnName = Annotated[str, typer.Option(help="Short name of this node: a-z, 0-9 and -.")]


@partners.command()
def found(
    name: Annotated[str, typer.Argument(help="Short name of this node: a-z, 0-9 and -.")],
    partnership: Annotated[str, typer.Option(help="Short name of the partnership.")],
    title: Title,
    address: Addresses,
    threshold: Annotated[
        int, typer.Option(min=0, help="How many partners sign a change; 0: three quarters.")
    ] = 0,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Begin a partnership, with this node as its first member."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    own, signers = _own(node, name, title, address)
    made = flow.found(node.trust, partnership, own, signers, node.clock.now(), threshold=threshold)
    _say(f"{partnership} is founded, with {name} as its only member. Words of its keys:")
    _say_words(flow.words_of(made, flow.own_record(node.trust)), "")
    _say("Next: `accord partners invite` for each of the others.")


@partners.command()
def invite(output: Output = "", home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Write an invitation for a new partner, and the words to read out to it."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    data, words = flow.invite(node.trust, node.clock.now())
    name = flow.known(node.trust).directory.partnership
    file = _write(output or f"{name}.invitation.json", data)
    _say(f"The invitation is in {file}. Send it by any way. Then call the newcomer, by a way that")
    _say("you know to be theirs, and read out:")
    _say_words(words, output)
    _say("The newcomer runs `accord partners accept` with the file and these words.")


@partners.command()
def accept(
    file: Annotated[Path, typer.Argument(help="An invitation.")],
    name: OwnName,
    title: Title,
    address: Addresses,
    words: Words = None,
    output: Output = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Accept an invitation: makes this node's keys, and writes an enrolment for the others."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    given = (words or [""])[0] or _ask("Words that the member of the partnership has read out")
    trusted = flow.invited(node.trust, _read(file), given, node.clock.now())
    own, signers = _own(node, name, title, address)
    data, own_words = flow.accept(node.trust, trusted, own, signers)
    made = _write(output or f"{name}.enrolment.json", data)
    _say(f"The enrolment is in {made}. Send it to a member by any way. When they call, read out:")
    _say_words(own_words, output)
    _say("They run `accord partners sign` with it. Where they send a proposal back, sign it too.")


@partners.command()
def sign(
    file: Annotated[Path, typer.Argument(help="An enrolment, or a proposal.")],
    words: Words = None,
    output: Output = "",
    yes: Yes = False,
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Sign a change of the partnership, once you have seen what it is."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    now = node.clock.now()
    review = flow.consider(node.trust, _read(file), now)
    _show_review(review)
    given = list(words or [])
    signers = node.ring.all()
    if not given:
        asked = flow.unproven(node.trust, review, signers)
        given += [_ask(f"Words that {name} has read out") for name, _ in asked]
    _confirm(yes=yes)
    signed = flow.sign(node.trust, review, given, signers, now, instead=instead)
    _tell(signed, output)


@partners.command()
def rotate(
    compromised: Annotated[
        bool,
        typer.Option("--compromised", help="Somebody else may have the old keys: revoke them."),
    ] = False,
    why: Why = "",
    output: Output = "",
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Give this node new keys. What it signed before still counts, unless it is compromised."""
    from accord.flows.exchange import partners as flow
    from accord.identity.directory import edits

    node = opened(home, database)
    partner = flow.own_record(node.trust)
    passphrase = node.passphrase() if node.ring.encrypted else _new_passphrase(node)
    new = node.new_keys(passphrase)
    now = node.clock.now()
    record = edits.rotated(
        partner, [signer.key() for signer in new], now, compromised=compromised, why=why
    )
    _change(node, record, why or "new keys", output, instead=instead)
    _say("The others will ask for the words of the new keys:")
    _say_words(flow.words_of(flow.known(node.trust), record), output)


@partners.command()
def update(
    address: Annotated[
        list[str] | None,
        typer.Option("--address", help="All addresses of the door.", show_default=False),
    ] = None,
    certificate: Annotated[
        list[str] | None,
        typer.Option(
            help="SHA-256 of each certificate that the door may show, in hexadecimal; `door` is "
            "the one in this node's folder.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Name of this node's body, for people.")] = "",
    role: Annotated[
        list[str] | None, typer.Option(help="What it does in the partnership.", show_default=False)
    ] = None,
    why: Why = "",
    output: Output = "",
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Change what the directory says of this node, other than its keys."""
    import msgspec

    from accord.flows.exchange import partners as flow
    from accord.identity.directory.records import check_address

    node = opened(home, database)
    record = flow.own_record(node.trust)
    shown = [node.certificate(node.me) if one == "door" else one for one in certificate or ()]
    changed = {
        "addresses": tuple(check_address(one) for one in address or ()),
        "certificates": tuple(one.replace(":", "").lower() for one in shown),
        "title": title.strip(),
        "roles": tuple(role or ()),
    }
    record = msgspec.structs.replace(record, **{k: v for k, v in changed.items() if v})
    _change(node, record, why or "a new record", output, instead=instead)


@partners.command()
def remove(
    name: Annotated[str, typer.Argument(help="A partner.")],
    why: Annotated[str, typer.Option(callback=said, help="The reason, for the other partners.")],
    output: Output = "",
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Propose that a partner leaves. What it signed before can still be verified."""
    from accord.identity.directory import edits

    node = opened(home, database)
    record = edits.removed(_partner(node, name), node.clock.now(), why)
    _change(node, record, why, output, instead=instead)


@partners.command()
def policy(
    signatures: Annotated[
        str, typer.Option(help="Which must hold: ed25519, ml-dsa-65, both or either.")
    ] = "",
    recall_hours: Annotated[
        int, typer.Option(min=0, help="Hours within which a recall is acknowledged; 0: as it is.")
    ] = 0,
    threshold: Annotated[
        int, typer.Option(min=-1, help="How many partners sign; 0: three quarters; -1: as it is.")
    ] = -1,
    why: Why = "",
    output: Output = "",
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Propose other rules for all partners."""
    import msgspec

    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    charter = flow.known(node.trust).charter
    changed = {"signatures": signatures, "recall_hours": recall_hours}
    charter = flow.policy(charter, **{name: value for name, value in changed.items() if value})
    if threshold >= 0:
        charter = msgspec.structs.replace(charter, threshold=threshold)
    signed = flow.change(
        node.trust, node.ring.all(), node.clock.now(), charter=charter,
        why=why or "other rules", instead=instead,
    )  # fmt: skip
    _tell(signed, output)


@partners.command()
def renew(
    output: Output = "",
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Propose the same directory for another year: enough partners sign it once a year at least."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    now = node.clock.now()
    signed = flow.change(node.trust, node.ring.all(), now, why="another year", instead=instead)
    _tell(signed, output)


@partners.command()
def refresh(
    alone: Annotated[
        bool,
        typer.Option("--alone", help="Although no other partner has confirmed it lately."),
    ] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Confirm that the directory is current, when half of its two weeks are over."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    done = flow.refresh(node.trust, node.ring.all(), node.clock.now(), alone=alone)
    expires = flow.known(node.trust).expires
    typer.echo(f"{'Confirmed' if done else 'Nothing to do'}; the directory holds until "
               f"{expires[:16]}Z.")  # fmt: skip


@partners.command("list")
def list_(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List the partners, and the changes that are waiting for signatures."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    trusted = flow.known(node.trust)
    directory = trusted.directory
    waiting = [kept for kept in node.trust.proposals() if kept.state == "signed"]
    if json:
        shown = {
            "directory": directory, "me": node.me, "root": trusted.root,
            "expires": trusted.expires,
            "proposals": [{"digest": one.digest, "at": one.at} for one in waiting],
        }  # fmt: skip
        as_json(shown)
        return
    table(
        f"{directory.partnership}, version {directory.version}",
        ("name", "title", "since", "", "address"),
        [
            (p.name, p.title, p.since[:10], _state(p, node.me), (p.addresses or ("",))[0])
            for p in directory.partners
        ],
    )
    members = sum(1 for _ in directory.members())
    _say(
        f"{directory.threshold} of {members} sign a change. It holds until {trusted.expires[:16]}Z."
    )
    _say(f"Envelopes must hold: {directory.policy.signatures}.")
    for one in waiting:
        _say(f"Waiting for signatures since {one.at[:16]}Z: proposal {one.digest[:12]}.")


@partners.command()
def show(
    name: Annotated[str, typer.Argument(help="A partner.")],
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Show one partner: its addresses, its keys, and their words."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    partner = _partner(node, name)
    words = flow.words_of(flow.known(node.trust), partner)
    if json:
        as_json({"partner": partner, "words": words})
        return
    typer.echo(printable(f"{partner.name}: {partner.title}"))
    typer.echo(f"identity     {partner.identity}")
    typer.echo(f"member       {partner.since[:10]} to {partner.removed[:10] or 'today'}")
    for address in partner.addresses:
        typer.echo(f"address      {printable(address)}")
    for certificate in partner.certificates:
        typer.echo(f"certificate  {certificate}")
    for key in partner.keys:
        state = f"revoked {key.revoked[:10]}" if key.revoked else f"until {key.until[:10]}"
        typer.echo(f"key          {key.keyid}  {key.scheme}  {'in use' if key.in_use else state}")
    typer.echo(f"words        {words}")


def _state(partner: Partner, me: str) -> str:
    if partner.removed:
        return "left"
    return "this node" if partner.name == me else ""


def _own(
    node: Node, name: str, title: str, addresses: list[str]
) -> tuple[Own, tuple[LibrarySigner, ...]]:
    """Who this node is; its keys are made where it has none."""
    from accord.flows.exchange.partners import Own

    signers = node.ring.all() or node.new_keys(_new_passphrase(node))
    keys = tuple(signer.key() for signer in signers)
    certificates = (node.certificate(name),)
    return Own(name, title, tuple(addresses), certificates, keys), signers


def _new_passphrase(node: Node) -> str:
    """What the keys are encrypted with; that they are not is said loudly."""
    import os

    given = os.environ.get("ACCORD_PASSPHRASE", "")
    if not given and sys.stdin.isatty():
        given = typer.prompt(
            "Passphrase for this node's keys (empty: none)",
            default="", show_default=False, hide_input=True, confirmation_prompt=True,
        )  # fmt: skip
    if not given:
        note(
            f"WARNING: the private keys in {node.settings.home}/keys are not encrypted: whoever "
            "can read this folder, or a backup of it, can speak for this node. "
            "ACCORD_PASSPHRASE gives a passphrase."
        )
    return given


def _partner(node: Node, name: str) -> Partner:
    from accord.core.errors import NotFound
    from accord.flows.exchange import partners as flow

    partner = flow.known(node.trust).directory.partner(name)
    if partner is None:
        raise NotFound(f"no partner {name!r}; `accord partners list` lists them")
    return partner


def _change(node: Node, record: Partner, why: str, file: str, *, instead: bool) -> None:
    from accord.flows.exchange import partners as flow

    signed = flow.change(
        node.trust, node.ring.all(), node.clock.now(), partner=record, why=why, instead=instead
    )
    _tell(signed, file)


def _show_review(review: Review) -> None:
    typer.echo(f"Version {review.version} of {review.directory.partnership}:")
    for change in review.changes:
        typer.echo(printable(f"  - {change.sentence}"))
    if not review.changes:
        typer.echo("  - the same partners and rules, for another year")
    if review.proposal.why:
        typer.echo(printable(f"Proposed by {review.proposal.by}: {review.proposal.why}"))
    if review.signed:
        typer.echo(f"Signed by {', '.join(review.signed)}.")


def _tell(signed: Signed, file: str) -> None:
    from accord.identity.directory.proposals import waiting_for

    review = signed.review
    made = _write(
        file or f"{review.directory.partnership}-{review.version}.proposal.json", signed.file
    )
    if signed.published:
        _say(f"Enough have signed: version {review.version} of the directory is in force here.")
        _say(f"The others learn of it when they sync, or by signing {made}.")
        return
    _say(f"The proposal is in {made}, signed by {', '.join(review.signed)}. Still missing:")
    for sentence in waiting_for(review):
        _say(f"  {sentence}")
    _say("Send it to them; they run `accord partners sign` with it.")


def _ask(question: str) -> str:
    """Words from a person; a program gives them with --words."""
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question}: give them with --words")
    return str(typer.prompt(question))


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("to sign without being asked, say --yes")
    typer.confirm("Sign this?", abort=True)


def _read(file: Path) -> bytes:
    from accord.core.errors import NotFound, TooLarge

    try:
        with file.open("rb") as source:
            data = source.read(_MOST + 1)
    except OSError as wrong:
        raise NotFound(f"cannot read {file}: {wrong.strerror}") from wrong
    if len(data) > _MOST:
        raise TooLarge(f"{file} is larger than {_MOST:,} bytes")
    return data


def _write(name: str, data: bytes) -> str:
    from accord.core.errors import AccordError

    if name == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return "the output"
    try:
        Path(name).write_bytes(data)
    except OSError as wrong:
        raise AccordError(f"cannot write {name}: {wrong.strerror}") from wrong
    return name


def _say(text: str) -> None:
    """For the person, beside a file that may go to standard output."""
    note(printable(text))


def _say_words(words: str, file: str) -> None:
    """The words alone are the result, unless a file takes their place on standard output."""
    typer.echo(f"  {words}", err=file == "-")
