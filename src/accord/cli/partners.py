"""The partnership: found it, join it, change it together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.proposing import (
    Addresses,
    Instead,
    Named,
    Needed,
    Output,
    Title,
    Why,
    Words,
    Yes,
    ask,
    beside,
    change,
    confirm,
    read,
    say,
    say_words,
    show_review,
    show_waiting,
    tell,
    waiting,
    write,
)
from accord.cli.show import as_json, note, table
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.partners import Own
    from accord.identity.keys import LibrarySigner
    from accord.identity.partners import Partner
    from accord.wiring import Node

partners = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who the partners are, and with which keys: found, join, change and list a partnership.",
)

KeyAt = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        envvar="ACCORD_KEY",
        help="Address of a key that is not to be made in a file: pkcs11:..., hv:..., gcpkms:...; "
        "may be repeated. `file`: in a file, although the key before is not.",
        show_default=False,
    ),
]
NoMlDsa = Annotated[
    bool, typer.Option("--no-ml-dsa", help="Make no second key, of kind ML-DSA-65, in a file.")
]
_NAME = "Short name of this node: a-z, 0-9 and -."


@partners.command()
def found(
    name: Annotated[str, typer.Argument(help=_NAME)],
    partnership: Annotated[str, typer.Option(help="Short name of the partnership.")],
    title: Title,
    address: Addresses,
    threshold: Annotated[
        int, typer.Option(min=0, help="How many partners sign a change; 0: three quarters.")
    ] = 0,
    key: KeyAt = None,
    no_ml_dsa: NoMlDsa = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Begin a partnership, with this node as its first member."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    own, signers = _own(node, name, title, address, key or [], ml_dsa=not no_ml_dsa)
    made = flow.found(node.trust, partnership, own, signers, node.clock.now(), threshold=threshold)
    say(f"{partnership} is founded, with {name} as its only member. Words of its keys:")
    say_words(flow.words_of(made, flow.own_record(node.trust)), "")
    say("Next: `accord partners invite` for each of the others.")


@partners.command()
def invite(output: Output = "", home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Write an invitation for a new partner, and the words to read out to it."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    data, words = flow.invite(node.trust, node.clock.now())
    name = flow.known(node.trust).directory.partnership
    file = write(output or f"{name}.invitation.json", data)
    say(f"The invitation is in {file}. Send it by any way. Then call the newcomer, by a way that")
    say("you know to be theirs, and read out:")
    say_words(words, output)
    say("The newcomer runs `accord partners accept` with the file and these words.")


@partners.command()
def accept(
    file: Annotated[Path, typer.Argument(help="An invitation.")],
    name: Annotated[str, typer.Option(help=_NAME)],
    title: Title,
    address: Addresses,
    words: Words = None,
    output: Output = "",
    key: KeyAt = None,
    no_ml_dsa: NoMlDsa = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Accept an invitation: makes this node's keys, and writes an enrolment for the others."""
    from accord.flows.exchange import partners as flow

    node = opened(home, database)
    given = (words or [""])[0] or ask("Words that the member of the partnership has read out")
    trusted = flow.invited(node.trust, read(file), given, node.clock.now())
    own, signers = _own(node, name, title, address, key or [], ml_dsa=not no_ml_dsa)
    data, own_words = flow.accept(node.trust, trusted, own, signers)
    made = write(output or f"{name}.enrolment.json", data)
    say(f"The enrolment is in {made}. Send it to a member by any way. When they call, read out:")
    say_words(own_words, output)
    say("They run `accord partners sign` with it. Where they send a proposal back, sign it too.")


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
    review = beside(node, flow.consider(node.trust, read(file), now), now)
    show_review(review)
    given = list(words or [])
    signers = node.ring.all()
    if not given:
        asked = flow.unproven(node.trust, review, signers)
        given += [ask(f"Words that {name} has read out") for name, _ in asked]
    confirm(yes=yes)
    signed = flow.sign(node.trust, review, given, signers, now, instead=instead)
    tell(node, signed, output)


