from __future__ import annotations

import pytest

from accord.core import xml
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import Limits

GRAMMAR = xml.Grammar(
    texts=frozenset({"name", "note"}),
    objects=frozenset({"thing", "empty"}),
    lists=frozenset({"things"}),
    repeated={"tag": "tags"},
    built={"made": lambda value, line: (value.get("name"), line)},
)


def value(inner: str) -> dict[str, object]:
    return xml.read(f"<root>{inner}</root>".encode(), GRAMMAR).value


def test_elements_become_texts_objects_and_lists() -> None:
    assert value("<name> a &amp; b </name><empty/>") == {"name": "a & b", "empty": {}}
    assert value("<things><thing id='1'/><thing><name>x</name></thing></things>") == {
        "things": [{"id": "1"}, {"name": "x"}]
    }
    assert value("<things/>") == {"things": []}
    assert value("<tag>1</tag><tag>2</tag>") == {"tags": ["1", "2"]}
    assert value("<name lang='en'>x</name>") == {"name": {"lang": "en", "value": "x"}}


def test_an_element_that_is_built_knows_its_line() -> None:
    assert value("\n<things>\n<made><name>x</name></made></things>") == {"things": [("x", 3)]}


def test_what_is_not_wanted_is_passed_over_with_all_within_it() -> None:
    assert value("<other><name>in</name></other><name>out</name>") == {"name": "out"}


def test_elements_and_attributes_of_other_namespaces_are_passed_over() -> None:
    document = xml.read(
        b"<root xmlns='urn:a' xmlns:b='urn:b' b:x='1' y='2'><b:name>n</b:name></root>", GRAMMAR
    )
    assert (document.namespace, document.name, document.value) == ("urn:a", "root", {"y": "2"})


def test_an_element_that_stands_twice_is_refused_with_its_line() -> None:
    with pytest.raises(Invalid, match=r"^line 2: <name> stands twice in <root>$"):
        value("<name>a</name>\n<name>b</name>")


LAUGHS = b"""<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><root><name>&c;</name></root>"""


@pytest.mark.parametrize(
    "document",
    [
        LAUGHS,
        b"<!DOCTYPE r SYSTEM 'file:///etc/passwd'><root/>",
        b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><root>&x;</root>",
        b"<!DOCTYPE r [<!ENTITY % x SYSTEM 'http://127.0.0.1/x'>%x;]><root/>",
        b"<root><name>&undeclared;</name></root>",
        b"",
        b"   ",
        b"{}",
        b"<root><name></root>",
        b"<root/><root/>",
        b"<root>\xff</root>",
        b"<root>&#xD800;</root>",
        b"<?xml version='1.0' encoding='utf-7'?><root/>",
        b"<?xml version='1.0' encoding='no-such'?><root/>",
        b"<?xml version='1.0' encoding='rot13'?><root/>",
    ],
)
def test_unsafe_and_broken_documents_are_unreadable(document: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        xml.read(document, GRAMMAR)
    assert caught.value.place.startswith("line ")


def test_a_document_type_is_named_as_the_reason() -> None:
    with pytest.raises(Unreadable, match="document type declaration is not accepted"):
        xml.read(LAUGHS, GRAMMAR)


def nested(depth: int) -> bytes:
    return b"<root>" + b"<x>" * (depth - 1) + b"</x>" * (depth - 1) + b"</root>"


def test_depth_has_a_bound() -> None:
    limits = Limits(depth=50)
    assert xml.read(nested(50), GRAMMAR, limits).value == {}
    with pytest.raises(TooLarge, match="nested more than 50 deep"):
        xml.read(nested(51), GRAMMAR, limits)


@pytest.mark.parametrize(
    ("document", "limits", "reason"),
    [
        (b"<root/>" + b" " * 100, Limits(bytes=100), "107 bytes; the limit is 100"),
        (b"<root>" + b"<x/>" * 60 + b"</root>", Limits(items=12), "more than 60 elements"),
        (b"<root><things>" + b"<thing/>" * 11 + b"</things></root>", Limits(items=10), "11|10"),
        (b"<root><name>" + b"x" * 101 + b"</name></root>", Limits(text=100), "a text is longer"),
        (b"<root a='" + b">" * (3 << 20) + b"'/>", Limits(text=1 << 20), "one tag or comment"),
        (b"<root><!--" + b">" * (3 << 20) + b"--></root>", Limits(text=1 << 20), "one tag"),
    ],
)
def test_size_count_and_length_have_bounds(document: bytes, limits: Limits, reason: str) -> None:
    with pytest.raises(TooLarge, match=reason):
        xml.read(document, GRAMMAR, limits)


def test_made_up_names_do_not_fill_the_memory() -> None:
    names = "".join(f"<n{i}/>" for i in range(5_000))
    assert value(f"{names}<name>still read</name>") == {"name": "still read"}


def test_utf_16_is_read() -> None:
    text = "<?xml version='1.0' encoding='utf-16'?><root><name>ü</name></root>"
    assert xml.read(text.encode("utf-16"), GRAMMAR).value == {"name": "ü"}
