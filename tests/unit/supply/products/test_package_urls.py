from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.supply.products import purl


def test_parts_are_decoded_and_sorted() -> None:
    found = purl.parse("pkg:Deb/Debian/Attr@1:2.4.47-2%2Bb1?distro=sid&arch=amd64#/a/../b/")
    assert (found.type, found.namespace, found.name) == ("deb", "debian", "attr")
    assert found.version == "1:2.4.47-2+b1"
    assert found.qualifiers == (("arch", "amd64"), ("distro", "sid"))
    assert found.subpath == "a/b"
    assert str(found) == "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=sid#a/b"


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("pkg:pypi/Zope.Interface@1", "pkg:pypi/zope-interface"),
        ("pkg:pypi/zope__interface", "pkg:pypi/zope-interface"),
        ("pkg:nuget/Newtonsoft.Json@13", "pkg:nuget/newtonsoft.json"),
        ("pkg:golang/github.com/BurntSushi/toml@v1", "pkg:golang/github.com/burntsushi/toml"),
        ("pkg:npm/%40Babel/Core@7", "pkg:npm/%40babel/core"),
        ("pkg:maven/org.Apache/Log4j@2", "pkg:maven/org.Apache/Log4j"),
        ("pkg:rpm/rhel/openssl@3", "pkg:rpm/redhat/openssl"),
        ("pkg:rpm/ol/openssl@3", "pkg:rpm/oracle/openssl"),
        ("pkg:generic/a%20b@1", "pkg:generic/a%20b"),
    ],
)
def test_package_is_one_for_what_a_registry_does_not_tell_apart(text: str, package: str) -> None:
    assert purl.parse(text).package == package


@pytest.mark.parametrize(
    "text",
    [
        "", "pkg:", "pkg:npm", "npm/foo", "pkg:npm/", "pkg:npm/@1.0", "pkg:1npm/foo",
        "pkg:npm/foo?a b=c", "pkg:npm/foo?a", "pkg:npm/foo?a=1&A=2", "pkg:npm/%ff",
        "pkg:swift/foo@1", "pkg:otp/a/b@1", "pkg:julia/Dates@1", "pkg:cpan/A::B@1",
    ],
)  # fmt: skip
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        purl.parse(text)


def test_strict_parser_wants_lower_case_keys() -> None:
    text = "pkg:gem/x@1?Platform=java"
    assert purl.parse(text).qualifier("platform") == "java"
    with pytest.raises(Invalid, match="Platform"):
        purl.parse_strictly(text)


def test_qualifier_takes_the_first_key_present() -> None:
    found = purl.parse("pkg:deb/debian/x@1?upstream=y&source=z")
    assert found.qualifier("source", "upstream") == "z"
    assert found.qualifier("origin") == ""
