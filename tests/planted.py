# ruff: noqa: E501, ISC004 - each text on a line of its own reads better than one folded
"""Threat texts with personal data planted in them, and texts that only look as if: for tests.

Everything is made up here and follows from the numbers of a loop: no chance, no clock. The numbers
keep their check digits, and belong to nobody that we know of.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from stdnum import verhoeff
from stdnum.au import tfn
from stdnum.jp import in_ as my_number

AT = "2026-01-01T00:00:00.000Z"


class Planted(NamedTuple):
    """One object, and what stands in it: kind and text of each."""

    body: bytes
    holds: tuple[tuple[str, str], ...]


_FIRST = ("Priya", "Kenji", "Sarah", "Liam", "Ananya", "Yuki", "Maria", "John", "Wei", "Olivia")
_LAST = (
    "Sharma",
    "Tanaka",
    "Nguyen",
    "Walker",
    "Iyer",
    "Sato",
    "Garcia",
    "Brown",
    "Chen",
    "Clarke",
)
_DOMAINS = (
    "gridco.com.au",
    "powernet.in",
    "denryoku.co.jp",
    "utility-corp.com",
    "mail.ru",
    "gov.au",
)

_STORIES = (
    "The intrusion set used a phished account of the dispatch centre; {}. Persistence was by a"
    " scheduled task, T1053.005, and the implant beaconed to 198.51.100.23:8443 every 60 seconds.",
    "Exploitation of CVE-2026-21001 was seen on 2026-02-14T09:12:33Z. {}. The dropped file has"
    " SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, size 1614680 bytes.",
    "{}. Patch KB5034441 is missing on build 10.0.17763.5329; the web shell answered on port 4443.",
    "Ransom note of 2026-01-30, wallet bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq. {}.",
    "\u653b\u6483\u8005\u306f VPN \u88c5\u7f6e\u306e\u8106\u5f31\u6027\u3092\u60aa\u7528\u3057\u305f\u3002{}\u3002 The loader is version 4.18.23110.3.",
)  # fmt: skip


def _person(n: int) -> tuple[str, str]:
    return _FIRST[n % 10], _LAST[(n // 10 + n) % 10]


def _mail(n: int) -> tuple[str, str]:
    first, last = (part.lower() for part in _person(n))
    domain = _DOMAINS[n % len(_DOMAINS)]
    forms = (
        f"{first}.{last}@{domain}",
        f"{first[0]}{last}{n}@{domain}",
        f"{first}_{last}[at]{domain.replace('.', '[.]')}",
        f"{last}+work@{domain}",
    )
    address = forms[n % 4]
    said = ("the victim was {}", "report it to {} first", "logged in as {}", "mailto:{} answers")
    return said[(n // 4) % 4].format(address), address


def _phone(n: int) -> tuple[str, str]:
    forms = (
        f"+61 2 9374 {4000 + n}",
        f"(02) 9374 {4000 + n}",
        f"+1 202-456-{1000 + n}",
        f"(415) 626-{1000 + n}",
        f"+91 98765 {43000 + n}",
        f"098765{43000 + n}",
        f"+81 3-3210-{5000 + n}",
        f"03-3210-{5000 + n}",
        f"04{12345000 + n}",
        f"+44 20 7946 {1000 + n}",
    )
    number = forms[n % len(forms)]
    said = (
        "call {} at night", "tel. {}", "phone: {}", "reach the duty officer on {}", "Mobile {}",
        "WhatsApp {} was used", "\u96fb\u8a71 {}", "\u092b\u094b\u0928 {}", "contact the operator ({})",
    )  # fmt: skip
    return said[(n // 10) % len(said)].format(number), number


def _ssn(n: int) -> tuple[str, str]:
    area, group, serial = 101 + n * 7 % 500, 10 + n % 80, 1000 + n * 13
    number = (f"{area:03}-{group:02}-{serial:04}", f"{area:03}{group:02}{serial:04}")[n % 2]
    said = ("an SSN {} was for sale", "social security number: {}", "SSNs such as {} leaked")
    return said[n % 3].format(number), number


def _checked(base: int, valid: Callable[[str], bool], count: int) -> str:
    """The first number from a base on whose check digits hold."""
    while not valid(f"{base:0{count}}"):
        base += 1
    return f"{base:0{count}}"


def _tfn(n: int) -> tuple[str, str]:
    digits = _checked(123000000 + n * 10007, tfn.is_valid, 9)
    number = (digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}")[n % 2]
    said = ("TFN {} stood in the archive", "tax file number {}", "a tax-file number ({}) was read")
    return said[n % 3].format(number), number


def _aadhaar(n: int) -> tuple[str, str]:
    base = f"{23412341000 + n * 7919:011}"
    digits = base + verhoeff.calc_check_digit(base)
    grouped = f"{digits[:4]} {digits[4:8]} {digits[8:]}"
    number = (digits, grouped, grouped.replace(" ", "-"))[n % 3]
    said = (
        "Aadhaar {} was exposed",
        "aadhar no. {}",
        "\u0906\u0927\u093e\u0930 {}",
        "adhaar card {}",
    )
    return said[n % 4].format(number), number


def _pan(n: int) -> tuple[str, str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    number = f"A{letters[n % 26]}{letters[n * 3 % 26]}P{letters[n * 7 % 26]}{1000 + n * 11}{letters[n % 26]}"
    said = ("PAN: {}", "permanent account number {}", "the income tax id {} leaked")
    return said[n % 3].format(number), number


def _my_number(n: int) -> tuple[str, str]:
    digits = _checked(123456780000 + n * 100003, my_number.is_valid, 12)
    number = (digits, f"{digits[:4]} {digits[4:8]} {digits[8:]}", digits.translate(_WIDE))[n % 3]
    said = ("\u30de\u30a4\u30ca\u30f3\u30d0\u30fc\u306f{}", "My Number {} was in it", "\u500b\u4eba\u756a\u53f7: {}")  # fmt: skip
    return said[(n // 3) % 3].format(number), number


_WIDE = {ord("0") + n: chr(0xFF10 + n) for n in range(10)}

KINDS: dict[str, Callable[[int], tuple[str, str]]] = {
    "mail": _mail,
    "phone": _phone,
    "ssn": _ssn,
    "tfn": _tfn,
    "aadhaar": _aadhaar,
    "pan": _pan,
    "my number": _my_number,
}
EACH = {"mail": 96, "phone": 90} | dict.fromkeys(("ssn", "tfn", "aadhaar", "pan", "my number"), 48)


def positives() -> Iterator[Planted]:
    """More than 400 objects that hold personal data."""
    for kind, make in KINDS.items():
        for n in range(EACH[kind]):
            said, value = make(n)
            text = _STORIES[n % len(_STORIES)].format(said)
            yield Planted(_body(kind, n, text), ((kind, value),))
    for n in range(40):
        name = " ".join(_person(n))
        person = _stix("identity", f"person {n}") | {"name": name, "identity_class": "individual"}
        yield Planted(json.dumps(person).encode(), (("name", name),))


def negatives() -> Iterator[bytes]:
    """More than 1,000 objects in which no person is told of."""
    for number, text in enumerate(_plain()):
        yield _body("plain", number, text)
    for number, value in enumerate(_structured()):
        yield json.dumps(_stix(value.get("type", "x"), f"s{number}") | value).encode()


def _body(kind: str, n: int, text: str) -> bytes:
    """The text where such texts stand: in a description, a comment of MISP, an abstract."""
    forms: tuple[dict[str, Any], ...] = (
        _stix("indicator", f"{kind}{n}")
        | {
            "name": "Mail gateway of a grid operator",
            "description": text,
            "pattern": f"[file:hashes.MD5 = '{n:032x}' OR email-addr:value = 'x{n}@evil.su']",
            "pattern_type": "stix",
            "valid_from": AT,
        },
        {"Event": {"info": f"Event {n}", "Attribute": [
            {"type": "ip-dst", "category": "Network activity", "value": f"198.51.100.{n % 250}",
             "comment": text, "timestamp": str(1760000000 + n)},
        ]}},
        _stix("note", f"{kind}{n}") | {"content": text, "object_refs": [], "abstract": "Account"},
        {"document": {"title": f"Advisory {n}", "notes": [{"category": "details", "text": text}]}},
    )  # fmt: skip
    return json.dumps(forms[n % len(forms)], ensure_ascii=bool(n % 2)).encode()


def _stix(kind: str, name: str) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(uuid.NAMESPACE_URL, name)}",
        "created": AT,
        "modified": AT,
    }


def _plain() -> Iterator[str]:
    """Texts with numbers, and with the very words that stand beside a person's."""
    for n in range(50):
        tenth = f"{n % 10}"
        yield f"It calls back to 198.51.100.{n} with 16146800{n:02} bytes of screen text."
        yield f"The loader calls CreateProcess and reaches 203.0.113.{n}:443 after {1614680000 + n} ms."
        yield f"Contact with the command server ended at 2026-02-{n % 28 + 1:02} 10:{n:02}:00; see CVE-2026-{21000 + n}."
        yield f"Text section at offset {4194304000 + n}, size {8192 * (n + 1)}; reach out via KB50{34000 + n}."
        yield f"Call chain T1059.00{tenth}, TA0043, CWE-{100 + n}; version 10.0.{17763 + n}.{5329 + n}."
        yield f"Phone home to 192.0.2.{n} on port {40000 + n}, then mobile code of version {n}.12.2026.1."
        yield f"SSN fields were searched; the query took {123456700 + n * 11 if n % 2 else 900000000 + n} rows."
        yield f"The PAN-OS device (serial 0123010{n:05}) was rebooted; pan and tilt of camera AXIS{1000 + n}."
        yield f"uid {100000000000 + n} gid {1000 + n} ran /usr/bin/id as uid={n}(www-data)."
        yield f"TFN is not asked for. Ticket {900000000 + n} was closed on {20260100 + n % 28 + 1}."
        yield f"My number one rule: block {n}.2.0.192.in-addr.arpa and hash {n * 7919:064x}."
        yield f"Wallets 1BoatSLRHtKNngkdXEo{n:02}bpnL and 0x{n * 104729:040x}; dial-up is not used."
        yield f"Mail abuse@isp{n}.com.au, security@grid{n}.in or soc-{n}@utility{n}.com; no-reply@x{n}.jp."
        yield f"user{n}@example.com, test{n}@mail.example, root@host{n}.org and git@github.com:org/r{n}.git."
        yield f"Fetch https://user{n}:pass@host{n}.com/a, lib@{n}.4.2, logo@{n}x.png, getty@tty{n}.service."
        yield f"The tel{n}.dll export is called {n + 2} times; ring 0 code at 0xfffff80{n:09}."
        yield f"First seen 17600000{n:02}, last seen 17610000{n:02}; cell phones are not targeted."
        yield f"Social engineering; 123-45-{n:04}x is a part number, {n}-{n}-{n} a lot, 2026-{n:02}-1 a case."
        yield f"Aadhaar portal phishing kit, campaign {202600000000 + n}, build {1000 + n}."
        yield f"Tax file archive of {n} MB: sha1 {n * 7907:040x}, ASN 64{500 + n}, 5{n:02} hosts reached."


