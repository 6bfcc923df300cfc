from __future__ import annotations

import json
from typing import Any

import pytest

from accord.core.errors import Invalid
from accord.exchange.definitions import Definition, read_definition
from accord.identity.markings import STIX_TLP, TLP_EXTENSION, Pap, Tlp, definition

STRANGE = "marking-definition--11111111-2222-4333-8444-555555555555"


MITRE = (
    "Copyright 2015-2025, The MITRE Corporation. MITRE ATT&CK and ATT&CK are registered trademarks"
    " of The MITRE Corporation."
)


def read(**members: Any) -> Definition:
    whole = {"type": "marking-definition", "id": STRANGE, "spec_version": "2.1"} | members
    return read_definition(json.dumps(whole).encode())


def statement(text: str, **members: Any) -> Definition:
    return read(definition_type="statement", definition={"statement": text}, **members)


@pytest.mark.parametrize("tlp", Tlp)
def test_canonical(tlp: Tlp) -> None:
    found = read_definition(json.dumps(definition(tlp)).encode())
    assert found.tlp is tlp
    assert found.known


@pytest.mark.parametrize(("name", "tlp"), STIX_TLP.items())
def test_a_canonical_identifier_in_another_colour_is_refused(name: str, tlp: Tlp) -> None:
    for colour in ("clear", "green", "amber", "red", "violet", 7):
        extension = {TLP_EXTENSION: {"tlp_2_0": colour}}
        if colour == tlp.word.lower():
            assert read(id=name, extensions=extension).tlp is tlp
        else:
            with pytest.raises(Invalid, match="says something else"):
                read(id=name, extensions=extension)


@pytest.mark.parametrize(
    "members",
    [
        {"definition_type": "tlp", "definition": {"tlp": "clear"}},
        {"definition_type": "tlp", "definition": {}},
        {"definition_type": "x", "definition": {"tlp": "violet"}},
        {"extensions": {TLP_EXTENSION: {"tlp_2_0": "clear"}}},
        {"extensions": {TLP_EXTENSION: "clear"}},
        {"name": "TLP:CLEAR"},
        {"name": " tlp:amber+strict"},
        {"definition_type": "statement", "definition": {"statement": "TLP:WHITE"}},
        {"definition_type": "statement", "definition": {"statement": "custom"},
         "x_opencti_definition_type": "TLP", "x_opencti_definition": "TLP:CLEAR"},
    ],
)  # fmt: skip
def test_look_alikes_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="looks like TLP"):
        read(**members)


@pytest.mark.parametrize(
    ("members", "pap"),
    [
        ({"definition_type": "statement", "definition": {"statement": "PAP:AMBER"}}, Pap.AMBER),
        ({"definition_type": "PAP", "definition": {"pap": "red"}}, Pap.RED),
        ({"definition_type": "PAP", "definition": {"PAP": "PAP:GREEN"}}, Pap.GREEN),
        ({"definition_type": "PAP", "definition": "PAP:RED"}, Pap.RED),
        ({"name": "PAP:WHITE"}, Pap.CLEAR),
        ({"definition_type": "statement", "definition": {"statement": "custom"},
          "x_opencti_definition_type": "PAP", "x_opencti_definition": "PAP:RED"}, Pap.RED),
        ({"name": "PAP:GREEN", "definition": {"pap": "red"}}, Pap.RED),
    ],
)  # fmt: skip
def test_pap_as_others_write_it(members: dict[str, Any], pap: Pap) -> None:
    assert read(**members) == Definition(STRANGE, pap=pap)


@pytest.mark.parametrize(
    "text",
    [
        "Copyright 2015-2024, The MITRE Corporation. MITRE ATT&CK is a registered trademark.",
        "© 2026 Example CERT",
        "Licensed under CC BY 4.0",
        MITRE,
        "Copyright (c) Stark Industries 2017.",
        "Copyright 2026, Example University. All rights reserved. CC BY 4.0",
    ],
)
def test_notices_limit_nothing(text: str) -> None:
    assert statement(text) == Definition(STRANGE, notice=True)


@pytest.mark.parametrize(
    "text",
    [
        "custom",
        "For the members of the working group",
        "Copyright 2026. Not for distribution",
        "© CERT, internal use only",
        "Copyright CERT. Do not share",
        "Licensed to the recipient, confidential",
        "PAP:VIOLET",
        "Terms of use: https://cert.example/terms",
        "Copyright 2026 CERT. For CERT eyes, under NDA",
        "Copyright 2026 CERT. TLP RED",
        "Copyright 2026 FOUO CERT",
        "Copyright 2026 CERT \u2013 FOUO",
        "Copyright: NE PAS DIFFUSER",
        "Copyright 2026 NE PAS DIFFUSER",
        "(c) CERT: need to know basis",
        "Copyright CERT. Keep private",
        "Licensed for law enforcement",
        "Licensed under CC BY 4.0 for law enforcement",
        "Licensed: PAP RED",
        "\u00a9 2026 CERT \u793e\u5916\u79d8",
    ],
)
def test_other_statements_are_not_understood(text: str) -> None:
    assert not statement(text).known


@pytest.mark.parametrize(
    "members",
    [
        {"definition": {"statement": "Copyright 2026 CERT", "more": "FOUO"}},
        {"name": "FOUO"},
        {"extensions": {"extension-definition--1": {"to": "CERT"}}},
    ],
)
def test_a_notice_is_all_that_a_notice_says(members: dict[str, Any]) -> None:
    notice = {"definition_type": "statement", "definition": {"statement": "Copyright 2026 CERT"}}
    assert read(**notice).notice
    assert not read(**notice | members).known


def test_pap_beside_words_that_nobody_understands() -> None:
    assert not read(definition_type="PAP", definition={"pap": "green", "more": "FOUO"}).known


def test_what_is_no_marking_definition() -> None:
    for body in (
        b"[]",
        b'{"type": "indicator"}',
        b"{",
        b'{"type":"marking-definition","type":"x"}',
    ):
        with pytest.raises(Invalid):
            read_definition(body)
    assert not read(definition_type="copyright", definition={"statement": "Copyright"}).known
