from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

import pytest
import yaml
from defusedxml.ElementTree import fromstring
from packageurl import PackageURL
from shared import real

from accord import scenario
from accord.core.reading import Reading
from accord.flows.read import READERS
from accord.flows.recognise import recognise

CVE = re.compile(r"CVE-(1999|20\d\d)-\d{4,7}")
CPE_PARTS = re.compile(r"(?<!\\):")
CYCLONEDX = "{http://cyclonedx.org/schema/bom/1.6}"

MANDATORY: dict[str, tuple[str, ...]] = {
    "CycloneDX": ("serialNumber", "version", "metadata"),
    "SPDX-2.3": ("dataLicense", "documentNamespace", "creationInfo", "packages", "relationships"),
}


@cache
def documents() -> dict[str, bytes]:
    return dict(scenario.files())


@cache
def parsed(path: str) -> Any:
    return json.loads(documents()[path])


def under(folder: str, ending: str = "") -> list[str]:
    return [path for path in documents() if path.startswith(folder) and path.endswith(ending)]


@cache
def records() -> dict[str, Any]:
    found = [parsed(path) for path in under("advisories/cve/")]
    return {record["cveMetadata"]["cveId"]: record for record in found}


def osv() -> list[Any]:
    return [parsed(path) for path in under("advisories/osv/")]


@cache
def vulnerabilities() -> frozenset[str]:
    names = set(records())
    for advisory in osv():
        names.update(advisory["aliases"])
    for path in under("advisories/csaf/"):
        names.update(found["cve"] for found in parsed(path)["vulnerabilities"])
    return frozenset(names)


@cache
def estate() -> Any:
    return yaml.safe_load(documents()["estate.yaml"])


def deployments() -> Iterator[dict[str, Any]]:
    for operator in estate()["operators"]:
        for site in operator.get("sites", [operator]):
            yield from site["products"]


def identifiers(*kinds: str) -> Iterator[tuple[str, str]]:
    """Path and text of every package URL or CPE name in any document, however it is written."""
    pattern = re.compile(r'(?:(?<=[">])|(?<= ))(?:' + "|".join(kinds) + r')[^"<\n]*')
    for path, data in documents().items():
        for found in pattern.findall(data.decode()):
            yield path, found


def test_documents_have_plain_distinct_paths_in_order() -> None:
    paths = [path for path, _ in scenario.files()]
    assert paths == sorted(set(paths))
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", path) for path in paths)
    assert not any(".." in path or path.startswith("/") for path in paths)
    assert scenario.files() == scenario.files()


def test_there_is_enough_of_everything() -> None:
    operators = [operator["operator"] for operator in estate()["operators"]]
    products = {(row["supplier"], row["product"], row["release"]) for row in deployments()}
    assert len(vulnerabilities()) >= 60
    assert len(set(operators)) == len(operators) >= 12
    assert len(products) >= 25
    assert {operator["country"] for operator in estate()["operators"]} == {"AU", "IN", "JP", "US"}


def test_every_operator_is_marked_as_fictional() -> None:
    assert all(operator["operator"].endswith("(fictional)") for operator in estate()["operators"])


def test_every_name_of_a_vulnerability_is_well_formed() -> None:
    assert [name for name in vulnerabilities() if not CVE.fullmatch(name)] == []


def test_no_advisory_stands_twice() -> None:
    ids = [advisory["id"] for advisory in osv()]
    ids += [parsed(path)["cveMetadata"]["cveId"] for path in under("advisories/cve/")]
    ids += [
        parsed(path)["document"]["tracking"]["id"] for path in under("", ".json") if "csaf" in path
    ]
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_a_record_stands_under_its_own_name() -> None:
    for path in under("advisories/cve/"):
        assert path == f"advisories/cve/{parsed(path)['cveMetadata']['cveId']}.json"
    for path in under("advisories/osv/"):
        assert path == f"advisories/osv/{parsed(path)['id'].replace(':', '-')}.json"


def test_every_bill_that_the_estate_names_is_there() -> None:
    named = {row["bill"] for row in deployments()}
    assert named <= set(under("bills/"))
    unclaimed = set(under("bills/")) - named
    assert unclaimed == {"bills/unclaimed-kiosk-1.0.cdx.json"}


