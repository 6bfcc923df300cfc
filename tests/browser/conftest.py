"""A page in a real Chromium, which talks to this machine only.

`page` fails its test when the page asked another host for anything, or when a script of the page
ended in an error.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

_ABSENT = "Chromium is not on this machine (on Debian: apt-get install chromium)"
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_HERE = ("127.0.0.1", "localhost", "::1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for each module.

    Playwright keeps an event loop running for as long as it lives, so it must not outlive the
    tests that need it: `asyncio.run` of any later test would be refused.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(_ABSENT)
    # Chromium's sandbox refuses to run as root.
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, with no cookies and nothing stored."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(15_000)
    asked_elsewhere: list[str] = []
    broken: list[str] = []

    def stay_here(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in ("http", "https") and address.hostname not in _HERE:
            asked_elsewhere.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    context.route("**/*", stay_here)
    opened = context.new_page()
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    context.close()
    assert not asked_elsewhere, f"the page asked other hosts: {asked_elsewhere}"
    assert not broken, f"a script of the page failed: {broken}"
