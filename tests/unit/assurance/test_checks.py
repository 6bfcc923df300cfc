"""Each check meets each format: stated, a placeholder, withheld, and nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import bills
import pytest

from accord.assurance.profiles import checks, cyclonedx_json, cyclonedx_xml, spdx, spdx3
from accord.assurance.profiles.bill import Bill, Component
from accord.assurance.profiles.checks import OF_BILL, OF_COMPONENT
from accord.assurance.profiles.said import Said, said

STATED = {
    "hash": "a" * 128,
    "deployable-hash-sha512": "b" * 128,
    "source-hash": "c" * 128,
    "contact": "security@example.org",
    "release-date": "2026-03-04T00:00:00Z",
    "end-of-life": "2031-03-04T00:00:00Z",
    "licence-concluded": "MIT",
    "licence-declared": "Apache-2.0",
    "identifier": "pkg:pypi/django@3.2.10",
}
"""What a field may say; the others may say anything."""
BY_GRAPH = frozenset({"dependencies", "dependencies-and-completeness", "relationship"})
OF_TEXT = sorted(set(OF_COMPONENT) - BY_GRAPH - {"name"})


def of_cyclonedx_json(check: str, text: str | None) -> Bill:
    fragment = {} if text is None else bills.cyclonedx_fragment(check, text)
    return cyclonedx_json.read(json.dumps(bills.cyclonedx(fragment)).encode())


def of_cyclonedx_xml(check: str, text: str | None) -> Bill:
    fragment = {} if text is None else bills.cyclonedx_fragment(check, text)
    return cyclonedx_xml.read(bills.as_xml(bills.cyclonedx(fragment)))


def _spdx2(check: str, text: str | None) -> dict[str, Any]:
    return bills.spdx2({} if text is None else bills.spdx2_fragment(check, text) or {})


def of_spdx_json(check: str, text: str | None) -> Bill:
    return spdx.read_json(json.dumps(_spdx2(check, text)).encode())


def of_spdx_yaml(check: str, text: str | None) -> Bill:
    return spdx.read_yaml(bills.as_yaml(_spdx2(check, text)))


def of_spdx_tags(check: str, text: str | None) -> Bill:
    return spdx.read_tag_value(bills.as_tags(_spdx2(check, text)))


def of_spdx3(check: str, text: str | None) -> Bill:
    return spdx3.read(bills.spdx3([{}] if text is None else bills.spdx3_fragment(check, text)))


FORMATS = [
    of_cyclonedx_json, of_cyclonedx_xml, of_spdx_json, of_spdx_yaml, of_spdx_tags, of_spdx3,
]  # fmt: skip


def only(bill: Bill) -> Component:
    (component,) = bill.components()
    assert bill.refused == []
    return component


SPDX_2 = (of_spdx_json, of_spdx_yaml, of_spdx_tags)


def _has_place(check: str, form: Callable[[str, str | None], Bill]) -> bool:
    """Whether the format has a place for the field."""
    if form in SPDX_2:
        return bills.spdx2_fragment(check, "x") is not None
    return form is not of_spdx3 or check != "source-hash"


@pytest.mark.parametrize(
    ("check", "form"), [(c, f) for c in OF_TEXT for f in FORMATS if _has_place(c, f)]
)
def test_a_field_is_stated_unknown_withheld_or_missing(
    check: str, form: Callable[[str, str | None], Bill]
) -> None:
    texts = (STATED.get(check, "something"), "NOASSERTION", "redacted", None)
    found = []
    for text in texts:
        bill = form(check, text)
        found.append(OF_COMPONENT[check](only(bill), bill.edges))
    assert found == [Said.STATED, Said.UNKNOWN, Said.WITHHELD, Said.MISSING]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Example Ltd", Said.STATED),
        ("0", Said.STATED),
        ("", Said.MISSING),
        (None, Said.MISSING),
        ("   \t", Said.MISSING),
        (" " * 40, Said.MISSING),
        ("NONE", Said.UNKNOWN),
        ("n/a", Said.UNKNOWN),
        (" Unknown ", Said.UNKNOWN),
        ("<unknown>", Said.UNKNOWN),
        ("Organization: NOASSERTION", Said.UNKNOWN),
        ("()", Said.UNKNOWN),
        ("[Redacted]", Said.WITHHELD),
        ("Organization: withheld", Said.WITHHELD),
        ("unknown-library", Said.STATED),
        ("TBA", Said.UNKNOWN),
        ("t.b.c.", Said.UNKNOWN),
        ("xxx", Said.UNKNOWN),
        ("XXXXXX", Said.UNKNOWN),
        ("xx", Said.STATED),
        ("\uff2e\uff0f\uff21", Said.UNKNOWN),
        ("\uff34\uff22\uff24", Said.UNKNOWN),
        ("\u3164", Said.UNKNOWN),
        ("\u200b", Said.UNKNOWN),
        ("\u2800\u115f\uffa0", Said.UNKNOWN),
        ("\u3164" * 100, Said.UNKNOWN),
        ("n\u200bo\u2060ne", Said.UNKNOWN),
        ("un\u00adknown\ufe0f", Said.UNKNOWN),
        ("\U000e0041", Said.UNKNOWN),
        ("-" * 100, Said.UNKNOWN),
        ("\u2014", Said.UNKNOWN),
        ("not\u00a0 known", Said.UNKNOWN),
        ("\u300c\u4e0d\u660e\u300d", Said.UNKNOWN),
        ("\u8a72\u5f53\u306a\u3057", Said.UNKNOWN),
        ("\u905e\u5f53", Said.STATED),
        ("\u0905\u091c\u094d\u091e\u093e\u0924", Said.UNKNOWN),
        ("\u0917\u094b\u092a\u0928\u0940\u092f", Said.WITHHELD),
        ("\u793e\u5916\u79d8", Said.WITHHELD),
        ("\uff32\uff25\uff24\uff21\uff23\uff34\uff25\uff24", Said.WITHHELD),
        ("\u682a\u5f0f\u4f1a\u793e\u65e5\u7acb\u88fd\u4f5c\u6240", Said.STATED),
        ("\u0e2a", Said.STATED),
        ("unknown " * 40 + "author of libfoo", Said.STATED),
    ],
)
def test_what_a_text_says(text: str | None, how: Said) -> None:
    assert said(text) is how


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "(MIT OR Apache-2.0) AND GPL-2.0-only WITH x-exception",
        "LicenseRef-own",
        "DocumentRef-a:LicenseRef-b",
        "GPL-2.0+",
    ],
)
def test_an_expression_is_one(text: str) -> None:
    assert checks.is_expression(text)


@pytest.mark.parametrize("text", ["", "MIT OR", "AND MIT", "The MIT License", "(MIT", "MIT)",
                                  "MIT Apache-2.0", "()", "MIT (OR Apache-2.0)"])  # fmt: skip
def test_an_expression_is_none(text: str) -> None:
    assert not checks.is_expression(text)


@pytest.mark.parametrize(
    ("algorithm", "content", "how"),
    [
        ("SHA-256", "A" * 64, Said.STATED),
        ("sha256", "a" * 64, Said.STATED),
        ("SHA-256", "a" * 63, Said.UNKNOWN),
        ("SHA-256", "x" * 64, Said.UNKNOWN),
        ("", "a" * 64, Said.UNKNOWN),
        ("SHA-512", "a" * 64, Said.UNKNOWN),
        ("SHA-256", "", Said.MISSING),
    ],
)
def test_a_digest_is_as_long_as_its_algorithm_says(algorithm: str, content: str, how: Said) -> None:
    hashes = {"hashes": [{"alg": algorithm, "content": content}]}
    bill = cyclonedx_json.read(json.dumps(bills.cyclonedx(hashes)).encode())
    assert OF_COMPONENT["hash"](only(bill), bill.edges) is how


def test_a_licence_in_words_is_no_expression() -> None:
    licence = {"license": {"name": "MIT", "acknowledgement": "concluded"}}
    bill = cyclonedx_json.read(json.dumps(bills.cyclonedx({"licenses": [licence]})).encode())
    component = only(bill)
    assert OF_COMPONENT["licence"](component, bill.edges) is Said.STATED
    assert OF_COMPONENT["licence-concluded"](component, bill.edges) is Said.UNKNOWN
    assert OF_COMPONENT["licence-declared"](component, bill.edges) is Said.MISSING


def test_none_is_a_statement_on_licences_and_on_nothing_else() -> None:
    package = {"licenseDeclared": "NONE", "supplier": "NONE"}
    bill = spdx.read_json(json.dumps(bills.spdx2(package)).encode())
    component = only(bill)
    assert OF_COMPONENT["licence"](component, bill.edges) is Said.STATED
    assert OF_COMPONENT["supplier"](component, bill.edges) is Said.UNKNOWN


def _of_all(bill: Bill, check: str) -> dict[str, Said]:
    return {one.name: OF_COMPONENT[check](one, bill.edges) for one in bill.components()}


COMPOSED = bills.cyclonedx(
    {}, {}, {}, {}, {},
    dependencies=[
        {"ref": "c0", "dependsOn": ["c1"]},
        {"ref": "c1", "dependsOn": []},
        {"ref": "c2"},
    ],
    compositions=[
        {"aggregate": "incomplete", "assemblies": ["c0"]},
        {"aggregate": "unknown", "dependencies": ["c2"]},
        {"aggregate": "complete", "dependencies": ["c3"]},
    ],
)  # fmt: skip
COMPOSED_XML = b"""\
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components>
<component type="library" bom-ref="c0"><name>part-0</name></component>
<component type="library" bom-ref="c1"><name>part-1</name></component>
<component type="library" bom-ref="c2"><name>part-2</name></component>
<component type="library" bom-ref="c3"><name>part-3</name></component>
<component type="library" bom-ref="c4"><name>part-4</name></component>
</components><dependencies>
<dependency ref="c0"><dependency ref="c1"/></dependency>
<dependency ref="c1"/><dependency ref="c2"/>
</dependencies><compositions>
<composition><aggregate>incomplete</aggregate>
<assemblies><assembly ref="c0"/></assemblies></composition>
<composition><aggregate>unknown</aggregate>
<dependencies><dependency ref="c2"/></dependencies></composition>
<composition><aggregate>complete</aggregate>
<dependencies><dependency ref="c3"/></dependencies></composition>
</compositions></bom>"""


@pytest.mark.parametrize(
    "read",
    [
        lambda: cyclonedx_json.read(json.dumps(COMPOSED).encode()),
        lambda: cyclonedx_xml.read(COMPOSED_XML),
    ],
)
def test_dependencies_of_cyclonedx(read: Callable[[], Bill]) -> None:
    stated, unknown, missing = Said.STATED, Said.UNKNOWN, Said.MISSING
    assert list(_of_all(read(), "dependencies").values()) == [
        stated, stated, unknown, stated, missing,
    ]  # fmt: skip
    assert list(_of_all(read(), "relationship").values()) == [
        stated, stated, unknown, stated, missing,
    ]  # fmt: skip
    assert list(_of_all(read(), "dependencies-and-completeness").values()) == [
        stated, unknown, stated, stated, missing,
    ]  # fmt: skip


@pytest.mark.parametrize("read", [
    lambda bill: spdx.read_json(json.dumps(bill).encode()),
    lambda bill: spdx.read_yaml(bills.as_yaml(bill)),
    lambda bill: spdx.read_tag_value(bills.as_tags(bill)),
])  # fmt: skip
def test_dependencies_of_spdx_2(read: Callable[[dict[str, Any]], Bill]) -> None:
    links = [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-c4"),
        ("SPDXRef-c0", "DEPENDS_ON", "SPDXRef-c1"),
        ("SPDXRef-c1", "DEPENDS_ON", "NONE"),
        ("SPDXRef-c2", "DEPENDS_ON", "NOASSERTION"),
        ("SPDXRef-c0", "DEPENDENCY_OF", "SPDXRef-c3"),
        ("SPDXRef-c4", "CONTAINS", "SPDXRef-File-of-no-package"),
    ]
    names = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    relationships = [dict(zip(names, link, strict=True)) for link in links]
    bill = read(bills.spdx2({}, {}, {}, {}, {}, relationships=relationships))
    stated, unknown, missing = Said.STATED, Said.UNKNOWN, Said.MISSING
    found = list(_of_all(bill, "dependencies").values())
    assert found == [stated, stated, unknown, stated, missing]


def test_dependencies_of_spdx_3() -> None:
    def link(source: str, to: str, **more: str) -> dict[str, Any]:
        kind = {"type": "Relationship", "relationshipType": "dependsOn"}
        return {**kind, "from": source, "to": [to], **more}

    none = "https://spdx.org/rdf/3.0.1/terms/Core/NoneElement"
    no_assertion = "https://spdx.org/rdf/3.0.1/terms/Core/NoAssertionElement"
    data = bills.spdx3(
        [{}, link("urn:c0", "urn:c1", completeness="complete")],
        [{}, link("urn:c1", none)],
        [{}, link("urn:c2", no_assertion, completeness="noAssertion")],
        [{}],
    )
    stated, unknown, missing = Said.STATED, Said.UNKNOWN, Said.MISSING
    found = list(_of_all(spdx3.read(data), "dependencies").values())
    assert found == [stated, stated, unknown, missing]
    found = list(_of_all(spdx3.read(data), "dependencies-and-completeness").values())
    assert found == [stated, unknown, stated, missing]


def _cyclonedx(**metadata: Any) -> Bill:
    return cyclonedx_json.read(json.dumps(bills.cyclonedx({}, metadata=metadata)).encode())


@pytest.mark.parametrize(
    ("check", "metadata", "how"),
    [
        ("bill-author", {"authors": [{"name": "Ada"}]}, Said.STATED),
        ("bill-author", {"manufacturer": {"name": "Example"}}, Said.STATED),
        ("bill-author", {"authors": [{"name": "unknown"}]}, Said.UNKNOWN),
        ("bill-author", {"supplier": {"name": "Example"}}, Said.MISSING),
        ("bill-author", {"tools": [{"name": "maker"}]}, Said.MISSING),
        ("bill-author-contact", {"authors": [{"name": "A", "email": "a@b.org"}]}, Said.STATED),
        ("bill-author-contact", {"authors": [{"name": "A", "email": "nobody"}]}, Said.UNKNOWN),
        ("bill-author-contact", {"authors": [{"name": "A"}]}, Said.MISSING),
        ("bill-timestamp", {"timestamp": "2026-03-04T05:06:07Z"}, Said.STATED),
        ("bill-timestamp", {"timestamp": "yesterday"}, Said.UNKNOWN),
        ("bill-timestamp", {}, Said.MISSING),
        ("bill-tool", {"tools": [{"name": "maker"}]}, Said.STATED),
        ("bill-tool", {"tools": {"components": [{"name": "maker"}]}}, Said.STATED),
        ("bill-tool", {"tools": {"services": [{"name": "maker"}]}}, Said.STATED),
        ("bill-tool", {"tools": []}, Said.MISSING),
        ("bill-context", {"lifecycles": [{"phase": "build"}]}, Said.STATED),
        ("bill-context", {"lifecycles": [{"name": "own phase"}]}, Said.STATED),
        ("bill-context", {}, Said.MISSING),
    ],
)
def test_fields_of_the_bill_in_cyclonedx(check: str, metadata: Any, how: Said) -> None:
    assert OF_BILL[check](_cyclonedx(**metadata)) is how


def test_fields_of_the_bill_in_spdx() -> None:
    creators = ["Tool: maker-1.0", "Organization: Example (a@b.org)"]
    made = {"created": "2026-03-04T05:06:07Z", "creators": creators}
    for data, read in (
        (json.dumps(bills.spdx2({}, creationInfo=made)).encode(), spdx.read_json),
        (bills.as_tags(bills.spdx2({}, creationInfo=made)), spdx.read_tag_value),
    ):
        bill = read(data)
        names = ("author", "author-contact", "timestamp", "tool", "identifier")
        assert [OF_BILL[f"bill-{name}"](bill) for name in names] == [Said.STATED] * 5
        assert OF_BILL["bill-context"](bill) is Said.MISSING
        assert OF_BILL["bill-format"](bill) is Said.MISSING


@pytest.mark.parametrize(("spec", "how"), [("1.5", Said.MISSING), ("1.6", Said.STATED)])
def test_the_least_version_of_a_format(spec: str, how: Said) -> None:
    bill = cyclonedx_json.read(json.dumps(bills.cyclonedx({}, spec=spec)).encode())
    assert OF_BILL["bill-format"](bill) is how
    assert OF_BILL["bill-format"](spdx3.read(bills.spdx3([{}]))) is Said.STATED


def test_a_bill_with_vulnerabilities_is_told_from_one_without() -> None:
    vulnerable = [{"id": "CVE-2026-0001", "affects": [{"ref": "c0"}]}]
    bill = cyclonedx_json.read(
        json.dumps(bills.cyclonedx({}, {}, vulnerabilities=vulnerable)).encode()
    )
    assert OF_BILL["bill-without-vulnerabilities"](bill) is Said.MISSING
    assert list(_of_all(bill, "vulnerabilities").values()) == [Said.STATED, Said.MISSING]
    xml = cyclonedx_xml.read(bills.as_xml(bills.cyclonedx({}, {}, vulnerabilities=vulnerable)))
    assert OF_BILL["bill-without-vulnerabilities"](xml) is Said.MISSING
    assert sorted(_of_all(xml, "vulnerabilities").values()) == [Said.MISSING, Said.STATED]
