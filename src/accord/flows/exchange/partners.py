"""Who the partners are: to found a partnership, join it, change it, and keep its directory fresh.

Enrolment is out of band. An invitation goes to the newcomer and its words are read out; an
enrolment comes back and its words are read out; then enough partners sign. Every way round that is
refused: nothing is trusted because it came first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import msgspec

from accord.core.errors import AccordError, Invalid, NotFound
from accord.flows.exchange.trust import MARKING, ME, PARTNERSHIP, Kept, Trust
from accord.identity import words
from accord.identity.directory import edits, enrolment, founding, proposals, publishing
from accord.identity.directory.kinds import expect
from accord.identity.directory.metadata import BOUNDS, TIMESTAMP, Timestamp
from accord.identity.directory.records import (
    Charter,
    check_address,
    check_name,
    check_partner,
    fingerprint,
    identity_of,
)
from accord.identity.directory.trusted import Expired, Lookup, Trusted, newer, trust
from accord.identity.keys import Signer
from accord.identity.partners import Directory, Holds, Partner, PartnerKey, Policy, Untrusted

DEFAULT_MARKING = "AMBER"
"""What bears no marking is for the organisation and its clients; it is never taken for CLEAR."""
_TRIES = 5


class Own(msgspec.Struct, frozen=True):
    """Who this node says that it is."""

    name: str
    title: str
    addresses: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    keys: tuple[PartnerKey, ...] = ()
    roles: tuple[str, ...] = ()


class Signed(msgspec.Struct, frozen=True):
    """What became of a proposal."""

    review: proposals.Review
    file: bytes
    """For the next partner; where it was published, for those who have not heard."""
    published: bool


def known(store: Trust) -> Trusted:
    """The directory here, whatever its date.

    Raises:
        NotFound: this node has joined no partnership.
    """
    found = store.trusted()
    if found is None:
        raise NotFound(
            "this node is in no partnership: `accord partners found` begins one, and "
            "`accord partners accept` joins one"
        )
    return found


def current(store: Trust, now: str) -> Directory:
    """The directory, where it can be relied on today.

    Raises:
        NotFound: this node has joined no partnership.
        Expired: nobody has confirmed it for too long.
    """
    found = known(store)
    if now >= found.expires:
        raise Expired(
            f"the directory of partners expired at {found.expires[:19]}, so newer files may be "
            "kept back from this node: sync with a partner, look at this machine's clock, or, "
            "where the others are known to be away, run `accord partners refresh --alone`"
        )
    return found.directory


def found(  # noqa: PLR0913 - a partnership, and who begins it
    store: Trust,
    partnership: str,
    own: Own,
    signers: Sequence[Signer],
    now: str,
    *,
    threshold: int = 0,
) -> Trusted:
    """Begin a partnership with this node as its only member.

    Raises:
        AccordError: this node is in one already.
    """
    if store.trusted() is not None:
        raise AccordError(f"this node is in a partnership already, as {store.me()}")
    check_name(partnership)
    partner = edits.joined(_record(partnership, own), now)
    made = founding.found(Charter(partnership, threshold=threshold), [partner], signers, now)
    _keep(store, None, made, _settings(partnership, own.name))
    return made


def invite(store: Trust, now: str) -> tuple[bytes, str]:
    """An invitation, and the words to read out to whoever gets it.

    Raises:
        NotFound, Expired: as `current`.
    """
    current(store, now)
    trusted = known(store)
    return enrolment.write_invitation(trusted), words.words(trusted.fingerprint)


def invited(store: Trust, data: bytes, said: str, now: str) -> Trusted:
    """The directory of an invitation, once its words were compared; nothing is kept yet.

    Raises:
        Untrusted: the words do not belong to it, or its files do not hold together.
        AccordError: this node is a member already.
    """
    here = store.trusted()
    if here is not None and here.directory.partner(store.me()) is not None:
        raise AccordError(f"this node is in a partnership already, as {store.me()}")
    return enrolment.read_invitation(data, said, now)


def accept(
    store: Trust, trusted: Trusted, own: Own, signers: Sequence[Signer]
) -> tuple[bytes, str]:
    """Trust an invitation's directory, and ask to be taken up: the enrolment, and its words.

    Raises:
        AccordError: the name is taken.
    """
    partnership = trusted.directory.partnership
    if trusted.directory.partner(own.name) is not None:
        raise AccordError(f"{own.name} is the name of another partner: choose one with --name")
    partner = _record(partnership, own)
    written = enrolment.write_enrolment(trusted, partner, signers)
    _keep(store, store.trusted(), trusted, _settings(partnership, own.name))
    return written, words.words(fingerprint(partnership, partner))


def consider(store: Trust, data: bytes, now: str) -> proposals.Review:
    """What an enrolment or a proposal would change here, before anything is signed.

    Raises:
        Stale: it builds on another version of the directory.
        Untrusted, Invalid: it does what it may not.
    """
    trusted = known(store)
    if expect(data, "enrolment", "proposal") == "proposal":
        return _with_known(store, trusted, proposals.read(data), now)
    asked = enrolment.read_enrolment(data)
    if asked.partnership != trusted.directory.partnership:
        raise Untrusted(f"an enrolment for {asked.partnership!r}, another partnership")
    partner = edits.joined(asked.partner, now)
    if trusted.directory.partner(partner.name) is not None:
        raise AccordError(f"{partner.name} is a partner already, or was one: it needs another name")
    for kept in store.proposals():
        proposal = proposals.read(kept.data)
        if proposal.enrolments.get(partner.name) == data.decode() and kept.state != "overtaken":
            return _with_known(store, trusted, proposal, now)
    proposal = proposals.propose(
        trusted,
        trusted.charter,
        edits.replaced(trusted.directory, partner),
        by=store.me(),
        why=f"{partner.name} joins",
        now=now,
        enrolments={partner.name: data},
    )
    return proposals.review(trusted, proposal, now)


def joined(store: Trust, review: proposals.Review, other: bytes, now: str) -> proposals.Review:
    """A proposal with what another file brings: signatures, where it is a copy of the same one.

    Raises:
        Invalid: it is another proposal, or none at all.
        Untrusted: a signature in it does not hold.
    """
    both = proposals.merge(review.proposal, proposals.read(other))
    return proposals.review(known(store), both, now)


def change(  # noqa: PLR0913 - a change, and who makes it
    store: Trust,
    signers: Sequence[Signer],
    now: str,
    *,
    partner: Partner | None = None,
    charter: Charter | None = None,
    why: str = "",
    instead: bool = False,
) -> Signed:
    """Propose a new record of one partner, or a new charter, and sign it.

    With neither, it is a renewal: the same list for another year.

    Raises:
        Invalid: nothing would be another than it is.
        AccordError: this node has signed another proposal for the same version.
    """
    trusted = known(store)
    _check_different(trusted, partner, charter)
    listed = list(trusted.directory.partners)
    if charter is not None and charter.threshold != trusted.charter.threshold:
        _check_threshold(charter.threshold, sum(1 for _ in trusted.directory.members()))
    if partner is not None:
        listed = edits.replaced(
            trusted.directory, check_partner(trusted.directory.partnership, partner)
        )
    proposal = proposals.propose(
        trusted, charter or trusted.charter, listed, by=store.me(), why=why, now=now
    )
    return _sign(store, trusted, proposal, signers, now, instead=instead)


def sign(  # noqa: PLR0913 - a decision, and who makes it
    store: Trust,
    review: proposals.Review,
    said: Sequence[str],
    signers: Sequence[Signer],
    now: str,
    *,
    instead: bool = False,
) -> Signed:
    """Sign what was considered; where enough have signed, it is published into this node.

    `said` are the words that newcomers, and partners with new keys, have read out.

    Raises:
        Untrusted: the words of somebody are missing, or belong to other keys.
        AccordError: this node has signed another proposal for the same version.
    """
    trusted = known(store)
    for name, digest in unproven(store, review, signers):
        if not any(words.same(one, digest) for one in said):
            given = said[0] if said else ""
            enrolment.check_words(given, digest, f"the keys of {name}")
    roots = {digest.hex() for digest in publishing.root_fingerprints(trusted)}
    if not roots.issuperset(review.invited):
        raise Untrusted("the newcomer was invited with a root that this partnership never had")
    return _sign(store, trusted, review.proposal, signers, now, instead=instead)


def unproven(
    store: Trust, review: proposals.Review, signers: Sequence[Signer]
) -> list[tuple[str, bytes]]:
    """Whose words are to be compared before this node signs: of all whose keys are new to it.

    None where one of its own keys has signed already: it compared them then.
    """
    own = {signer.keyid for signer in signers}
    if own & review.keyids:
        return []
    return [
        (name, digest)
        for name, digest in review.unproven
        if name != store.me() or not own.issuperset(_in_use(review.directory, name))
    ]


def refresh(store: Trust, signers: Sequence[Signer], now: str, *, alone: bool = False) -> bool:
    """Extend the timestamp when half its life is over; tells whether it did.

    Raises:
        Untrusted: what needs more partners than one has expired.
    """
    for _ in range(_TRIES):
        trusted = store.trusted()
        if trusted is None or trusted.directory.partner(store.me()) is None:
            return False
        made = publishing.extend(trusted, signers, now, alone=alone)
        if made is None:
            return False
        if store.replace(trusted, made):
            return True
    return False


def update_from(store: Trust, offered: Lookup, now: str) -> bool:
    """Take what a partner has newer of the directory; tells whether there was anything.

    `offered` gives a file by its name and the most bytes that it may have, or none where the
    partner has no such file. A partner whose timestamp is not newer than ours is behind: nothing
    is taken of it, and that is no fault of it.

    Raises:
        Untrusted: its files are not signed by enough partners, older, expired, mixed or altered.
        Invalid: what it gives are no files of a directory.
        Expired: ours is past its date, and the partner has nothing newer.
    """
    for _ in range(_TRIES):
        before = known(store)
        first = offered(TIMESTAMP, BOUNDS[Timestamp])
        if first is None or not newer(first, before):
            current(store, now)
            return False
        after = trust(_beginning(first, offered), before.files, now)
        if store.replace(before, after):
            _overtake(store, after.directory.version)
            return True
    return False


def _beginning(timestamp: bytes, offered: Lookup) -> Lookup:
    """A look-up whose timestamp is the one that was looked at already."""
    return lambda name, most: timestamp if name == TIMESTAMP else offered(name, most)


def file(store: Trust, name: str) -> bytes | None:
    """A file of the directory as partners ask for it, or none."""
    trusted = store.trusted()
    return trusted.files.get(name) if trusted else None


def own_record(store: Trust) -> Partner:
    """The own record of a node.

    Raises:
        NotFound: it is in no partnership, or has not been taken up yet.
    """
    partner = known(store).directory.partner(store.me())
    if partner is None:
        raise NotFound(
            f"{store.me()} is not a partner yet: its enrolment has to be signed by the others, "
            "and their proposal by this node (`accord partners sign`)"
        )
    return partner


def words_of(trusted: Trusted, partner: Partner) -> str:
    """The words of a partner's keys."""
    return words.words(fingerprint(trusted.directory.partnership, partner))


