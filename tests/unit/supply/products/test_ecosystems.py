from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.supply.products import ecosystems, identities


@pytest.mark.parametrize(
    ("ecosystem", "name", "package", "stream"),
    [
        ("PyPI", "Zope.Interface", "pkg:pypi/zope-interface", ""),
        ("npm", "@babel/core", "pkg:npm/%40babel/core", ""),
        ("Go", "github.com/gorilla/mux", "pkg:golang/github.com/gorilla/mux", ""),
        ("Go", "stdlib", "pkg:golang/stdlib", ""),
        ("Maven", "org.apache:log4j", "pkg:maven/org.apache/log4j", ""),
        ("NuGet", "Foo.Bar", "pkg:nuget/foo.bar", ""),
        ("crates.io", "rand", "pkg:cargo/rand", ""),
        ("RubyGems", "rails", "pkg:gem/rails", ""),
        ("Packagist", "Laravel/Laravel", "pkg:composer/laravel/laravel", ""),
        ("Hackage", "a_b", "pkg:hackage/a-b", ""),
        ("Pub", "Some-thing", "pkg:pub/some_thing", ""),
        ("SwiftURL", "https://github.com/A/b.git", "pkg:swift/github.com/a/b", ""),
        ("GitHub Actions", "actions/checkout/sub", "pkg:github/actions/checkout", ""),
        ("GIT", "git@github.com:A/B.git", "pkg:github/a/b", ""),
        ("GIT", "https://git.example/a/b", "pkg:git/git.example/a/b", ""),
        ("Bitnami", "WordPress", "pkg:bitnami/wordpress", ""),
        ("Debian:11", "openssl", "pkg:deb/debian/openssl", "11"),
        ("Debian", "openssl", "pkg:deb/debian/openssl", ""),
        ("Ubuntu:22.04:LTS", "x", "pkg:deb/ubuntu/x", "22.04"),
        ("Ubuntu:Pro:18.04:LTS", "x", "pkg:deb/ubuntu/x", "18.04"),
        ("Ubuntu:Pro:FIPS:20.04:LTS", "x", "pkg:deb/ubuntu/x", "fips:20.04"),
        ("Alpine:v3.18", "x", "pkg:apk/alpine/x", "v3.18"),
        ("Rocky Linux:9", "x", "pkg:rpm/rocky/x", "9"),
        ("AlmaLinux:9", "x", "pkg:rpm/almalinux/x", "9"),
        ("Red Hat:enterprise_linux:9::baseos", "x", "pkg:rpm/redhat/x", "9"),
        ("Red Hat:rhel_eus:9.2::appstream", "x", "pkg:rpm/redhat/x", "9"),
        ("Red Hat:openshift:4.14::el9", "x", "pkg:rpm/redhat/x", "9"),
        ("Red Hat:openstack:16.2", "x", "pkg:rpm/redhat/x", "openstack:16.2"),
        ("SUSE:Linux Enterprise Server 15 SP4", "x", "pkg:rpm/suse/x", "15.4"),
        ("openSUSE:Leap 15.4", "x", "pkg:rpm/opensuse/x", "15.4"),
        ("openSUSE:Tumbleweed", "x", "pkg:rpm/opensuse/x", "tumbleweed"),
        ("Wolfi", "x", "pkg:apk/wolfi/x", ""),
        ("Photon OS:4.0", "x", "pkg:rpm/photon/x", "4"),
        ("openEuler:24.03-LTS-SP1", "x", "pkg:rpm/openeuler/x", "24.03-lts-sp1"),
        ("Root:Alpine:3.18", "x", "pkg:apk/alpine/x", "root:v3.18"),
    ],
)
def test_package_and_stream(ecosystem: str, name: str, package: str, stream: str) -> None:
    assert ecosystems.package(ecosystem, name) == (package, stream)


