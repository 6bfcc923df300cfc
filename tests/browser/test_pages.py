"""Pages in a real Chromium: nothing that a document says runs, and everybody can read them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import uvicorn
import web_specimens
from playwright.sync_api import Dialog, Page

from accord.web.app import application
from accord.web.links import Links


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with hostile documents, served on this machine."""
    node = web_specimens.node(tmp_path_factory.mktemp("node"))
    config = uvicorn.Config(
        application(node), host="127.0.0.1", port=0, log_level="error", server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page on which any report, dialog or escape is a failure."""
    wrong: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        wrong.append(dialog.message)
        dialog.dismiss()

    page.on("console", lambda message: wrong.append(message.text))
    page.on("dialog", dismiss)
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('CSP', e.blockedURI))"
    )
    yield page
    assert wrong == []


def _addresses() -> list[str]:
    links = Links()
    return [
        "/",
        "/exposures?status=candidate",
        "/exposures?operator=" + "script",
        "/exposures?component=script",
        "/operators",
        "/products",
        "/advisories",
        "/advisories/CVE-2026-0001",
        "/assessments",
        links.assessment(web_specimens.LINK, "1"),
        links.assessment(web_specimens.LINK, "1", "supplier"),
        "/demand",
        "/documents",
        "/documents?state=quarantined",
        "/unevaluated",
        "/search?q=script",
        "/search?q=javascript",
        "/search?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "/patterns",
        links.product(web_specimens.LINK),
        *(links.operator(name) for name in web_specimens.OPERATORS),
    ]


@pytest.mark.parametrize("path", _addresses())
def test_nothing_that_a_document_says_runs(watched: Page, address: str, path: str) -> None:
    answer = watched.goto(address + path)
    assert answer is not None
    assert answer.status == 200
    assert watched.locator("main").count() == 1
    assert watched.title().endswith(" · accord")
    assert watched.locator("script, img, iframe, [style], [onerror], [onload]").count() == 0
    foreign = watched.eval_on_selector_all(
        "a, form, link",
        "all => all.map(e => e.href || e.action).filter(a => !a.startsWith(origin))",
    )
    assert foreign == []


def test_hostile_names_are_read_as_written(watched: Page, address: str) -> None:
    watched.goto(f"{address}/operators")
    for name in web_specimens.OPERATORS:
        watched.get_by_role("link", name=name, exact=True).click()
        assert watched.locator("h1").inner_text().endswith(name)
        watched.go_back()


@pytest.mark.parametrize("path", ["/", "/advisories/CVE-2026-0001", "/documents", "/search?q=s"])
def test_names_do_not_turn_around_what_stands_beside_them(
    watched: Page, address: str, path: str
) -> None:
    watched.goto(address + path)
    found = watched.eval_on_selector_all(
        "main a, main bdi, main code, main td, main dd",
        "all => all.map(e => getComputedStyle(e).unicodeBidi)",
    )
    assert set(found) == {"isolate"}


def test_an_explanation_of_hostile_things(watched: Page, address: str) -> None:
    watched.goto(f"{address}/advisories/CVE-2026-0001")
    watched.locator("tbody th a").first.click()
    assert web_specimens.SCRIPT in watched.locator("h1").inner_text()
    watched.locator(".reasons .origin a").first.click()
    assert watched.get_by_role("link", name="the document itself").count() == 1


def test_the_error_pages_are_quiet(page: Page, address: str) -> None:
    answer = page.goto(f"{address}/operators/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer is not None
    assert answer.status == 404
    assert "<script>alert(1)</script>" in page.locator("main").inner_text()
    assert page.locator("script").count() == 0


def test_a_filter_leaves_what_it_says(watched: Page, address: str) -> None:
    watched.goto(address)
    watched.get_by_text("sector", exact=True).click()
    link = watched.locator("details[open] li a").nth(1)
    count = link.locator(".number").inner_text()
    link.click()
    assert f"of {count} exposures" in watched.locator(".paging").first.inner_text()


def test_the_next_page_follows(watched: Page, address: str) -> None:
    watched.goto(address)
    first = watched.locator("tbody th a").first.inner_text()
    watched.locator("a[rel=next]").click()
    assert watched.locator("tbody th a").first.inner_text() != first
    assert "101\u2013" in watched.locator(".paging").first.inner_text()


def test_a_search_from_every_page(watched: Page, address: str) -> None:
    watched.goto(f"{address}/documents")
    watched.get_by_label("Search").fill("GridView")
    watched.keyboard.press("Enter")
    watched.get_by_role("link", name="GridView SCADA").first.click()
    assert watched.locator("h1").inner_text().endswith("GridView SCADA")


def test_a_day_is_kept_from_page_to_page(watched: Page, address: str) -> None:
    watched.goto(f"{address}/operators?page=1")
    watched.get_by_label("As known on").fill("2026-02-02")
    watched.get_by_role("button", name="Show").click()
    assert "As known on 2026-02-02" in watched.get_by_role("status").inner_text()
    watched.locator("tbody th a").first.click()
    assert "As known on 2026-02-02" in watched.get_by_role("status").inner_text()
    watched.get_by_role("link", name="Back to now").click()
    assert watched.get_by_role("status").count() == 0


_RELEASE = "/assessments/GridView%20SCADA/4.2"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/advisories/CVE-2026-0001",
        "/demand",
        "/documents",
        "/operators",
        "/assessments",
        f"{_RELEASE}?for=us",
        f"{_RELEASE}/supplier",
    ],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_pages_do_not_scroll_sideways(
    watched: Page, address: str, path: str, scheme: Any
) -> None:
    watched.emulate_media(color_scheme=scheme)
    watched.set_viewport_size({"width": 320, "height": 640})
    watched.goto(address + path)
    assert watched.evaluate("document.documentElement.scrollWidth") <= 320


_CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; }
    return rgb(getComputedStyle(document.documentElement).backgroundColor); };
  const weak = [];
  for (const e of document.querySelectorAll('main *, header *, footer *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility()) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${e.tagName} ${e.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(weak)];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/patterns",
        "/exposures?as_of=2026-02-02",
        "/demand",
        "/documents",
        f"{_RELEASE}?for=us",
        f"{_RELEASE}/supplier",
    ],
)
def test_text_can_be_read(watched: Page, address: str, scheme: Any, path: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    watched.emulate_media(color_scheme=scheme)
    watched.goto(address + path)
    assert watched.evaluate(_CONTRAST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_decisions_differ_in_lightness(watched: Page, address: str, scheme: Any) -> None:
    watched.emulate_media(color_scheme=scheme)
    watched.goto(f"{address}/patterns")
    lightness = watched.eval_on_selector_all(
        ".shares rect:not(.rest)",
        """all => all.map(e => { const c = document.createElement('canvas').getContext('2d');
          c.fillStyle = getComputedStyle(e).fill; c.fillRect(0, 0, 1, 1);
          const [r, g, b] = c.getImageData(0, 0, 1, 1).data;
          return 0.2126 * r + 0.7152 * g + 0.0722 * b; })""",
    )
    assert len(lightness) == 4
    gaps = [abs(one - other) for one, other in pairwise(lightness)]
    assert min(gaps) > 12


def test_a_keyboard_comes_to_the_content_first(watched: Page, address: str) -> None:
    watched.goto(address)
    watched.keyboard.press("Tab")
    assert watched.evaluate("document.activeElement.textContent") == "Skip to the content"
    watched.keyboard.press("Enter")
    watched.keyboard.press("Tab")
    assert watched.evaluate("document.querySelector('main').contains(document.activeElement)")
    width = watched.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert width == "3px"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/operators",
        "/demand",
        "/documents",
        "/search",
        "/unevaluated",
        "/assessments",
        f"{_RELEASE}?for=us",
        f"{_RELEASE}/supplier",
    ],
)
def test_pages_have_landmarks_and_labels(watched: Page, address: str, path: str) -> None:
    watched.goto(address + path)
    for role in ("banner", "main", "contentinfo", "search"):
        assert watched.get_by_role(role).count() == 1
    assert watched.locator("h1").count() == 1
    unlabelled = watched.eval_on_selector_all(
        "input:not([type=hidden])", "all => all.filter(e => !e.labels.length).length"
    )
    assert unlabelled == 0
    assert watched.locator("table:not(:has(caption))").count() == 0


@pytest.mark.parametrize("path", [_RELEASE, f"{_RELEASE}/supplier"])
def test_a_sheet_is_printed_whole_on_a4(watched: Page, address: str, path: str) -> None:
    """What is folded on the screen is on paper; what only leads elsewhere is not."""
    watched.goto(address + path)
    watched.emulate_media(media="print")
    assert watched.locator(".top nav, .screen, .day").first.is_hidden()
    folded = watched.eval_on_selector_all(
        "details.more tbody tr",
        "all => all.filter(e => e.getBoundingClientRect().height < 1).length",
    )
    assert folded == 0
    width, height = (float(n) for n in _media_box(watched.pdf(prefer_css_page_size=True)))
    assert (round(width), round(height)) == (595, 842)


def _media_box(printed: bytes) -> tuple[bytes, bytes]:
    """Width and height of the pages of a PDF, in points; they are all alike."""
    ((width, height),) = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed))
    return width, height


def test_an_officer_goes_from_the_list_to_the_sheet(watched: Page, address: str) -> None:
    watched.goto(f"{address}/assessments")
    watched.get_by_role("link", name="GridView SCADA 4.2").first.click()
    assert "reject" in watched.locator(".lead").inner_text()
    watched.locator("details.more summary").first.click()
    assert watched.get_by_text("known-exploited", exact=True).first.is_visible()
    watched.get_by_role("link", name="Sheet for the supplier", exact=True).click()
    assert watched.locator("ol.delta > li").count() > 50
    watched.get_by_role("link", name="The assessment behind it").click()
    assert watched.locator("section.buyer").count() > 3
