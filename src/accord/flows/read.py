"""Which reader takes which document. The names are those that `recognise` gives."""

from __future__ import annotations

from collections.abc import Callable

from accord.assurance.statements import rule, verdict
from accord.core.reading import Reading
from accord.exchange.misp import reading as misp
from accord.exchange.threats import kev_attack, stix
from accord.supply.advisories import (
    csaf,
    cve,
    cyclonedx_vex,
    endoflife,
    epss,
    kev,
    openvex,
    osv,
    rustsec,
    ssvc_tables,
)
from accord.supply.inventory import cyclonedx, estate, records, spdx

_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""What UTF-16 begins with, in which XML may be written."""

Reader = Callable[[bytes], Reading]


def _cyclonedx(read_bill: Reader) -> Reader:
    """A CycloneDX document may be a bill, a VEX, or both at once."""

    def read(data: bytes) -> Reading:
        reading = read_bill(data)
        if b"vulnerabilities" not in data and not data.startswith(_WIDE_MARKS):
            return reading
        statements = cyclonedx_vex.read(data)
        reading.facts = [*reading.facts, *statements.facts]
        reading.refused = [*reading.refused, *statements.refused]
        reading.not_evaluated = [*reading.not_evaluated, *statements.not_evaluated]
        return reading

    return read


READERS: dict[str, Reader] = {
    "accord record": records.read,
    "ATT&CK mapping": kev_attack.read,
    "CSAF": csaf.read,
    "CVE record": cve.read,
    "CycloneDX JSON": _cyclonedx(cyclonedx.read),
    "CycloneDX XML": _cyclonedx(cyclonedx.read),
    "endoflife": endoflife.read,
    "EPSS CSV": epss.read,
    "estate CSV": estate.read_csv,
    "estate YAML": estate.read_yaml,
    "KEV catalogue": kev.read,
    "KEV CSV": kev.read_csv,
    misp.KIND: misp.read,
    "OpenVEX": openvex.read,
    "OSV JSON": osv.read_json,
    "OSV YAML": osv.read_yaml,
    "recognition": rule.read,
    "RustSec": rustsec.read,
    "SPDX JSON": spdx.read_json,
    "SPDX JSON-LD": spdx.read_jsonld,
    "SPDX tag-value": spdx.read_tag_value,
    "SPDX YAML": spdx.read_yaml,
    "SSVC table": ssvc_tables.read,
    "STIX bundle": stix.read,
    "STIX object": stix.read_object,
    "verdict": verdict.read,
}

KEPT = frozenset(
    {
        "DSSE envelope", "in-toto statement", "Maven project", "MISP galaxy cluster",
        "MISP taxonomy", "MISP warning list", "OSCAL catalogue", "OSPS catalogue",
        "P-SSCRM catalogue", "ROLIE feed", "Scorecard result", "test suite", "version facts",
        "VEX hub index", "VEX hub manifest",
    }
)  # fmt: skip
"""Recognised and kept byte for byte, without a reader yet: they become facts on a later rebuild."""
