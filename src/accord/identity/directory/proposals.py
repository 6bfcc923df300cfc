"""Changes of the directory, on their way from partner to partner until enough have signed.

A proposal is a new list of partners with the metadata that follows from it. Nobody has to read
metadata: what a list says is compared with the list before, sentence by sentence, and the root must
be exactly the one that follows from the list. It builds on one version; of two proposals on the
same version only one can be published.

Law (own record): a partner's addresses, certificates and new keys change only with its own
signature. Others can do two things to it: revoke its keys, and remove it.

Law (no gap): nobody signs a rotation whose old key would not count for some weeks after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec

from accord.core import json
from accord.core.errors import AccordError, Invalid
from accord.core.limits import Limits
from accord.identity.directory import edits, metadata
from accord.identity.directory.changes import Change, compare
from accord.identity.directory.enrolment import read_enrolment
from accord.identity.directory.metadata import Metadata, Root, Targets
from accord.identity.directory.publishing import close, root_is_due, root_of, settle
from accord.identity.directory.records import (
    CHARTER,
    Charter,
    assemble,
    fingerprint,
    read_charter,
    read_partner,
)
from accord.identity.directory.trusted import Trusted
from accord.identity.keys import Signer
from accord.identity.partners import Directory, Partner, Untrusted

_LIMITS = Limits(bytes=16 * 1024 * 1024, depth=12)


class Stale(AccordError):
    """A proposal does not build on the directory as it is here."""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that goes from partner to partner."""

    accord: Literal["proposal"]
    partnership: str
    by: str
    """Who began it; for people, and not signed."""
    why: str
    """For people, and not signed."""
    root: str
    """The new root as text, or empty: it stays."""
    targets: str
    """The new targets as text."""
    records: dict[str, str]
    """Every record by its name, as text."""
    enrolments: dict[str, str] = {}
    """The enrolment of each newcomer, by its name, as text."""


class Review(msgspec.Struct, frozen=True):
    """A proposal that has been understood, and how far it has come."""

    proposal: Proposal
    digest: str
    """SHA-256 of what is signed, whoever has signed it: 64 hexadecimal digits."""
    directory: Directory
    """As it would be."""
    charter: Charter
    changes: tuple[Change, ...]
    """What would be different, one sentence each."""
    unproven: tuple[tuple[str, bytes], ...]
    """Partners with keys that are new here, each with the fingerprint whose words are to be
    compared: nothing else says that these keys are theirs."""
    invited: tuple[str, ...]
    """Fingerprints of the roots with which newcomers were invited, in hexadecimal."""
    signed: tuple[str, ...]
    """Partners who have signed, by name."""
    keyids: frozenset[str]
    """The keys by which they have."""
    missing: tuple[tuple[int, tuple[str, ...]], ...]
    """What is missing: so many signatures, of these who have not signed. Empty: it is complete."""
    root: Metadata[Root] | None
    targets: Metadata[Targets]

    @property
    def version(self) -> int:
        """Of the list of partners, once it is published."""
        return self.directory.version


def propose(  # noqa: PLR0913 - a change, and who makes it
    trusted: Trusted,
    charter: Charter,
    partners: Sequence[Partner],
    *,
    by: str,
    why: str,
    now: str,
    enrolments: Mapping[str, bytes] | None = None,
) -> Proposal:
    """A change of the directory, not yet signed by anybody.

    Raises:
        Invalid: what it asks for breaks a rule of records.
    """
    directory = assemble(charter, partners, trusted.directory.version + 1)
    records = metadata.records_of(charter, directory)
    before = root_of(trusted).signed
    root = metadata.make_root(directory, before.version + 1, now)
    changed = not metadata.same_roles(before, root.signed) or root_is_due(before, now)
    targets = metadata.make_targets(records, directory.version, now)
    return Proposal(
        accord="proposal",
        partnership=charter.partnership,
        by=by,
        why=why,
        root=metadata.write(root).decode() if changed else "",
        targets=metadata.write(targets).decode(),
        records={name: data.decode() for name, data in records.items()},
        enrolments={name: data.decode() for name, data in (enrolments or {}).items()},
    )


def write(proposal: Proposal) -> bytes:
    """A proposal as a file."""
    return msgspec.json.format(msgspec.json.encode(proposal, order="sorted"), indent=1) + b"\n"


def read(data: bytes) -> Proposal:
    """A proposal as it claims to be; `review` understands it.

    Raises:
        Invalid: not a proposal.
    """
    json.decode_strict(data, _LIMITS)
    return json.decode_as(Proposal, data, _LIMITS)


