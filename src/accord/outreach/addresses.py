"""Links and host names as browsers read them, and the part of a name that somebody registered.

Law (as a browser): a link is read as a browser reads it, so that what is judged is what is opened.

Source: WHATWG URL Standard; RFC 5890; Public Suffix List, both of its sections.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from ada_url import URL, URLSearchParams
from publicsuffixlist import PublicSuffixList

LONGEST: Final = 2_048
"""Characters of the longest link that is read."""
_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
    r"(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)+"
)
_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")


def link(text: str) -> str:
    """A link of HTTP without who signs in, fragment and usual port; empty: it is none."""
    found = _parsed(text)
    if found is None:
        return ""
    port = f":{found.port}" if found.port else ""
    return f"{found.protocol}//{_bare(found.hostname)}{port}{found.pathname}{found.search}"


def host(text: str) -> str:
    """A host name or address in one way, in A-labels; empty: it is none, or has no dot."""
    if not text or re.search(r"[\s/\\?#@%:<>\[\]]", text):
        return ""
    found = _parsed(f"http://{text}/")
    return "" if found is None else _bare(found.hostname)


def host_of(canonical: str) -> str:
    """The host of a link that `link` gave."""
    return canonical.split("/", 3)[2].partition(":")[0]


def signs_in(text: str) -> str:
    """What stands before the `@` of a link, which many read as its host; or empty."""
    found = _parsed(text)
    return "" if found is None else str(found.username)


def within(canonical: str) -> list[str]:
    """The links that the parameters of a link hold, to which it may send on."""
    query = canonical.partition("?")[2]
    if not query:
        return []
    values = (value for _, value in URLSearchParams(query).items())
    return [found for value in values if (found := link(value.strip()))]


def is_address(name: str) -> bool:
    """Whether a host is an IPv4 address."""
    return _IPV4.fullmatch(name) is not None


@lru_cache(1 << 14)
def registrable(name: str) -> str:
    """The part of a host that somebody registered; the host itself, where it is a suffix."""
    if is_address(name):
        return name
    return str(_suffixes().privatesuffix(name) or name)


def is_suffix(name: str) -> bool:
    """Whether everybody may register names under it: `co.jp`, `github.io`."""
    return not is_address(name) and _suffixes().privatesuffix(name) is None


def names(name: str) -> tuple[str, ...]:
    """A host and what stands above it, down to what somebody registered."""
    least = registrable(name).count(".")
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - least))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _parsed(text: str) -> URL | None:
    if len(text) > LONGEST:
        return None
    try:
        found = URL(text)
    except ValueError:
        return None
    if found.protocol not in ("http:", "https:") or not _bare(found.hostname):
        return None
    return found


def _bare(name: str) -> str:
    bare = name.rstrip(".")
    return bare if _NAME.fullmatch(bare) else ""
