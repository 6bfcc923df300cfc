"""Documents are told apart by content, wherever in the file that content stands."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Unreadable
from accord.flows import recognise as flow
from accord.flows.recognise import recognise

BOM = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1"/>'
FAR = 3000
"""Entries or lines that push what follows past any beginning that is looked at first."""


@pytest.mark.parametrize(
    "before",
    [
        b'<?xml version="1.0"?>',
        b"<?xml version='1.0'?>\n<!-- a -->\n<?style x?>",
        b'<!-- <other xmlns="urn:other"> -->',
        b"<!--" + b" far" * FAR + b"-->",
        b"\xef\xbb\xbf \r\n",
    ],
)
def test_the_root_of_xml_counts_and_not_what_stands_before_it(before: bytes) -> None:
    assert recognise(before + BOM) == "CycloneDX XML"


def test_a_comment_that_holds_a_bill_makes_no_bill() -> None:
    assert recognise(b"<!--" + BOM + b'--><other xmlns="urn:other"/>') is None


def test_a_marker_at_the_end_of_a_json_object_counts() -> None:
    bill = {"components": [{"name": "x"}] * FAR, "specVersion": "1.5", "bomFormat": "CycloneDX"}
    assert recognise(b" \n" * FAR + json.dumps(bill).encode()) == "CycloneDX JSON"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# c\n" * FAR + "SPDXVersion: SPDX-2.3\n", "SPDX tag-value"),
        ("packages:\n" + "- name: x\n" * FAR + "spdxVersion: SPDX-2.3\n", "SPDX YAML"),
        ("affected:\n" + "- versions: []\n" * FAR + "id: A-1\nmodified: 2024\n", "OSV YAML"),
        ("'id': A-1\n'modified': 2024\n", "OSV YAML"),
        ("Company;Product\nNorthern Grid;SCADA\n", "estate CSV"),
        ("just words\n" * FAR, None),
    ],
)
def test_text_is_told_by_any_of_its_lines(text: str, kind: str | None) -> None:
    assert recognise(text.encode()) == kind


def test_any_object_with_a_type_is_not_a_stix_object() -> None:
    assert recognise(b'{"type": "malware", "id": "malware--1"}') == "STIX object"
    dated = b'{"type": "tool", "id": "tool--1", "modified": "2024-01-01T00:00:00Z"}'
    assert recognise(dated) == "STIX object"
    assert recognise(b'{"type": "invoice", "id": "4711"}') is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        ('{"bomFormat": "CycloneDX"}'.encode("utf-16"), "UTF-8"),
        ('{"bomFormat": "CycloneDX"}'.encode("utf-16-le"), "UTF-8"),
        (b'[{"id": "A-1"}]', "a JSON list"),
        (b'{"id": "A-1"}\n{"id": "A-2"}\n', "more than one"),
        (b'{"id": ', "not JSON"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_do(data: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        recognise(data)


_MEMBERS = sorted({field.encode_name for field in msgspec.structs.fields(flow._Sniff)})
_VALUES: st.SearchStrategy[object] = st.sampled_from(
    ["bundle", "indicator", "indicator--1", "--", "x", 1, None, [], {}, {"--": 1}, "openvex"]
)


@given(st.dictionaries(st.sampled_from(_MEMBERS), _VALUES, max_size=6), _VALUES, _VALUES)
def test_what_partners_exchange_is_told_as_the_table_tells_it(
    members: dict[str, object], kind: object, id_: object
) -> None:
    seen = flow._DECODER.decode(msgspec.json.encode({"type": kind, "id": id_} | members))
    said = next((name for name, fits in flow._JSON if fits(seen)), None)
    if flow._is_threat(seen):
        assert said == "STIX object"
    assert recognise(msgspec.json.encode({"type": kind, "id": id_} | members)) == said
