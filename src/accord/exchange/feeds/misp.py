"""MISP feeds: a folder of events with a manifest that says when each was changed.

Source: MISP core format and feed format: `manifest.json` maps each event's UUID to a summary whose
`timestamp` changes with the event; the event is in `UUID.json`.
"""

from __future__ import annotations

import re

import msgspec

from accord.core.errors import Invalid
from accord.core.json import decode_as
from accord.core.show import printable
from accord.exchange.feeds.addresses import below
from accord.exchange.feeds.errors import Misanswered
from accord.exchange.feeds.values import Answer, Ask, Item, Position, Read

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MANIFEST = "manifest.json"


class _Summary(msgspec.Struct):
    timestamp: str | int = ""


class _Event(msgspec.Struct):
    """An event, bare or wrapped, or what holds several."""

    event: _Event | None = msgspec.field(name="Event", default=None)
    response: list[_Event] | _Event | None = None
    uuid: object = ""


def not_named(item: Item, body: bytes) -> str:
    """Why a file is not the event that the manifest names; empty: it is."""
    try:
        found = _uuids(decode_as(_Event | list[_Event], body))  # type: ignore[arg-type]
    except Invalid as wrong:
        return f"not an event of MISP: {wrong}"
    if found == {item.key.lower()}:
        return ""
    told = printable(", ".join(sorted(found))[:200]) or "no UUID"
    return f"the manifest names the event {item.key}, and the file holds {told}: it is not taken"


def _uuids(found: _Event | list[_Event]) -> set[str]:
    if isinstance(found, list):
        return {uuid for one in found for uuid in _uuids(one)}
    if found.response is not None:
        return _uuids(found.response)
    return {str((found.event or found).uuid).lower()} - {""}


class Misp:
    """A folder with `manifest.json`."""

    def begin(self, url: str) -> tuple[Ask, ...]:
        """The manifest."""
        if not url.endswith(_MANIFEST):
            url = f"{url.rstrip('/')}/{_MANIFEST}"
        return (Ask(url=url, conditional=True),)

    def read(self, _ask: Ask, answer: Answer, _position: Position, /) -> Read:
        """The events that the manifest lists, those changed last first.

        Raises:
            Misanswered: it is no manifest.
        """
        try:
            found = decode_as(dict[str, _Summary], answer.body)
        except Invalid as wrong:
            raise Misanswered(f"not a manifest of MISP: {wrong}") from wrong
        wrong_names = [name for name in found if not _UUID.fullmatch(name)]
        items = [
            Item(name, str(one.timestamp), below(answer.url, f"{name}.json"))
            for name, one in found.items()
            if _UUID.fullmatch(name)
        ]
        items.sort(key=lambda item: (item.revision.zfill(20), item.key), reverse=True)
        notes = (f"{len(wrong_names):,} entries are no UUIDs",) if wrong_names else ()
        return Read(items=tuple(items), notes=notes)
