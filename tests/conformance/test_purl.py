"""The package-url specification's own test suite, and packageurl-python as an oracle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from shared import real_members

from accord.core.errors import Invalid
from accord.supply.products import purl

SUITE = "data/purl/purl-spec-tests.zip"


def _cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, data in real_members(SUITE, ".json"):
        for case in json.loads(data)["tests"]:
            yield f"{name}: {case['test_type']} {case['input']}", case


def _parts(found: purl.Purl) -> dict[str, Any]:
    parts = {
        "type": found.type,
        "namespace": found.namespace,
        "name": found.name,
        "version": found.version,
        "qualifiers": dict(found.qualifiers),
        "subpath": found.subpath,
    }
    return {key: value for key, value in parts.items() if value}


def _run(case: dict[str, Any]) -> object:
    """The suite wants capitals in qualifier keys both refused (gem, rpm) and repaired (maven):
    refusals are asked of the strict parser, results of the lenient one."""
    given_, expected = case["input"], case.get("expected_output") or {}
    if case["test_type"] == "build":
        built = purl.build(
            given_["type"] or "",
            (given_["namespace"] or "", given_["name"] or ""),
            given_["version"] or "",
            given_["qualifiers"],
            given_["subpath"] or "",
        )
        return str(built) == expected
    if case["expected_failure"]:
        return purl.parse_strictly(given_)
    if case["test_type"] == "validate":
        return str(purl.parse(given_)) == expected
    return _parts(purl.parse(given_)) == {key: value for key, value in expected.items() if value}


def test_every_case_of_the_specification() -> None:
    failed, ran = [], 0
    for name, case in _cases():
        ran += 1
        try:
            passed = _run(case) is True
        except Invalid:
            passed = case["expected_failure"]
        else:
            passed = passed and not case["expected_failure"]
        if not passed:
            failed.append(name)
    assert ran > 500
    assert failed == []


SAMPLES = (
    "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
    "pkg:npm/%40angular/animation@12.3.1",
    "pkg:npm/@babel/core#/googleapis/api/annotations/",
    "pkg:maven/org.apache.commons/io@1.3.4?classifier=x&type=zip",
    "pkg:golang/google.golang.org/genproto@abc#googleapis/api",
    "pkg:PYPI/Django_package@1.11.1.dev1",
    "pkg:oci/debian@sha256%3A244fd47e07d10?repository_url=ghcr.io/debian&tag=bullseye",
    "pkg:///maven/org.apache.commons/io",
    "pkg:generic/open%20ssl@1.1%2B2?a=b%26c",
)


def _oracle(text: str) -> dict[str, Any]:
    parts = PackageURL.from_string(text).to_dict()
    return {key: value for key, value in parts.items() if value}


@pytest.mark.parametrize("text", SAMPLES)
def test_agrees_with_packageurl_python(text: str) -> None:
    assert _parts(purl.parse(text)) == _oracle(text)


_words = st.text(alphabet="abcXYZ019._-+@ /%&=#?:ü", min_size=1, max_size=8).filter(
    lambda text: text.strip(" /") == text and "//" not in text and ". " not in text
)


@given(name=_words.filter(lambda text: "/" not in text), version=_words, value=_words)
def test_what_is_written_reads_back(name: str, version: str, value: str) -> None:
    written = purl.build("generic", ("group", name), version, {"key": value})
    assert purl.parse(str(written)) == written
    assert _parts(written) == _oracle(str(written))
