"""Follows every link of the pages, within bounds."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

from litestar.testing import TestClient

Client = TestClient[Any]
LISTS = (
    "/exposures",
    "/operators",
    "/products",
    "/advisories",
    "/assessments",
    "/demand",
    "/documents",
    "/unevaluated",
)


class Links_(HTMLParser):  # noqa: N801 - beside the links that pages are made with
    """Every address and every form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {
            value or "" for name, value in attrs if name in ("href", "src", "action")
        }


def parsed(text: str) -> Links_:
    found = Links_()
    found.feed(text)
    return found


def crawl(client: Client) -> dict[str, Any]:
    """Pages that links lead to: of each sort of address the first dozen."""
    seen: dict[str, Any] = {}
    sorts: Counter[str] = Counter()
    waiting = ["/", *LISTS, "/search?q=script", "/search?q=log4j", "/patterns", "/health"]
    while waiting:
        address = waiting.pop(0)
        path, _, query = address.partition("?")
        stem, form = re.match(r"(/\w*/?)[^?]*?(\.json|\.csv|/raw)?$", path).groups("")  # type: ignore[union-attr]
        sort = f"{stem} {form} {re.sub(r'=[^&]*', '', query)}"
        if address in seen or sorts[sort] >= 12:
            continue
        sorts[sort] += 1
        seen[address] = answer = client.get(address)
        if answer.headers["content-type"].startswith("text/html"):
            waiting += sorted(a for a in parsed(answer.text).addresses if not a.startswith("#"))
        if len(seen) >= 400:
            break
    return seen
