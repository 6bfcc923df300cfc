"""The public check in a real Chromium: with its script, without it, and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import doors
import pytest
from playwright.sync_api import Browser, Page, Request

from accord.core.errors import Invalid
from accord.flows.outreach.checking.ask import ask
from accord.flows.outreach.checking.breaches import Breach, Breaches
from accord.flows.outreach.checking.listing import Snapshot
from accord.outreach.dangers import buckets, never
from accord.outreach.dangers.model import CATEGORIES, WHY, Danger
from accord.outreach.languages.catalogue import languages, speaker
from accord.web.door.server import configuration, listening
from accord.web.public.check import CheckPages, served
from accord.web.public.home import Home
from accord.web.public.kept import Kept
from accord.web.public.listener import PublicApp

SENT = "Only 16 or 20 bits of a hash are sent, which very many share; the text stays with you."
ENDS = "2031-01-01T00:00:00.000000Z"
DANGERS = [
    Danger("domain", "evil.example", "phishing", ENDS),
    Danger("domain", "bad.co.jp", "malware", ENDS),
    Danger("domain", "me.github.io", "scam", ENDS),
    Danger("domain", "192.0.2.7", "malware", ENDS),
    Danger("domain", "xn--bcher-kva.example", "scam", ENDS),
    Danger("link", "https://files.example/x?id=7", "malware", ENDS),
    Danger("link", "https://files.example/y", "scam", ENDS),
    Danger("mail", "boss@company.example", "impersonation", ENDS),
    Danger("phone", "+919876543210", "scam", ENDS),
    Danger("hash", "ab" * 32, "malware", ENDS),
    Danger("app", "com.evil.app", "malware", ENDS),
]
HASH = sha256(b"kim@example.org").hexdigest()
SNAPSHOT = Snapshot(
    edition=buckets.edition(DANGERS), protected=never.SERVICES, spared=frozenset({"usps.net"}),
    made="2030-01-01T00:00:00.000000Z",
    breaches=Breaches(
        (Breach("A shop's customers", "2029-12-01"), Breach("A school's parents", "2029-12-24")),
        {HASH[:5]: bytes.fromhex(HASH) + b"\0\1" + bytes.fromhex(HASH) + b"\0\2"}, 16,
    ),
)  # fmt: skip
TEXTS = [
    "https://evil.example/", "see hxxps://WWW[.]Evil[.]Example/a?b#c.", "evil.example/login",
    "Kim <Kim@Example.org>", "x.y.bad.co.jp", "co.jp",
    "you.github.io and http://me.github.io/x", "192.0.2.7",
    "http://0xc0.0.2.7/", "http://3221225991/", "B\u00fccher.Example", "www.b\u00fccher.example/x",
    "http://files.example/x?id=7", "https://files.example/x?id=8", "https://files.example/y?t=1",
    "https://files.example:8443/y", "Boss <BOSS@Company.example> wrote", "a.b@x.evil.example",
    "call +91 (98765) 43210 now", "AB" * 32, "app:com.Evil.App",
    "https://play.google.com/store/apps/details?hl=en&id=com.Evil.App",
    "https://good.example/go?to=https%3A%2F%2Fevil.example%2F&x=1",
    "https://bank.example@evil.example/", "https://bit.ly/abc", "my.gov.au.pay.example",
    "http://auspost-track.example/", "usps.net", "usps.org", "www.usps.com", "onlinesbl.sbi",
    "http://xn--usp-tna.com/", "http://\u0430to.gov.example", "j\u0430panpost.com", "japanopst.jp",
    "login.com", "nothing here", "http://[::1]/", "a..b.example", "http://a_b.evil.example/",
    "https://h1.example/, https://h2.example/; evil.example!",
    "\u8cfc\u5165 https://evil.example/\u3002", "\u0935\u0947\u092c.evil.example",
    "http://user:pw@192.0.2.7:80/x", "mailto:boss@company.example", "1.2.3.4.5",
    "http://evil.example./", "javascript:alert(1)//evil.example", "x" * 300 + ".example",
    "http://example.com/" + "a" * 2_100, "foo.ck www.ck a.b.ck", "x.kawasaki.jp city.kawasaki.jp",
]  # fmt: skip


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The rooms of the check on this machine."""
    kept = Kept(lambda: served(SNAPSHOT), lambda: 0.0)
    kept.renew()
    app = PublicApp([Home("", []), CheckPages(kept)], known_addresses=False)
    with doors.heard_on(listening("127.0.0.1", 0), configuration(app, None)) as port:
        yield f"http://127.0.0.1:{port}"
    app.close()


