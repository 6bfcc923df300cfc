"""Lessons in a real Chromium: without script, in every language, and without a network."""

from __future__ import annotations

from collections.abc import Iterator

import doors
import httpx
import pytest
from playwright.sync_api import Browser, Page

from accord.flows.outreach.checking.breaches import Breaches
from accord.flows.outreach.checking.listing import Snapshot
from accord.outreach.dangers import buckets, never
from accord.outreach.dangers.model import CATEGORIES, Danger
from accord.outreach.languages.catalogue import languages
from accord.outreach.lessons import model
from accord.web.door.server import configuration, listening
from accord.web.public.check import served
from accord.web.public.home import Home
from accord.web.public.kept import Kept
from accord.web.public.lessons import LessonPages
from accord.web.public.listener import PublicApp

DANGERS = (
    *(
        Danger(
            "link", f"https://trap{number}.example/a", "scam", f"203{number}-01-01T00:00:00.000000Z"
        )
        for number in range(5)
    ),
    Danger("domain", "other.example", "malware", "2040-01-01T00:00:00.000000Z"),
)
MOST = 50_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The lessons on this machine."""
    snapshot = Snapshot(
        edition=buckets.edition(DANGERS), protected=never.SERVICES, spared=frozenset(),
        made="2030-01-01T00:00:00.000000Z", breaches=Breaches((), {}, 16), dangers=DANGERS,
    )  # fmt: skip
    kept = Kept(lambda: served(snapshot), lambda: 0.0)
    kept.renew()
    app = PublicApp([Home("", []), LessonPages(kept)], known_addresses=False)
    with doors.heard_on(listening("127.0.0.1", 0), configuration(app, None)) as port:
        yield f"http://127.0.0.1:{port}"
    app.close()


@pytest.mark.parametrize("code", list(languages()))
def test_a_lesson_is_read_and_its_question_answered_without_script(
    browser: Browser, address: str, code: str
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}/learn?lang={code}")
    words = languages()[code].messages

    def said(message: str) -> str:
        return words[message].text if message in words else message

    lesson = model.LESSONS["scam"]
    assert page.locator("ol a").first.inner_text() == said(lesson.title)
    assert page.locator("html").get_attribute("lang") == code
    page.locator("ol a").first.click()
    shown = page.inner_text("main")
    assert "hxxps://trap4[.]example/a" in shown
    assert "trap1[.]" not in shown
    assert "other[.]" not in shown
    for message in (lesson.story, *lesson.signs, lesson.question, *lesson.options):
        assert said(message) in shown
    page.check("input[value='0']")
    page.click("button")
    assert said("Not so") == page.inner_text("h1")
    assert said(lesson.options[lesson.right]) in page.inner_text(".answer")
    page.check(f"input[value='{lesson.right}']")
    page.click("button")
    assert said("That is right") == page.inner_text("h1")
    assert said(lesson.why) in page.inner_text(".answer")
    page.click("text=" + said("All lessons"))
    assert f"lang={code}" in page.url
    context.close()


@pytest.mark.parametrize("audience", model.AUDIENCES)
def test_each_audience_has_its_own_advice(address: str, audience: model.Audience) -> None:
    text = httpx.get(f"{address}/learn/phishing?lang=en&for={audience}").text
    said = {one for one in model.AUDIENCES if model.ADVICE[one] in text}
    assert said == {audience}
    assert f'href="?for={audience}&amp;lang=hi"' in text


@pytest.mark.parametrize("path", ["/learn", *(f"/learn/{one}" for one in CATEGORIES)])
@pytest.mark.parametrize("code", list(languages()))
def test_a_page_fits_fifty_kilobytes_and_opens_nothing_dangerous(
    address: str, path: str, code: str
) -> None:
    files = ("/style.css", "/learn.js", "/learn-worker.js", "/learn/icon.svg")
    parts = [len(httpx.get(f"{address}{one}").content) for one in files]
    page = httpx.get(f"{address}{path}?lang={code}")
    assert page.status_code == 200
    assert len(page.content) + sum(parts) < MOST
    assert "trap" not in "".join(part.split('"')[0] for part in page.text.split('href="')[1:])


def test_what_is_no_answer_is_told_and_what_is_no_lesson_is_not_there(address: str) -> None:
    for value in ("", "3", "-1", "x", "\u0661"):
        told = httpx.post(f"{address}/learn/scam", files={"option": (None, value)})
        assert (told.status_code, "choose one" in told.text) == (422, True)
    for path in ("/learn/", "/learn/x", "/learn/scam/", "/learnt", "/learn/../check"):
        assert httpx.get(f"{address}{path}").status_code == 404
    assert httpx.post(f"{address}/learn", files={"option": (None, "1")}).status_code == 405


def test_lessons_are_there_without_a_network(page: Page, address: str) -> None:
    page.goto(f"{address}/learn")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    manifest = httpx.get(f"{address}/learn/manifest.json").json()
    assert manifest["start_url"] == "/learn"
    assert httpx.get(f"{address}{manifest['icons'][0]['src']}").status_code == 200
    page.context.set_offline(True)
    page.goto(f"{address}/learn/phishing")
    assert "Your bank writes" in page.inner_text("main")
    page.context.set_offline(False)
