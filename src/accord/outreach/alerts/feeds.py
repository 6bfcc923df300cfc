"""Released public alerts as feeds: Atom and JSON Feed, the newest first.

Law (clear): what is not public is in no feed.

Source: RFC 4287 (Atom); JSON Feed 1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from accord.identity.markings import Tlp
from accord.outreach.alerts import cap
from accord.outreach.alerts.model import Alert
from accord.outreach.alerts.texts import body

ATOM_KIND: Final = "application/atom+xml"
JSON_KIND: Final = "application/feed+json"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_BEGINNING: Final = "1970-01-01T00:00:00.000000Z"


class Place(msgspec.Struct, frozen=True):
    """Where the public finds alerts."""

    base: str
    """`https://alerts.example`, without a slash at its end."""

    def code(self, code: str) -> str:
        """Where anybody sees that a message with this code is genuine."""
        return f"{self.base}/a/{code}"

    def cap(self, alert: Alert) -> str:
        """A message as a CAP document."""
        return f"{self.base}/alerts/{alert.identifier}.cap"

    @property
    def atom(self) -> str:
        """The feed."""
        return f"{self.base}/alerts.atom"

    @property
    def json(self) -> str:
        """The feed."""
        return f"{self.base}/alerts.json"


def atom(alerts: Sequence[Alert], place: Place, author: str, language: str = "en") -> bytes:
    """The feed as Atom."""
    shown = _public(alerts)
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": language})
    _add(root, "id", place.atom)
    _add(root, "title", f"Alerts of {author}")
    _add(root, "updated", shown[0].sent if shown else _BEGINNING)
    _add(SubElement(root, "author"), "name", author)
    SubElement(root, "link", rel="self", type=ATOM_KIND, href=place.atom)
    for alert in shown:
        info = alert.info(language)
        entry = SubElement(root, "entry", {"xml:lang": info.language})
        _add(entry, "id", place.cap(alert))
        _add(entry, "title", info.headline)
        _add(entry, "updated", alert.sent)
        _add(entry, "published", alert.sent)
        SubElement(entry, "link", rel="alternate", type="text/html", href=place.code(alert.code))
        SubElement(entry, "link", rel="enclosure", type=cap.KIND, href=place.cap(alert))
        SubElement(entry, "category", term=alert.kind)
        content = SubElement(entry, "content", type="text")
        content.text = body(alert, language, place.code(alert.code))
    return _HEAD + bytes(tostring(root, encoding="utf-8")) + b"\n"


def json(alerts: Sequence[Alert], place: Place, author: str, language: str = "en") -> bytes:
    """The feed as JSON Feed."""
    items: list[dict[str, Any]] = []
    for alert in _public(alerts):
        info = alert.info(language)
        items.append(
            {
                "id": place.cap(alert), "url": place.code(alert.code), "title": info.headline,
                "content_text": body(alert, language, place.code(alert.code)),
                "date_published": alert.sent, "language": info.language, "tags": [alert.kind],
                "attachments": [{"url": place.cap(alert), "mime_type": cap.KIND}],
            }
        )  # fmt: skip
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": f"Alerts of {author}",
        "home_page_url": f"{place.base}/", "feed_url": place.json, "language": language,
        "authors": [{"name": author}], "items": items,
    }  # fmt: skip
    return msgspec.json.encode(feed)


def _public(alerts: Sequence[Alert]) -> list[Alert]:
    found = [one for one in alerts if one.sent and one.tlp is Tlp.CLEAR and one.scope == "Public"]
    return sorted(found, key=lambda one: (one.sent, one.identifier), reverse=True)


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
