"""Vulnerability scanners, their questions, and the rules of the OSV schema; for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import nodes
import pytest
import uvicorn
from doors import heard_on

from accord.cli.serve import listening
from accord.web.app import application
from accord.wiring import Node

_TEXT = {"type": "string", "minLength": 1}
_DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
_EVENT = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": dict.fromkeys(("introduced", "fixed", "last_affected", "limit"), _TEXT),
}
_ECOSYSTEMS = (
    "AlmaLinux|Alpaquita|Alpine|Android|Azure Linux|BellSoft Hardened Containers|Bioconductor"
    "|Bitnami|Chainguard|CleanStart|ConanCenter|CRAN|crates\\.io|Debian|Echo|FreeBSD|GHC"
    "|GitHub Actions|Go|Hackage|Hex|Julia|Kubernetes|Linux|Mageia|Maven|MinimOS|npm|NuGet|opam"
    "|openEuler|openSUSE|OSS-Fuzz|Packagist|Photon OS|Pub|PyPI|Red Hat|Rocky Linux|RubyGems|SUSE"
    "|SwiftURL|Ubuntu|VSCode|Wolfi|GIT"
)
RECORD = {
    "type": "object",
    "required": ["id", "modified"],
    "additionalProperties": False,
    "properties": {
        "schema_version": {"const": "1.7.0"},
        "id": {"type": "string", "pattern": r"^[A-Za-z0-9]+-"},
        "modified": _DATE,
        "published": _DATE,
        "withdrawn": _DATE,
        "aliases": {"type": "array", "items": _TEXT, "uniqueItems": True},
        "related": {"type": "array", "items": _TEXT, "uniqueItems": True},
        "summary": _TEXT,
        "severity": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "score"],
                "properties": {"type": {"enum": ["CVSS_V2", "CVSS_V3", "CVSS_V4"]}, "score": _TEXT},
            },
        },
        "affected": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["package"],
                "additionalProperties": False,
                "properties": {
                    "package": {
                        "type": "object",
                        "required": ["ecosystem", "name"],
                        "properties": {
                            "ecosystem": {"type": "string", "pattern": rf"^({_ECOSYSTEMS})(:.+)?$"},
                            "name": _TEXT,
                            "purl": _TEXT,
                        },
                    },
                    "versions": {"type": "array", "items": _TEXT},
                    "ranges": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["type", "events"],
                            "properties": {
                                "type": {"enum": ["ECOSYSTEM", "SEMVER"]},
                                "events": {
                                    "type": "array",
                                    "items": _EVENT,
                                    "contains": {"required": ["introduced"]},
                                },
                            },
                        },
                    },
                },
            },
        },
        "references": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "url"],
                "properties": {"type": {"const": "WEB"}, "url": {"pattern": "^https?://"}},
            },
        },
        "database_specific": {"type": "object"},
    },
}


def check(record: Any) -> None:
    """Fails where a record breaks the rules."""
    jsonschema.validate(record, RECORD)


def by_name(name: str, version: str = "", ecosystem: str = "npm", **more: Any) -> bytes:
    """A question by ecosystem and name."""
    asked = {"package": {"name": name, "ecosystem": ecosystem}, **more}
    return msgspec.json.encode(asked | ({"version": version} if version else {}))


def by_purl(purl: str, **more: Any) -> bytes:
    """A question by package URL."""
    return msgspec.json.encode({"package": {"purl": purl}, **more})


CVE = {
    "dataType": "CVE_RECORD",
    "dataVersion": "5.1",
    "cveMetadata": {
        "cveId": "CVE-2026-4242",
        "assignerOrgId": "00000000-0000-4000-8000-000000000000",
        "state": "PUBLISHED",
        "datePublished": "2026-01-02T00:00:00Z",
        "dateUpdated": "2026-01-03T00:00:00Z",
    },
    "containers": {
        "cna": {
            "title": "A flaw in left-pad",
            "providerMetadata": {"orgId": "00000000-0000-4000-8000-000000000000"},
            "descriptions": [{"lang": "en", "value": "A flaw."}],
            "references": [{"url": "https://example.org/a"}, {"url": "javascript:alert(1)"}],
            "affected": [
                {
                    "packageURL": "pkg:npm/left-pad",
                    "vendor": "left",
                    "product": "left-pad",
                    "versions": [
                        {"version": "1.0.0", "lessThan": "1.5.0", "status": "affected",
                         "versionType": "semver"}
                    ],
                }
            ],
            "metrics": [
                {"cvssV3_1": {"version": "3.1", "baseScore": 9.8, "baseSeverity": "CRITICAL",
                 "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}
            ],
        }
    },
}  # fmt: skip


@contextmanager
def served(node: Node) -> Iterator[int]:
    """The pages on a port of this machine."""
    with listening(0) as heard:
        config = uvicorn.Config(application(node), log_level="critical", ws="none")
        with heard_on(heard, config) as port:
            yield port


def audited(folder: Path, url: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """What pip-audit finds for two packages: their names, and by each the identifiers."""
    pytest.importorskip("pip_audit")
    listed = folder / "requirements.txt"
    listed.write_text("jinja2==2.4.1\nwhole==1.0\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-s", "osv", "--osv-url", url, "--no-deps",
         "--disable-pip", "--format", "json", "--progress-spinner", "off",
         "--cache-dir", str(folder / "cache"), "-r", str(listed)],
        check=False, capture_output=True, text=True, timeout=120,
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*", **(environment or {})},
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {one["name"]: one["vulns"] for one in found["dependencies"]}


JINJA = nodes.osv(
    "GHSA-jinja", "jinja2", ecosystem="PyPI", fixed="2.7.3", aliases=["CVE-2014-1402"],
    summary="Insecure temporary files",
)  # fmt: skip
