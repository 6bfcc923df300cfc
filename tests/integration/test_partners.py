"""Partners on both databases, and from the command line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from exchange_nodes import NOW, HandClock, close, partnership
from nodes import command, new_node, run
from sqlalchemy import update

from accord.core.errors import AccordError
from accord.flows.exchange import partners as flow
from accord.flows.exchange.trust import Kept
from accord.identity.directory.metadata import TIMESTAMP
from accord.store import database
from accord.store.exchange.tables import directory_file
from accord.store.exchange.trust import SqlTrust

LATER = "2026-03-09T09:00:00.000000Z"


def test_trust_on_both_databases(database_url: str, tmp_path: Path) -> None:
    clock = HandClock()
    nodes = partnership(tmp_path, clock=clock, seed="x", database_urls={"japan": database_url})
    japan, india = nodes["japan"], nodes["india"]
    assert japan.trust.directory() == india.trust.directory()
    assert japan.me == "japan"
    assert flow.refresh(japan.trust, japan.ring.all(), LATER)
    assert flow.file(japan.trust, TIMESTAMP) != flow.file(india.trust, TIMESTAMP)
    files = flow.known(japan.trust).files
    assert flow.update_from(india.trust, lambda name, _most: files.get(name), LATER)
    japan.trust.keep(Kept("d", b"one", NOW, "signed"))
    japan.trust.keep(Kept("d", b"two", LATER, "published"))
    japan.trust.keep(Kept("e", b"three", LATER, "signed"))
    assert [(k.digest, k.data, k.at, k.state) for k in japan.trust.proposals()] == [
        ("e", b"three", LATER, "signed"),
        ("d", b"two", NOW, "published"),
    ]
    japan.trust.set({"marking": "GREEN"})
    assert japan.trust.setting("marking") == "GREEN"
    assert japan.trust.setting("none") == ""
    close(nodes)


def test_what_another_process_changed_is_seen(tmp_path: Path) -> None:
    nodes = partnership(tmp_path, seed="x")
    here = nodes["japan"].trust
    before = here.trusted()
    assert here.trusted() is before
    other = SqlTrust(nodes["japan"].engine)
    assert flow.refresh(other, nodes["japan"].ring.all(), LATER)
    assert here.trusted() == other.trusted()
    assert here.trusted() != before
    close(nodes)


def test_of_many_who_refresh_at_once_one_does(tmp_path: Path) -> None:
    nodes = partnership(tmp_path, seed="x")
    japan = nodes["japan"]
    signers = japan.ring.all()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: flow.refresh(japan.trust, signers, LATER), range(8)))
    assert done.count(True) == 1
    close(nodes)


def test_a_flipped_bit_in_the_database_is_a_loud_stop(tmp_path: Path) -> None:
    nodes = partnership(tmp_path, ("japan",), seed="x")
    engine = nodes["japan"].engine
    name = next(n for n in flow.known(nodes["japan"].trust).files if n.endswith("partner.json"))
    with database.writing(engine) as connection:
        named = directory_file.c.name == name
        connection.execute(update(directory_file).where(named).values(data=b"{}"))
    with pytest.raises(AccordError, match=r"japan\.partner\.json"):
        SqlTrust(engine).directory()
    close(nodes)


class Body:
    """A partner at its command line. The program is the real one, in this process: it is run some
    seventy times."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home = folder / name
        self.name = name
        new_node(self.home).engine.dispose()

    def run(self, *words: str | Path) -> CompletedProcess[str]:
        return run("partners", *words, home=self.home)

    def does(self, *words: str | Path) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def who(self) -> tuple[str, ...]:
        address = f"https://{self.name}.example:8443"
        return ("--title", self.name.title(), "--address", address)


@pytest.fixture
def three(tmp_path: Path) -> list[Body]:
    """Three who have become partners, file by file and word by word."""
    first, *others = (Body(tmp_path, name) for name in ("australia", "india", "japan"))
    first.does("found", "australia", "--partnership", "pacific", *first.who())
    members = [first]
    for body in others:
        invitation, enrolment, proposal = (
            tmp_path / f"{body.name}.{n}" for n in ("inv", "enr", "p")
        )
        words = first.does("invite", "-o", invitation).strip()
        said = body.does(
            "accept", invitation, "--name", body.name, *body.who(), "--words", words,
            "-o", enrolment,
        ).strip()  # fmt: skip
        first.does("sign", enrolment, "--words", said, "--yes", "-o", proposal)
        members.append(body)
        for member in [*members[1:], *members[:-1]]:
            member.run("sign", proposal, "--words", said, "--yes", "-o", proposal)
    return members


