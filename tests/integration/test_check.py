"""Is this dangerous? From a partner's indicator to the public's answer, and off the list again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import doors
import httpx
import msgspec
import nodes
import pytest
import sharing
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import AccordError, Invalid, NotFound
from accord.exchange.feeds.schedule import later
from accord.exchange.notes.building import Draft
from accord.exchange.notes.identifiers import hashed
from accord.flows import notes
from accord.flows.hunting.port import IndicatorRow
from accord.flows.outreach.checking import appeals, listing
from accord.flows.outreach.checking.ask import ask
from accord.flows.outreach.checking.breaches import Watch
from accord.flows.outreach.checking.listing import Wanted
from accord.flows.outreach.reporting import decide, take
from accord.flows.outreach.reporting.port import Full
from accord.flows.outreach.reporting.take import Given
from accord.identity.markings import Tlp
from accord.store.outreach import dangers as store
from accord.web.door.server import configuration, listening
from accord.web.public import kept as kept_
from accord.web.public.appeals import AppealPages
from accord.web.public.check import SIZE, CheckPages, served
from accord.web.public.kept import Kept
from accord.web.public.listener import PublicApp
from accord.wiring import Node
from accord.wiring.checking import CheckDesk
from accord.wiring.reporting import ReportDesk

ONE, TWO = "R. Ana", "K. Sato"


@pytest.fixture
def desk(node: Node) -> CheckDesk:
    """On each database."""
    return CheckDesk(node)


@pytest.fixture
def here_desk(here: Node) -> CheckDesk:
    return CheckDesk(here)


def load(desk: CheckDesk, name: str, tlp: Tlp | None = Tlp.CLEAR, **more: Any) -> str:
    """An indicator of this node; gives its identifier."""
    said = {"confidence": 85, "pattern": f"[domain-name:value = '{name}.example']"} | more
    made = sharing.indicator(name, tlp) | said
    sharing.load(desk._node, made)
    return str(made["id"])


def wanted(source: str, **more: Any) -> Wanted:
    return Wanted(source=source, **({"category": "phishing", "person": ONE} | more))


def listed(desk: CheckDesk, name: str, **more: Any) -> int:
    """An indicator on the list; gives the number of its entry."""
    (entry,) = listing.propose(desk, wanted(load(desk, name, **more))).entries
    return listing.approve(desk, entry.id, TWO).id


def verdict(desk: CheckDesk, text: str) -> str:
    return ask(listing.snapshot(desk), text)[0].verdict


def test_two_people_put_something_on_the_list_and_one_takes_it_off(desk: CheckDesk) -> None:
    source = load(desk, "evil")
    done = listing.propose(desk, wanted(source))
    (entry,) = done.entries
    assert (entry.kind, entry.value, entry.confidence) == ("domain", "evil.example", 85)
    assert verdict(desk, "evil.example") == "unknown"
    for same in (ONE, " r.  ANA", "\uff32. Ana"):
        with pytest.raises(Invalid, match="somebody else"):
            listing.approve(desk, entry.id, same)
    assert listing.approve(desk, entry.id, TWO).state == "listed"
    (found, _) = ask(listing.snapshot(desk), "https://www.evil.example/x and good.example")
    assert (found.verdict, found.category) == ("dangerous", "phishing")
    with pytest.raises(Invalid, match="is listed, not proposed"):
        listing.approve(desk, entry.id, TWO)
    again = listing.propose(desk, wanted(source))
    assert again.entries == ()
    assert "already" in again.left[0][1]
    with pytest.raises(Invalid, match="say why"):
        listing.revoke(desk, entry.id, ONE, " ")
    assert listing.revoke(desk, entry.id, ONE, "it was cleaned").state == "revoked"
    assert verdict(desk, "evil.example") == "unknown"
    with pytest.raises(Invalid, match="is revoked, not listed"):
        listing.revoke(desk, entry.id, ONE, "again")
    with pytest.raises(NotFound):
        listing.approve(desk, 99, TWO)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"tlp": Tlp.GREEN}, "marked GREEN"),
        ({"tlp": Tlp.RED}, "marked RED"),
        ({"tlp": None}, "does not go to the public"),
        ({"confidence": 60}, "70 is enough"),
        ({"confidence": None}, "say yours"),
        ({"valid_until": "2020-01-01T00:00:00Z", "valid_from": "2019-01-01T00:00:00Z"}, "valid"),
        ({"revoked": True}, "revoked or recalled"),
        ({"pattern": "[file:name = 'a.exe']"}, "no list of names"),
        ({"pattern": "[domain-name:value = 'a.example' AND url:value = 'b']"}, "no list of names"),
    ],
)
def test_only_what_is_clear_sure_and_valid_enters(
    here_desk: CheckDesk, more: dict[str, Any], why: str
) -> None:
    if more.get("confidence", 1) is None:
        made = sharing.indicator("evil", Tlp.CLEAR)
        sharing.load(here_desk._node, made)
        source = str(made["id"])
    else:
        source = load(here_desk, "evil", **more)
    with pytest.raises(Invalid, match=why):
        listing.propose(here_desk, wanted(source))
    assert here_desk.dangers.all() == []


def test_a_persons_confidence_only_lowers(here_desk: CheckDesk) -> None:
    sure = load(here_desk, "sure", confidence=72)
    assert listing.propose(here_desk, wanted(sure, confidence=100)).entries[0].confidence == 72
    with pytest.raises(Invalid, match="50 of 100"):
        listing.propose(here_desk, wanted(load(here_desk, "doubt"), confidence=50))


def test_what_is_known_to_be_good_is_never_listed(here_desk: CheckDesk) -> None:
    names = ["www.ato.gov.au", "co.jp", "usps.com", "popular.example", "evil.example"]
    pattern = "[" + " OR ".join(f"domain-name:value = '{one}'" for one in names) + "]"
    source = load(here_desk, "mixed", pattern=pattern)
    warning = {"name": "popular names", "description": "x", "version": 1, "type": "hostname",
               "list": ["popular.example"], "matching_attributes": ["domain"]}  # fmt: skip
    nodes.give(here_desk._node, [("list.json", json.dumps(warning).encode())])
    done = listing.propose(here_desk, wanted(source))
    assert [one.value for one in done.entries] == ["evil.example"]
    left = dict(done.left)
    assert left.keys() == set(names) - {"evil.example"}
    assert "government" in left["www.ato.gov.au"]
    assert "everybody" in left["co.jp"]
    assert "popular names" in left["popular.example"]
    late = listing.propose(here_desk, wanted(load(here_desk, "later"))).entries[0]
    another = json.dumps(warning | {"list": ["later.example"], "name": "new"}).encode()
    nodes.give(here_desk._node, [("b.json", another)])
    with pytest.raises(Invalid, match="on the list 'new'"):
        listing.approve(here_desk, late.id, TWO)


def test_an_entry_falls_with_its_source_and_with_its_end(here_desk: CheckDesk) -> None:
    listed(here_desk, "evil")
    listed(here_desk, "bad", valid_until="2999-01-01T00:00:00Z")
    assert verdict(here_desk, "evil.example") == "dangerous"
    newer = {"modified": "2031-01-01T00:00:00.000Z"}
    made = sharing.indicator("evil", Tlp.CLEAR) | newer | {"revoked": True, "confidence": 85}
    sharing.load(here_desk._node, made)
    assert verdict(here_desk, "evil.example") == "unknown"
    stricter = sharing.indicator("bad", Tlp.AMBER) | newer | {"confidence": 85}
    assert verdict(here_desk, "bad.example") == "dangerous"
    sharing.load(here_desk._node, stricter)
    assert verdict(here_desk, "bad.example") == "unknown"
    listed(here_desk, "brief")
    clock: Any = here_desk.clock
    assert verdict(here_desk, "brief.example") == "dangerous"
    clock.at = later(clock.at, 31 * 86_400.0)
    assert verdict(here_desk, "brief.example") == "unknown"


class Twice(CheckDesk):
    """A desk where another origin has a version of each indicator, with a marking of its own."""

    tlp = int(Tlp.AMBER)
    revoked = False

    def indicators(self, objects: Sequence[str]) -> list[IndicatorRow]:
        rows = super().indicators(objects)
        said = {"tlp": self.tlp, "revoked": self.revoked, "origin": "feed:other"}
        return [*rows, *(msgspec.structs.replace(row, **said) for row in rows)]


def test_a_stricter_version_of_another_origin_keeps_it_here(here: Node) -> None:
    plain, twice = CheckDesk(here), Twice(here)
    source = load(plain, "evil")
    with pytest.raises(Invalid, match="marked AMBER"):
        listing.propose(twice, wanted(source))
    (entry,) = listing.propose(plain, wanted(source)).entries
    with pytest.raises(Invalid, match="marked AMBER"):
        listing.approve(twice, entry.id, TWO)
    listing.approve(plain, entry.id, TWO)
    assert verdict(plain, "evil.example") == "dangerous"
    assert verdict(twice, "evil.example") == "unknown"
    twice.revoked = True
    assert verdict(twice, "evil.example") == "dangerous", "it took its version back"
    twice.revoked, twice.tlp = False, int(Tlp.CLEAR)
    assert verdict(twice, "evil.example") == "dangerous"


def test_a_telephone_number_comes_from_a_report(here_desk: CheckDesk) -> None:
    reports = ReportDesk(here_desk._node)
    taken = take.take(reports, Given(via="form", text="call +91 98765 43210 about x.example"))
    source = f"report:{taken.report.id}"
    with pytest.raises(Invalid, match="nobody found"):
        listing.propose(here_desk, wanted(source, confidence=90))
    decide.settle(reports, taken.report.id, decide.Wanted(outcome="dangerous", person=ONE))
    with pytest.raises(Invalid, match="say yours"):
        listing.propose(here_desk, wanted(source))
    (entry,) = listing.propose(here_desk, wanted(source, category="scam", confidence=90)).entries
    listing.approve(here_desk, entry.id, TWO)
    assert verdict(here_desk, "they rang from +91-98765-43210") == "dangerous"
    for missing in ("report:99", "report:x", "indicator--0"):
        with pytest.raises(NotFound):
            listing.propose(here_desk, wanted(missing, confidence=90))


def test_an_appeal_takes_off_the_list_what_it_is_about(desk: CheckDesk) -> None:
    number = listed(desk, "shop")
    assert verdict(desk, "https://shop.example/cart") == "dangerous"
    code = appeals.appeal(desk, "https://shop.example/cart", "this is my shop")
    (waiting,) = desk.dangers.appeals(("new",))
    done = appeals.settle(desk, waiting.id, "granted", TWO, "Sorry.")
    assert [one.id for one in done.revoked] == [number]
    assert verdict(desk, "https://shop.example/cart") == "unknown"
    seen = appeals.seen(desk, code.lower())
    assert seen is not None
    assert (seen.outcome, seen.answer) == ("granted", "Sorry.")
    assert appeals.seen(desk, "A" * 24) is None
    assert appeals.seen(desk, "../x") is None
    with pytest.raises(Invalid, match="was decided"):
        appeals.settle(desk, waiting.id, "declined", TWO, "")
    assert verdict(desk, "usps.net") == "lookalike"
    appeals.appeal(desk, "usps.net", "ours since 1999")
    appeals.settle(desk, waiting.id + 1, "granted", TWO, "")
    assert verdict(desk, "usps.net") == "unknown"
    for about, said in (("", "x"), ("shop.example", " "), ("shop.example", "x" * 2_001)):
        with pytest.raises(Invalid):
            appeals.appeal(desk, about, said)


def test_appeals_have_a_bound(here_desk: CheckDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_APPEALS", 1)
    appeals.appeal(here_desk, "a.example", "x")
    with pytest.raises(Full):
        appeals.appeal(here_desk, "a.example", "x")


def breach(desk: CheckDesk, title: str, *people: str, tlp: Tlp | None = Tlp.CLEAR) -> str:
    """A breach notice of this node; gives its identifier."""
    node = desk._node
    made = Draft(
        kind="breach",
        title=title,
        text="Passwords stood in it.",
        identifiers=hashed(people),
        tlp=tlp,
    )
    return notes.write(made, node, notes.maker(node.trust.directory(), node.me))


def test_a_breach_is_told_by_twenty_bits_and_only_where_it_is_clear(desk: CheckDesk) -> None:
    breach(desk, "A shop", "Kim@example.org", "+81 90 1234 5678")
    clock: Any = desk.clock
    clock.at = later(clock.at, 1.0)
    breach(desk, "A school", "kim@example.org", "bo@example.org")
    breach(desk, "A secret", "kim@example.org", "ana@example.org", tlp=Tlp.AMBER)
    found = listing.snapshot(desk).breaches
    assert [one.title for one in found.breaches] == ["A shop", "A school"]
    (kim,) = ask(listing.snapshot(desk), "kim@example.org")
    assert [one.values["title"] for one in kim.asked.remarks] == [
        "A shop", "A school",
    ]  # fmt: skip
    (phone,) = ask(listing.snapshot(desk), "call +81 90-1234-5678")
    assert "A shop" in phone.asked.remarks[0].values["title"]
    assert ask(listing.snapshot(desk), "ana@example.org")[0].asked.remarks == ()
    sizes = {len(found.bucket(f"{n:05x}")) for n in range(0, 1 << 20, 9_973)}
    digest = sha256(b"kim@example.org").hexdigest()
    assert sizes == {len(found.bucket(digest[:5]))} == {16 * 34}
    assert found.bucket(digest[:5])[:34] == bytes.fromhex(digest) + b"\0\1"
    whole = b"".join(found.buckets.values())
    assert sha256(b"ana@example.org").digest() not in whole
    assert len(whole) == 4 * 34


def test_a_notice_that_is_taken_back_is_told_no_more(here_desk: CheckDesk) -> None:
    watch = Watch(here_desk)
    id_ = breach(here_desk, "A shop", "kim@example.org")
    assert watch.now().breaches
    assert watch.now() is watch.now(), "what did not change is not read again"
    with here_desk._node.views.view() as view:
        row = notes.find(view, id_)
        value = json.loads(view.body(row.document))
    inner = value.get("objects", [value])
    (own,) = (one for one in inner if one["id"] == id_)
    own |= {"revoked": True, "modified": "2031-01-01T00:00:00.000Z"}
    nodes.give(here_desk._node, [("back.json", json.dumps(value).encode())])
    assert watch.now().breaches == ()


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_revoked_name_is_out_within_five_minutes_or_nothing_is_answered(
    here_desk: CheckDesk,
) -> None:
    number = listed(here_desk, "evil")
    seconds, broken = Seconds(), False

    def load_() -> Any:
        if broken:
            raise AccordError("the database is away")
        return served(listing.snapshot(here_desk))

    kept = Kept(load_, seconds)
    with pytest.raises(AccordError):
        kept.now()
    kept.renew()
    assert kept.now().snapshot.edition.whole
    listing.revoke(here_desk, number, ONE, "cleaned")
    broken = True
    seconds.now = kept_.OLDEST
    kept.renew()
    assert kept.now().snapshot.edition.whole, "the last list stays for a while"
    seconds.now += 1
    with pytest.raises(AccordError):
        kept.now()
    broken = False
    kept.renew()
    assert not kept.now().snapshot.edition.whole
    longest_of_caches = 60
    assert kept_.OLDEST + kept_.EVERY + longest_of_caches < 330
    assert kept_.EVERY + longest_of_caches < 300


@pytest.fixture
def client(here_desk: CheckDesk) -> Iterator[httpx.Client]:
    listed(here_desk, "evil")
    kept = Kept(lambda: served(listing.snapshot(here_desk)), Seconds())
    kept.renew()
    app = PublicApp([CheckPages(kept), AppealPages(here_desk)], known_addresses=False)
    config = configuration(app, None)
    try:
        with (
            doors.heard_on(listening("127.0.0.1", 0), config) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}") as found,
        ):
            yield found
    finally:
        app.close()


def posted(client: httpx.Client, at: str, **said: str) -> httpx.Response:
    return client.post(at, files={name: (None, text) for name, text in said.items()})


def test_the_form_answers_in_one_size_and_sends_nothing_on(client: httpx.Client) -> None:
    asked = {
        "https://login.evil.example/x?token=secret": "Known dangerous",
        "my.gov.au.pay.example": "It looks like something else",
        "https://nobody.example/": "Not known to us",
        " ".join(f"https://h{n}.example/?a=%22%26{'&' * 180}" for n in range(40)): "Not known",
        "nothing here": "Is this dangerous?",
        "<script>alert(1)</script> http://a.example/'\"><b>": "Not known",
    }
    sizes = set()
    for text, title in asked.items():
        found = posted(client, "/check", text=text)
        assert f"<title>{title}" in found.text, text
        assert found.headers["cache-control"] == "no-store"
        assert "<script>" not in found.text
        sizes.add(len(found.content))
    assert sizes == {SIZE}
    first = client.get("/check")
    assert first.status_code == 200
    assert "sent to us" in first.text
    assert posted(client, "/check", other="x").status_code == 422
    assert posted(client, "/check", text="x" * 20_001).status_code == 422


def test_a_bucket_holds_the_hash_and_all_have_one_size(client: httpx.Client) -> None:
    bucket = sha256(b"evil.example").hexdigest()[:4]
    found = client.get(f"/check/prefix/{bucket}")
    assert found.content[:32] == sha256(b"evil.example").digest()
    assert found.content[32] == 1
    assert found.headers["cache-control"] == "no-store"
    sizes = {len(client.get(f"/check/prefix/{n:04x}").content) for n in range(0, 65536, 997)}
    assert sizes == {len(found.content)}
    for odd in ("ABCD", "abc", "abcde", "abcg", "..%2f", ""):
        assert client.get(f"/check/prefix/{odd}").status_code == 404
    whole = client.get("/check/list")
    assert whole.content == found.content[:33]
    tag = {"if-none-match": whole.headers["etag"]}
    assert client.get("/check/list", headers=tag).status_code == 304
    told = client.get("/check/knowledge.json").json()
    assert told["bucket"] == len(found.content)
    assert ["usps.com", "United States Postal Service"] in told["protected"]
    assert client.get("/check/suffixes.txt").text.count("\n") > 9_000


def test_the_page_fits_fifty_kilobytes(client: httpx.Client) -> None:
    page = posted(client, "/check", text="evil.example")
    script, style = client.get("/check.js"), Path(kept_.__file__).parents[1] / "static/public.css"
    worker = client.get("/check-worker.js")
    whole = len(page.content) + len(script.content) + len(worker.content) + style.stat().st_size
    assert whole < 50_000
    assert "connect-src 'self'" in page.headers["content-security-policy"]


def test_an_appeal_by_its_form(client: httpx.Client, here_desk: CheckDesk) -> None:
    assert "What do we warn of?" in client.get("/appeal").text
    wrong = posted(client, "/appeal", about='"><i>', said="x")
    assert wrong.status_code == 422
    assert "<i>" not in wrong.text
    taken = posted(client, "/appeal", about="evil.example", said="it is mine")
    (at,) = re.findall(r'href="(/appeal/[A-Z2-7]{24})"', taken.text)
    assert "A person will look at it" in client.get(at).text
    appeals.settle(here_desk, 1, "granted", TWO, "<b>Sorry</b>")
    assert "&lt;b&gt;Sorry" in client.get(at).text
    assert client.get("/appeal/" + "A" * 24).status_code == 404


def test_commands(tmp_path: Path, here_desk: CheckDesk) -> None:
    source = load(here_desk, "evil")
    home = str(here_desk._node.settings.home)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--home", home])
        assert done.exit_code == code, done.output
        return done.output

    assert "Nothing was proposed" in run("dangers", "list")
    said = run("dangers", "propose", source, "--as", "phishing", "--person", ONE)
    assert "danger 1: domain evil.example: proposed" in said
    run("dangers", "approve", "1", "--person", TWO)
    shown = run("check", "pay at hxxps://evil[.]example/x", code=1)
    assert "Known dangerous: phishing" in shown
    (told,) = json.loads(run("check", "https://evil.example/x", "--json", code=1))
    assert (told["answer"], told["category"]) == ("dangerous", "phishing")
    kept = tmp_path / "list"
    kept.write_bytes(listing.snapshot(here_desk).edition.whole)
    assert "Known dangerous" in run("check", "evil.example", "--list", str(kept), code=1)
    assert "Not known to us" in run("check", "good.example", "--list", str(kept))
    assert json.loads(run("dangers", "list", "--state", "listed", "--json"))[0]["id"] == 1
    run("dangers", "protect", "bigbank.example", "Big Bank", "--person", ONE)
    assert "Looks like bigbank.example (Big Bank)" in run("check", "bigbamk.example", code=1)
    run("dangers", "spare", "bigbamk.example", "--person", ONE)
    run("check", "bigbamk.example")
    assert "Big Bank" in run("dangers", "names")
    appeals.appeal(here_desk, "evil.example", "mine")
    assert "evil.example" in run("dangers", "appeals", "--waiting")
    assert "revoked" in run("dangers", "settle", "1", "granted", "--person", TWO)
    run("check", "evil.example")