def _structured() -> Iterator[dict[str, Any]]:
    """The threat itself: addresses in patterns and observables, and organisations."""
    for n in range(40):
        address = f"john.smith{n}@evil{n}.su"
        yield {
            "type": "indicator",
            "pattern": f"[email-addr:value = '{address}']",
            "name": "Sender",
        }
        yield {"type": "email-addr", "value": address, "display_name": "John Smith"}
        yield {"category": "Payload delivery", "type": "email-src", "value": address}
        yield {
            "type": "identity",
            "identity_class": "organization",
            "name": "Grid Company",
            "contact_information": f"info@grid{n}.com.au, tel. +61 2 9374 {4000 + n}",
        }
        yield {"type": "file", "hashes": {"MD5": f"{n:032}"}, "name": f"call-{n:09}.txt", "size": n}


def by_others() -> Iterator[Planted]:
    """Objects with personal data written so that a search does not see it, or put elsewhere.

    Not made from the rules of the detector: these are ways in which others got data past it.
    """
    for n in range(8):
        first, last = (part.lower() for part in _person(n + 3))
        host = ("realcorp.com.au", "gridco.in", "denryoku.co.jp", "utility-corp.com")[n % 4]
        at = f"{first}.{last}@{host}"
        dotted = host.replace(".", " dot ")
        written = (
            f"{first}.{last}&#64;{host}", f"{first}.{last}&commat;{host}",
            f"{first}.{last}&#x40;{host}", f"{first}.{last}%40{host}", f"{first}.{last}\uff20{host}",
            f"{first}.{last}\ufe6b{host}", f"{first}.{last}@\u200b{host}",
            f"{first}.{last}\u200b@{host}", f"{first}.{last}@{host[:4]}\u00ad{host[4:]}",
            f"{first}.{last}@{host.replace('.', chr(0xFF0E))}", f"{first}.{last} at {dotted}",
            f"{first}.{last}[@]{host.replace('.', '[.]')}", f"{first}@\u4f8b\u3048.jp",
            "\u5c71\u7530@\u4f8b\u3048.jp", f"{first}.{last}@\u0444\u0438\u0440\u043c\u0430.\u0440\u0444",
        )  # fmt: skip
        for form in written:
            yield _said_by_others(f"w{n}", {"description": f"mail {form}"}, "mail", form)
        for form in (f"mailto:{at}", f"mailto:{first}.{last}%40{host}"):
            refs = [{"source_name": "x", "url": form}]
            yield _said_by_others(f"u{n}", {"external_references": refs}, "mail", form[7:])
        refs = [{"source_name": "x", "external_id": at}]
        yield _said_by_others(f"e{n}", {"external_references": refs}, "mail", at)
        for name in ("x_data", "x_person_type", "category", "x_uri", "x_version", "x_victim_id"):
            yield _said_by_others(f"m{n}{name}", {name: at}, "mail", at)
        yield _said_by_others(f"k{n}", {f"x {at}": "victim"}, "mail", at)
        extension = {"extension-definition--6373aa5a-176c-4aa6-88d7-87cd9f060e44": {at: "x"}}
        yield _said_by_others(f"x{n}", {"extensions": extension}, "mail", at)
        yield from _by_others_in_places(n, at)
        yield from _by_others_in_numbers(n)


