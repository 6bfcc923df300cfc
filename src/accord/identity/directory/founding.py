"""The first version of a partnership's directory, signed by all who found it."""

from __future__ import annotations

from collections.abc import Sequence

from accord.identity.directory import metadata
from accord.identity.directory.metadata import Root, Targets
from accord.identity.directory.publishing import close, settle
from accord.identity.directory.records import Charter, assemble, check_name, check_partner
from accord.identity.directory.trusted import Trusted
from accord.identity.keys import Signer
from accord.identity.partners import Partner


def found(
    charter: Charter, partners: Sequence[Partner], signers: Sequence[Signer], now: str
) -> Trusted:
    """A directory of one founder, or of several who sign it together.

    Raises:
        Invalid: a name, an address or a key is not one.
        Untrusted: fewer sign than the charter asks for.
        CannotSign: a key did not answer.
    """
    check_name(charter.partnership)
    founders = [check_partner(charter.partnership, partner) for partner in partners]
    directory = assemble(charter, founders, 1)
    records = metadata.records_of(charter, directory)
    root = metadata.make_root(directory, 1, now)
    targets = metadata.make_targets(records, 1, now)
    metadata.sign(root, signers, [root.signed])
    metadata.sign(targets, signers, [root.signed])
    first_signer = [signer for signer in signers if signer.keyid in root.signed.keys][:1]
    first = {metadata.file_name(Root, 1): metadata.write(root)}
    written = metadata.write(targets)
    files = {
        **metadata.kept_records(records),
        metadata.file_name(Targets, 1): written,
        **close(root.signed, (1, written), 0, first_signer, now),
    }
    return settle(files, first, now)