def listed(body: Body) -> dict[str, object]:
    found: dict[str, object] = json.loads(body.does("list", "--json"))
    return found


def test_three_become_partners(three: list[Body], tmp_path: Path) -> None:
    directories = [listed(body)["directory"] for body in three]
    assert directories[0] == directories[1] == directories[2]
    assert [listed(body)["me"] for body in three] == ["australia", "india", "japan"]
    shown = [body.does("show", "japan") for body in three]
    assert shown[0] == shown[1] == shown[2]
    assert "https://japan.example:8443" in shown[0]
    assert "this node" in three[1].does("list")

    proposal = tmp_path / "move"
    done = three[2].run("update", "--address", "https://kyoto.example", "-o", proposal)
    assert "  australia, india\n" in done.stderr
    wrong = three[0].run("sign", proposal)
    assert wrong.returncode == 2
    assert "--yes" in wrong.stderr
    assert "only japan" not in wrong.stderr
    for body in three[:2]:
        said = body.does("sign", proposal, "--yes", "-o", proposal)
        assert "japan: addresses https://kyoto.example instead of" in said
    assert "kyoto" in three[1].does("show", "japan")
    late = three[1].run("sign", proposal, "--yes")
    assert late.returncode == 1
    assert "overtaken" in late.stderr
    assert "Traceback" not in late.stderr


def test_wrong_words_join_nobody(three: list[Body], tmp_path: Path) -> None:
    newcomer = Body(tmp_path, "korea")
    invitation = tmp_path / "inv"
    three[0].does("invite", "-o", invitation)
    asked = ("accept", str(invitation), "--name", "korea", *newcomer.who())
    wrong = newcomer.run(*asked, "--words", "acorn almund")
    assert wrong.returncode == 1
    assert "almund" in wrong.stderr
    assert "--words" in newcomer.run(*asked).stderr
    assert newcomer.run("list").returncode == 1
    assert not (newcomer.home / "keys").exists()


def test_keys_without_a_passphrase_are_told_of(tmp_path: Path) -> None:
    body = Body(tmp_path, "alone")
    done = body.run("found", "alone", "--partnership", "pacific", *body.who())
    assert "WARNING: the private keys" in done.stderr
    rotated = body.run("rotate", "--compromised", "--why", "lost", "-o", tmp_path / "p")
    assert rotated.returncode == 0, rotated.stderr
    assert "in force here" in rotated.stderr
    assert "revoked" in body.does("show", "alone")
    assert body.does("show", "alone").count("in use") == 2
    body.does("policy", "--signatures", "both", "-o", tmp_path / "p")
    body.does("renew", "-o", tmp_path / "p")
    assert "Nothing to do" in body.does("refresh")
    refused = body.run("policy", "--signatures", "all")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


