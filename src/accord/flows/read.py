"""Which reader takes which document. The names are those that `recognise` gives."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from accord.assurance.baselines import reader as baselines
from accord.assurance.catalogues import cyclonedx as standards
from accord.assurance.catalogues import oscal, osps, own, psscrm
from accord.assurance.crosswalks import oscal as crosswalks
from accord.assurance.evidence import (
    declarations,
    described,
    descriptions,
    evaluations,
    scorecard,
    statements,
)
from accord.assurance.evidence import records as evidence
from accord.assurance.statements import rule, verdict
from accord.core import json
from accord.core.reading import Reading
from accord.demand.asks import consent
from accord.demand.asks import records as asks
from accord.demand.contracts import contracts, rates, suppliers
from accord.demand.contracts import records as aliases
from accord.demand.private.asking import question as pool_question
from accord.demand.private.asking import share as pool_share
from accord.demand.private.asking import word as pool_word
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

_BOM = b"\xef\xbb\xbf"

Reader = Callable[[bytes], Reading]


def _cyclonedx(read_bill: Reader) -> Reader:
    """A CycloneDX document may be a bill, a VEX, a standard, declarations, or several at once."""

    def read(data: bytes) -> Reading:
        reading = read_bill(data)
        if b"vulnerabilities" in data or data.startswith(_WIDE_MARKS):
            _join(reading, cyclonedx_vex.read(data))
        if b'"standards"' in data and data[:64].removeprefix(_BOM).lstrip().startswith(b"{"):
            reading = _with_standards(reading, standards.read(data))
        if b"declarations" in data or data.startswith(_WIDE_MARKS):
            _join(reading, _declared(data))
        if reading.facts and (b'"hashes"' in data or b"security-contact" in data):
            _join(reading, _described(data))
        return reading

    return read


def _with_standards(reading: Reading, defined: Reading) -> Reading:
    """A document that only defines standards is no bill: it is an edition of those standards."""
    if not defined.facts:
        return reading
    if not reading.facts:
        _join(defined, reading)
        return defined
    _join(reading, defined)
    return reading


def _described(data: bytes) -> Reading:
    """What a bill says of its product as a whole; in XML it is not read."""
    if data[:64].removeprefix(_BOM).lstrip().startswith(b"{"):
        return described.read(data)
    return Reading(kind="", subject="")


def _declared(data: bytes) -> Reading:
    """What a document declares, in either syntax."""
    if data[:64].removeprefix(_BOM).lstrip().startswith(b"{"):
        return declarations.read(data)
    return declarations.read_xml(data)


_RECORDS: dict[str, Reader] = {
    **dict.fromkeys(evidence.KINDS, evidence.read),
    aliases.KIND: aliases.read,
    **dict.fromkeys(asks.KINDS, asks.read),
}
"""Readers of records of the parts above; every other record is one of the inventory's."""


class _Record(msgspec.Struct):
    accord: str


def _record(data: bytes) -> Reading:
    """One of accord's own records, by its kind."""
    kind = json.decode_as(_Record, data).accord
    return _RECORDS.get(kind, records.read)(data)


def _join(reading: Reading, other: Reading) -> None:
    reading.facts = [*reading.facts, *other.facts]
    reading.refused = [*reading.refused, *other.refused]
    reading.not_evaluated = [*reading.not_evaluated, *other.not_evaluated]


READERS: dict[str, Reader] = {
    "accord record": _record,
    "ATT&CK mapping": kev_attack.read,
    "baseline": baselines.read,
    "catalogue": own.read,
    "contracts CSV": contracts.read_csv,
    "contracts JSON": contracts.read_json,
    "contracts YAML": contracts.read_yaml,
    consent.KIND: consent.read,
    "CSAF": csaf.read,
    "CVE record": cve.read,
    "CycloneDX JSON": _cyclonedx(cyclonedx.read),
    "CycloneDX XML": _cyclonedx(cyclonedx.read),
    "description of evidence": descriptions.read,
    statements.ENVELOPE: statements.read_envelope,
    "endoflife": endoflife.read,
    "EPSS CSV": epss.read,
    "estate CSV": estate.read_csv,
    "estate YAML": estate.read_yaml,
    evaluations.KIND: evaluations.read,
    statements.KIND: statements.read,
    "KEV catalogue": kev.read,
    "KEV CSV": kev.read_csv,
    misp.KIND: misp.read,
    "OpenVEX": openvex.read,
    "OSCAL catalogue": oscal.read,
    "OSCAL mapping collection": crosswalks.read,
    "OSPS catalogue": osps.read,
    "OSV JSON": osv.read_json,
    "OSV YAML": osv.read_yaml,
    "P-SSCRM catalogue": psscrm.read,
    pool_question.KIND: pool_question.read,
    pool_share.KIND: pool_share.read,
    pool_word.KIND: pool_word.read,
    "rates CSV": rates.read_csv,
    "rates JSON": rates.read_json,
    "rates YAML": rates.read_yaml,
    "recognition": rule.read,
    "RustSec": rustsec.read,
    scorecard.KIND: scorecard.read,
    statements.BUNDLE: statements.read_bundle,
    "SPDX JSON": spdx.read_json,
    "SPDX JSON-LD": spdx.read_jsonld,
    "SPDX tag-value": spdx.read_tag_value,
    "SPDX YAML": spdx.read_yaml,
    "SSVC table": ssvc_tables.read,
    "STIX bundle": stix.read,
    "STIX object": stix.read_object,
    "suppliers JSON": suppliers.read_json,
    "suppliers YAML": suppliers.read_yaml,
    "verdict": verdict.read,
}

KEPT = frozenset(
    {
        "Maven project", "MISP galaxy cluster", "MISP taxonomy", "MISP warning list", "PDF page",
        "ROLIE feed", "test suite", "version facts", "VEX hub index", "VEX hub manifest",
    }
)  # fmt: skip
"""Recognised and kept byte for byte, without a reader yet: they become facts on a later rebuild."""
