"""What is the same wherever the public looks: the first page, the style, what robots may read."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from accord.flows.exchange.messages import Request, Response
from accord.web.public.page import STYLE, answer, nothing, page
from accord.web.public.reader import Reader, reader

_FOLDER: Final = Path(__file__).parents[1] / "static"
_ROBOTS: Final = b"User-agent: *\nDisallow: /alerts/\nDisallow: /check/\nDisallow: /appeal\n"
_DAY: Final = ("cache-control", "public, max-age=86400")


class Home:
    """The first page, which leads to the others, and their style."""

    quick = True

    def __init__(self, name: str, links: Sequence[tuple[str, str]]) -> None:
        """`name` is whose node it is; each link is an address and the message that stands there."""
        self._name, self._links = name, tuple(links)
        style = (_FOLDER / "public.css").read_bytes()
        self._answers = {
            STYLE: answer(200, style, "text/css; charset=utf-8", _DAY),
            "/robots.txt": answer(200, _ROBOTS, "text/plain; charset=utf-8", _DAY),
        }

    def owns(self, path: str) -> bool:
        """Whether it is one of the three."""
        return path == "/" or path in self._answers

    def most(self, _request: Request) -> int:
        """Nothing is taken."""
        return 0

    def answer(self, request: Request) -> Response:
        """One of the three."""
        found = self._answers.get(request.path)
        if found is not None:
            return found
        return self._first(reader(request)) if request.path == "/" else nothing(reader(request))

    def _first(self, to: Reader) -> Response:
        listed = "".join(
            f'<li><a href="{to.link(at)}">{to.html(said)}</a></li>' for at, said in self._links
        )
        whose = to.html("Published by {name}.", name=f"<b>{escape(self._name)}</b>")
        body = f"<p>{whose}</p><ul>{listed}</ul>" if self._name else f"<ul>{listed}</ul>"
        return page(to, 200, to("Protect yourself online"), body)