@partners.command()
def rotate(
    compromised: Annotated[
        bool,
        typer.Option("--compromised", help="Somebody else may have the old keys: revoke them."),
    ] = False,
    key: KeyAt = None,
    no_ml_dsa: NoMlDsa = False,
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
    held = {signer.keyid for signer in node.ring.all()}
    new = _new_keys(node, key or [], ml_dsa=not no_ml_dsa)
    now = node.clock.now()
    why = why or ("the old keys may be known to somebody else" if compromised else "new keys")
    record = edits.rotated(
        partner, [signer.key() for signer in new], now,
        compromised=compromised, why=why, held=held,
    )  # fmt: skip
    signed = change(node, record, why, output, instead=instead)
    if compromised and not signed.published:
        say("Have them send the complete proposal back, and sign it here:")
        say("once they know that the old keys are revoked, they answer nothing that these sign.")
    say("The others will ask for the words of the new keys:")
    say_words(flow.words_of(flow.known(node.trust), record), output)


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
    own = address or ()
    shown = [node.certificate(node.me, own) if one == "door" else one for one in certificate or ()]
    changed = {
        "addresses": tuple(check_address(one) for one in address or ()),
        "certificates": tuple(one.replace(":", "").lower() for one in shown),
        "title": title.strip(),
        "roles": tuple(role or ()),
    }
    said = {name: value for name, value in changed.items() if value}
    if not said:
        raise typer.BadParameter(
            "nothing was given to change: give --address, --certificate, --title or --role"
        )
    record = msgspec.structs.replace(record, **said)
    change(node, record, why or "a new record", output, instead=instead)


@partners.command()
def remove(
    name: Named,
    why: Needed,
    output: Output = "",
    instead: Instead = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Propose that a partner leaves. What it signed before can still be verified."""
    from accord.identity.directory import edits

    node = opened(home, database)
    record = edits.removed(_partner(node, name), node.clock.now(), why)
    change(node, record, why, output, instead=instead)


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
    tell(node, signed, output)


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
    tell(node, signed, output)


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
    open_ = [kept for kept in node.trust.proposals() if kept.state == "signed"]
    if json:
        shown = {
            "directory": directory, "me": node.me, "root": trusted.root,
            "expires": trusted.expires, "proposals": [waiting(node, one) for one in open_],
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
    say(
        f"{directory.threshold} of {members} sign a change. It holds until {trusted.expires[:16]}Z."
    )
    say(f"Envelopes must hold: {directory.policy.signatures}.")
    show_waiting(node, open_)


@partners.command()
def show(
    name: Named,
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
        why = f"  ({printable(key.why)})" if key.why else ""
        state = "in use" if key.in_use else f"{state}{why}"
        typer.echo(f"key          {key.keyid}  {key.scheme}  {state}")
    typer.echo(f"words        {words}")


def _state(partner: Partner, me: str) -> str:
    if partner.removed:
        return "left"
    return "this node" if partner.name == me else ""


def _own(
    node: Node, name: str, title: str, addresses: list[str], uris: list[str], *, ml_dsa: bool
) -> tuple[Own, tuple[LibrarySigner, ...]]:
    """Who this node is; its keys are made where it has none."""
    from accord.flows.exchange.partners import Own

    signers = node.ring.all() or _new_keys(node, uris, ml_dsa=ml_dsa)
    keys = tuple(signer.key() for signer in signers)
    certificates = (node.certificate(name, addresses),)
    return Own(name, title, tuple(addresses), certificates, keys), signers


def _new_keys(node: Node, uris: list[str], *, ml_dsa: bool) -> tuple[LibrarySigner, ...]:
    """New keys; a passphrase is needed where one of them is made in a file."""
    if not ml_dsa and uris and "file" not in uris:
        return node.new_keys("", uris, ml_dsa=False)
    passphrase = node.passphrase() if node.ring.encrypted else _new_passphrase(node)
    return node.new_keys(passphrase, uris, ml_dsa=ml_dsa)


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