def policy(charter: Charter, **changed: object) -> Charter:
    """A charter with another policy.

    Raises:
        Invalid: what is said of signatures is none of the words for it.
    """
    said = changed.get("signatures", charter.policy.signatures)
    if said not in get_args(Holds):
        raise Invalid(
            f"{str(said)[:40]!r} says not which signatures must hold: say one of "
            f"{', '.join(get_args(Holds))}"
        )
    made: Policy = msgspec.structs.replace(charter.policy, **changed)
    return msgspec.structs.replace(charter, policy=made)


def _check_different(trusted: Trusted, partner: Partner | None, charter: Charter | None) -> None:
    """Only a renewal proposes what is there: it bars every other change until it is signed.

    Raises:
        Invalid: nothing would be another than it is.
    """
    before = None if partner is None else trusted.directory.partner(partner.name)
    changes = partner != before or charter not in (None, trusted.charter)
    if not changes and (partner, charter) != (None, None):
        raise Invalid(
            "it would change nothing: say what is to be another than it is; the same for another "
            "year is proposed by `accord partners renew`"
        )


def _check_threshold(wanted: int, members: int) -> None:
    """Half of the partners, or fewer, could decide against the others at the same time.

    Raises:
        Invalid: too few, or more than there are.
    """
    least = members // 2 + 1
    if wanted and not least <= wanted <= members:
        raise Invalid(
            f"a threshold of {wanted}: of {members} partners at least {least} must sign a change, "
            "more than half, so that no two groups decide against each other; 0 stands for three "
            "quarters of however many there are"
        )