def test_a_bill_describes_the_product_that_the_estate_says() -> None:
    for row in deployments():
        product, release = described(row["bill"])
        assert (product, release) == (row["product"], str(row["release"])), row["bill"]


def described(path: str) -> tuple[str, str]:
    """Name and version of what a bill describes, read here by hand."""
    if path.endswith(".xml"):
        main = _element(fromstring(documents()[path]), "metadata", "component")
        return _text(main, "name"), _text(main, "version")
    if path.endswith(".spdx"):
        lines = documents()[path].decode().splitlines()
        root = lines[lines.index("SPDXID: SPDXRef-root") - 1 :]
        return root[0].partition(": ")[2], root[2].partition(": ")[2]
    bill = parsed(path)
    if "bomFormat" in bill:
        return bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]
    if "@graph" in bill:
        sbom = next(one for one in bill["@graph"] if one["type"] == "software_Sbom")
        (about,) = sbom["rootElement"]
        package = next(one for one in bill["@graph"] if one.get("spdxId") == about)
        return package["name"], package["software_packageVersion"]
    (about,) = bill["documentDescribes"]
    package = next(one for one in bill["packages"] if one["SPDXID"] == about)
    return package["name"], package["versionInfo"]


def _element(root: Element, *steps: str) -> Element:
    found = root.find("/".join(f"{CYCLONEDX}{step}" for step in steps))
    assert found is not None
    return found


def _text(root: Element, *steps: str) -> str:
    return _element(root, *steps).text or ""


def test_exposure_and_mission_use_the_words_of_ssvc() -> None:
    for row in deployments():
        assert row["exposure"] in {"small", "controlled", "open"}
        assert row["mission"] in {"low", "medium", "high", "very high"}
        assert re.fullmatch(r"\d+ [A-Z]{3}", row["spend"])


def test_every_package_url_parses() -> None:
    found = list(identifiers("pkg:"))
    assert len(found) > 300
    for path, text in found:
        parts = PackageURL.from_string(text)
        assert parts.name, (path, text)


def test_every_cpe_name_has_thirteen_parts() -> None:
    found = [(path, text) for path, text in identifiers("cpe:2.3:") if not path.startswith("eol/")]
    assert len(found) > 100
    for path, text in found:
        parts = CPE_PARTS.split(text)
        assert len(parts) == 13, (path, text)
        assert parts[2] in {"a", "o", "h"}, (path, text)
        assert text.isascii()


@pytest.mark.parametrize(
    ("ending", "count"),
    [(".cdx.json", 20), (".cdx.xml", 2), (".spdx.json", 3), (".spdx", 1), (".spdx3.json", 1)],
)
def test_bills_come_in_every_format(ending: str, count: int) -> None:
    assert len(under("bills/", ending)) >= count


def test_one_bill_is_of_the_newest_cyclonedx() -> None:
    versions = Counter(parsed(path)["specVersion"] for path in under("bills/", ".cdx.json"))
    assert versions["1.7"] >= 1
    assert set(versions) == {"1.6", "1.7"}


def test_json_bills_have_what_their_format_demands() -> None:
    for path in [*under("bills/", ".cdx.json"), *under("bills/", ".spdx.json")]:
        bill = parsed(path)
        for member in MANDATORY[bill.get("bomFormat") or bill["spdxVersion"]]:
            assert bill[member], (path, member)


def test_references_within_a_bill_are_unique_and_lead_somewhere() -> None:
    for path in under("bills/", ".cdx.json"):
        bill = parsed(path)
        refs = [bill["metadata"]["component"]["bom-ref"]]
        refs += [component["bom-ref"] for component in bill["components"]]
        assert len(refs) == len(set(refs)), path
        depends = {ref for one in bill["dependencies"] for ref in [one["ref"], *one["dependsOn"]]}
        assert depends <= set(refs), path
    for path in under("bills/", ".spdx.json"):
        ids = [package["SPDXID"] for package in parsed(path)["packages"]]
        assert len(ids) == len(set(ids)), path
        related = {one["relatedSpdxElement"] for one in parsed(path)["relationships"]}
        assert related == set(ids), path


def test_bills_are_of_a_size_that_a_person_can_read() -> None:
    sizes = {path: documents()[path].count(b"pkg:") for path in under("bills/")}
    assert all(1 <= size <= 41 for size in sizes.values()), sizes