def test_the_program_asks_nothing_where_nobody_is(tmp_path: Path) -> None:
    """In a process of its own, without a terminal."""
    new_node(tmp_path).engine.dispose()
    done = command(
        "partners", "found", "alone", "--partnership", "pacific", "--title", "Alone",
        "--address", "https://alone.example", home=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.replace("-", " ").split()) == 16
    shown = run("partners", "show", "alone", home=tmp_path)
    assert done.stdout.strip() in shown.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("invite",), ("list",), ("show", "x"), ("rotate",), ("renew",), ("refresh",),
        ("remove", "x", "--why", "y"), ("update", "--title", "x"), ("policy",), ("sign", "none"),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_without_a_partnership_the_next_step_is_named(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    body = Body(tmp_path, "alone")
    done = body.run(*words)
    assert done.returncode == 1
    assert "accord partners" in done.stderr or "cannot read none" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_founder_who_knows_nobody_is_told_so(tmp_path: Path) -> None:
    body = Body(tmp_path, "alone")
    body.does("found", "alone", "--partnership", "pacific", *body.who())
    done = run("sync", home=body.home)
    assert done.returncode == 0
    assert "knows no other member of pacific" in done.stderr
    assert not done.stdout
    status = run("exchange", "status", home=body.home)
    assert "in pacific with nobody else yet" in status.stdout


def test_a_fresh_node_is_told_how_to_find_partners(tmp_path: Path) -> None:
    body = Body(tmp_path, "alone")
    for words in (("init",), ("exchange", "status")):
        done = run(*words, home=body.home)
        assert "accord partners found" in done.stdout
        assert "accord partners accept" in done.stdout
    body.does("found", "alone", "--partnership", "pacific", *body.who())
    assert "accord partners" not in run("init", home=body.home).stdout


def test_a_wrong_file_is_named(three: list[Body], tmp_path: Path) -> None:
    invitation, nothing, proposal = (tmp_path / name for name in ("inv", "nothing", "p"))
    three[0].does("invite", "-o", invitation)
    nothing.write_text("{}")
    three[2].run("update", "--address", "https://kyoto.example", "-o", proposal)
    wrong = three[0].run("sign", invitation, "--yes")
    assert "this is an invitation" in wrong.stderr
    assert "`accord partners accept`" in wrong.stderr
    assert "an enrolment or a proposal is expected" in three[0].run("sign", nothing).stderr
    newcomer = Body(tmp_path, "korea")
    asked = ("--name", "korea", *newcomer.who(), "--words", "acorn")
    assert "this is a proposal" in newcomer.run("accept", proposal, *asked).stderr


def test_open_proposals_are_listed_with_what_is_next(three: list[Body], tmp_path: Path) -> None:
    proposal = tmp_path / "p"
    begun = three[2].run(
        "update", "--address", "https://kyoto.example", "--why", "we move", "-o", proposal
    )
    assert "once these have signed it too:\n  australia, india\n" in begun.stderr
    said = three[2].run("list").stderr
    for words in (
        "japan: addresses https://kyoto.example instead of", "Proposed by japan: we move",
        "Signed by japan; needed yet: australia, india", "`accord partners sign`",
    ):  # fmt: skip
        assert words in said, said
    (shown,) = json.loads(three[2].does("list", "--json"))["proposals"]
    assert shown["missing"] == [{"count": 2, "of": ["australia", "india"]}]
    assert shown["by"] == "japan"
    three[0].does("sign", proposal, "--yes", "-o", proposal)
    assert "needed yet: india" in three[0].run("list").stderr


def test_rules_that_no_partnership_can_have_are_refused(three: list[Body], tmp_path: Path) -> None:
    for words, match in (
        (("--signatures", "mldsa"), "ed25519, ml-dsa-65, both, either"),
        (("--threshold", "1"), "of 3 partners at least 2 must sign"),
    ):
        wrong = three[0].run("policy", *words, "-o", tmp_path / "p")
        assert wrong.returncode == 1
        assert match in wrong.stderr
        assert not (tmp_path / "p").exists()


def test_an_older_copy_of_a_proposal_takes_no_signature_away(
    three: list[Body], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed one after the other in one folder, each time in the copy that came first."""
    monkeypatch.chdir(tmp_path)
    three[2].run("update", "--address", "https://kyoto.example")
    (file,) = tmp_path.glob("*.proposal.json")
    older = tmp_path / "older.json"
    older.write_bytes(file.read_bytes())
    three[0].does("sign", older, "--yes")
    assert "signed by australia, japan" in three[0].run("sign", older, "--yes").stderr
    done = three[1].run("sign", older, "--yes")
    assert "Enough have signed" in done.stderr
    assert "Enough have signed" in three[0].run("sign", file, "--yes").stderr


def test_a_proposal_is_not_written_over_another_file(
    three: list[Body], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    three[2].run("update", "--address", "https://kyoto.example")
    (file,) = tmp_path.glob("*.proposal.json")
    before = file.read_bytes()
    done = three[0].run("policy", "--recall-hours", "6")
    (other,) = set(tmp_path.glob("*.proposal.json")) - {file}
    assert f"The proposal is in {other.name}" in done.stderr
    assert file.read_bytes() == before
    other.write_text("notes")
    refused = three[1].run("policy", "--recall-hours", "7")
    assert refused.returncode == 0
    assert (file.read_bytes(), other.read_text()) == (before, "notes")


def test_what_would_change_nothing_is_not_signed(tmp_path: Path) -> None:
    body = Body(tmp_path, "alone")
    body.does("found", "alone", "--partnership", "pacific", *body.who())
    nothing = body.run("update")
    assert nothing.returncode == 2
    assert "--address, --certificate, --title or --role" in nothing.stderr
    for words in (("update", "--address", "https://alone.example:8443"), ("policy",),
                  ("policy", "--recall-hours", "24")):  # fmt: skip
        refused = body.run(*words)
        assert refused.returncode == 1, words
        assert "it would change nothing" in refused.stderr
        assert "accord partners renew" in refused.stderr
    assert json.loads(body.does("list", "--json"))["proposals"] == []


def test_why_keys_were_revoked_is_shown_with_them(tmp_path: Path) -> None:
    body = Body(tmp_path, "alone")
    body.does("found", "alone", "--partnership", "pacific", *body.who())
    body.does("rotate", "--compromised", "--why", "a stolen laptop", "-o", tmp_path / "p")
    assert body.does("show", "alone").count("(a stolen laptop)") == 2
    body.does("rotate", "--compromised", "-o", tmp_path / "p")
    assert body.does("show", "alone").count("(the old keys may be known to somebody else)") == 2