def _in_use(directory: Directory, name: str) -> set[str]:
    partner = directory.partner(name)
    return {key.keyid for key in partner.keys if key.in_use} if partner else set()


def _record(partnership: str, own: Own) -> Partner:
    partner = Partner(
        name=check_name(own.name),
        title=own.title,
        identity=identity_of(partnership, own.name),
        addresses=tuple(check_address(address) for address in own.addresses),
        certificates=own.certificates,
        keys=own.keys,
        roles=own.roles,
    )
    return check_partner(partnership, partner)


def _settings(partnership: str, name: str) -> Mapping[str, str]:
    return {ME: name, PARTNERSHIP: partnership, MARKING: DEFAULT_MARKING}


def _keep(
    store: Trust, before: Trusted | None, after: Trusted, settings: Mapping[str, str]
) -> None:
    if not store.replace(before, after, settings):
        raise AccordError("another command has changed the directory meanwhile: try again")


def _with_known(
    store: Trust, trusted: Trusted, proposal: proposals.Proposal, now: str
) -> proposals.Review:
    """A proposal with the signatures that an earlier copy of it brought."""
    review = proposals.review(trusted, proposal, now)
    for kept in store.proposals():
        if kept.digest == review.digest:
            both = proposals.merge(proposal, proposals.read(kept.data))
            return proposals.review(trusted, both, now)
    return review


