"""Observable values in one form, so that equal things are equal texts.

Law (one form): two spellings of one address, name, hash or URL have the same normal form.
Law (order): an address as 32 hexadecimal digits orders as its number does, so that a network is
one interval of texts; IPv4 stands where IPv6 maps it (`::ffff:0:0/96`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from encodings.idna import nameprep
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import unquote, unquote_to_bytes

Kind = Literal["ip", "domain", "url", "hash", "mail", "file"]
KINDS: Final[tuple[Kind, ...]] = ("ip", "domain", "url", "hash", "mail", "file")

_LISTENING: Final = re.compile(r"^(?:\[([^\]]*)\]|([0-9.]+(?=:)))(?::[0-9]{1,5})?$")
"""An address with a port: `[2001:db8::1]:443`, `192.0.2.1:80`."""
_FINGERPRINT: Final = re.compile(r"(?:[0-9a-f]{2}:)+[0-9a-f]{2}")
_MAPPED: Final = 0xFFFF << 32
_V4_BITS: Final = 96
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PORTS: Final = re.compile(r":(?:80|443)$")
_PORT: Final = re.compile(r":[0-9]+$")
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")
"""What stands for a dot between labels (RFC 3490, section 3.1)."""
_KEPT: Final = "\u00df\u03c2\u200c\u200d"
_NO_TEXT: Final = re.compile("[\udc80-\udcff]")
_FILE: Final = re.compile(r"[^/\\]+$")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")


def network(text: str) -> tuple[str, str] | None:
    """First and last address of an address or network, each as 32 digits; None: it is neither."""
    found = _network(text)
    if found is None:
        return None
    first, last = int(found.network_address), int(found.broadcast_address)
    if found.version == 4:  # noqa: PLR2004 - IPv4
        first, last = first | _MAPPED, last | _MAPPED
    return f"{first:032x}", f"{last:032x}"


def net(text: str) -> str:
    """An address or network as the RFCs write it, without what stands around it; or empty."""
    return str(_network(text) or "")


def nobodys(text: str) -> bool:
    """Whether an address or network is nobody's on the Internet."""
    found = _network(text)
    return found is not None and (
        found.is_private or found.is_multicast or found.is_loopback or found.is_link_local
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def ip(text: str) -> str:
    """An address as the RFCs write it, IPv4 within IPv6 as IPv4; empty: it is none.

    A port after it, and the interface of a link, are not part of it.
    """
    try:
        said = text.strip().rstrip(".")
        # In a sentence there may be a colon behind it.
        said = said if said.endswith("::") else said.removesuffix(":")
        found = ipaddress.ip_address(_LISTENING.sub(r"\1\2", said).partition("%")[0])
    except ValueError:
        return ""
    if found.version == 6 and found.ipv4_mapped:  # noqa: PLR2004 - IPv6
        return str(found.ipv4_mapped)
    return str(found)


@lru_cache(1 << 14)
def domain(text: str) -> str:
    """A name in lower case, as it is asked for in the DNS, without the last dot; or empty."""
    name = unquote(text.strip()) if "%" in text else text.strip()
    # Letter by letter: at the end of a word a capital sigma would become another letter.
    name = _PORT.sub("", "".join(map(str.lower, name))).removeprefix("*.").rstrip(".")
    if not name.isascii():
        try:
            name = ".".join(map(_in_ascii, _DOTS.split(name)))
        except UnicodeError:
            return ""
    return name if _DOMAIN.fullmatch(name) else ""


def _in_ascii(label: str) -> str:
    """A label as the DNS has it; letters that IDNA 2003 took for others stay what they are.

    Source: UTS 46, non-transitional processing; RFC 5892 for the joiners.
    """
    if not any(one in _KEPT for one in label):
        return label.encode("idna").decode()
    parts = re.split(f"([{_KEPT}])", label)
    kept = "".join(one if one in _KEPT else nameprep(one) for one in parts)
    return f"xn--{kept.encode('punycode').decode()}"


def url(text: str) -> str:
    """A URL without scheme, user, fragment, usual port, escapes and dots for steps; or empty.

    Its host is in lower case and as the DNS has it. Logs of plain HTTP and of proxies tell no
    scheme; `logged_url` in SQL does the same to all but odd ones, which come here.
    """
    rest = _SCHEME.sub("", text.strip(), count=1).partition("#")[0]
    if not rest or _CONTROL.search(rest):
        return ""
    cut = next((i for i, one in enumerate(rest) if one in "/?"), len(rest))
    host, path = _PORTS.sub("", rest[:cut].rpartition("@")[2].lower()), rest[cut:] or "/"
    if host.startswith("["):
        address, end, port = host.partition("]")
        host = f"[{ip(address[1:]) or address[1:]}{end}{port}"
    else:
        name, colon, port = host.partition(":")
        plain = name.isascii() and "%" not in name
        host = (name.rstrip(".") if plain else domain(name)) + colon + port
    if not host:
        return ""
    path, asked, query = path.partition("?")
    return host + _stepped(_decoded(path)) + asked + _decoded(query)


def _stepped(path: str) -> str:
    """A path without `.` and `..` (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    *steps, last = path.split("/")[1:]
    found: list[str] = []
    for step in [*steps, last]:
        if step == "..":
            del found[-1:]
        elif step != ".":
            found.append(step)
    return "/" + "/".join(found) + ("/" if last in {".", ".."} and found else "")


def _decoded(path: str) -> str:
    """Without escapes, but for bytes that are no text: these are written in one way."""
    said = unquote_to_bytes(path.encode("utf-8", "replace")).decode("utf-8", "surrogateescape")
    return _NO_TEXT.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", said)


def host_of(text: str) -> str:
    """The host of a URL, or empty."""
    found = re.split(r"[/?#]", _SCHEME.sub("", text.strip(), count=1), maxsplit=1)[0]
    return found.rpartition("@")[2].rpartition(":")[0].lower() or found.lower()


def digest(text: str) -> str:
    """A hash of any algorithm, in lower case; or empty."""
    found = text.strip().lower()
    if _FINGERPRINT.fullmatch(found):
        found = found.replace(":", "")
    return "" if not found or _CONTROL.search(found) else found


def mail(text: str) -> str:
    """A mail address in lower case; or empty."""
    found = text.strip().lower().strip("<>").removeprefix("mailto:")
    return found if found.count("@") == 1 and not _CONTROL.search(found) else ""


def file(text: str) -> str:
    """The name of a file without its folders, in lower case; or empty."""
    found = _FILE.search(text.strip().lower())
    return found[0] if found and not re.search(r"[\x00-\x1f]", found[0]) else ""


NORMAL: Final[dict[str, Callable[[str], str]]] = {
    "ip": ip, "domain": domain, "url": url, "hash": digest, "mail": mail, "file": file,
}  # fmt: skip
"""By kind, what gives the normal form; empty where the text is nothing of that kind."""
