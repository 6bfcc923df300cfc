"""One component that states one field, in each format of bills that is scored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import yaml
from cyclonedx.model.bom import Bom
from cyclonedx.output.xml import BY_SCHEMA_VERSION
from cyclonedx.schema import SchemaVersion

Fragment = dict[str, Any]
SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"


def cyclonedx(*components: Fragment, spec: str = "1.6", **bill: Any) -> Fragment:
    """A bill in JSON; components without a reference get one by their place."""
    made = [
        {"type": "library", "name": f"part-{n}", "bom-ref": f"c{n}", **one}
        for n, one in enumerate(components)
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": spec,
        "serialNumber": SERIAL,
        "version": 1,
        "components": made,
        **bill,
    }


def as_xml(bill: Fragment) -> bytes:
    """The same bill in XML, as other people's library writes it."""
    version = SchemaVersion.from_version(bill["specVersion"])
    bom = Bom.from_json(bill)  # type: ignore[attr-defined]
    text: str = BY_SCHEMA_VERSION[version](bom).output_as_string()
    return text.encode()


def cyclonedx_fragment(check: str, text: str) -> Fragment:
    """What in a component gives a field this text."""
    direct = {"version": "version", "description": "description", "identifier": "cpe"}
    if check in direct:
        return {direct[check]: text}
    references = {
        "source-address": "source-distribution",
        "deployable-address": "distribution",
        "security-txt": "rfc-9116",
    }
    if check in references:
        return {"externalReferences": [{"type": references[check], "url": text}]}
    if check in ("hash", "deployable-hash-sha512", "source-hash"):
        hashes = [{"alg": "SHA-512", "content": text}]
        if check == "hash":
            return {"hashes": hashes}
        kind = "distribution" if check.startswith("deployable") else "source-distribution"
        return {"externalReferences": [{"type": kind, "url": "https://x.org/", "hashes": hashes}]}
    if check.startswith("licence"):
        standing = check.partition("-")[2] or "declared"
        return {"licenses": [{"expression": text, "acknowledgement": standing}]}
    made: dict[str, Fragment] = {
        "supplier": {"supplier": {"name": text}},
        "producer": {"manufacturer": {"name": text}},
        "contact": {"supplier": {"name": "x", "contact": [{"email": text}]}},
        "release-date": {"properties": [{"name": "x:releaseDate", "value": text}]},
    }
    return made.get(check, {"properties": [{"name": f"cert-in:{check}", "value": text}]})


def spdx2(*packages: Fragment, **bill: Any) -> Fragment:
    """A bill in SPDX 2.3, of packages that it does not describe."""
    made = [
        {"SPDXID": f"SPDXRef-c{n}", "name": f"part-{n}", **one} for n, one in enumerate(packages)
    ]
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "bill",
        "documentNamespace": "https://sbom.example/bill",
        "creationInfo": {"created": "2026-03-04T05:06:07Z", "creators": ["Organization: Example"]},
        "packages": made,
        **bill,
    }


_SPDX2 = {
    "version": "versionInfo",
    "supplier": "supplier",
    "producer": "originator",
    "description": "description",
    "licence": "licenseDeclared",
    "licence-declared": "licenseDeclared",
    "licence-concluded": "licenseConcluded",
    "deployable-address": "downloadLocation",
    "origin": "downloadLocation",
    "filename": "packageFileName",
    "release-date": "releaseDate",
    "end-of-life": "validUntilDate",
    "comments": "comment",
}


def spdx2_fragment(check: str, text: str) -> Fragment | None:
    """What in a package gives a field this text; None where SPDX 2 has no place for it."""
    if check in _SPDX2:
        return {_SPDX2[check]: text}
    if check == "hash":
        return {"checksums": [{"algorithm": "SHA512", "checksumValue": text}]}
    if check == "contact":
        return {"supplier": f"Organization: Example ({text})"}
    if check == "identifier":
        reference = {"referenceCategory": "SECURITY", "referenceType": "cpe23Type"}
        return {"externalRefs": [{**reference, "referenceLocator": text}]}
    if check in ("source-address", "source-hash", "security-txt", "deployable-hash-sha512"):
        return None
    return {"annotations": [{"comment": f"{check}: {text}"}]}


_TAGS = {
    "versionInfo": "PackageVersion",
    "supplier": "PackageSupplier",
    "originator": "PackageOriginator",
    "description": "PackageDescription",
    "licenseDeclared": "PackageLicenseDeclared",
    "licenseConcluded": "PackageLicenseConcluded",
    "downloadLocation": "PackageDownloadLocation",
    "packageFileName": "PackageFileName",
    "releaseDate": "ReleaseDate",
    "validUntilDate": "ValidUntilDate",
    "comment": "PackageComment",
}


