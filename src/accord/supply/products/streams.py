"""One spelling for what divides a distribution: its release, and a module's stream within it.

A stream is not order but equality: an advisory for Debian 11 says nothing of Debian 12. Bills
write `debian-11.6`, `bullseye` or `rhel-9.2`, advisories `Debian:11` or
`Red Hat:enterprise_linux:9::baseos`; both come here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.products.purltypes import vendor

_RELEASE = re.compile(r"^(.*?)[-:_ ]*v?(\d[\w.]*(?:[-_ ]?(?:lts|sp)[\w-]*)?)$", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_SERVICE_PACK = re.compile(r"(\d+)(?:\.(\d+)|[ _.-]*sp ?(\d+))?", re.IGNORECASE)
_DIST_TAG = re.compile(r"\.(?:module[_+])?(el|fc|amzn|azl|cm|mga|ph|oe)(\d+)")
_MODULE = re.compile(r"^([^:]+):([^:]+)")

_LONGEST = 64
"""Names of systems are short; nothing longer is looked at."""

_CODENAMES = {
    "debian": {
        "lenny": "5", "squeeze": "6", "wheezy": "7", "jessie": "8", "stretch": "9",
        "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
    },
    "ubuntu": {
        "precise": "12.04", "trusty": "14.04", "xenial": "16.04", "bionic": "18.04",
        "focal": "20.04", "jammy": "22.04", "lunar": "23.04", "mantic": "23.10",
        "noble": "24.04", "oracular": "24.10", "plucky": "25.04", "questing": "25.10",
    },
}  # fmt: skip
_ROLLING = frozenset({"wolfi", "chainguard", "minimos", "arch", "echo"})
_MAJOR = frozenset({"debian", "redhat", "centos", "rocky", "almalinux", "oracle", "fedora"})
_TAG_OF = {
    "el": ("redhat", "centos", "rocky", "almalinux", "oracle"),
    "fc": ("fedora",),
    "amzn": ("amazon",),
    "azl": ("azure-linux",),
    "cm": ("azure-linux",),
    "mga": ("mageia",),
    "ph": ("photon",),
    "oe": (),
}


@lru_cache(1 << 12)
def of_system(system: str, distribution: str = "") -> tuple[str, str]:
    """Distribution and stream of a name such as `debian-11`, `jammy`, `rhel-9.2`, `v3.18`.

    `distribution` is what a bare release or code name belongs to. Both are empty where the name
    cannot be understood; the stream is empty where a distribution is not divided.
    """
    text = system.strip().lower().replace("_", "-")
    distribution = vendor(distribution)
    if len(text) > _LONGEST:
        return "", ""
    for name, releases in _CODENAMES.items():
        code = text.rpartition("-")[2]
        if code in releases and distribution in ("", name):
            return name, releases[code]
    if "tumbleweed" in text:
        return "opensuse", "tumbleweed"
    match = _RELEASE.match(text)
    if match is None:
        known, _, rest = text.partition("-")
        if distribution and vendor(known) != distribution:
            return distribution, of_release(distribution, text)
        return vendor(known), of_release(vendor(known), rest)
    name = vendor(match[1].rstrip("-: ") or distribution)
    return name, of_release(name, match[2])


def is_rolling(distribution: str) -> bool:
    """Whether a distribution has no releases: everyone runs the newest packages."""
    return vendor(distribution) in _ROLLING


@lru_cache(1 << 12)
def of_release(distribution: str, release: str) -> str:
    """The stream for a release of a distribution that is named as `purltypes.vendor` names it."""
    release = release.strip().lower()
    if distribution in _ROLLING or not release:
        return ""
    codenames = _CODENAMES.get(distribution, {})
    if release in codenames:
        return codenames[release]
    number = _NUMBER.search(release)
    if number is None:
        return release
    if distribution in _MAJOR:
        return number[0].partition(".")[0]
    if distribution == "alpine":
        return "v" + ".".join(number[0].split(".")[:2])
    if distribution == "ubuntu":
        return ".".join(number[0].split(".")[:2])
    if distribution in ("suse", "opensuse"):
        return service_pack(release)
    if distribution == "openeuler":
        return release
    return number[0].removesuffix(".0")


def service_pack(text: str) -> str:
    """`15 SP4` and `15-SP4` and `15.4` as `15.4`; a product's number where there is no pack."""
    match = _SERVICE_PACK.search(text)
    if match is None:
        return text.strip().lower()
    pack = match[2] or match[3]
    return f"{match[1]}.{pack}" if pack else match[1]


def of_release_tag(distribution: str, version: str) -> str:
    """The stream that an RPM release's dist tag names (`.el9_2` is `9`), or empty text."""
    for tag, number in _DIST_TAG.findall(version):
        if distribution in _TAG_OF[tag]:
            return str(number)
    return ""


def with_module(stream: str, module: str) -> str:
    """A stream within a module: `8` and `nodejs:18:8090020231019` are `8/nodejs:18`."""
    match = _MODULE.match(module)
    return f"{stream}/{match[1]}:{match[2]}" if match and stream else stream
