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
    r"(?:\.|\s?[\[({]\s?(?:\.|dot|DOT)\s?[\])}]\s?|\s(?:dot|DOT)\s|\u3002(?=[A-Za-z]))){1,8}"
    rf"(?:xn--[a-z0-9-]{{1,59}}|[A-Za-z]{{2,24}}))(?![{_LETTER}_@])"
)
"""Also as people write it so that nobody can click on it: `name[at]host[.]example`."""
_SPOKEN = re.compile(
    rf"(?<![{_LETTER}_.%+'@-])(?P<local>[{_LETTER}_.%+'-]{{1,64}})\s{{1,3}}at\s{{1,3}}"
    r"(?!(?:the|an?|this|that|each|every)\s)"
    rf"(?P<domain>(?:[{_LETTER}][{_LETTER}-]{{0,62}}\s{{0,3}}[\[({{]?\bdot\b[\])}}]?\s{{0,3}}){{1,4}}"
    rf"[a-z]{{2,24}})(?![{_LETTER}_@])",
    re.IGNORECASE,
)
"""`name at host dot net`: both words, since nearly every text has the first."""
_FOREIGN = re.compile(
    r"(?<=[\w.+-])@(?P<domain>(?:[^\W_](?:[^\W_]|-){0,62}\.){1,8}"
    r"(?:xn--[a-z0-9-]{1,59}|[A-Za-z]{2,24}|[^\W\d_A-Za-z]{2,24}))"
)
"""RFC 6531: a mailbox, a host or both in another script."""
_FOREIGN_LOCAL = re.compile(r"[\w.+-]{1,64}\Z")
_DOT = re.compile(r"\bdot\b", re.IGNORECASE)
_SIGN = re.compile(r"@|[\[({]\s?at\s?[\])}]", re.IGNORECASE)
_USUAL = (
    r"abuse|admin(?:istrator)?|advisor(?:y|ies)|alerts?|analysts?|announce|bugs|certs?|cirt|cna|"
    r"community|contact|csirt|cti|cve|dev(?:elopers?|ops)?|disclosures?|dns-?admin|"
    r"do-?not-?reply|duty|enquir(?:y|ies)|feedback|git(?:hub|lab)?|help(?:desk)?|hostmaster|"
    r"hotline|incidents?|info(?:rmation)?|intel(?:ligence)?|it-?support|jobs|legal|lists?|"
    r"mail(?:er)?(?:-daemon)?|marketing|media|news(?:letter)?|noc|no-?reply|notifications?|"
    r"office|ops|opensource|oss|phishing|postmaster|press|privacy|psirt|report(?:s|ing)?|"
    r"research|root|sales|secops|security|secure|service-?desk|sirt|soc|spam|support|sysadmin|"
    r"team|threat-?intel|users?|vuln(?:erabilit(?:y|ies))?|"
    r"webmaster|www"
)
_ROLE = re.compile(
    rf"(?:{_USUAL})(?:[-._+][\w.+-]*)?|"
    r"[\w.+-]{1,40}[-._+](?:abuse|announce|bugs|certs?|commits|csirt|devel?|list|noc|psirt|security|"
    r"soc|team|users?)",
    re.IGNORECASE,
)
"""Local parts of an organisation's mailboxes."""
_EXAMPLE = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|net|org)|example|invalid|test|localhost)", re.IGNORECASE
)
_FILE = re.compile(
    r".*\.(?:apk|asc|attr(?:ibute)?|bak|bat|bin|cfg|cjs|class|classmethod|conf|css|csv|deb|deleter|"
    r"dll|dmg|docx?|elf|exe|func(?:tion)?|gem|getter|gif|gz|html?|ico|index|ini|instance|iso|jar|"
    r"jpe?g|js|json|jsx|length|lock|log|method|mjs|module|mount|msi|nupkg|object|path|pdf|pem|php|"
    r"plist|png|pptx?|property|ps1|rar|rpm|rtf|scope|service|setter|slice|socket|sqlite|svg|tar|"
    r"target|tgz|timer|tmp|toml|tsx|txt|value|vsix|webp|whl|xlsx?|xml|ya?ml|zip|zst)",
    re.IGNORECASE,
)
"""`getty@tty1.service`, `logo@2x.png`, `a@b.setter`: what ends so is a file, a unit or a part of
a program, and no domain, or hardly one."""
_VERSION = re.compile(r"(?:\d+\.){2,}[^.]*")
"""`lodash@4.17.21.tgz`; one number alone (`163.com`) is a host."""
_LISTS = re.compile(
    r"lists?\..*|.*\.lists\..*|googlegroups\.com|groups\.io|packages\.debian\.org", re.IGNORECASE
)
"""What is sent there, everybody reads."""
_USERINFO = re.compile(r"://(?:[^\s/?#@]*:)?$")
"""RFC 3986, section 3.2.1: before the host of an address of the web, and no mailbox."""
_DOTS = re.compile(r"\s*[\[({]\s?(?:\.|dot)\s?[\])}]\s*|\s+dot\s+|\u3002", re.IGNORECASE)
_BEFORE = 80


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each address that may be a person's; the text is one made `plain`."""
    if _SIGN.search(text):
        seen: set[int] = set()
        for found in _ADDRESS.finditer(text):
            seen.add(found.start("at"))
            yield from _counted(text, found.start("local"), found["local"], found)
        if not text.isascii():
            yield from _foreign(text, seen)
    if _DOT.search(text):
        for found in _SPOKEN.finditer(text):
            yield from _counted(text, found.start("local"), found["local"], found)


def _foreign(text: str, seen: set[int]) -> Iterator[tuple[int, int]]:
    for found in _FOREIGN.finditer(text):
        before = text[max(0, found.start() - 64) : found.start()]
        local = _FOREIGN_LOCAL.search(before)
        if local and found.start() not in seen:
            yield from _counted(text, found.start() - len(local[0]), local[0], found)


def _counted(text: str, start: int, local: str, found: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The address, where it may be that of a person."""
    name = local.strip(".'-")
    domain = _DOTS.sub(".", found["domain"])
    if not name or _ROLE.fullmatch(name):
        return
    if any(rule.fullmatch(domain) for rule in (_EXAMPLE, _FILE, _VERSION, _LISTS)):
        return
    start += local.index(name)
    if not _USERINFO.search(text[max(0, start - _BEFORE) : start]):
        yield start, found.end()
