"""The list of dangers as files for resolvers, filters and programs, as it is at the moment."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from accord.flows.exchange.messages import Request, Response
from accord.outreach.languages.catalogue import marked
from accord.outreach.lists.formats import FORMATS, Head, write
from accord.web.public.kept import Kept, Served
from accord.web.public.page import answer, nothing, page
from accord.web.public.reader import Reader, reader

AT: Final = "/lists"
_BELOW: Final = f"{AT}/"
_MINUTE: Final = ("cache-control", "public, max-age=60")
_SAID: Final = {
    "dangers.rpz": marked("a zone for resolvers (RPZ): BIND, Unbound, Knot, PowerDNS"),
    "dangers.hosts": marked("a file of hosts"),
    "dangers.adblock.txt": marked("filters for content blockers"),
    "dangers.csv": marked("a table (CSV)"),
    "dangers.json": marked("data (JSON)"),
    "dangers.stix.json": marked("indicators (STIX 2.1)"),
}


class _Written(msgspec.Struct, frozen=True):
    """The files of one list."""

    digest: str
    files: dict[str, bytes]


class ListPages:
    """Answers `/lists`, and the files below it, from memory."""

    quick = True

    def __init__(self, kept: Kept, publisher: str) -> None:
        self._kept, self._publisher = kept, publisher
        self._written: _Written | None = None

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        return path == AT or path.startswith(_BELOW)

    def most(self, _request: Request) -> int:
        """Nothing is taken."""
        return 0

    def answer(self, request: Request) -> Response:
        """The page, or a file."""
        if request.path == AT:
            return _page(reader(request))
        name = request.path.removeprefix(_BELOW)
        if name not in FORMATS:
            return nothing(reader(request))
        served = self._kept.now()
        tag = f'"{served.digest[:32]}"'
        headers = (_MINUTE, ("etag", tag))
        if request.header("if-none-match") == tag:
            return answer(304, b"", FORMATS[name][1], *headers)
        return answer(200, self._files(served)[name], FORMATS[name][1], *headers)

    def _files(self, served: Served) -> dict[str, bytes]:
        """The files, written once for each list."""
        if self._written is None or self._written.digest != served.digest:
            made = served.snapshot.made
            at = int(datetime.fromisoformat(made).timestamp())
            head = Head(number=at, made=made, publisher=self._publisher)
            self._written = _Written(served.digest, write(served.snapshot.dangers, head))
        return self._written.files


def _page(to: Reader) -> Response:
    lead = to.html(
        "What is known to be dangerous, for whoever protects others. A name that is revoked is out "
        "within minutes: fetch a list every minute or two, with its ETag."
    )
    listed = "".join(
        f'<li><a href="{_BELOW}{name}">{name}</a>: {to.html(said)}</li>'
        for name, said in _SAID.items()
    )
    return page(to, 200, to("Lists that protect"), f"<p>{lead}</p><ul>{listed}</ul>")
