"""What somebody asks about, read from whatever they paste: a link, a message, a number, a hash.

A link is followed into its parameters, since many a trap stands behind an honest name that sends
on; what a shortener hides is not fetched, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from accord.core.errors import Invalid, TooLarge
from accord.core.mail import is_mail_address
from accord.outreach import addresses
from accord.outreach.dangers.model import Asked, Remark
from accord.outreach.languages.catalogue import marked
from accord.outreach.reports.items import items

MOST_TEXT: Final = 20_000
"""Characters of what is asked."""
MOST: Final = 20
"""Things that are looked up of it."""
_DEPTH: Final = 3
SHORTENERS: Final = frozenset({
    "bit.ly", "bl.ink", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy",
    "rebrand.ly", "s.id", "shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd", "x.gd",
})  # fmt: skip
SENDS_ON: Final = marked("{host} sends on to it.")
SHORT: Final = marked("A short link: what it opens cannot be seen from it.")
SCRIPTS: Final = marked("Its name has letters of other scripts, or accents.")
NUMBER: Final = marked("It is a bare number instead of a name.")
BEFORE: Final = marked("What stands before the @ means nothing: it opens {host}.")
_APP: Final = re.compile(r"app:([A-Za-z][\w-]*(?:\.[\w-]+)+|id[0-9]{5,12})", re.ASCII)
_STORE: Final = re.compile(
    r"https?://(?:play\.google\.com/store/apps/details\?(?:[^#]*&)?id=([\w.]{3,150})"
    r"|apps\.apple\.com/(?:[^?#]*/)?(id[0-9]{5,12}))",
    re.ASCII,
)
_HASH: Final = r"[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}"
_ONE: Final = re.compile(r"[^\s@]{1,2000}")


def read(text: str) -> tuple[Asked, ...]:
    """What is asked about, each once and in the order in which it stands, at most `MOST`.

    Raises:
        Invalid: nothing in it can be looked up.
        TooLarge: it is too long.
    """
    if len(text) > MOST_TEXT:
        raise TooLarge(f"{len(text):,} characters; the limit is {MOST_TEXT:,}", "text")
    found: dict[tuple[str, str], Asked] = {}
    for one in _each(text.strip()):
        found.setdefault((one.kind, one.value), one)
    if not found:
        raise Invalid(
            marked(
                "there is no link, address, telephone number with + or hash in it: paste the whole "
                "message, or what it asks you to open"
            ),
            "text",
        )
    return tuple(found.values())[:MOST]


def _each(text: str) -> Iterator[Asked]:
    app = _APP.fullmatch(text)
    if app:
        yield Asked("app", app[1].lower())
        return
    if _ONE.fullmatch(text) and addresses.is_address(addresses.host(text)):
        yield Asked("domain", addresses.host(text), _remarks(addresses.host(text)))
        return
    said = text
    if "/" in text and "://" not in text and _ONE.fullmatch(text):
        # A link as people write it: without its scheme.
        said = f"http://{text}"
    for item in items(said):
        match item.kind:
            case "link":
                yield from _link(item.value, _signed(item.value, said), _DEPTH)
            case "mail":
                yield Asked("mail", item.value.lower())
            case _:
                yield Asked(item.kind, item.value, _remarks(item.value))


def _link(value: str, remarks: tuple[Remark, ...], depth: int) -> Iterator[Asked]:
    store = _STORE.match(value)
    if store:
        yield Asked("app", (store[1] or store[2]).lower())
    yield Asked("link", value, (*remarks, *_remarks(addresses.host_of(value))))
    if depth:
        for inner in addresses.within(value)[:MOST]:
            told = (Remark(SENDS_ON, {"host": addresses.host_of(value)}),)
            yield from _link(inner, told, depth - 1)


def _remarks(host: str) -> tuple[Remark, ...]:
    found = []
    if host in SHORTENERS:
        found.append(Remark(SHORT))
    if "xn--" in host:
        found.append(Remark(SCRIPTS))
    if addresses.is_address(host):
        found.append(Remark(NUMBER))
    return tuple(found)


def _signed(value: str, text: str) -> tuple[Remark, ...]:
    """Whether the text shows something before an `@` that is not the host."""
    host = addresses.host_of(value)
    if re.search(rf"://[^/\s?#]{{1,200}}@{re.escape(host)}", text, re.IGNORECASE):
        return (Remark(BEFORE, {"host": host}),)
    return ()


def expressions(asked: Asked) -> tuple[str, ...]:
    """By which texts something is known, each of which is looked up by its hash.

    A name is known with everything under it; a link as a whole, with its query and without.
    """
    match asked.kind:
        case "link":
            whole = asked.value.partition("://")[2]
            bare = whole.partition("?")[0]
            return tuple(dict.fromkeys((*names_of(asked), whole, bare)))
        case "domain":
            return names_of(asked)
        case "mail":
            return (*names_of(asked), f"mail:{asked.value}")
        case kind:
            return (f"{kind}:{asked.value}",)


def expression(kind: str, value: str) -> str:
    """The text by which a danger is kept."""
    match kind:
        case "link":
            return value.partition("://")[2]
        case "domain":
            return value
        case _:
            return f"{kind}:{value}"


def host(kind: str, value: str) -> str:
    """The host that something is about; empty: none."""
    match kind:
        case "link":
            return addresses.host_of(value)
        case "domain":
            return value
        case "mail":
            return value.rpartition("@")[2]
        case _:
            return ""


def names_of(asked: Asked) -> tuple[str, ...]:
    """The host of something, and the names above it."""
    return addresses.names(host(asked.kind, asked.value))


def whose(kind: str, value: str) -> str:
    """The text whose hash says in which bucket something is looked up."""
    name = host(kind, value)
    return addresses.registrable(name) if name else f"{kind}:{value}"


def canonical(kind: str, value: str) -> str:
    """Something of a known kind in the one way of writing it.

    Raises:
        Invalid: it is nothing of that kind.
    """
    text = value.strip()
    match kind:
        case "link":
            found = addresses.link(text)
        case "domain":
            found = addresses.host(text)
        case "mail":
            name, _, at = text.rpartition("@")
            found = f"{name}@{addresses.host(at)}".lower() if is_mail_address(text) else ""
        case "phone":
            digits = re.sub(r"[ ().-]", "", text)
            found = digits if re.fullmatch(r"\+[0-9]{7,15}", digits) else ""
        case "hash":
            found = text.lower() if re.fullmatch(_HASH, text.lower()) else ""
        case "app":
            found = text.lower() if _APP.fullmatch(f"app:{text}") else ""
        case _:
            found = ""
    if not found or len(found) > addresses.LONGEST:
        raise Invalid(f"{value[:80]!r} is no {kind}", "value")
    return found
