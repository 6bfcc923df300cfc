"""The shell of every public page: small, without script unless a page names its own, and printable.

Law (nothing foreign): a page loads nothing from elsewhere, and nothing can frame it.

Source: CSP Level 3; WCAG 2.2, sections 2.4.2, 3.1.1.
"""

from __future__ import annotations

from html import escape
from typing import Final

from accord.flows.exchange.messages import Response
from accord.web.public.reader import Reader

HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_SCRIPTED: Final = "; script-src 'self'; connect-src 'self'; worker-src 'self'"
STYLE: Final = "/style.css"


def page(  # noqa: PLR0913 - a page says all of it
    reader: Reader, status: int, title: str, body: str, *, script: str = "", manifest: str = ""
) -> Response:
    """A whole page.

    `body` and `manifest` are HTML already; `title` is text; `script` is an address of our own.
    """
    named = escape(title)
    scripted = f'<script src="{escape(script, quote=True)}" defer></script>' if script else ""
    installed = f'<link rel="manifest" href="{manifest}">' if manifest else ""
    text = (
        f'<!doctype html><html lang="{reader.language}" dir="{reader.of.direction}">'
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{named}</title><link rel="stylesheet" href="{STYLE}">{scripted}{installed}</head>'
        f"<body><main><h1>{named}</h1>{body}</main>{reader.footer()}</body></html>\n"
    )
    spoken = (("content-language", reader.language), ("vary", "accept-language"))
    return answer(status, text.encode(), HTML, *spoken, scripted=bool(script))


def nothing(reader: Reader) -> Response:
    """What everybody sees who finds nothing."""
    text = reader.html("There is nothing here, or no longer.")
    return page(reader, 404, reader("Not found"), f"<p>{text}</p>")


def answer(
    status: int, body: bytes, kind: str, *more: tuple[str, str], scripted: bool = False
) -> Response:
    """An answer of some kind, with the headers of the public."""
    policy = _POLICY + (_SCRIPTED if scripted else "")
    headers = (
        ("content-type", kind), ("content-security-policy", policy),
        ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"), *more,
    )  # fmt: skip
    return Response(status, headers, body)
