"""What the commands about a partnership share: their options, files, words and signatures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import files
from accord.cli.options import said
from accord.cli.show import note
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.partners import Signed
    from accord.flows.exchange.sharing.renewing import Renewed
    from accord.flows.exchange.trust import Kept
    from accord.identity.directory.proposals import Review
    from accord.identity.partners import Partner
    from accord.wiring import Node

_MOST = 32 * 1024 * 1024
"""Bytes of a file that is read."""
_OBJECTS = 20
"""Objects that are named in full."""

Named = Annotated[str, typer.Argument(help="A partner.")]
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
Needed = Annotated[
    str, typer.Option("--why", callback=said, help="The reason, for the other partners.")
]


def change(node: Node, record: Partner, why: str, file: str, *, instead: bool) -> Signed:
    """Propose another record of one partner, and say what is next."""
    from accord.flows.exchange import partners as flow

    signed = flow.change(
        node.trust, node.ring.all(), node.clock.now(), partner=record, why=why, instead=instead
    )
    tell(node, signed, file)
    return signed


def show_review(review: Review) -> None:
    """What a proposal would change, who began it, and who has signed."""
    typer.echo(f"Version {review.version} of {review.directory.partnership}:")
    for line in _changes(review):
        typer.echo(printable(f"  - {line}"))
    if review.proposal.why:
        typer.echo(printable(f"Proposed by {review.proposal.by}: {review.proposal.why}"))
    if review.signed:
        typer.echo(f"Signed by {', '.join(review.signed)}.")


def show_waiting(node: Node, kept: list[Kept]) -> None:
    """Proposals that this node has signed: what, by whom, who has to sign yet, and what is next."""
    from accord.identity.directory.proposals import waiting_for

    for one in kept:
        say(f"Since {one.at[:16]}Z proposal {one.digest[:12]} waits for signatures:")
        review = _reviewed(node, one)
        if isinstance(review, str):
            say(f"  it can take effect no more: {review}")
            continue
        for line in _changes(review):
            say(f"  - {line}")
        proposal = review.proposal
        say(f"  Proposed by {proposal.by}{f': {proposal.why}' if proposal.why else ''}")
        say(f"  Signed by {', '.join(review.signed)}; needed yet: {'; '.join(waiting_for(review))}")
        say(
            f"  Next: they run `accord partners sign` with its file ({_file_name(review)}, unless "
            "it was named otherwise)."
        )


def waiting(node: Node, kept: Kept) -> dict[str, object]:
    """An open proposal as JSON has it."""
    review = _reviewed(node, kept)
    shown = {"digest": kept.digest, "at": kept.at}
    if isinstance(review, str):
        return {**shown, "refused": review}
    return {
        **shown,
        "by": review.proposal.by,
        "why": review.proposal.why,
        "changes": [change.sentence for change in review.changes],
        "signed": review.signed,
        "missing": [{"count": count, "of": names} for count, names in review.missing],
    }


def _reviewed(node: Node, kept: Kept) -> Review | str:
    """A proposal as it stands today, or why it can take effect no more."""
    from accord.core.errors import AccordError
    from accord.flows.exchange import partners as flow

    try:
        return flow.consider(node.trust, kept.data, node.clock.now())
    except AccordError as wrong:
        return str(wrong)


def _changes(review: Review) -> list[str]:
    found = [change.sentence for change in review.changes]
    return found or ["the same partners and rules, for another year"]


def _file_name(review: Review) -> str:
    return f"{review.directory.partnership}-{review.version}.proposal.json"


def tell(node: Node, signed: Signed, file: str) -> None:
    """Where a proposal is, and what is next."""
    from accord.identity.directory.proposals import waiting_for

    review = signed.review
    made = write(file or _free(signed), signed.file)
    if signed.published:
        say(f"Enough have signed: version {review.version} of the directory is in force here.")
        say(f"The others learn of it when they sync, or by signing {made}.")
        tell_renewed(renewed(node))
        return
    say(f"The proposal is in {made}, signed by {', '.join(review.signed)}.")
    say("It takes effect once these have signed it too:")
    for sentence in waiting_for(review):
        say(f"  {sentence}")
    say("Send it to them; they run `accord partners sign` with it.")


def beside(node: Node, review: Review, now: str) -> Review:
    """A proposal, with the signatures of the copy of it that would be written over."""
    from accord.core.errors import AccordError
    from accord.flows.exchange import partners as flow

    kept = Path(_file_name(review))
    if not kept.is_file():
        return review
    try:
        return flow.joined(node.trust, review, read(kept), now)
    except AccordError:
        # Another file: it is not written over, see `_free`.
        return review


def _free(signed: Signed) -> str:
    """The file in which a proposal goes on; one that holds anything else stays as it is.

    Raises:
        AccordError: there is no such name.
    """
    from accord.core.errors import AccordError, Invalid
    from accord.identity.directory import proposals

    name = _file_name(signed.review)
    for free in (name, name.replace(".proposal", f"-{signed.review.digest[:12]}.proposal")):
        if not Path(free).exists():
            return free
        try:
            if proposals.digest_of(proposals.read(read(Path(free)))) == signed.review.digest:
                return free
        except Invalid:
            continue
    raise AccordError(f"{name} holds something else; name another file with --output")


def renewed(node: Node) -> Renewed | None:
    """Seal anew what the change asks for, where this node is a partner."""
    directory = node.trust.directory()
    if directory is None or directory.partner(node.me) is None:
        return None
    return node.renew()


def tell_renewed(found: Renewed | None) -> None:
    """What was sealed anew after keys or rules had changed, and what is left to people."""
    if found is None:
        return
    if found.anew:
        say("Sealed anew, since the keys that had sealed them count no more: "
            f"{found.anew:,} of what this node shares.")  # fmt: skip
    if found.left:
        say(
            f"Not sealed anew in every audience: {len(found.left):,}. Some members may not see "
            "what was shared before they came; `accord share` shows it to all members of today:"
        )
        for name in found.left[:_OBJECTS]:
            say(f"  {name}")
        if len(found.left) > _OBJECTS:
            say(f"  and {len(found.left) - _OBJECTS:,} more")


def ask(question: str) -> str:
    """Words from a person; a program gives them with --words.

    Raises:
        BadParameter: nobody is there to ask.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question}: give them with --words")
    return str(typer.prompt(question))


def confirm(*, yes: bool) -> None:
    """Ask once more before this node signs.

    Raises:
        BadParameter: nobody is there to ask.
        Abort: the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("to sign without being asked, say --yes")
    typer.confirm("Sign this?", abort=True)


def read(file: Path) -> bytes:
    """A file that a partner sent.

    Raises:
        NotFound: it cannot be read.
        TooLarge: it is larger than any such file.
    """
    return files.read(file, _MOST)


def write(name: str, data: bytes) -> str:
    """Write a file for partners; gives what to call it.

    Raises:
        AccordError: it cannot be written.
    """
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


def say(text: str) -> None:
    """For the person, beside a file that may go to standard output."""
    note(printable(text))


def say_words(words: str, file: str) -> None:
    """The words alone are the result, unless a file takes their place on standard output."""
    typer.echo(f"  {words}", err=file == "-")
