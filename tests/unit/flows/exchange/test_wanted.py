"""Objects out of documents, byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from accord.core.errors import NotFound
from accord.flows.exchange.sharing import wanted
from accord.flows.exchange.sharing.wanted import Held, Item, Place, Refused, Wanted
from accord.identity.markings import Tlp, marking_id

ONE = "indicator--00000000-0000-4000-8000-000000000001"
OTHER = "indicator--00000000-0000-4000-8000-000000000002"


def held(digest: str, origin: str = "", outcome: str = "taken") -> Held:
    return Held(digest, "kind", "", "", "title", origin, outcome)


class Shelf:
    """`Holdings` over bytes at hand."""

    def __init__(self, bodies: dict[str, bytes], places: Sequence[Place] = ()) -> None:
        self._bodies = bodies
        self._places = places

    def named(self, name: str) -> list[Held]:
        return [held(digest) for digest in self._bodies if digest.startswith(name)]

    def about(self, name: str) -> list[Held]:
        return []

    def held(self, digests: Sequence[str]) -> list[Held]:
        return [held(digest) for digest in digests]

    def editions(self, subjects: Collection[str]) -> list[Held]:
        return []

    def places(self, objects: Collection[str]) -> list[Place]:
        return [place for place in self._places if place.object in objects]

    def body(self, digest: str) -> bytes:
        return self._bodies[digest]

    def objects(self, places: Collection[Place]) -> dict[str, bytes]:
        return {}


def object_(name: str, modified: str, more: bytes = b"") -> bytes:
    return (
        b'{ "id":"%b", "type":"indicator","created":"2026-01-01T00:00:00Z",'
        b'"modified":"%b"%b }' % (name.encode(), modified.encode(), more)
    )


def bundle(*objects: bytes, more: bytes = b"") -> bytes:
    name = b"bundle--00000000-0000-4000-8000-000000000003"
    return b'{"type":"bundle","id":"%b"%b,"objects":[%b]}' % (name, more, b" , ".join(objects))


def found(body: bytes, objects: set[tuple[str, str]] | None = None, **more: str) -> list[Item]:
    items = list(wanted.items([Wanted(held("d", **more), objects)], Shelf({"d": body})))
    assert all(isinstance(item, Item) for item in items)
    return [item for item in items if isinstance(item, Item)]


def test_objects_come_as_they_stand() -> None:
    one, other = object_(ONE, "2026-01-01T00:00:00Z"), object_(OTHER, "2026-01-01T00:00:00Z")
    items = found(bundle(one, other))
    assert [item.body for item in items] == [one, other]
    assert {item.media for item in items} == {"application/stix+json;version=2.1"}
    assert all(item.stix for item in items)
    assert items[0].beside.get(OTHER) == other


def test_the_version_of_stix_stands_in_the_media_type() -> None:
    body = bundle(object_(ONE, "2026-01-01T00:00:00Z"), more=b',"spec_version":"2.0"')
    assert [item.media for item in found(body)] == ["application/stix+json;version=2.0"]


def test_only_the_version_that_is_wanted() -> None:
    versions = [object_(ONE, f"2026-01-0{day}T00:00:00Z") for day in (1, 2)]
    body = bundle(*versions, object_(OTHER, "2026-01-02T00:00:00Z"))
    items = found(body, {(ONE, "2026-01-02T00:00:00.000000Z")})
    assert [item.body for item in items] == [versions[1]]
    assert items[0].beside.get(ONE) == versions[1]


def test_the_tlp_markings_themselves_are_everybodys() -> None:
    marking = b'{"type":"marking-definition","id":"%b"}' % marking_id(Tlp.RED).encode()
    assert found(bundle(marking)) == []


def test_a_document_of_another_kind_comes_whole() -> None:
    body = b'{"id": "GHSA-1", "modified": "2026-01-01T00:00:00Z"}'
    (item,) = found(body)
    assert (item.body, item.media, item.kind, item.stix) == (
        body,
        "application/json",
        "OSV JSON",
        False,
    )


def test_what_was_quarantined_is_refused() -> None:
    (refused,) = wanted.items([Wanted(held("d", outcome="quarantined"), None)], Shelf({}))
    assert isinstance(refused, Refused)
    assert refused.quarantined


def test_own_documents_come_before_partners_and_new_versions_before_old() -> None:
    old, new = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
    places = [
        Place(ONE, old, held("own")),
        Place(ONE, new, held("theirs", origin="japan")),
        Place(OTHER, new, held("b", origin="japan")),
        Place(OTHER, old, held("a", origin="india")),
    ]
    one, other = wanted.find([ONE, OTHER, ONE], Shelf({}, places))
    assert (one.document.digest, one.objects) == ("own", {(ONE, old)})
    assert (other.document.digest, other.objects) == ("b", {(OTHER, new)})


def test_a_name_that_means_nothing_is_told_before_anything_is_read() -> None:
    with pytest.raises(NotFound):
        wanted.find(["aa", "zz"], Shelf({"aa": b"{}"}))
