"""What says that an answer has not changed, as it is kept and as it is asked with.

Law (well-formed): what is no validator is neither kept nor sent back to a server.

Source: RFC 9110, sections 5.6.7 (dates), 8.8.2 (Last-Modified), 8.8.3 (ETag: here without the
bytes past ASCII, which not all may send on), 13.1 (conditional requests).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ETAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,1000}"', re.ASCII)
_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2}"
    r" (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4}"
    r" [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
    re.ASCII,
)
_KNOWN: Final = {
    "etag": ("if-none-match", _ETAG),
    "last-modified": ("if-modified-since", _DATE),
}


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The validators of an answer, by name in lower case."""
    return {
        name: headers[name]
        for name, (_, form) in _KNOWN.items()
        if form.fullmatch(headers.get(name, ""))
    }


def conditions(validators: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers that ask for nothing but a change."""
    return [(_KNOWN[name][0], value) for name, value in kept(validators).items()]
