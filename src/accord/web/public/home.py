"""What is the same wherever the public looks: the first page, the style, what robots may read."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from accord.flows.exchange.messages import Request, Response
from accord.web.public.page import STYLE, answer, nothing, page

_FOLDER: Final = Path(__file__).parents[1] / "static"
_ROBOTS: Final = b"User-agent: *\nDisallow: /alerts/\nDisallow: /check/\nDisallow: /appeal\n"
_DAY: Final = ("cache-control", "public, max-age=86400")


class Home:
    """The first page, which leads to the others, and their style."""

    quick = True

    def __init__(self, name: str, links: Sequence[tuple[str, str]]) -> None:
        """`name` is whose node it is; each link is an address and what stands there."""
        listed = "".join(
            f'<li><a href="{escape(at, quote=True)}">{escape(said)}</a></li>' for at, said in links
        )
        whose = f"<p>Published by <b>{escape(name)}</b>.</p>" if name else ""
        first = page(200, "Protect yourself online", f"{whose}<ul>{listed}</ul>")
        style = (_FOLDER / "public.css").read_bytes()
        self._answers = {
            "/": first,
            STYLE: answer(200, style, "text/css; charset=utf-8", _DAY),
            "/robots.txt": answer(200, _ROBOTS, "text/plain; charset=utf-8", _DAY),
        }

    def owns(self, path: str) -> bool:
        """Whether it is one of the three."""
        return path in self._answers

    def most(self, _request: Request) -> int:
        """Nothing is taken."""
        return 0

    def answer(self, request: Request) -> Response:
        """One of the three."""
        return self._answers.get(request.path) or nothing()