def _sign(  # noqa: PLR0913 - as `sign`
    store: Trust,
    trusted: Trusted,
    proposal: proposals.Proposal,
    signers: Sequence[Signer],
    now: str,
    *,
    instead: bool,
) -> Signed:
    _check_single(store, proposals.digest_of(proposal), instead=instead)
    signed = proposals.sign(trusted, proposal, signers)
    review = proposals.review(trusted, signed, now)
    data = proposals.write(signed)
    if review.missing:
        store.keep(Kept(review.digest, data, now, "signed"))
        return Signed(review, data, published=False)
    made = proposals.publish(trusted, review, signers, now)
    _keep(store, trusted, made, {})
    _overtake(store, made.directory.version)
    store.keep(Kept(review.digest, data, now, "published"))
    return Signed(review, data, published=True)


def _check_single(store: Trust, digest: str, *, instead: bool) -> None:
    """One signature a version: two changes on the same version can never both be published."""
    others = [
        kept for kept in store.proposals() if kept.state == "signed" and kept.digest != digest
    ]
    if others and not instead:
        raise AccordError(
            f"this node has signed another proposal ({others[0].digest[:12]}, "
            f"{proposals.read(others[0].data).why or 'no reason given'}) on this version of the "
            "directory: wait until it is published, or give it up with --instead"
        )
    for kept in others:
        store.keep(msgspec.structs.replace(kept, state="overtaken"))


def _overtake(store: Trust, version: int) -> None:
    """Proposals on an earlier version can no longer be published."""
    for kept in store.proposals():
        if kept.state == "signed" and proposals.version_of(proposals.read(kept.data)) <= version:
            store.keep(msgspec.structs.replace(kept, state="overtaken"))
