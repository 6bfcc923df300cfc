"""Types of MISP's attributes, as patterns to look for and as observables of STIX.

A composite (`domain|ip`) is two values in one. What makes it out is looked for: the hash of a file
under whatever name, a domain or its address, an address with its port.

Source: MISP core format, section 2.4.2.3 (types); STIX 2.1, sections 6 (observables) and 9
(patterns).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from accord.core.errors import Invalid
from accord.exchange.hunting.patterns import parse

_FUZZY = {"ssdeep": "SSDEEP", "tlsh": "TLSH", "impfuzzy": "IMPFUZZY", "vhash": "VHASH"}
HASHES: dict[str, tuple[str, int]] = {
    "md5": ("MD5", 32), "sha1": ("SHA-1", 40), "sha224": ("SHA-224", 56),
    "sha256": ("SHA-256", 64), "sha384": ("SHA-384", 96), "sha512": ("SHA-512", 128),
    "sha512/224": ("SHA-512-224", 56), "sha512/256": ("SHA-512-256", 64),
    "sha3-224": ("SHA3-224", 56), "sha3-256": ("SHA3-256", 64), "sha3-384": ("SHA3-384", 96),
    "sha3-512": ("SHA3-512", 128), "imphash": ("IMPHASH", 32), "pehash": ("PEHASH", 40),
    "authentihash": ("AUTHENTIHASH", 64), "cdhash": ("CDHASH", 40), "telfhash": ("TELFHASH", 0),
} | {name: (word, 0) for name, word in _FUZZY.items()}  # fmt: skip
"""By type: the name of the algorithm in STIX, and its hexadecimal digits; 0: another form."""
_CERTIFICATES = tuple(f"x509-fingerprint-{name}" for name in ("md5", "sha1", "sha256"))
LANGUAGES = {"yara": "yara", "snort": "snort", "suricata": "suricata", "sigma": "sigma"}
"""Types whose value is a pattern of its own language (STIX 2.1, section 10.19)."""
_HEX = re.compile(r"[0-9a-fA-F]+")
_NUMBER = re.compile(r"[0-9]{1,5}")
_MOST_PORT = 65_535
_MOST_SYSTEM = 2**32 - 1
_SYSTEM = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}", re.IGNORECASE)
_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT",
    "HKCC": "HKEY_CURRENT_CONFIG", "HKU": "HKEY_USERS",
}  # fmt: skip
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"{}|\\^`]+")
"""A URL with its scheme, in the letters that one has (RFC 3986)."""
_SPLIT = re.compile(r"\|")

LIFETIME_DAYS = 120
DECAYING = frozenset({
    "domain", "domain|ip", "hostname", "hostname|port", "ip-dst", "ip-dst|port", "ip-src",
    "ip-src|port", "url", "snort", "suricata", "zeek", "bro",
})  # fmt: skip
"""Types that MISP's *NIDS Simple Decaying Model* lets decay, and after how many days since they
were last seen nothing is left of their score. Others, hashes first, stay what they are."""

Observable = tuple[str, dict[str, Any]]
"""Type of an observable, and its properties."""


def quoted(text: str) -> str:
    """A text as a literal of a pattern (STIX 2.1, section 9.2)."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _is(path: str, text: str) -> str:
    return f"{path} = {quoted(text)}"


def _hash(kind: str, text: str) -> tuple[str, str] | None:
    """Algorithm and digest, where the text has the form of one."""
    name, digits = HASHES[kind]
    text = text.strip()
    if not text or (digits and (len(text) != digits or not _HEX.fullmatch(text))):
        return None
    return name, text if not digits else text.lower()


def _hashed(kind: str, text: str, of: str = "file") -> str:
    found = _hash(kind, text)
    if found is None:
        return ""
    path = f"{of}:hashes.'{found[0]}'"
    return f"[{_is(path, found[1])}]"


