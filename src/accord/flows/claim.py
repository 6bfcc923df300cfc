"""Attach bills to who runs them, as a record that is kept like any other document."""

from __future__ import annotations

from accord.core.errors import Invalid
from accord.flows.load import Loaded, load_documents
from accord.flows.ports import Intake, Views
from accord.supply.inventory import records


def claim(
    loaded: Loaded, views: Views, intake: Intake, learned: str, who: tuple[str, str, str]
) -> int:
    """Claim every bill that was just loaded, new or not, for operator, product and release.

    Returns:
        The number of bills claimed.

    Raises:
        Invalid: nothing that was loaded is a bill.
    """
    operator, product, release = who
    with views.view() as view:
        bills = view.bills(loaded.digests)
    if not bills:
        raise Invalid("--operator attaches bills, and nothing that was loaded is one")
    documents = [
        (
            f"claim of {bill.digest[:12]}",
            records.write(
                records.Claim(
                    accord="claim",
                    bill=f"sha256:{bill.digest}",
                    operator=operator,
                    product=product or bill.product,
                    release=release or bill.release,
                    made=bill.created,
                )
            ),
        )
        for bill in bills
    ]
    added = load_documents(documents, intake, learned)
    loaded.add(added)
    return len(bills)