def review(trusted: Trusted, proposal: Proposal, now: str) -> Review:
    """What a proposal would change here, and who has signed it.

    Raises:
        Stale: it builds on another version than the one that is known here.
        Untrusted: it does more than it says, or changes what only another partner may.
        Invalid: something in it is not what it should be.
    """
    if proposal.partnership != trusted.directory.partnership:
        raise Invalid(f"a proposal for {proposal.partnership[:40]!r}, another partnership")
    root, targets = _files(proposal)
    _check_base(trusted, targets.signed.version)
    charter, directory = _list(proposal, targets.signed)
    before = root_of(trusted).signed
    _check_root(before, root, directory)
    _check_dates(root, targets, now)
    enrolments = tuple(read_enrolment(text.encode()) for text in proposal.enrolments.values())
    changes = tuple(compare(trusted, charter, directory, enrolments))
    names = _names(trusted.directory, directory)
    keyids, missing = _signatures(before, root, targets, names)
    signed = frozenset(names[keyid] for keyid in keyids)
    _check_own(changes, signed)
    if missing:
        _check_laid_down(trusted.directory, directory, now)
    return Review(
        proposal=proposal,
        digest=digest_of(proposal),
        directory=directory,
        charter=charter,
        changes=changes,
        unproven=tuple(_unproven(trusted.directory, directory)),
        invited=tuple(enrolment.root for enrolment in enrolments),
        signed=tuple(sorted(signed)),
        keyids=keyids,
        missing=missing,
        root=root,
        targets=targets,
    )


def sign(trusted: Trusted, proposal: Proposal, signers: Sequence[Signer]) -> Proposal:
    """The proposal with the signatures of this node added. What it says is for `review` to judge.

    Raises:
        Untrusted: none of the signers is asked for.
        CannotSign: a key did not answer.
    """
    root, targets = _files(proposal)
    before = root_of(trusted).signed
    after = root.signed if root else before
    count = metadata.sign(targets, signers, [after])
    if root is not None:
        count += metadata.sign(root, signers, [before, after])
    if not count:
        raise Untrusted("none of this node's keys is asked for: it is no member, before or after")
    return _with_signatures(proposal, root, targets)


def merge(one: Proposal, other: Proposal) -> Proposal:
    """The same proposal with the signatures of both files.

    Raises:
        Invalid: they are two proposals.
    """
    if digest_of(one) != digest_of(other):
        raise Invalid("two proposals, not two copies of one")
    (root, targets), (root_too, targets_too) = _files(one), _files(other)
    targets.signatures.update(targets_too.signatures)
    if root is not None and root_too is not None:
        root.signatures.update(root_too.signatures)
    return _with_signatures(one, root, targets)


def publish(trusted: Trusted, reviewed: Review, signers: Sequence[Signer], now: str) -> Trusted:
    """The directory as a complete proposal makes it.

    Raises:
        Untrusted: it is not complete, or none of the signers is a member's afterwards.
        CannotSign: a key did not answer.
    """
    root = reviewed.root or root_of(trusted)
    targets = metadata.write(reviewed.targets)
    records = {name: text.encode() for name, text in reviewed.proposal.records.items()}
    files = {
        **metadata.kept_records(records),
        metadata.file_name(Targets, reviewed.version): targets,
        **close(root.signed, (reviewed.version, targets), 0, signers, now),
    }
    if reviewed.root is not None:
        files[metadata.file_name(Root, root.signed.version)] = metadata.write(root)
    return settle(files, trusted.files, now)


def digest_of(proposal: Proposal) -> str:
    """SHA-256 of what is signed in a proposal, whoever has signed it: 64 hexadecimal digits.

    Raises:
        Invalid: its files are no metadata.
    """
    root, targets = _files(proposal)
    whole = targets.signed_bytes + (root.signed_bytes if root else b"")
    return sha256(whole).hexdigest()


def version_of(proposal: Proposal) -> int:
    """Which version of the directory a proposal would be.

    Raises:
        Invalid: its files are no metadata.
    """
    return _files(proposal)[1].signed.version


def _files(proposal: Proposal) -> tuple[Metadata[Root] | None, Metadata[Targets]]:
    root = metadata.read(Root, proposal.root.encode(), "root") if proposal.root else None
    return root, metadata.read(Targets, proposal.targets.encode(), "targets")


def _with_signatures(
    proposal: Proposal, root: Metadata[Root] | None, targets: Metadata[Targets]
) -> Proposal:
    return msgspec.structs.replace(
        proposal,
        targets=metadata.write(targets).decode(),
        root=metadata.write(root).decode() if root else "",
    )


def _check_base(trusted: Trusted, version: int) -> None:
    here = trusted.directory.version
    if version <= here:
        raise Stale(
            f"the proposal would be version {version} of the directory, and this node has version "
            f"{here} already: it was published, or overtaken. What is still wanted of it has to be "
            "proposed again"
        )
    if version > here + 1:
        raise Stale(
            f"the proposal would be version {version} of the directory, and this node has only "
            f"version {here}: run `accord sync` to learn what came between, then sign"
        )