@pytest.mark.parametrize("ecosystem", ["", "Nowhere", "Root", "Nowhere:11"])
def test_an_unknown_ecosystem_is_refused(ecosystem: str) -> None:
    with pytest.raises(Invalid, match="not an ecosystem"):
        ecosystems.package(ecosystem, "x")


def test_a_package_without_a_name_is_refused() -> None:
    with pytest.raises(Invalid, match="without a name"):
        ecosystems.package("PyPI", " ")


@pytest.mark.parametrize(
    ("ecosystem", "purl"),
    [
        ("Debian:11", "pkg:deb/debian/x@1?distro=debian-11.6"),
        ("Debian:12", "pkg:deb/debian/x@1?distro=bookworm"),
        ("Ubuntu:22.04:LTS", "pkg:deb/ubuntu/x@1?distro=ubuntu-22.04"),
        ("Ubuntu:22.04:LTS", "pkg:deb/ubuntu/x@1?distro=jammy"),
        ("Alpine:v3.18", "pkg:apk/alpine/x@1?distro=alpine-3.18.2"),
        ("Alpine:v3.18", "pkg:apk/alpine/x@1?distro=v3.18"),
        ("Rocky Linux:9", "pkg:rpm/rocky/x@1?distro=rocky-9.1"),
        ("AlmaLinux:9", "pkg:rpm/almalinux/x@1?distro=almalinux-9.2"),
        ("Red Hat:enterprise_linux:9::baseos", "pkg:rpm/redhat/x@1?distro=rhel-9.2"),
        ("Red Hat:enterprise_linux:8::baseos", "pkg:rpm/redhat/x@1-1.el8_6"),
        ("SUSE:Linux Enterprise Server 15 SP4", "pkg:rpm/suse/x@1?distro=sles-15.4"),
        ("openSUSE:Leap 15.4", "pkg:rpm/opensuse/x@1?distro=opensuse-leap-15.4"),
        ("openSUSE:Tumbleweed", "pkg:rpm/opensuse/x@1?distro=opensuse-tumbleweed-20240101"),
        ("Photon OS:4.0", "pkg:rpm/photon/x@1?distro=photon-4.0"),
        ("Azure Linux:3", "pkg:rpm/azurelinux/x@1?distro=azurelinux-3.0"),
        ("Mageia:9", "pkg:rpm/mageia/x@1-1.mga9"),
    ],
)
def test_bills_and_advisories_meet_in_one_stream(ecosystem: str, purl: str) -> None:
    package, stream = ecosystems.package(ecosystem, "x")
    found = identities.of_purl(purl)
    assert [(one.package, one.stream) for one in found] == [(package, stream), (package, "")]


@pytest.mark.parametrize(
    ("ecosystem", "name"),
    [
        ("PyPI", "django"),
        ("npm", "@babel/core"),
        ("Go", "github.com/gorilla/mux"),
        ("Maven", "org.apache:log4j"),
        ("Packagist", "laravel/laravel"),
        ("crates.io", "rand"),
        ("SwiftURL", "github.com/a/b"),
        ("GitHub Actions", "actions/checkout"),
        ("Debian:11", "openssl"),
        ("Debian", "openssl"),
        ("Alpine:v3.18", "openssl"),
        ("Ubuntu:22.04", "openssl"),
        ("Red Hat:enterprise_linux:9", "openssl"),
        ("SUSE:15.4", "openssl"),
        ("openSUSE:tumbleweed", "openssl"),
        ("Wolfi", "openssl"),
    ],
)
def test_osv_has_words_for_what_it_named(ecosystem: str, name: str) -> None:
    assert ecosystems.named(*ecosystems.package(ecosystem, name)) == (ecosystem, name)


@pytest.mark.parametrize("package", ["cpe:a:apache:log4j", "name:apache/log4j", "pkg:x/y", "pkg:"])
def test_osv_has_no_words_for_everything(package: str) -> None:
    assert ecosystems.named(package) is None
