from __future__ import annotations

from itertools import pairwise, permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.supply.matching import vex
from accord.supply.matching.vex import Judged, Statement, Statements, Subject, Thing
from accord.supply.products import names

NAMES = ("CVE-2026-1000", "OSV-1")
PUMP = Thing(
    "Pump", "1", supplier="Pump Works", purl="pkg:generic/pump-works/pump@1",
    ref="urn:cdx:serial#root", others=frozenset({"sha256:bill", "urn:uuid:serial"}),
)  # fmt: skip
PAD = Thing(
    "left-pad", "1.0.0", supplier="Pad Makers", purl="pkg:npm/left-pad@1.0.0",
    cpe="cpe:2.3:a:pad:left_pad:1.0.0:*:*:*:*:*:*:*", ref="urn:cdx:serial#pad",
)  # fmt: skip
NAMED = names.package("Pump Works", "Pump")
SUBJECT = Subject(PAD, PUMP, 7)


def said(  # noqa: PLR0913 - each word is one of the statement
    status: str = "not_affected",
    *products: str,
    by: str = "Somebody",
    at: str = "2026-01-01",
    parts: tuple[str, ...] = (),
    name: str = NAMES[0],
    id_: int = 1,
    document: int = 1,
) -> Statement:
    return Statement(
        id_, document, name, status, products or ("pkg:npm/left-pad@1.0.0",), parts, author=by,
        at=at, place=f"/{id_}",
    )  # fmt: skip


def judge(*statements: Statement, subject: Subject = SUBJECT) -> list[Judged]:
    return Statements(statements).judge(NAMES, subject)


def means(*products: str, subject: Subject = SUBJECT, parts: tuple[str, ...] = ()) -> str:
    """`yes`, `name` where only names say so, `no`."""
    found = judge(said("not_affected", *products, parts=parts), subject=subject)
    return ("name" if found[0].by_name else "yes") if found else "no"


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("pkg:npm/left-pad@1.0.0", "yes"),
        ("pkg:npm/left-pad", "yes"),
        ("pkg:npm/left-pad@1.0.1", "no"),
        ("pkg:npm/right-pad", "no"),
        ("pkg:pypi/left-pad", "no"),
        ("pkg:npm/left-pad@1.0.0?arch=x", "no"),
        ("cpe:2.3:a:pad:left_pad:1.0.0:*:*:*:*:*:*:*", "yes"),
        ("cpe:/a:pad:left_pad", "yes"),
        ("cpe:2.3:a:pad:left_pad:2.0.0:*:*:*:*:*:*:*", "no"),
        ("pkg:generic/pump-works/pump@1", "yes"),
        ("pkg:generic/pump-works/pump@2", "no"),
        ("urn:cdx:serial/1#pad", "yes"),
        ("urn:cdx:serial/9#pad", "yes"),
        ("urn:cdx:serial/1#other", "no"),
        ("urn:cdx:other/1#pad", "no"),
        ("sha256:bill", "yes"),
        ("urn:uuid:serial", "yes"),
        ("sha256:other", "no"),
        (f"{NAMED}@1", "name"),
        (NAMED, "name"),
        (f"{NAMED}@2", "no"),
        ("", "no"),
        ("pkg:", "no"),
        ("pkg:npm/%ff", "no"),
    ],
)
def test_a_statement_means_what_it_names_and_all_that_it_leaves_open(
    reference: str, meant: str
) -> None:
    assert means(reference) == meant


@pytest.mark.parametrize(
    ("product", "part", "meant"),
    [
        ("pkg:generic/pump-works/pump@1", "pkg:npm/left-pad@1.0.0", "yes"),
        ("pkg:generic/pump-works/pump@1", "pkg:npm/left-pad", "yes"),
        ("pkg:generic/pump-works/pump@1", "pkg:npm/left-pad@2.0.0", "no"),
        ("pkg:generic/pump-works/pump@2", "pkg:npm/left-pad@1.0.0", "no"),
        ("pkg:npm/other@1", "pkg:npm/left-pad@1.0.0", "no"),
        (f"{NAMED}@1", "pkg:npm/left-pad@1.0.0", "name"),
    ],
)
def test_a_subcomponent_narrows_a_statement(product: str, part: str, meant: str) -> None:
    assert means(product, parts=(part,)) == meant


def test_a_statement_without_products_means_nothing() -> None:
    assert judge(msgspec.structs.replace(said(), products=())) == []


def test_a_statement_about_another_vulnerability_is_not_heard() -> None:
    assert judge(said(name="CVE-2026-1001")) == []
    assert len(judge(said(name="OSV-1"))) == 1
    assert len(judge(msgspec.structs.replace(said(name="X"), aliases=("OSV-1",)))) == 1


