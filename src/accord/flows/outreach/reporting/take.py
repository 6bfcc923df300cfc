"""Take a report: read it, keep its evidence, and give a code by which its sender sees the answer.

Law (at once): who reports what a person decided on within the last month is answered by that.
"""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from typing import Final

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.mail import is_mail_address
from accord.exchange.feeds.schedule import later
from accord.flows.outreach.reporting.port import Desk, New
from accord.outreach.reports import mail, model
from accord.outreach.reports.items import items
from accord.outreach.reports.model import MOST_BYTES, MOST_FILES, MOST_TEXT, File, Report, Said, Via

_MONTH: Final = 30 * 86_400.0
_MAIL_KINDS: Final = ("message/rfc822", "application/vnd.ms-outlook-eml")
CODE_LENGTH: Final = 24


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sends."""

    via: Via
    text: str = ""
    contact: str = ""
    """A mail address for the answer; empty: none is wanted."""
    language: str = "en"
    files: tuple[tuple[str, str, bytes], ...] = ()
    """Name, media type and bytes of each."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was taken."""

    code: str
    """By which its sender looks it up, and nobody else: it is kept as a hash only."""
    report: Report


def take(desk: Desk, given: Given) -> Taken:
    """Keep a report.

    Raises:
        Invalid: there is nothing in it, or it cannot be read.
        TooLarge: past a bound.
        Full: too much waits.
    """
    _check(given)
    mails = [mail.read(data, forwarded=False) for _, kind, data in given.files if _is_mail(kind)]
    return _keep(desk, given, mails, given.contact)


def take_mail(desk: Desk, data: bytes) -> Taken:
    """Keep a report that came as a mail: what is forwarded with it, or else it itself.

    Raises:
        As `take`.
    """
    found = mail.read(data, forwarded=True)
    given = Given(via="mail", files=(("message.eml", "message/rfc822", data),))
    return _keep(desk, given, [found], found.reporter)


def seen(desk: Desk, code: str) -> Report | None:
    """What became of a report, for whoever has its code."""
    if len(code) != CODE_LENGTH or not code.isascii() or not code.isalnum():
        return None
    return desk.reports.by_token(_hashed(code.upper()))


def _keep(desk: Desk, given: Given, mails: list[mail.Mail], contact: str) -> Taken:
    now = desk.clock.now()
    texts = [given.text, *(one.text for one in mails)]
    kept = tuple((_file(*one), one[2]) for one in given.files)
    within = tuple(one for found in mails for one in found.files)
    listed = items("\n".join(texts))
    digests = {file.digest for file, _ in kept if not _is_mail(file.kind)} | {
        one.digest for one in within
    }
    hashed = tuple(model.Item("hash", one) for one in sorted(digests) if not _is_picture(kept, one))
    said = Said(
        text="\n\n".join(filter(None, texts))[:MOST_TEXT],
        subject=mails[0].subject if mails else "",
        sender=mails[0].sender if mails else "",
        items=tuple(dict.fromkeys((*listed, *hashed)))[: model.MOST_ITEMS],
        files=(*(file for file, _ in kept), *within)[: MOST_FILES * 2],
        language=given.language,
    )
    key = model.key(said)
    code = b32encode(desk.entropy(15)).decode()
    new = New(
        token=_hashed(code), key=key, via=given.via, received=now, contact=contact, said=said,
        files=kept, verdict=desk.reports.known(key, later(now, -_MONTH)),
    )  # fmt: skip
    report = desk.reports.one(desk.reports.add(new))
    if report is None:  # pragma: no cover - it was kept just now
        raise Invalid("the report is gone")
    return Taken(code=code, report=report)


def _check(given: Given) -> None:
    if not given.text.strip() and not given.files:
        raise Invalid("say what you got, or add it as a file", "text")
    if len(given.text) > MOST_TEXT:
        raise TooLarge(f"{len(given.text):,} characters; the limit is {MOST_TEXT:,}", "text")
    if len(given.files) > MOST_FILES:
        raise TooLarge(f"{len(given.files)} files; the limit is {MOST_FILES}", "files")
    if sum(len(data) for _, _, data in given.files) > MOST_BYTES:
        raise TooLarge(f"the files have more than {MOST_BYTES >> 20} MiB", "files")
    if given.contact and not is_mail_address(given.contact):
        raise Invalid("it is not a mail address: name@example.com", "contact")


def _file(name: str, kind: str, data: bytes) -> File:
    said = "".join(one for one in name if one.isprintable())[:200]
    return File(said, kind[:100], len(data), sha256(data).hexdigest())


def _is_mail(kind: str) -> bool:
    return kind.partition(";")[0].strip().lower() in _MAIL_KINDS


def _is_picture(kept: tuple[tuple[File, bytes], ...], digest: str) -> bool:
    """A screenshot is evidence of what stands on it; its own hash names nothing."""
    return any(file.digest == digest and file.kind.startswith("image/") for file, _ in kept)


def _hashed(code: str) -> str:
    return sha256(f"report {code}".encode()).hexdigest()