def version_of(text: str) -> int:
    """4 or 6 for an address or a network; 0 for anything else."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False).version
    except ValueError:
        return 0


def _end(side: str, text: str, port: str = "") -> str:
    """An address at one end of a connection."""
    version = version_of(text)
    kind = f"ipv{version}-addr" if version else "domain-name"
    asked = [
        _is(f"network-traffic:{side}_ref.type", kind),
        _is(f"network-traffic:{side}_ref.value", text.strip()),
    ]
    if port:
        if not _NUMBER.fullmatch(port) or int(port) > _MOST_PORT:
            return ""
        asked.append(f"network-traffic:{side}_port = {int(port)}")
    return f"[{' AND '.join(asked)}]"


def _address(side: str) -> Callable[[str], str]:
    return lambda text: _end(side, text) if version_of(text) else ""


def _two(text: str) -> tuple[str, str]:
    """The parts of a composite; the second is empty where there is none."""
    first, *more = _SPLIT.split(text, maxsplit=1)
    return first.strip(), more[0].strip() if more else ""


def _with_port(side: str) -> Callable[[str], str]:
    def pattern(text: str) -> str:
        address, port = _two(text)
        return _end(side, address, port) if port and version_of(address) else ""

    return pattern


def _host_with_port(text: str) -> str:
    host, port = _two(text)
    return _end("dst", host, port) if host and port else ""


def _domain_or_address(text: str) -> str:
    domain, address = _two(text)
    version = version_of(address)
    if not domain or not version:
        return ""
    return f"[{_is('domain-name:value', domain)}] OR [{_is(f'ipv{version}-addr:value', address)}]"


def _whole_key(text: str) -> str:
    """A registry key with the name of its hive in full, as STIX has it."""
    hive, cut, rest = text.partition("\\")
    return f"{_HIVES.get(hive.upper(), hive)}{cut}{rest}"


def _is_key(text: str) -> str:
    """Logs write the hive either way."""
    whole = _whole_key(text)
    if whole == text:
        return _is("windows-registry-key:key", text)
    return f"windows-registry-key:key IN ({quoted(whole)}, {quoted(text)})"


def _registry(text: str) -> str:
    key, data = _two(text)
    if not key or not data:
        return ""
    return f"[{_is_key(key)} AND {_is('windows-registry-key:values[*].data', data)}]"


def _system(text: str) -> str:
    found = _SYSTEM.fullmatch(text.strip())
    return f"[autonomous-system:number = {int(found[1])}]" if found else ""


def _plain(path: str) -> Callable[[str], str]:
    return lambda text: f"[{_is(path, text.strip())}]" if text.strip() else ""


def _written(text: str) -> str:
    """A pattern of STIX as it stands, where it is one."""
    try:
        parse(text)
    except Invalid:
        return ""
    return text


def _first(kind: str) -> Callable[[str], str]:
    return lambda text: _hashed(kind, text)


def _certificate(kind: str) -> Callable[[str], str]:
    algorithm = kind.rpartition("-")[2]
    return lambda text: _hashed(algorithm, text, "x509-certificate")


def _second(kind: str) -> Callable[[str], str]:
    return lambda text: _hashed(kind, _two(text)[1])


_AGENT = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
_PATTERNS: dict[str, Callable[[str], str]] = {
    **{kind: _first(kind) for kind in HASHES},
    **{f"filename|{kind}": _second(kind) for kind in HASHES},
    **{kind: _certificate(kind) for kind in _CERTIFICATES},
    "malware-sample": _second("md5"),
    "filename": _plain("file:name"),
    "domain": _plain("domain-name:value"),
    "hostname": _plain("domain-name:value"),
    "hostname|port": _host_with_port,
    "domain|ip": _domain_or_address,
    "ip-src": _address("src"),
    "ip-dst": _address("dst"),
    "ip-src|port": _with_port("src"),
    "ip-dst|port": _with_port("dst"),
    "url": _plain("url:value"),
    "email": _plain("email-addr:value"),
    "email-src": _plain("email-message:from_ref.value"),
    "email-dst": _plain("email-message:to_refs[*].value"),
    "email-subject": _plain("email-message:subject"),
    "mutex": _plain("mutex:name"),
    "regkey": lambda text: f"[{_is_key(text.strip())}]" if text.strip() else "",
    "regkey|value": _registry,
    "mac-address": _plain("mac-addr:value"),
    "AS": _system,
    "user-agent": _plain(_AGENT),
    "stix2-pattern": _written,
}


def pattern(kind: str, text: str) -> tuple[str, str]:
    """Pattern and its language for an attribute that is to be detected; empty: it has none."""
    if kind in LANGUAGES:
        return (text, LANGUAGES[kind]) if text.strip() else ("", "")
    made = _PATTERNS[kind](text) if kind in _PATTERNS else ""
    return (made, "stix") if made else ("", "")


def observables(kind: str, text: str) -> list[Observable]:
    """What was observed, as STIX has it; nothing for what has no equal."""
    first, second = _two(text)
    if kind in HASHES:
        return _file(_hash(kind, text), "")
    if kind.startswith("filename|") and kind[9:] in HASHES:
        return _file(_hash(kind[9:], second), first)
    if kind == "malware-sample":
        return _file(_hash("md5", second), first)
    if kind in _CERTIFICATES:
        found = _hash(kind.rpartition("-")[2], text)
        return [("x509-certificate", {"hashes": {found[0]: found[1]}})] if found else []
    if kind == "domain|ip":
        return [*_name(first), *_numbers(second)] if version_of(second) and first else []
    if kind in {"ip-src|port", "ip-dst|port"}:
        return _numbers(first)
    return _OBSERVED[kind](text.strip()) if kind in _OBSERVED else []


def _file(found: tuple[str, str] | None, name: str) -> list[Observable]:
    if found is None:
        return []
    return [("file", {"hashes": {found[0]: found[1]}} | ({"name": name} if name else {}))]


def _name(text: str) -> list[Observable]:
    return [("domain-name", {"value": text})] if text else []


def _numbers(text: str) -> list[Observable]:
    version = version_of(text)
    return [(f"ipv{version}-addr", {"value": text.strip()})] if version else []


def _key(text: str) -> list[Observable]:
    key, data = _two(text)
    values = {"values": [{"data": data}]} if data else {}
    return [("windows-registry-key", {"key": _whole_key(key), **values})] if key else []


def _one(type_: str, member: str) -> Callable[[str], list[Observable]]:
    return lambda text: [(type_, {member: text})] if text else []


def _mail(text: str) -> list[Observable]:
    return [("email-addr", {"value": text})] if text.count("@") == 1 else []


def _mac(text: str) -> list[Observable]:
    found = text.lower().replace("-", ":")
    return [("mac-addr", {"value": found})] if _MAC.fullmatch(text) else []


def _number(text: str) -> list[Observable]:
    found = _SYSTEM.fullmatch(text)
    number = int(found[1]) if found else -1
    return [("autonomous-system", {"number": number})] if 0 <= number <= _MOST_SYSTEM else []


_OBSERVED: dict[str, Callable[[str], list[Observable]]] = {
    "filename": _one("file", "name"),
    "domain": _name,
    "hostname": _name,
    "hostname|port": lambda text: _name(_two(text)[0]),
    "ip-src": _numbers,
    "ip-dst": _numbers,
    "url": lambda text: [("url", {"value": text})] if _URL.fullmatch(text) else [],
    "email": _mail,
    "email-src": _mail,
    "email-dst": _mail,
    "mutex": _one("mutex", "name"),
    "regkey": lambda text: [("windows-registry-key", {"key": _whole_key(text)})],
    "regkey|value": _key,
    "mac-address": _mac,
    "AS": _number,
}