def _by_others_in_places(n: int, at: str) -> Iterator[Planted]:
    name = " ".join(_person(n))
    for said in ("Individual", "individual ", "INDIVIDUAL", "indi\u00advidual", None, "unknown"):
        person = {"name": name, "sectors": ["energy"], "identity_class": said}
        if said is None:
            del person["identity_class"]
        yield _said_by_others(f"i{n}{said}", person, "name", name, "identity")
    of = f"identity--{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
    content = {"object_ref": of, "contents": {"ja": {"name": name}}}
    yield _said_by_others(f"l{n}", content, "name", name, "language-content")
    statement = {"definition_type": "statement", "definition": {"statement": f"Copyright {at}"}}
    yield _said_by_others(f"s{n}", statement, "mail", at, "marking-definition")
    letter = {"is_multipart": False, "subject": "Invoice", "body": f"Dear {name}, is {at} yours?"}
    yield _said_by_others(f"b{n}", letter, "mail", at, "email-message")
    account = {"display_name": "x", "x_note": f"the victim's mail {at}"}
    yield _said_by_others(f"a{n}", account, "mail", at, "user-account")


def _by_others_in_numbers(n: int) -> Iterator[Planted]:
    number = f"219-{10 + n}-{1000 + 7 * n}"
    bare = number.replace("-", "")
    yield _said_by_others(f"n{n}", {"x_ssn": number}, "ssn", number)
    yield _said_by_others(f"o{n}", {"x_ssn": int(bare)}, "ssn", bare)
    yield _said_by_others(f"p{n}", {"x_l": ["SSN", number]}, "ssn", number)
    row = {"x_rows": [{"name": "Social security number", "value": number}]}
    yield _said_by_others(f"q{n}", row, "ssn", number)
    phone = f"20245614{10 + n}"
    for said in ("The engineer is reached at {}.", "She can be reached on {} at night."):
        yield _said_by_others(f"r{n}{said}", {"description": said.format(phone)}, "phone", phone)
    yield _said_by_others(f"t{n}", {"x_phones": [int(phone)]}, "phone", phone)


