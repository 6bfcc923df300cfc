"""The commands put together, and what happens when one fails."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from accord import __version__
from accord.cli import (
    alerts,
    asks,
    assess,
    audience,
    check,
    clients,
    compare,
    dangers,
    demand,
    demo,
    evidence,
    exchange,
    exposures,
    feeds,
    hunt,
    inbox,
    lists,
    load,
    misp,
    node,
    notes,
    partners,
    pool,
    public,
    recall,
    receipts,
    recognise,
    records,
    reports,
    review,
    score,
    serve,
    share,
    sightings,
    standards,
    sync,
)
from accord.core.errors import AccordError
from accord.core.show import printable

app = typer.Typer(
    name="accord",
    help="From a threat to the operators exposed: documents in, ranked exposures out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    node.init,
    load.load,
    exposures.exposures,
    exposures.explain,
    exposures.find,
    node.unevaluated,
    node.documents,
    records.confirm,
    records.choose,
    node.rebuild,
    node.state_hash,
    serve.serve,
    compare.compare,
    check.check,
    score.score,
    assess.assess,
    standards.catalogues,
    standards.baselines,
    demo.demo,
    demo.demo_one,
):
    app.command(command.__name__.replace("_", "-"))(command)

app.command("share")(share.share)
app.command("recall")(recall.recall)
app.command("sync")(sync.sync)
app.command("receipts")(receipts.receipts)
app.command("hunt")(hunt.hunt)
app.add_typer(alerts.alerts, name="alerts")
app.add_typer(public.public, name="public")
app.add_typer(reports.reports, name="reports")
app.add_typer(asks.asks, name="asks")
app.add_typer(audience.audience, name="audience")
app.add_typer(clients.clients, name="clients")
app.add_typer(dangers.dangers, name="dangers")
app.add_typer(demand.demand, name="demand")
app.add_typer(evidence.evidence, name="evidence")
app.add_typer(exchange.exchange, name="exchange")
app.add_typer(feeds.feeds, name="feeds")
app.add_typer(inbox.inbox, name="inbox")
app.add_typer(lists.lists, name="lists")
app.add_typer(misp.misp, name="misp")
app.add_typer(notes.notes, name="notes")
app.add_typer(partners.partners, name="partners")
app.add_typer(pool.pool, name="pool")
app.add_typer(recognise.recognise, name="recognise")
app.add_typer(review.review, name="review")
app.add_typer(sightings.sightings, name="sightings")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"accord {__version__}")
        raise typer.Exit


@app.callback()
def _accord(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a threat to the operators exposed: documents in, ranked exposures out."""


def main() -> None:
    """Run the command line. An error that accord raises is one line on standard error."""
    try:
        app()
    except SystemExit:  # an ordinary end: nothing needs to be looked up for it
        raise
    except AccordError as wrong:
        _fail(str(wrong))
    except _of_the_database() as wrong:
        _fail(f"the database failed: {getattr(wrong, 'orig', None) or wrong}")
    except UnicodeEncodeError:
        _fail("an argument is not text in UTF-8", code=2)
    except OSError as wrong:
        _fail(f"cannot write the output: {wrong.strerror}")


def _of_the_database() -> type[Exception]:
    """Looked up only where something failed: the library is slow to load."""
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError


def _fail(reason: str, code: int = 1) -> NoReturn:
    """A document may have a part in the reason: it must not drive the terminal."""
    typer.echo(f"accord: {printable(reason)}", err=True)
    sys.exit(code)
