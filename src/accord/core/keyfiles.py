"""Whether a file holds a key, which is nobody's document: told before anything of it is kept.

Source: RFC 7468 (textual encodings of keys and certificates); RFC 7292 (PKCS #12); OpenPGP,
RFC 9580, section 6 (armour).
"""

from __future__ import annotations

import re

_HEAD = 8192
_PEM = re.compile(
    rb"^-----BEGIN (?:[A-Z0-9]+ )*(?:KEY|KEY BLOCK|CERTIFICATE)-----\s*$", re.MULTILINE
)
_ENDINGS = (".key", ".p12", ".pfx", ".jks", ".keystore")
_NOT_LOADED = "keys are not loaded, and nothing of it is kept"
_FORMATS = (b"{", b"[", b"<")
"""How documents begin that may speak of a key in some text of theirs."""


def key_file(name: str, data: bytes) -> str:
    """Why a file is taken for a key or certificate, for a person; empty: it is none.

    `name` is the file's, or that of a member of an archive.
    """
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return f"a key file, by its name ({ending}): {_NOT_LOADED}"
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(_FORMATS) and _PEM.search(head):
        return f"a key or certificate (PEM): {_NOT_LOADED}"
    return ""