def _list(proposal: Proposal, targets: Targets) -> tuple[Charter, Directory]:
    """Charter and partners of a proposal, each as the targets name it."""
    if set(targets.targets) != set(proposal.records) or targets.delegations is not None:
        raise Untrusted("the proposal's targets name other records than it holds")
    records = {name: text.encode() for name, text in proposal.records.items()}
    for name, pin in targets.targets.items():
        metadata.check_pin(pin, records[name], name)
    if CHARTER not in records:
        raise Invalid(f"no {CHARTER}", "/records")
    charter = read_charter(records.pop(CHARTER))
    partners = [read_partner(records[n], charter.partnership, n) for n in sorted(records)]
    return charter, assemble(charter, partners, targets.version)


def _check_root(before: Root, root: Metadata[Root] | None, directory: Directory) -> None:
    """The root is the one that follows from the list, so the list is all there is to look at."""
    after = root.signed if root else before
    follows = metadata.make_root(directory, after.version, "2000-01-01T00:00:00.000000Z").signed
    if not metadata.same_roles(after, follows):
        raise Untrusted("the proposal's root trusts other keys than its list of partners")
    if root is not None and root.signed.version != before.version + 1:
        raise Stale(f"the proposal's root is version {after.version}, after {before.version}")


def _check_dates(root: Metadata[Root] | None, targets: Metadata[Targets], now: str) -> None:
    """Nobody slips in metadata that holds for ever."""
    dates = [metadata.expiry(targets.signed), *([metadata.expiry(root.signed)] if root else [])]
    if not all(now < date <= metadata.latest(now) for date in dates):
        raise Untrusted(f"the proposal would hold until {max(dates)[:10]}: a year is the most")


def _names(*directories: Directory) -> dict[str, str]:
    """Whose key each is, before or after."""
    return {k.keyid: p.name for d in directories for p in d.partners for k in p.keys}


def _unproven(before: Directory, after: Directory) -> Iterator[tuple[str, bytes]]:
    known = {key.keyid for partner in before.partners for key in partner.keys}
    for partner in after.members():
        if any(key.keyid not in known for key in partner.keys):
            yield partner.name, fingerprint(after.partnership, partner)


def _signatures(
    before: Root,
    root: Metadata[Root] | None,
    targets: Metadata[Targets],
    names: Mapping[str, str],
) -> tuple[frozenset[str], tuple[tuple[int, tuple[str, ...]], ...]]:
    """The keys that have signed, and what is missing of each threshold."""
    asked: list[tuple[Root, Metadata[Any]]] = [(root.signed if root else before, targets)]
    if root is not None:
        asked += [(before, root), (root.signed, root)]
    signed: set[str] = set()
    missing = []
    for judge, file in asked:
        valid = metadata.signers_of(file, judge, file.signed.type)
        signed |= valid
        role = judge.roles[file.signed.type]
        lacking = role.threshold - len(valid)
        if lacking > 0:
            others = tuple(sorted(names[k] for k in role.keyids if k not in valid))
            missing.append((lacking, others))
    return frozenset(signed), tuple(dict.fromkeys(missing))


def _check_own(changes: Sequence[Change], signed: frozenset[str]) -> None:
    for change in changes:
        if change.needs and change.needs not in signed:
            raise Untrusted(
                f"{change.sentence}: only {change.needs} itself may begin that, and it has not "
                "signed the proposal"
            )


def _check_laid_down(before: Directory, after: Directory, now: str) -> None:
    """Its owner signs with an old key until it hears that the rotation has taken effect.

    What is complete may be in force elsewhere: it is judged no more.
    """
    soonest, latest = edits.heard_by(now), edits.latest_end(now)
    counting = {key.keyid for partner in before.members() for key in partner.keys if key.in_use}
    for partner in after.members():
        for key in partner.keys:
            if key.keyid not in counting or not key.until or key.revoked:
                continue
            if key.until < soonest:
                raise Stale(
                    f"the proposal would lay key {key.keyid[:12]} of {partner.name} down at "
                    f"{key.until[:10]}, too soon for {partner.name} to hear of it: it has waited "
                    f"for signatures too long. {partner.name} has to propose it again, with "
                    "`accord partners rotate --instead`"
                )
            if key.until > latest:
                raise Untrusted(
                    f"the proposal would let key {key.keyid[:12]} of {partner.name} count until "
                    f"{key.until[:10]}: {latest[:10]} is the latest today"
                )


def waiting_for(reviewed: Review) -> Iterator[str]:
    """Who has to sign yet, in words, once each: who satisfies one threshold may satisfy another."""
    lacking = [(count, frozenset(names)) for count, names in reviewed.missing]
    for count, names in lacking:
        covered = any(
            (more, fewer) != (count, names) and more >= count and fewer <= names
            for more, fewer in lacking
        )
        if not covered:
            listed = ", ".join(sorted(names))
            yield listed if count == len(names) else f"{count} more of {listed}"