def test_serial_numbers_and_namespaces_are_unique() -> None:
    names = re.findall(
        r'(?:serialNumber"?[:=] ?|documentNamespace": |DocumentNamespace: )"?([^"\n]+)',
        "\n".join(documents()[path].decode() for path in under("bills/")),
    )
    assert (
        len(names) == len(set(names)) == len(under("bills/")) - len(under("bills/", ".spdx3.json"))
    )


def test_cve_records_have_what_their_format_demands() -> None:
    for name, record in records().items():
        assert record["dataType"] == "CVE_RECORD"
        assert record["dataVersion"] == "5.1"
        assert record["cveMetadata"]["state"] == "PUBLISHED"
        cna = record["containers"]["cna"]
        assert cna["descriptions"][0]["value"], name
        assert cna["references"], name
        for product in cna["affected"]:
            assert product["vendor"], name
            assert product["product"], name
            assert product["versions"], name
            for version in product["versions"]:
                assert version["status"] in {"affected", "unaffected"}
                bounded = {"lessThan", "lessThanOrEqual"} & version.keys()
                assert len(bounded) <= 1
                assert bool(bounded) == ("versionType" in version), (name, version)


def test_osv_files_have_what_their_format_demands() -> None:
    for advisory in osv():
        assert advisory["modified"] >= advisory["published"]
        for affected in advisory["affected"]:
            assert set(affected["package"]) == {"ecosystem", "name"}
            for span in affected["ranges"]:
                assert [min(event) for event in span["events"]] == ["introduced", "fixed"]


def test_kev_excerpt_is_whole() -> None:
    kev = parsed("kev/known_exploited_vulnerabilities.json")
    names = [entry["cveID"] for entry in kev["vulnerabilities"]]
    assert kev["count"] == len(names) == len(set(names)) >= 40
    assert set(names) <= vulnerabilities()
    for entry in kev["vulnerabilities"]:
        assert date(2021, 11, 3) <= date.fromisoformat(entry["dateAdded"]) <= date(2025, 8, 25)
        assert date.fromisoformat(entry["dueDate"])
        assert entry["knownRansomwareCampaignUse"] in {"Known", "Unknown"}


def test_epss_has_every_vulnerability_once_and_names_its_day() -> None:
    text = documents()["epss/epss_scores-2026-01-31.csv"].decode()
    first, _, table = text.partition("\n")
    assert "score_date:2026-01-31" in first
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["cve"] for row in rows} == vulnerabilities()
    assert len(rows) == len(vulnerabilities())
    assert all(0 <= float(row[column]) <= 1 for row in rows for column in ("epss", "percentile"))


def test_stix_references_lead_to_objects_of_the_bundle() -> None:
    objects = parsed("threats/founding-partners.stix.json")["objects"]
    ids = {one["id"] for one in objects}
    assert len(ids) == len(objects)
    for one in objects:
        assert one["id"].startswith(f"{one['type']}--")
        refs = [value for key, value in one.items() if key.endswith("_ref")]
        refs += [ref for key, value in one.items() if key.endswith("_refs") for ref in value]
        assert set(refs) <= ids, one
    assert {one["name"] for one in objects if one["type"] == "vulnerability"} == vulnerabilities()
    assert sum(one["type"] == "sighting" for one in objects) == 1


def test_vex_statements_cover_every_status() -> None:
    statuses = [
        statement["status"]
        for path in under("vex/", ".openvex.json")
        for statement in parsed(path)["statements"]
    ]
    states = [
        found["analysis"]["state"]
        for path in under("vex/", ".cdx.json")
        for found in parsed(path)["vulnerabilities"]
    ]
    assert set(statuses) == {"affected", "fixed", "not_affected"}
    assert states == ["in_triage"]
    (csaf,) = under("vex/", ".csaf.json")
    assert parsed(csaf)["document"]["category"] == "csaf_vex"


def test_vex_speaks_of_vulnerabilities_of_the_scenario() -> None:
    for path in under("vex/"):
        named = set(CVE.findall(documents()[path].decode()))
        assert named
        assert {match[0] for match in CVE.finditer(documents()[path].decode())} <= vulnerabilities()


