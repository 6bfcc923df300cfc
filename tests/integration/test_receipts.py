"""The disclosure log and partners' receipts: kept, shown, verified; and how the exchange stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import nodes
import pytest
import sealed
from door_house import EARLY, ME, House, made, partner, stix, stix_id
from exchange_nodes import HandClock, close, partnership
from sqlalchemy import delete, select, update
from typer.testing import CliRunner, Result

from accord.cli.app import app
from accord.core.errors import Invalid, NotFound
from accord.exchange import acknowledgements, receipts
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.flows.exchange.accounts.receipts import lines, verify
from accord.flows.exchange.accounts.stats import Stats, stats
from accord.flows.exchange.accounts.status import evidence, status
from accord.flows.exchange.answering.port import Evidence
from accord.identity.markings import Marking, Tlp
from accord.store import database
from accord.store.exchange import receipts as stored
from accord.store.exchange import tables
from accord.store.exchange.accounts import SqlAccounts
from accord.store.exchange.high_water import RECEIPTS, Mark
from accord.wiring import Node

RECEIPT = tables.receipt
GREEN = Marking(Tlp.GREEN)
OTHERS = ("india", "japan", "usa")


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return made(database_url, tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> House:
    return made("", tmp_path)


def line(number: int, recipient: str = "partner:japan", object_: str = "") -> receipts.Line:
    named = object_ or stix_id("malware", str(number))
    return receipts.Line(0, EARLY, named, "", "GREEN", "sync", recipient, "yes", "green")


def add(house: House, *made_: receipts.Line) -> None:
    with database.writing(house.engine, durable=True) as connection:
        stored.append(connection, made_)


def acknowledge(house: House, log: str, name: str, old: int, **more: Any) -> None:
    note = house.get(partner(name), f"/logs/{log}/checkpoint").body
    point = notes.peek(note)
    key = sealed.signer(name)
    named = names.key_name(sealed.PARTNERSHIP, name)
    cosigned = notes.cosign(note, named, key, notes.posix(house.clock.now()))
    word = acknowledgements.Acknowledgement(
        **{
            "log": log, "old": old, "size": point.size, "root": point.root.hex(),
            "quarantined": (), "checkpoint": cosigned.decode(), **more,
        }
    )  # fmt: skip
    body = acknowledgements.write(word, key)
    assert house.post(partner(name), f"/logs/{log}/acknowledgements", body).status == 200


def test_lines_are_numbered_and_chained_over_transactions(house: House) -> None:
    add(house, line(1), line(2, "client:siem"))
    add(house)
    add(house, line(3, "public"), line(4), line(5, object_="x"))
    found = verify(house.receipts, house.trust.known)
    assert (found.lines, found.broken, found.wrong) == (5, None, ())
    assert [one.number for one in lines(house.receipts, [], [], "", 0)] == [5, 4, 3, 2, 1]
    assert [one.number for one in lines(house.receipts, ["japan"], ["siem"], "", 3)] == [5, 4, 2]
    assert [one.number for one in lines(house.receipts, ["japan"], [], "x", 0)] == [5]
    assert lines(house.receipts, ["siem"], ["japan"], "", 0) == []


def test_what_is_rolled_back_is_no_line(house: House) -> None:
    add(house, line(1))

    def stopped() -> None:
        with database.writing(house.engine, durable=True) as connection:
            stored.append(connection, [line(2)])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stopped()
    add(house, line(3))
    found = verify(house.receipts, None)
    assert (found.lines, found.wrong) == (2, ())


def _changed(**values: object) -> Callable[[Any], None]:
    where = RECEIPT.c.number == 3
    return lambda connection: connection.execute(update(RECEIPT).where(where).values(values))


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (
            _changed(line=receipts.write(msgspec.structs.replace(line(3), number=3, rule="clear"))),
            3,
        ),
        (_changed(hash=bytes(32)), 3),
        (_changed(number=9), 3),
        (lambda connection: connection.execute(delete(RECEIPT).where(RECEIPT.c.number == 3)), 3),
        (lambda connection: connection.execute(delete(RECEIPT).where(RECEIPT.c.number == 1)), 1),
    ],
)
def test_a_line_that_was_touched_is_found(
    embedded: House, tamper: Callable[[Any], None], broken: int
) -> None:
    add(embedded, *(line(number) for number in range(1, 6)))
    with embedded.engine.begin() as connection:
        tamper(connection)
    found = verify(embedded.receipts, None)
    assert (found.lines, found.broken) == (broken - 1, broken)
    assert f"line {broken} " in found.wrong[0]


def test_a_line_that_is_filed_wrongly_is_found(embedded: House) -> None:
    for column in ("recipient", "object"):
        add(embedded, line(1), line(2), line(3))
        with embedded.engine.begin() as connection:
            _changed(**{column: "public"})(connection)
        found = verify(embedded.receipts, None)
        assert found.broken is None
        assert "line 3 is filed" in found.wrong[0]


def test_a_receipt_of_a_partner_is_verified_against_the_directory(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", [stix("malware", "a")])
    acknowledge(embedded, log, "japan", 0)
    good = verify(embedded.receipts, embedded.trust.known)
    assert (good.cosignatures, good.wrong) == (1, ())
    assert "no partnership" in verify(embedded.receipts, None).wrong[0]
    table = tables.cosignature
    for values in (
        {"size": 2}, {"root": bytes(32)}, {"partner": "usa"}, {"statement": b"{}"},
        {"statement": "text"}, {"quarantined": '[[0,"x"]]'}, {"at": "2020-01-01T00:00:00.000000Z"},
        {"at": "2040-01-01T00:00:00.000000Z"}, {"at": ""}, {"received": ""},
        {"received": "2020-01-01T00:00:00.000000Z"}, {"received": EARLY},
    ):  # fmt: skip
        with embedded.engine.begin() as connection:
            before = connection.execute(select(table)).mappings().one()
            _put(connection, table, values)
        found = verify(embedded.receipts, embedded.trust.known)
        assert (found.cosignatures, len(found.wrong)) == (0, 1), values
        with embedded.engine.begin() as connection:
            connection.execute(update(table).values(dict(before)))


def _put(connection: Any, table: Any, values: dict[str, Any]) -> None:
    """As whoever has the file could: of any type."""
    for name, value in values.items():
        connection.exec_driver_sql(f"UPDATE {table.name} SET {name} = ?", (value,))


def test_a_later_word_of_the_same_size_holds_with_the_time_of_the_first(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", [stix("malware", "a")])
    acknowledge(embedded, log, "japan", 0, quarantined=((0, "not yet"),))
    embedded.clock.at = "2030-06-03T12:00:00.000000Z"
    acknowledge(embedded, log, "japan", 1)
    found = verify(embedded.receipts, embedded.trust.known)
    assert (found.cosignatures, found.wrong) == (1, ())


@pytest.mark.parametrize("column", ["line", "hash"])
def test_a_line_that_is_no_longer_bytes_is_found(embedded: House, column: str) -> None:
    add(embedded, line(1), line(2), line(3))
    with embedded.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE receipt SET {column} = CAST({column} AS TEXT) || 'x' WHERE number = 2"
        )
    found = verify(embedded.receipts, None)
    assert (found.lines, found.broken) == (1, 2)
    if column == "line":
        with pytest.raises(Invalid, match="not a receipt"):
            lines(embedded.receipts, [], [], "", 0)


def test_lines_that_were_cut_off_are_missed(house: House) -> None:
    log = house.audience("quad", "japan")
    house.share("quad", [stix("malware", str(n)) for n in range(5)])
    house.blobs("japan", log, house.commitments(log))
    acknowledge(house, log, "japan", 0)
    add(house, line(6))
    assert (verify(house.receipts, house.trust.known).cut, len(_wrong(house))) == (0, 0)
    for kept, cut in ((5, 0), (4, 1), (0, 5)):
        with house.engine.begin() as connection:
            connection.execute(delete(RECEIPT).where(RECEIPT.c.number > kept))
        found = verify(house.receipts, house.trust.known)
        assert (found.lines, found.broken, found.cut) == (kept, None, cut)
        assert bool(found.wrong) == bool(cut)
    assert "the end was cut off: of 5 lines" in found.wrong[0]
    house.share("quad", [stix("malware", "more")])
    acknowledge(house, log, "japan", 5)
    assert verify(house.receipts, house.trust.known).cut == 5, "the proof stays"
    add(house, *(line(n) for n in range(7)))
    house.share("quad", [stix("malware", "yet more")])
    acknowledge(house, log, "japan", 6)
    found = verify(house.receipts, house.trust.known)
    assert (found.broken, found.cut) == (None, 0)
    assert "another one: line 5 " in found.wrong[0]


def test_what_is_signed_remembers_refusals_too(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    add(embedded, line(1), line(2))
    embedded.share("quad", [stix("malware", "a")])
    assert embedded.get(partner("japan"), f"/logs/{log}/checkpoint").status == 200
    with embedded.engine.begin() as connection:
        connection.execute(delete(RECEIPT).where(RECEIPT.c.number == 2))
    assert verify(embedded.receipts, None).cut == 1


def test_a_memory_that_cannot_be_read_is_told(embedded: House, tmp_path: Path) -> None:
    add(embedded, line(1))
    (tmp_path / "log-state.json").write_text("{")
    found = verify(embedded.receipts, None)
    assert (found.lines, found.broken) == (1, None)
    assert "log-state.json" in found.wrong[0]


def _wrong(house: House) -> tuple[str, ...]:
    return verify(house.receipts, house.trust.known).wrong


def test_time_to_share_is_measured_by_one_clock(house: House) -> None:
    log = house.audience("quad", "japan", "usa")
    house.share("quad", [stix("malware", "a"), stix("malware", "b")])
    house.clock.at = "2030-06-01T12:00:10.000000Z"
    acknowledge(house, log, "japan", 0, quarantined=((1, "no reader takes it"),))
    house.share("quad", [stix("malware", "c")])
    house.clock.at = "2030-06-01T12:00:13.500000Z"
    acknowledge(house, log, "japan", 2, quarantined=((1, "no reader takes it"),))
    found = stats(SqlAccounts(house.engine), OTHERS, 0)
    assert [(s.partner, s.way, s.objects, s.applied, s.median, s.high) for s in found.partners] == [
        ("japan", "to", 3, 2, 3.5, 10.0),
        ("usa", "to", 3, 0, None, None),
    ]
    newest = found.journeys[0]
    assert (newest.audience, newest.applied) == ("quad", {"japan": 3.5, "usa": None})
    assert newest.making is not None
    assert newest.making > 86_400 * 100
    assert len(stats(SqlAccounts(house.engine), OTHERS, 1).journeys) == 1
    assert stats(SqlAccounts(house.engine), OTHERS).journeys == ()


def followed(house: House, *applied: str) -> None:
    """What this node would have taken from Japan, at these times."""
    ids = house.keep([stix("malware", f"j{n}") for n in range(len(applied))], GREEN, "japan")
    with house.engine.begin() as connection:
        connection.execute(
            tables.follow.insert().values(
                id=1, partner="japan", log="l", name="their quad", at=applied[-1], stopped="",
                size=9, root=bytes(32), frontier=b"", checkpoint=b"", cosigned=7,
            )
        )  # fmt: skip
        for number, (id_, at) in enumerate(zip(ids, applied, strict=True)):
            connection.execute(
                tables.followed_entry.insert().values(
                    follow_id=1, number=number, shared_id=id_, state="applied", reason="", at=at
                )
            )
        connection.execute(
            tables.followed_entry.insert().values(
                follow_id=1, number=8, state="quarantined", reason="odd", at=EARLY
            )
        )


def test_a_time_that_the_clocks_do_not_tell_is_unknown(house: House) -> None:
    followed(house, "2030-01-01T00:00:04.000000Z", "2029-12-31T23:00:00.000000Z")
    (spread,) = stats(SqlAccounts(house.engine), OTHERS).partners
    assert (spread.partner, spread.way, spread.objects) == ("japan", "from", 2)
    assert (spread.applied, spread.median, spread.unknown) == (1, 4.0, 1)


def test_status_tells_who_is_how_far(house: House) -> None:
    log = house.audience("quad", "japan", "usa")
    house.audience("everybody", everyone=True)
    house.audience("nobody")
    house.sharing.dismiss("quad", "usa", EARLY)
    house.share("quad", [stix("malware", "a"), stix("malware", "b")])
    acknowledge(house, log, "japan", 0)
    house.share("quad", [stix("malware", "c")])
    followed(house, EARLY)
    found = status(SqlAccounts(house.engine), house.trust.known, ME)
    everybody, nobody, quad = found.kept.audiences
    assert [one.partner for one in everybody.members] == list(OTHERS)
    assert nobody.members == ()
    assert [(m.partner, m.acknowledged, m.at) for m in quad.members] == [("japan", 2, sealed.NOW)]
    assert quad.size == 3
    (follow,) = found.kept.follows
    assert (follow.lag, follow.quarantined, follow.withheld) == (2, 1, 0)
    assert (found.partnership, found.partners) == (sealed.PARTNERSHIP, OTHERS)
    house.answers.contradicted(Evidence("japan", log, "two of them", EARLY, b"a", b"b"), seal=True)
    found = status(SqlAccounts(house.engine), house.trust.known, ME)
    assert (found.kept.sealed, found.kept.evidence) == ("two of them", 1)
    assert evidence(SqlAccounts(house.engine), 1)[0].evidence.theirs == b"b"
    with pytest.raises(NotFound, match="no evidence 2"):
        evidence(SqlAccounts(house.engine), 2)


@pytest.fixture
def node(tmp_path: Path) -> Any:
    made_ = partnership(tmp_path, clock=HandClock())
    yield made_["australia"]
    close(made_)


def run(node: Node, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(node.settings.home)])


def as_house(node: Node) -> None:
    with database.writing(node.engine, durable=True) as connection:
        stored.append(connection, [line(1), line(2, "client:siem"), line(3, "public")])


def test_the_command_shows_decisions_and_verifies_them(node: Node) -> None:
    assert "No decision yet." in run(node, "receipts").output
    as_house(node)
    shown = run(node, "receipts")
    assert shown.exit_code == 0
    assert "partner:japan" in shown.output
    assert len(json.loads(run(node, "receipts", "--json").stdout)) == 3
    assert [one["recipient"] for one in json.loads(
        run(node, "receipts", "--client", "siem", "--json").stdout)] == ["client:siem"]  # fmt: skip
    assert "No such decision." in run(node, "receipts", "--partner", "india").output
    slip = run(node, "receipts", "--partner", "nope")
    assert isinstance(slip.exception, NotFound)
    assert str(slip.exception).startswith("no partner 'nope'; partners are: india, japan")
    assert "no client 'nope'" in str(run(node, "receipts", "--client", "nope").exception)
    good = run(node, "receipts", "--verify")
    assert good.exit_code == 0
    assert good.output.startswith("3 lines, chain whole, head ")
    with node.engine.begin() as connection:
        _changed(hash=bytes(32))(connection)
    bad = run(node, "receipts", "--verify")
    assert bad.exit_code == 1
    assert "2 lines, chain broken at line 3" in bad.output
    assert json.loads(run(node, "receipts", "--verify", "--json").stdout)["broken"] == 3
    with node.engine.begin() as connection:
        connection.execute(delete(RECEIPT).where(RECEIPT.c.number > 1))
    node.high_water.keep(RECEIPTS, Mark(3, "00", ""))
    cut = run(node, "receipts", "--verify")
    assert cut.exit_code == 1
    assert "1 lines, end cut off (2 missing)" in cut.stdout


def test_the_commands_of_the_exchange_say_how_it_goes(node: Node) -> None:
    assert "Nothing was shared" in run(node, "exchange", "stats").output
    assert "No evidence" in run(node, "exchange", "evidence").output
    node.sharing.create("quad", everyone=False, members=["japan"], at=EARLY)
    node.answers.contradicted(
        Evidence("japan", "l", "two\x1b[31m logs", EARLY, b"a log\n3\n", b"a log\n4\n"), seal=True
    )
    told = run(node, "exchange", "status")
    assert told.exit_code == 0
    assert "SEALED: nothing is signed any more: two" in told.output
    assert "quad" in told.output
    assert "\x1b" not in told.output
    assert "EVIDENCE" in told.output
    assert json.loads(run(node, "exchange", "status", "--json").stdout)["me"] == "australia"
    listed = run(node, "exchange", "evidence")
    assert "japan" in listed.output
    one = run(node, "exchange", "evidence", "1")
    assert "Theirs:\n  a log\n  4" in one.output
    assert json.loads(run(node, "exchange", "evidence", "--json").stdout)[0]["number"] == 1
    missing = run(node, "exchange", "evidence", "7")
    assert isinstance(missing.exception, NotFound)


def test_a_node_of_no_partnership_says_so(tmp_path: Path) -> None:
    alone = nodes.new_node(tmp_path)
    assert "no partnership" in run(alone, "exchange", "status").output
    assert run(alone, "exchange", "stats", "--json").exit_code == 0
    assert isinstance(stats(alone.accounts, ()), Stats)


def test_a_receipt_that_was_taken_away_is_missed_by_the_next_one(house: House) -> None:
    log = house.audience("all", everyone=True)
    for number in range(4):
        house.share("all", [stix("malware", str(number))])
        acknowledge(house, log, "japan", number)
    found = verify(house.receipts, house.trust.known)
    assert (found.cosignatures, found.wrong) == (4, ())
    table = tables.cosignature
    for gone, follows in ((1, 2), (3, 4)):
        with house.engine.begin() as connection:
            connection.execute(delete(table).where(table.c.size == gone))
        found = verify(house.receipts, house.trust.known)
        assert (
            f"the receipt of japan for all, {follows} entries: it follows one for {gone}"
            in (found.wrong[-1])
        )