def expected(text: str, code: str = "en") -> list[list[Any]]:
    """What the node itself answers."""
    try:
        found = ask(SNAPSHOT, text)
    except Invalid:
        return []
    return [
        [
            one.asked.kind,
            one.asked.value,
            one.said(speaker(code)),
            [each.said(speaker(code)) for each in one.asked.remarks],
        ]
        for one in found
    ]


_ASK = """async (text) => (await window.accordCheck(text))
  .map((one) => [one.thing.kind, one.thing.value, one.said, one.thing.remarks])"""


def test_the_script_answers_as_the_node_does(page: Page, address: str) -> None:
    page.goto(f"{address}/check")
    said = {text: page.evaluate(_ASK, text) for text in TEXTS}
    assert said == {text: expected(text) for text in TEXTS}
    verdicts = {one[2].partition(":")[0] for found in said.values() for one in found}
    assert {"Known dangerous", "Not known to us."} < verdicts
    assert {one[2].split(": ")[1].split(".")[0] for found in said.values() for one in found
            if one[2].startswith("Known")} == set(CATEGORIES)  # fmt: skip


@pytest.mark.parametrize("code", [one for one in languages() if one != "en"])
def test_the_script_answers_in_every_language_as_the_node_does(
    page: Page, address: str, code: str
) -> None:
    page.goto(f"{address}/check?lang={code}")
    own = languages()[code].messages
    page.locator("#how", has_text=own[SENT].text).wait_for()
    said = {text: page.evaluate(_ASK, text) for text in TEXTS}
    assert said == {text: expected(text, code) for text in TEXTS}
    page.fill("#text", "https://evil.example/")
    page.click("form#check button")
    page.wait_for_selector(".answer.dangerous")
    assert own[WHY["phishing"]].text in page.inner_text("#answer")


def test_with_its_script_only_sixteen_bits_are_sent(page: Page, address: str) -> None:
    sent: list[Request] = []
    page.goto(f"{address}/check")

    def note(request: Request) -> None:
        sent.append(request)

    page.on("request", note)
    page.fill("#text", "Pay at https://login.evil.example/x?token=secret-7 today")
    page.click("text=Check it")
    page.wait_for_selector(".answer.dangerous")
    assert "Known dangerous: phishing" in page.inner_text("#answer")
    assert "change it now" in page.inner_text("#answer")
    paths = {one.url.removeprefix(address) for one in sent}
    (asked,) = {one for one in paths if one.startswith("/check/prefix/")}
    assert len(asked) == len("/check/prefix/0000")
    assert paths <= {asked, "/check/knowledge.json", "/check/suffixes.txt"}
    assert all(one.method == "GET" and not one.post_data for one in sent)


def test_with_the_list_on_the_device_nothing_is_sent_even_without_a_network(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/check")
    page.click("text=Keep the list on this device")
    page.locator("#how", has_text="nothing is sent").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.unroute_all()
    page.context.set_offline(True)
    page.reload()
    page.locator("#how", has_text="nothing is sent").wait_for()
    for text, shown in (("x.bad.co.jp", "malware"), ("usps.org", "Looks like usps.com"),
                        ("a.example", "Not known to us")):  # fmt: skip
        page.fill("#text", text)
        page.click("text=Check it")
        page.locator("#answer", has_text=shown).wait_for()
    page.click("text=Remove the list")
    page.locator("#how", has_text="16 or 20 bits").wait_for()


def test_without_script_the_form_answers(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    bare = context.new_page()
    bare.goto(f"{address}/check")
    assert "sent to us" in bare.inner_text("#how")
    bare.fill("#text", "https://evil.example/<b>x</b>")
    bare.click("text=Check it")
    assert bare.title() == "Known dangerous"
    assert "phishing" in bare.inner_text(".answer.dangerous")
    wide = bare.locator("main").bounding_box()
    assert wide is not None
    assert wide["width"] <= 390
    context.close()
