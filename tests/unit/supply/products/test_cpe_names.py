from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.supply.products import cpe


def test_formatted_string() -> None:
    found = cpe.parse("cpe:2.3:a:Apache:Log4j:2.14.1:RC1:*:*:*:Linux:*:*")
    assert found.package == "cpe:a:apache:log4j"
    assert (found.version, found.update, found.target_sw) == ("2.14.1", "rc1", "linux")
    assert found.release == "2.14.1 rc1"


def test_escapes_are_taken_off_except_for_colons_in_the_package() -> None:
    found = cpe.parse(r"cpe:2.3:a:veeam:backup_\&_replication\:x:1\.0\\:*:*:*:*:*:*:*")
    assert found.product == "backup_&_replication:x"
    assert found.package == r"cpe:a:veeam:backup_&_replication\:x"
    assert found.version == "1.0\\"


def test_uri() -> None:
    found = cpe.parse("cpe:/a:redhat:satellite:6.15::el8")
    assert (found.package, found.version, found.edition) == (
        "cpe:a:redhat:satellite", "6.15", "el8",
    )  # fmt: skip


def test_uri_with_packed_edition_and_percent_signs() -> None:
    found = cpe.parse("cpe:/a:hp:insight%3ax:7.4.0:-:~pro~online~win2003~x64~z:en")
    assert found.product == "insight:x"
    assert (found.edition, found.language, found.sw_edition) == ("pro", "en", "online")
    assert (found.target_sw, found.target_hw, found.other) == ("win2003", "x64", "z")


@pytest.mark.parametrize("version", ["*", "-"])
def test_open_versions_are_empty(version: str) -> None:
    found = cpe.parse(f"cpe:2.3:o:siemens:x:{version}:sp1:*:*:*:*:*:*")
    assert (found.version, found.release) == ("", "")


def test_an_open_product_is_no_package() -> None:
    assert cpe.parse("cpe:2.3:a:siemens:*:1:*:*:*:*:*:*:*").package == ""


def test_names_may_be_shortened() -> None:
    assert cpe.parse("cpe:2.3:a:apache:log4j:2.14.1") == cpe.parse("cpe:/a:apache:log4j:2.14.1")


@pytest.mark.parametrize(
    "text",
    [
        "", "cpe", "cpe:2.3:a:b", "cpe:/a:b", "cpe:2.3:x:b:c:1:*:*:*:*:*:*:*", "cpe:/app:a:b",
        "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*:*", "cpe:2.3:a::c:1:*:*:*:*:*:*:*",
    ],
)  # fmt: skip
def test_what_is_no_cpe_name_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not a CPE name"):
        cpe.parse(text)
