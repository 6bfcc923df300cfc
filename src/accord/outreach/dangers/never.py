"""What never enters the list, and the names of public services that others imitate.

Law (never): no name of a partner's government, and none under which everybody registers, is listed
as a whole or in part.
"""

from __future__ import annotations

from typing import Final

from accord.outreach import addresses
from accord.outreach.dangers.model import Protected

GOVERNMENTS: Final = (
    "gov", "mil", "fed.us",
    "gov.au", "edu.au",
    "gov.in", "nic.in", "mil.in", "ac.in",
    "go.jp", "lg.jp", "ac.jp",
)  # fmt: skip
"""Names under which governments, and who teaches for them, are alone."""

SERVICES: Final = tuple(
    Protected(name, owner) for name, owner in (
        ("ato.gov.au", "Australian Taxation Office"),
        ("auspost.com.au", "Australia Post"),
        ("medicareaustralia.gov.au", "Medicare Australia"),
        ("my.gov.au", "myGov, Australia"),
        ("digital.go.jp", "Digital Agency, Japan"),
        ("e-gov.go.jp", "e-Gov, Japan"),
        ("japanpost.jp", "Japan Post"),
        ("nta.go.jp", "National Tax Agency, Japan"),
        ("incometax.gov.in", "Income Tax Department, India"),
        ("indiapost.gov.in", "India Post"),
        ("onlinesbi.sbi", "State Bank of India"),
        ("uidai.gov.in", "Unique Identification Authority of India"),
        ("irs.gov", "Internal Revenue Service, United States"),
        ("login.gov", "Login.gov, United States"),
        ("ssa.gov", "Social Security Administration, United States"),
        ("usps.com", "United States Postal Service"),
    )
)  # fmt: skip


def why_never(host: str) -> str:
    """Why a host is never listed; empty: it may be."""
    for above in GOVERNMENTS:
        if host == above or host.endswith(f".{above}"):
            return f"{host} is a name of a government or school: {above}"
    if any(addresses.registrable(host) == one.name for one in SERVICES):
        return f"{host} is a public service that others imitate"
    return ""


def why_not_whole(host: str) -> str:
    """Why a host is never listed with all that is under it; empty: it may be."""
    if not addresses.is_address(host) and addresses.is_suffix(host):
        return f"everybody may register names under {host}"
    return ""