AUTHORS = {
    "Pump Works": vex.SUPPLIER, "pump works GmbH": vex.SUPPLIER, "Somebody": vex.OTHERS,
    "Pad Makers": vex.COMPONENT_SUPPLIER, "": vex.OTHERS,
}  # fmt: skip


@pytest.mark.parametrize(("author", "standing"), AUTHORS.items())
def test_standing_follows_from_who_makes_what(author: str, standing: int) -> None:
    assert judge(said(by=author))[0].standing == standing


def test_the_bill_itself_has_more_standing_than_strangers() -> None:
    assert judge(said(document=7))[0].standing == vex.SAME_DOCUMENT


def test_an_unnamed_supplier_is_nobodys_supplier() -> None:
    unnamed = msgspec.structs.replace(PUMP, supplier="")
    nobody = msgspec.structs.replace(PAD, supplier="")
    assert judge(said(by=""), subject=Subject(nobody, unnamed, 7))[0].standing == vex.OTHERS


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_supplier_outranks_every_other_however_late(order: tuple[int, ...]) -> None:
    heard = [
        said("affected", by="Pump Works", at="2026-01-01", id_=1),
        said("not_affected", by="Somebody", at="2026-12-31", id_=2),
        said("fixed", by="Pad Makers", at="2026-12-31", id_=3),
    ]
    found = judge(*(heard[position] for position in order))
    assert [one.statement.id for one in found] == [1, 3, 2]


def test_among_equals_the_latest_counts_and_among_equally_late_ones_the_graver() -> None:
    early, late = said("affected", id_=1), said("fixed", at="2026-01-02", id_=2)
    assert [one.statement.id for one in judge(early, late)] == [2, 1]
    words = ("not_affected", "fixed", "under_investigation", "affected")
    for mild, grave in pairwise(words):
        for pair in ((said(mild, id_=1), said(grave, id_=2)), (said(grave, id_=2), said(mild))):
            assert judge(*pair)[0].statement.status == grave


def test_what_only_a_name_suggests_closes_nothing_unless_the_supplier_says_it() -> None:
    by_name = f"{NAMED}@1"
    (stranger,) = judge(said("not_affected", by_name, by="Somebody"))
    assert (stranger.by_name, stranger.counts) == (True, False)
    (maker,) = judge(said("not_affected", by_name, by="Pump Works"))
    assert (maker.by_name, maker.counts) == (True, True)
    heard = judge(
        said("not_affected", by_name, by="Pad Makers", at="2027", id_=1), said("affected", id_=2)
    )
    assert [one.statement.id for one in heard] == [2, 1]


@given(st.permutations(range(6)))
def test_the_order_in_which_statements_came_does_not_matter(order: list[int]) -> None:
    heard = [
        said("affected", by="Pump Works", id_=1),
        said("affected", by="Pump Works", id_=2),
        said("fixed", "pkg:npm/left-pad", "sha256:bill", by="A", id_=3),
        said("fixed", "pkg:npm/left-pad", by="B", id_=4),
        msgspec.structs.replace(said("fixed", by="B", id_=5), place="/4"),
        msgspec.structs.replace(said("fixed", by="B", id_=6), place="/4", justification="other"),
    ]
    found = [one.statement.id for one in judge(*(heard[position] for position in order))]
    assert found == [one.statement.id for one in judge(*heard)]


def deb(release: str, name: str = "libssl1.1", more: str = "") -> Thing:
    own = f"pkg:deb/debian/{name}@1.1.1k-1?arch=amd64&distro={release}{more}"
    return Thing(name, "1.1.1k-1", purl=own)


def test_a_statement_about_one_release_of_a_distribution_is_not_about_another() -> None:
    bullseye = Subject(deb("debian-11"), PUMP, 7)
    assert means("pkg:deb/debian/libssl1.1@1.1.1k-1?distro=debian-11", subject=bullseye) == "yes"
    assert means("pkg:deb/debian/libssl1.1@1.1.1k-1?distro=debian-12", subject=bullseye) == "no"
    assert means("pkg:deb/debian/libssl1.1", subject=bullseye) == "yes"
    assert means("pkg:deb/debian/libssl1.1?arch=i386", subject=bullseye) == "no"


def test_a_statement_about_a_source_package_is_about_what_is_built_of_it() -> None:
    built = Subject(deb("debian-11", more="&upstream=openssl"), PUMP, 7)
    assert means("pkg:deb/debian/openssl?distro=debian-11", subject=built) == "yes"
    assert means("pkg:deb/debian/other?distro=debian-11", subject=built) == "no"


def test_a_bom_link_holds_for_every_version_of_its_bill() -> None:
    assert vex.link("urn:cdx:ABC/3#part") == "urn:cdx:abc#part"
    assert vex.link("urn:cdx:abc/3") == "urn:cdx:abc"
    assert vex.link("pkg:npm/a@1/2") == "pkg:npm/a@1/2"
