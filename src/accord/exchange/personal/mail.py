"""Mail addresses in free text that may belong to a person.

A mailbox of a role (`abuse@`, `soc@`) is an organisation's, and names that RFC 2606 and RFC 6761
set apart for examples are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LETTER = "A-Za-z0-9\u00c0-\u024f"
"""Scripts without spaces between words would make their words a part of the address."""
_ADDRESS = re.compile(
    rf"(?<![{_LETTER}_.%+'@-])(?P<local>[{_LETTER}_.%+'-]{{1,64}})"
    r"(?P<at>@|\s?[\[({]\s?(?:@|at|AT)\s?[\])}]\s?)"
    rf"(?P<domain>(?:[{_LETTER}][{_LETTER}-]{{0,62}}"
    r"(?:\.|\s?[\[({]\s?(?:\.|dot|DOT)\s?[\])}]\s?)){1,8}"
    rf"(?:xn--[a-z0-9-]{{1,59}}|[A-Za-z]{{2,24}}))(?![{_LETTER}_@])"
)
"""Also as people write it so that nobody can click on it: `name[at]host[.]example`."""
_SIGN = re.compile(r"@|[\[({]\s?at\s?[\])}]", re.IGNORECASE)
_USUAL = (
    r"abuse|admin(?:istrator)?|advisor(?:y|ies)|alerts?|analysts?|announce|bugs|certs?|cirt|cna|"
    r"community|contact|csirt|cti|cve|dev(?:elopers?|ops)?|disclosures?|dns-?admin|"
    r"do-?not-?reply|duty|enquir(?:y|ies)|feedback|git(?:hub|lab)?|help(?:desk)?|hostmaster|"
    r"hotline|incidents?|info(?:rmation)?|intel(?:ligence)?|it-?support|jobs|legal|lists?|"
    r"mail(?:er)?(?:-daemon)?|marketing|media|news(?:letter)?|noc|no-?reply|notifications?|"
    r"office|ops|opensource|oss|phishing|postmaster|press|privacy|psirt|report(?:s|ing)?|"
    r"research|root|sales|secops|security|secure|service-?desk|sirt|soc|spam|support|sysadmin|"
    r"team|threat-?intel|vuln(?:erabilit(?:y|ies))?|webmaster|www"
)
_ROLE = re.compile(
    rf"(?:{_USUAL})(?:[-._+][\w.+-]*)?|"
    r"[\w.+-]{1,40}[-._+](?:abuse|certs?|csirt|noc|psirt|security|soc|team)",
    re.IGNORECASE,
)
"""Local parts of an organisation's mailboxes."""
_EXAMPLE = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|net|org)|example|invalid|test|localhost)", re.IGNORECASE
)
_FILE = re.compile(
    r".*\.(?:bat|bin|css|csv|dll|docx?|elf|exe|gif|gz|html?|ico|ini|jar|jpe?g|js|json|log|msi|"
    r"mount|path|pdf|php|png|ps1|scope|service|slice|socket|svg|tar|target|timer|tmp|txt|webp|"
    r"xlsx?|xml|ya?ml|zip)",
    re.IGNORECASE,
)
"""`getty@tty1.service`, `logo@2x.png`: what ends so is a file or a unit."""
_USERINFO = re.compile(r"://(?:[^\s/?#@]*:)?$")
"""RFC 3986, section 3.2.1: before the host of an address of the web, and no mailbox."""
_DOTS = re.compile(r"\s?[\[({]\s?(?:\.|dot|DOT)\s?[\])}]\s?")
_BEFORE = 80


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each address that may be a person's."""
    if not _SIGN.search(text):
        return
    for found in _ADDRESS.finditer(text):
        local = found["local"].strip(".'-")
        domain = _DOTS.sub(".", found["domain"])
        if not local or _ROLE.fullmatch(local):
            continue
        if _EXAMPLE.fullmatch(domain) or _FILE.fullmatch(domain):
            continue
        start = found.start() + found["local"].index(local)
        if not _USERINFO.search(text[max(0, start - _BEFORE) : start]):
            yield start, found.end()