def as_tags(bill: Fragment) -> bytes:
    """An SPDX 2 bill as tag-value text."""
    made = bill["creationInfo"]
    lines = [f"SPDXVersion: {bill['spdxVersion']}", f"DocumentName: {bill['name']}"]
    lines += [f"DocumentNamespace: {bill['documentNamespace']}", f"Created: {made['created']}"]
    lines += [f"Creator: {name}" for name in made["creators"]]
    for package in bill["packages"]:
        lines += ["", f"PackageName: {package['name']}", f"SPDXID: {package['SPDXID']}"]
        lines += [f"{_TAGS[key]}: {text}" for key, text in package.items() if key in _TAGS]
        lines += [
            f"PackageChecksum: {one['algorithm']}: {one['checksumValue']}"
            for one in package.get("checksums", ())
        ]
        lines += [
            f"ExternalRef: SECURITY {one['referenceType']} {one['referenceLocator']}"
            for one in package.get("externalRefs", ())
        ]
        for one in package.get("annotations", ()):
            lines += [f"SPDXREF: {package['SPDXID']}", f"AnnotationComment: {one['comment']}"]
    for link in bill.get("relationships", ()):
        names = ("spdxElementId", "relationshipType", "relatedSpdxElement")
        lines.append("Relationship: " + " ".join(link[name] for name in names))
    return "\n".join(lines).encode()


def as_yaml(bill: Fragment) -> bytes:
    """The same in YAML."""
    return yaml.safe_dump(bill, sort_keys=False).encode()


def spdx3(*packages: list[Fragment], **made: Any) -> bytes:
    """A bill in SPDX 3: each package with the elements beside it."""
    creation = {
        "type": "CreationInfo",
        "@id": "_:made",
        "specVersion": "3.0.1",
        "created": "2026-03-04T05:06:07Z",
        "createdBy": ["urn:example"],
        **made,
    }
    graph: list[Fragment] = [
        creation,
        {"type": "SpdxDocument", "spdxId": "urn:document", "creationInfo": "_:made"},
        {"type": "Organization", "spdxId": "urn:example", "name": "Example"},
    ]
    for number, (package, *beside) in enumerate(packages):
        named = {"type": "software_Package", "spdxId": f"urn:c{number}", "name": f"part-{number}"}
        graph += [{**named, **package}, *beside]
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return json.dumps({"@context": context, "@graph": graph}).encode()


def _relation(kind: str, to: str) -> Fragment:
    return {"type": "Relationship", "relationshipType": kind, "from": "urn:c0", "to": [to]}


def spdx3_fragment(check: str, text: str) -> list[Fragment]:
    """A package and the elements beside it that give a field this text."""
    direct = {
        "version": "software_packageVersion",
        "description": "description",
        "identifier": "software_packageUrl",
        "deployable-address": "software_downloadLocation",
        "comments": "comment",
        "release-date": "releaseTime",
        "end-of-life": "validUntilTime",
    }
    if check in direct:
        return [{direct[check]: text}]
    hashes = {"verifiedUsing": [{"type": "Hash", "algorithm": "sha512", "hashValue": text}]}
    artefact = {"type": "software_File", "spdxId": "urn:file", "name": "part.whl"}
    linked = _relation("hasDistributionArtifact", "urn:file")
    agent = {"type": "Organization", "spdxId": "urn:agent", "name": text}
    if check.startswith("licence"):
        kind = f"has{(check.partition('-')[2] or 'declared').title()}License"
        licence = {
            "type": "simplelicensing_LicenseExpression",
            "spdxId": "urn:licence",
            "simplelicensing_licenseExpression": text,
        }
        return [{}, licence, _relation(kind, "urn:licence")]
    made: dict[str, Callable[[], list[Fragment]]] = {
        "hash": lambda: [hashes],
        "deployable-hash-sha512": lambda: [{}, {**artefact, **hashes}, linked],
        "filename": lambda: [{}, {**artefact, "name": text}, linked],
        "supplier": lambda: [{"suppliedBy": "urn:agent"}, agent],
        "producer": lambda: [{"originatedBy": ["urn:agent"]}, agent],
        "contact": lambda: [
            {"suppliedBy": "urn:agent"},
            {
                **agent,
                "name": "Example",
                "externalIdentifier": [{"externalIdentifierType": "email", "identifier": text}],
            },
        ],
        "source-address": lambda: [_referring("sourceArtifact", text)],
        "security-txt": lambda: [_referring("securityOther", text)],
    }
    pair = {"extension_cdxPropName": f"bsi:component:{check}", "extension_cdxPropValue": text}
    extension = {"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": [pair]}
    return made.get(check, lambda: [{"extension": [extension]}])()


def _referring(kind: str, text: str) -> Fragment:
    return {"externalRef": [{"externalRefType": kind, "locator": [text]}]}
