"""A mail as evidence: what it says, who it says it is from, its links, and what is attached.

Law (bounded): nothing of a mail is read past a number of parts, a depth and a length; whatever of
it cannot be read stays in its bytes, which are kept whole.

Source: RFC 5322; RFC 2045 and 2046; RFC 2047.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from hashlib import sha256
from html import unescape
from typing import Final

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.mail import is_mail_address
from accord.outreach.reports.model import MOST_BYTES, MOST_TEXT, File

_MOST_PARTS: Final = 100
_MOST_DEPTH: Final = 12
_MOST_HEADER: Final = 1_000
_MOST_HTML: Final = 1 << 20
_NESTS = re.compile(rb"boundary\s*=|message/rfc822", re.IGNORECASE)
_ANGLED = re.compile(r"<([^<>\s]{3,320})>")
_ADDRESS = re.compile(
    r"(?:href|src|action)\s*=\s*"
    r"(?:\"([^\"]{1,2000})|'([^']{1,2000})|([^\s\"'>]{1,2000}))",
    re.IGNORECASE,
)


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What of a mail is read."""

    subject: str
    sender: str
    text: str
    """With the addresses behind its links."""
    files: tuple[File, ...]
    reporter: str = ""
    """Who forwarded it; empty: it was not forwarded, or that is no address."""


def read(data: bytes, *, forwarded: bool) -> Mail:
    """A mail; where `forwarded`, what it holds as a mail within is the evidence.

    Raises:
        Invalid: it is no mail.
        TooLarge: past a bound.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(f"{len(data):,} bytes; the limit is {MOST_BYTES:,}", "mail")
    if len(_NESTS.findall(data)) > _MOST_PARTS:
        raise TooLarge(f"more than {_MOST_PARTS} mails and multiparts within", "mail")
    try:
        outer = message_from_bytes(data, policy=policy.compat32)
    except (RecursionError, ValueError, LookupError) as wrong:
        raise Invalid("it cannot be read as a mail", "mail") from wrong
    if not outer.keys():
        raise Invalid("it has no header: is it a mail?", "mail")
    inner = _forwarded(outer) if forwarded else None
    reporter = _sender(outer) if forwarded else ""
    mail = outer if inner is None else inner
    texts, files = [], []
    for part in _parts(mail):
        body = _text(part)
        if body is not None:
            texts.append(body)
        elif not part.is_multipart():
            files.append(_file(part))
    return Mail(
        subject=_header(mail, "subject"),
        sender=_header(mail, "from"),
        text="\n".join(texts)[:MOST_TEXT],
        files=tuple(files),
        reporter=reporter if is_mail_address(reporter) else "",
    )


def _forwarded(outer: Message) -> Message | None:
    """The first mail within a mail."""
    for part in _parts(outer):
        if part.get_content_type() == "message/rfc822":
            within = part.get_payload()
            if isinstance(within, list) and within and isinstance(within[0], Message):
                return within[0]
    return None


def _parts(mail: Message) -> Iterator[Message]:
    """Its parts, itself first, as far down as bounds let."""
    waiting = [(mail, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > _MOST_PARTS or depth > _MOST_DEPTH:
            raise TooLarge(f"more than {_MOST_PARTS} parts, or {_MOST_DEPTH} levels", "mail")
        yield part
        within = part.get_payload()
        if isinstance(within, list):
            waiting += [(one, depth + 1) for one in reversed(within) if isinstance(one, Message)]


def _text(part: Message) -> str | None:
    """The words of a part; None: it is a file, or holds parts."""
    kind = part.get_content_type()
    if kind not in ("text/plain", "text/html") or part.get_filename():
        return None
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return None
    said = str(part.get_content_charset("utf-8"))
    try:
        text = data[:_MOST_HTML].decode(said, "replace")
    except (LookupError, ValueError):
        text = data[:_MOST_HTML].decode("utf-8", "replace")
    text = text.replace("\0", "")
    return _plain(text) if kind == "text/html" else text


def _plain(html: str) -> str:
    """The words of HTML, with the address of each link behind them."""
    words: list[str] = []
    hidden = ""
    for number, piece in enumerate(html.split("<")):
        tag, close, text = piece.partition(">")
        name = re.match(r"/?[a-z]{0,10}", tag.lower())[0] if number else ""  # type: ignore[index]
        if hidden:
            hidden = "" if name == f"/{hidden}" else hidden
            words.append("" if hidden else unescape(text))
            continue
        if not close or not number:
            words.append(unescape(piece))
            continue
        words.extend(f" {unescape(next(filter(None, found)))} " for found in _ADDRESS.findall(tag))
        hidden = name if name in ("script", "style") else ""
        words.append("" if hidden else unescape(text))
    return re.sub(r"[ \t]+", " ", " ".join(words)).strip()


def _file(part: Message) -> File:
    data = part.get_payload(decode=True)
    whole = data if isinstance(data, bytes) else b""
    name = _decoded(str(part.get_filename() or ""))[:200]
    return File(name, part.get_content_type()[:100], len(whole), sha256(whole).hexdigest())


def _sender(mail: Message) -> str:
    """The address in its `From`: the one in angle brackets, else all of it."""
    said = _header(mail, "from")
    found = _ANGLED.findall(said)
    return found[-1] if found else said.strip()


def _header(mail: Message, name: str) -> str:
    return _decoded(str(mail.get(name, ""))[: _MOST_HEADER * 4])[:_MOST_HEADER]


def _decoded(text: str) -> str:
    """A header in words: RFC 2047, as far as it is right."""
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        parts = [(text, None)]
    said = ""
    for part, charset in parts:
        if isinstance(part, str):
            said += part
            continue
        try:
            said += part.decode(charset or "utf-8", "replace")
        except (LookupError, ValueError):
            said += part.decode("utf-8", "replace")
    return " ".join(said.replace("\0", "").split())
