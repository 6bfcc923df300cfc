from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.supply.products import identities, streams
from accord.supply.products.identity import Identity


def test_a_language_package_is_itself() -> None:
    assert identities.of_purl("pkg:pypi/Django@3.2") == (Identity("pkg:pypi/django", "3.2"),)


def test_deb_is_known_by_its_source_package_and_version() -> None:
    text = "pkg:deb/debian/libssl3@3.0.1-1%2Bb1?upstream=openssl@3.0.1-1&distro=debian-12"
    package = "pkg:deb/debian/openssl"
    assert identities.of_purl(text) == (
        Identity(package, "3.0.1-1", "12"),
        Identity(package, "3.0.1-1", ""),
    )


def test_a_source_without_version_has_the_binary_one() -> None:
    found = identities.of_purl("pkg:apk/alpine/libcrypto3@3.1-r0?upstream=openssl")
    assert found == (Identity("pkg:apk/alpine/openssl", "3.1-r0"),)


def test_rpm_is_known_by_binary_and_source_with_epoch() -> None:
    text = (
        "pkg:rpm/redhat/openssl-libs@3.0.7-18.el9_2?arch=x86_64&epoch=1"
        "&upstream=openssl-3.0.7-18.el9_2.src.rpm&distro=rhel-9.2"
    )
    version = "1:3.0.7-18.el9_2"
    assert identities.of_purl(text) == (
        Identity("pkg:rpm/redhat/openssl-libs", version, "9"),
        Identity("pkg:rpm/redhat/openssl", version, "9"),
        Identity("pkg:rpm/redhat/openssl-libs", version),
        Identity("pkg:rpm/redhat/openssl", version),
    )


def test_rpm_that_is_its_own_source_is_named_once() -> None:
    found = identities.of_purl("pkg:rpm/redhat/bash@5.1-2.el9?upstream=bash-5.1-2.el9.src.rpm")
    assert found == (
        Identity("pkg:rpm/redhat/bash", "5.1-2.el9", "9"),
        Identity("pkg:rpm/redhat/bash", "5.1-2.el9"),
    )


def test_epoch_zero_and_a_written_epoch_change_nothing() -> None:
    assert identities.of_purl("pkg:rpm/redhat/x@1-1?epoch=0")[0].version == "1-1"
    assert identities.of_purl("pkg:rpm/redhat/x@2:1-1?epoch=2")[0].version == "2:1-1"


def test_a_module_is_a_stream_of_its_own() -> None:
    text = "pkg:rpm/redhat/nodejs@18-1.module%2Bel8.9.0%2B20?rpmmod=nodejs:18:8090"
    assert identities.of_purl(text)[0].stream == "8/nodejs:18"


def test_the_system_around_helps_its_own_packages_only() -> None:
    debian = "pkg:deb/debian/x@1"
    assert identities.of_purl(debian, "debian-11")[0].stream == "11"
    assert identities.of_purl(debian, "ubuntu-22.04") == (Identity("pkg:deb/debian/x", "1"),)
    assert identities.of_purl(f"{debian}?distro=debian-12", "debian-11")[0].stream == "12"


def test_a_rolling_distribution_has_no_streams() -> None:
    found = identities.of_purl("pkg:apk/wolfi/x@1?distro=wolfi-20230201")
    assert found == (Identity("pkg:apk/wolfi/x", "1"),)


def test_cpe() -> None:
    found = identities.of_cpe("cpe:2.3:a:microsoft:sql_server:2019:cu9:*:*:*:*:*:*")
    assert found == (Identity("cpe:a:microsoft:sql_server", "2019 cu9"),)
    assert identities.of_cpe("cpe:2.3:a:*:x:1:*:*:*:*:*:*:*") == ()


def test_name_brings_its_reviewed_packages() -> None:
    assert identities.of_name("Microsoft Corporation", "Exchange Server", "2019 CU12") == (
        Identity("name:microsoft/exchange server", "2019 CU12"),
        Identity("cpe:a:microsoft:exchange_server", "2019 CU12"),
    )
    assert identities.of_name("ACME", "n/a", "1") == ()


@pytest.mark.parametrize("text", ["", "debian/x", "pkg:deb"])
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        identities.of_purl(text)


@pytest.mark.parametrize(
    ("system", "distribution", "expected"),
    [
        ("debian-11", "", ("debian", "11")),
        ("bullseye", "", ("debian", "11")),
        ("sid", "debian", ("debian", "sid")),
        ("alpine-edge", "", ("alpine", "edge")),
        ("rhel-9.2", "", ("redhat", "9")),
        ("Fedora-38", "", ("fedora", "38")),
        ("9", "rocky", ("rocky", "9")),
        ("opensuse-leap-15.4", "", ("opensuse", "15.4")),
    ],
)
def test_names_of_systems(system: str, distribution: str, expected: tuple[str, str]) -> None:
    assert streams.of_system(system, distribution) == expected


@pytest.mark.parametrize(
    ("distribution", "version", "stream"),
    [
        ("redhat", "1-1.el9_2", "9"),
        ("redhat", "1-1.el10", "10"),
        ("redhat", "1-1.module+el8.9.0+20", "8"),
        ("fedora", "1-1.fc38", "38"),
        ("fedora", "1-1.el9", ""),
        ("redhat", "1-1", ""),
    ],
)
def test_dist_tags(distribution: str, version: str, stream: str) -> None:
    assert streams.of_release_tag(distribution, version) == stream


def test_endless_names_are_refused_or_passed_over_at_once() -> None:
    for text in ("pkg:npm/" + "a" * 10_000, "pkg:npm/" + "%2f" * 10_000):
        with pytest.raises(Invalid, match="longer"):
            identities.of_purl(text)
    with pytest.raises(Invalid, match="over"):
        identities.of_cpe("cpe:2.3:a:b:" + r"\:" * 5_000)
    assert identities.of_name("ACME", "x" * 10_000, "1") == ()
    assert streams.of_system("1a" * 5_000 + "!") == ("", "")


@pytest.mark.parametrize(
    ("qualifiers", "name", "version"),
    [
        ("source_name=openssl", "openssl", "1-1"),
        ("source_name=openssl&source_version=1-2", "openssl", "1-2"),
        ("source=openssl&epoch=2", "openssl", "2:1-1"),
        ("source=true", "libssl3", "1-1"),
        ("epoch=2", "libssl3", "2:1-1"),
    ],
)
@pytest.mark.parametrize("type_", ["deb/debian", "rpm/redhat"])
def test_source_packages_are_told_in_several_ways(
    type_: str, qualifiers: str, name: str, version: str
) -> None:
    found = identities.of_purl(f"pkg:{type_}/libssl3@1-1?{qualifiers}")
    assert Identity(f"pkg:{type_}/{name}", version) in found


def test_only_what_is_divided_into_releases_can_lack_one() -> None:
    assert identities.lack_release(identities.of_purl("pkg:deb/debian/a@1"))
    assert identities.lack_release(identities.of_purl("pkg:rpm/a@1"))
    for told in (
        "pkg:deb/debian/a@1?distro=bookworm", "pkg:apk/wolfi/a@1", "pkg:pypi/a@1",
        "pkg:rpm/redhat/a@1-1.el9",
    ):  # fmt: skip
        assert not identities.lack_release(identities.of_purl(told))
    assert not identities.lack_release(())