def test_one_statement_speaks_of_a_product_that_no_bill_describes() -> None:
    products = {
        product["@id"]
        for path in under("vex/", ".openvex.json")
        for statement in parsed(path)["statements"]
        for product in statement["products"]
    }
    bills = "\n".join(documents()[path].decode() for path in under("bills/"))
    assert [product for product in products if product not in bills] == [
        "pkg:generic/indus-grid-works/gridview-mobile@1.0"
    ]


def read(path: str) -> Reading:
    """A document as a node reads it: told by its content, never by its name."""
    kind = recognise(documents()[path])
    assert kind is not None, path
    return READERS[kind](documents()[path])


def test_the_ordinary_readers_refuse_nothing() -> None:
    for path in documents():
        reading = read(path)
        assert reading.facts, path
        assert not reading.refused, (path, reading.refused)


def test_what_cannot_be_evaluated_is_what_the_scenario_wants_to_show() -> None:
    found = {(path, item.subject) for path in under("bills/") for item in read(path).not_evaluated}
    assert ("bills/patient-portal-3.9.spdx.json", "hl7-bridge") in found
    assert ("bills/groupware-8.8.15.cdx.json", "spell-dictionary-hi") in found
    assert len(found) <= 6


def test_the_page_lists_every_vulnerability_and_bill(pytestconfig: pytest.Config) -> None:
    page = (pytestconfig.rootpath / "docs" / "scenario.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (CVE-\S+) \|", page, re.MULTILINE))
    assert listed == vulnerabilities()
    assert set(re.findall(r"^\| `(bills/\S+)` \| [^|]+ \| [^|]+ \|", page, re.MULTILINE)) == set(
        under("bills/")
    )


def test_kev_dates_are_those_of_the_real_catalogue() -> None:
    published = json.loads(real("data/kev/known_exploited_vulnerabilities.json").read_bytes())
    catalogue = {entry["cveID"]: entry for entry in published["vulnerabilities"]}
    ours = parsed("kev/known_exploited_vulnerabilities.json")["vulnerabilities"]
    assert {entry["cveID"] for entry in ours} == vulnerabilities() & catalogue.keys()
    for entry in ours:
        for fact in (
            "dateAdded",
            "dueDate",
            "knownRansomwareCampaignUse",
            "vendorProject",
            "product",
        ):
            assert entry[fact] == catalogue[entry["cveID"]][fact], (entry["cveID"], fact)


BOUNDS = ("version", "lessThan", "lessThanOrEqual")
OWN_RANGES = frozenset({"CVE-2018-13379", "CVE-2021-33558", "CVE-2023-38545", "CVE-2023-44487"})
"""Their published records give ranges as prose or not at all."""


def _versions(products: list[Any]) -> set[tuple[str, ...]]:
    return {
        tuple(version.get(key, "").strip() for key in BOUNDS)
        for product in products
        for version in product.get("versions", ())
    }


def test_version_ranges_are_those_of_the_published_records() -> None:
    compared = 0
    for name, published in published_records():
        if name in OWN_RANGES:
            continue
        everywhere = [published["containers"]["cna"], *published["containers"].get("adp", ())]
        theirs = _versions([one for part in everywhere for one in part.get("affected", ())])
        ours = _versions(records()[name]["containers"]["cna"]["affected"])
        assert ours <= theirs, (name, ours - theirs)
        compared += 1
    assert compared >= 15


def test_ssvc_judgements_are_those_of_the_published_records() -> None:
    compared = 0
    for name, published in published_records():
        assert _ssvc(records()[name]) == _ssvc(published), name
        compared += 1
    assert compared >= 15


def published_records() -> Iterator[tuple[str, Any]]:
    with zipfile.ZipFile(real("data/cve/vulnrichment.zip")) as archive:
        for member in archive.namelist():
            name = member.rpartition("/")[2].removesuffix(".json")
            if name in records():
                yield name, json.loads(archive.read(member))


def _ssvc(record: Any) -> dict[str, str]:
    return {
        key: value.lower()
        for part in record["containers"].get("adp", ())
        for metric in part.get("metrics", ())
        if metric.get("other", {}).get("type") == "ssvc"
        for option in metric["other"]["content"]["options"]
        for key, value in option.items()
    }
