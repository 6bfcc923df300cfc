"""The browser that page tests are given is real and starts empty."""

from __future__ import annotations

from playwright.sync_api import Page


def test_a_page_is_rendered(page: Page) -> None:
    page.set_content("<title>accord</title><h1 style='width: 200px'>Exposures</h1>")
    assert page.title() == "accord"
    box = page.locator("h1").bounding_box()
    assert box is not None
    assert box["width"] == 200