def others_left_alone() -> Iterator[bytes]:
    """What others saw held without need, and what the forms above might be taken for."""
    for n in range(8):
        for text in (
            f"lodash@4.17.{n}.tgz and @scope/pkg@2.0.{n}", f"a decorator foo{n}@bar.method",
            f"@property.setter x{n}@name.setter", f"pkg:npm/%40angular/core@12.0.{n}",
            f"backup.sms 16146800{n:02} was read", f"call of telephone dialer took 14159265{n:02}",
            f"arrived at noon; the dot product is {n}", f"100%40{n} &#64; &amp; %2e%2e%2f",
            f"see lists.x.org/list/package-announce@lists.fedoraproject.org/{n}",
            f"Telegram @apt_news{n}, mastodon @apt@infosec.exchange",
        ):  # fmt: skip
            yield json.dumps(_stix("indicator", f"o{n}") | {"description": text}).encode()
        for name in ("CERT of Power", f"Grid{n} Pty Ltd", "Ministry of Energy"):
            yield json.dumps(_stix("identity", f"g{n}") | {"name": name}).encode()
        yield json.dumps(
            _stix("identity", f"h{n}") | {"name": "Jane's", "identity_class": "Organization"}
        ).encode()


def _said_by_others(
    name: str, members: dict[str, Any], kind: str, text: str, of: str = "indicator"
) -> Planted:
    body = json.dumps(_stix(of, name) | members, ensure_ascii=len(name) % 2 == 0).encode()
    return Planted(body, ((kind, text),))
