"""What a server of TAXII 2.1 does, line by line of its specification."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest
from door_house import ME, House, made, partner, stix, stix_id
from taxii_house import (
    ALL,
    GREEN,
    INBOX,
    JAPAN,
    MEDIA,
    OPERATOR,
    ROOT,
    SUPPLIER,
    T1,
    T2,
    T3,
    ask,
    ids,
    post,
    told,
)

from accord.exchange.taxii.posted import LARGEST
from accord.flows.exchange.messages import Request
from accord.identity.gate import Gate
from accord.identity.markings import Marking, Tlp
from accord.identity.partners import Untrusted
from accord.identity.recipients import PUBLIC, Recipient


@pytest.fixture
def house(tmp_path: Path) -> House:
    return made("", tmp_path)


def some(house: House, count: int, tlp: Tlp = Tlp.GREEN) -> list[str]:
    names = [f"m{number}" for number in range(count)]
    house.keep([stix("malware", name) for name in names], Marking(tlp))
    return [stix_id("malware", name) for name in names]


def several(house: House) -> str:
    """Three versions of one object, the first learned last."""
    for moment in (T2, T3, T1):
        house.keep([stix("malware", "v", modified=moment, created=T1)], GREEN)
    return stix_id("malware", "v")


def test_discovery_leads_to_the_api_root(house: House) -> None:
    found = told(ask(house, "/taxii2/"))
    assert found == {"title": "accord", "default": ROOT, "api_roots": [ROOT]}


def test_the_api_root_tells_title_versions_and_the_largest_body(house: House) -> None:
    found = told(ask(house, ROOT))
    assert found == {"title": "accord", "versions": [MEDIA], "max_content_length": LARGEST}


def test_trailing_slashes_matter(house: House) -> None:
    for path in (
        "/taxii2",
        "/taxii2/api",
        f"{ROOT}collections",
        ALL[:-1],
        f"{ALL}objects",
        f"{ALL}manifest",
    ):
        assert ask(house, path).status == 404


def test_collections_are_sorted_and_found_by_identifier_or_alias(house: House) -> None:
    house.audience("power", "japan")
    found = told(ask(house, f"{ROOT}collections/", caller=JAPAN))["collections"]
    assert [one["id"] for one in found] == sorted(one["id"] for one in found)
    assert {one.get("alias", one["title"]) for one in found} == {"all", "inbox", "power"}
    for one in found:
        for name in {one["id"], one.get("alias", one["id"])}:
            assert told(ask(house, f"{ROOT}collections/{name}/", caller=JAPAN)) == one


def test_collections_that_are_not_for_the_caller_are_hidden(house: House) -> None:
    house.audience("power", "japan")
    found = told(ask(house, f"{ROOT}collections/", caller=JAPAN))["collections"]
    (power,) = (one["id"] for one in found if one["title"] == "power")
    unknown = ask(house, f"{ROOT}collections/11111111-1111-4111-8111-111111111111/objects/")
    for caller in (OPERATOR, partner("india")):
        listed = told(ask(house, f"{ROOT}collections/", caller=caller))["collections"]
        assert {one["alias"] for one in listed} == {"all", "inbox"}
        for rest in ("", "objects/", "manifest/"):
            answer = ask(house, f"{ROOT}collections/{power}/{rest}", caller=caller)
            assert (answer.status, answer.body) == (404, unknown.body)


def test_who_is_not_signed_in_is_told_how(house: House) -> None:
    gone = Recipient("partner", "india", outgoing=True)
    for caller in (PUBLIC, partner("nobody"), gone, partner(ME)):
        for path in ("/taxii2/", ROOT, f"{ALL}objects/", "/taxii2/x/"):
            answer = ask(house, path, caller=caller)
            assert answer.status == 401
            assert "Basic" in answer.header("www-authenticate")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200), ("*/*", 200), ("application/*", 200), ("application/taxii+json", 200),
        ("application/taxii+json; version=2.1", 200), ('application/taxii+json;version="2.1"', 200),
        ("text/html, application/taxii+json;version=2.1;q=0.5", 200),
        ("application/taxii+json;version=2.0", 406), ("application/vnd.oasis.taxii+json", 406),
        ("application/json", 406), ("text/html", 406), ("*/*;q=0", 406), (";;;", 406),
        ("application/taxii+json;version=2.1;q=0, */*", 406), ("*/*;q=0, application/*", 200),
        ("*/*, application/taxii+json;q=0.000", 406), ("application/*;q=0, */*", 406),
        ("application/taxii+json;q=0, application/taxii+json;version=2.1", 200),
        ("application/taxii+json;version=2.0;q=0, */*", 200), ("text/html;q=0, */*", 200),
    ],
)  # fmt: skip
def test_accept_is_negotiated(tmp_path: Path, accept: str, status: int) -> None:
    house = made("", tmp_path)
    assert ask(house, "/taxii2/", accept=accept).status == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [(MEDIA, 202), ("application/taxii+json", 202), ("application/taxii+json; version=2.1", 202),
     ("application/json", 415), ("", 415), ("application/taxii+json;version=2.0", 415)],
)  # fmt: skip
def test_a_body_has_the_media_type(tmp_path: Path, kind: str, status: int) -> None:
    house = made("", tmp_path)
    body = b'{"objects":[]}'
    answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=kind)
    assert answer.status == status


def test_a_body_over_the_limit_is_refused(house: House) -> None:
    body = b" " * (LARGEST + 1)
    answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
    assert answer.status == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"objects":{}}', b'{"objects":"x"}', b"\xff", b'"x"',
     b'{"objects":[' + b"[" * 5000 + b"]" * 4999 + b"]}",
     b'{"objects":[' + b"0," * 10_001 + b"0]}"],
)  # fmt: skip
def test_a_malformed_envelope_is_refused(tmp_path: Path, body: bytes) -> None:
    house = made("", tmp_path)
    answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
    assert answer.status == 422


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=x", "limit=", "limit=1.5", "next=x", "next=", "next=" + "A" * 22,
     "added_after=x", "added_after=2030-13-01T00:00:00Z", "added_after=2030-01-01",
     "match[foo]=x", "match[version]=newest", "match[spec_version]=two", "match[id]=",
     "match[type]=a,,b", "limit=1&limit=2", "match[type]=malware&match[type]=tool",
     "limit=000", "match[id]=" + ",".join(["a"] * 501),
     "match[id]=%00", "match[id]=%ff", "&".join(f"a{n}=1" for n in range(50))],
)  # fmt: skip
def test_a_bad_filter_is_refused(tmp_path: Path, query: str) -> None:
    house = made("", tmp_path)
    some(house, 3)
    assert ask(house, f"{ALL}objects/", query).status == 400


@pytest.mark.parametrize("place", [1 << 63, (1 << 64) - 1, 253_402_300_800_000_000])
def test_a_forged_place_that_no_item_can_have_is_refused(house: House, place: int) -> None:
    some(house, 3)
    onward = told(ask(house, f"{ALL}objects/", "limit=1"))["next"]
    bound = base64.urlsafe_b64decode(f"{onward}==")[8:]
    forged = base64.urlsafe_b64encode(place.to_bytes(8, "big") + bound).decode().rstrip("=")
    answer = ask(house, f"{ALL}objects/", f"limit=1&next={forged}")
    assert answer.status == 400
    assert b"`next`" in answer.body


def test_permissions_are_403_and_the_unknown_404(house: House) -> None:
    (name,) = some(house, 1)
    body = b'{"objects":[]}'
    post_ = ("", OPERATOR, "POST", body)
    assert ask(house, f"{INBOX}objects/").status == 403
    assert ask(house, f"{INBOX}manifest/").status == 403
    assert ask(house, f"{ALL}objects/", *post_, content_type=MEDIA).status == 403
    assert ask(house, f"{ROOT}collections/none/objects/", *post_, content_type=MEDIA).status == 404
    assert ask(house, f"{ALL}objects/{stix_id('malware', 'x')}/").status == 404
    assert ask(house, f"{ALL}objects/{stix_id('malware', 'x')}/versions/").status == 404
    assert ask(house, f"{ALL}objects/{name}/", method="DELETE").status == 403
    assert ask(house, f"{INBOX}objects/{name}/", method="DELETE").status == 403
    assert ask(house, f"{ROOT}collections/none/objects/{name}/", method="DELETE").status == 404
    assert ask(house, f"{ROOT}status/none/").status == 404
    assert ask(house, ROOT, method="DELETE").status == 405


def test_an_end_is_never_416(house: House) -> None:
    some(house, 3)
    for query in ("added_after=2999-01-01T00:00:00Z", "limit=999999999999999999",
                  "limit=" + "9" * 20_000, "limit=0000000000000000000001", "x=1&x=2"):  # fmt: skip
        assert ask(house, f"{ALL}objects/", query, range="items=9-10").status == 200


@pytest.mark.parametrize("what", ["objects", "manifest"])
def test_pages_go_through_everything_once(house: House, what: str) -> None:
    """All were added at one time by the clock: none is lost, none comes twice."""
    wanted = some(house, 25)
    seen: list[str] = []
    dates: list[str] = []
    query = "limit=7"
    while True:
        answer = ask(house, f"{ALL}{what}/", query)
        found = told(answer)
        seen += [one["id"] for one in found["objects"]]
        dates += [answer.header(f"x-taxii-date-added-{end}") for end in ("first", "last")]
        if not found["more"]:
            assert "next" not in found
            break
        query = f"limit=7&next={found['next']}"
    assert seen == wanted
    assert dates == sorted(dates)
    assert all(len(one) == len("2030-01-01T00:00:00.000000Z") for one in dates)


def test_one_object_and_its_versions_are_paged_too(house: House) -> None:
    name = several(house)
    for path, member in ((f"{ALL}objects/{name}/", "objects"),
                         (f"{ALL}objects/{name}/versions/", "versions")):  # fmt: skip
        found = []
        query = "limit=1" + ("&match[version]=all" if member == "objects" else "")
        onward = ""
        while True:
            answer = ask(house, path, query + onward)
            page = told(answer)
            found += page[member]
            assert answer.header("x-taxii-date-added-first")
            if not page["more"]:
                break
            onward = f"&next={page['next']}"
        assert [one if member == "versions" else one["modified"] for one in found] == [T2, T3, T1]


def test_a_limit_is_capped(house: House) -> None:
    some(house, 1005)
    assert len(ids(ask(house, f"{ALL}objects/", "limit=5000"))) == 1000
    assert len(ids(ask(house, f"{ALL}objects/"))) == 1000


def test_next_is_bound_to_its_filters_and_to_nothing_else(house: House) -> None:
    some(house, 9)
    onward = told(ask(house, f"{ALL}objects/", "limit=3&match[type]=malware,tool"))["next"]
    same = f"next={onward}&match[type]=tool,malware"
    assert len(ids(ask(house, f"{ALL}objects/", f"limit=2&{same}"))) == 2
    for other in ("", "&match[type]=malware", f"&{same}&added_after=2020-01-01T00:00:00Z"):
        assert ask(house, f"{ALL}objects/", f"next={onward}{other}").status == 400
    assert ask(house, f"{ALL}manifest/", same).status == 400
    (whole,) = (one["id"] for one in told(ask(house, f"{ROOT}collections/"))["collections"]
                if one["alias"] == "all")  # fmt: skip
    assert len(ids(ask(house, f"{ROOT}collections/{whole}/objects/", same))) == 6
    again = House(house.engine, Path("/nowhere"))
    assert len(ids(ask(again, f"{ALL}objects/", same))) == 6


def test_added_after_is_strict(house: House) -> None:
    wanted = some(house, 5)
    records = told(ask(house, f"{ALL}manifest/"))["objects"]
    for number, record in enumerate(records):
        query = f"added_after={record['date_added']}"
        assert ids(ask(house, f"{ALL}objects/", query)) == wanted[number + 1 :]


def test_what_is_added_later_follows(house: House) -> None:
    some(house, 3)
    last = ask(house, f"{ALL}objects/").header("x-taxii-date-added-last")
    house.clock.at = "2001-01-01T00:00:00.000000Z"
    house.keep([stix("tool", "late")], GREEN)
    assert ids(ask(house, f"{ALL}objects/", f"added_after={last}")) == [stix_id("tool", "late")]


def test_empty_is_an_empty_object(house: House) -> None:
    for path in ("objects/", "manifest/"):
        answer = ask(house, f"{ALL}{path}")
        assert (answer.status, answer.body) == (200, b"{}")
        assert not answer.header("x-taxii-date-added-first")
    (name,) = some(house, 1)
    later = "added_after=2999-01-01T00:00:00Z"
    assert ask(house, f"{ALL}objects/{name}/", later).body == b"{}"
    assert ask(house, f"{ALL}objects/{name}/versions/", later).body == b"{}"
    assert ask(house, f"{ALL}objects/", caller=JAPAN).body == b"{}"


def test_objects_are_the_bytes_that_came_in(house: House) -> None:
    odd = stix("malware", "odd").replace(b'"name":"odd"', b'"name" :  "odd", "x_n": 1.0e2')
    house.keep([odd], GREEN)
    assert ask(house, f"{ALL}objects/").body == b'{"more":false,"objects":[' + odd + b"]}"


def test_commas_are_or_and_fields_are_and(house: House) -> None:
    house.keep([stix(kind, "a") for kind in ("malware", "tool", "indicator")], GREEN)
    malware, tool, _ = (stix_id(kind, "a") for kind in ("malware", "tool", "indicator"))
    for query, wanted in (
        (f"match[id]={malware}", [malware]),
        (f"match[id]={tool},{malware}", [malware, tool]),
        ("match[type]=tool,malware", [malware, tool]),
        (f"match[type]=tool&match[id]={malware},{tool}", [tool]),
        (f"match%5Bid%5D={tool}&match[spec_version]=2.1", [tool]),
        ("match[spec_version]=2.0", []),
        ("match[spec_version]=2.0,2.1&match[type]=tool", [tool]),
        ("match[type]=campaign", []),
        (f"match[id]={stix_id('tool', 'none')}", []),
    ):
        assert ids(ask(house, f"{ALL}objects/", query)) == wanted, query
        assert ids(ask(house, f"{ALL}manifest/", query)) == wanted, query


def test_versions_are_first_last_all_or_exact(house: House) -> None:
    name = several(house)
    some(house, 1)
    for query, wanted in (
        ("", [T3]), ("match[version]=last", [T3]), ("match[version]=first", [T1]),
        ("match[version]=all", [T2, T3, T1]), ("match[version]=first,last", [T3, T1]),
        (f"match[version]={T2}", [T2]), ("match[version]=2030-02-01T00:00:00Z,first", [T2, T1]),
        ("match[version]=2029-01-01T00:00:00Z", []),
    ):  # fmt: skip
        for path, more in (("objects/", f"match[id]={name}"), (f"objects/{name}/", "")):
            asked = "&".join(filter(None, (query, more)))
            found = told(ask(house, f"{ALL}{path}", asked)).get("objects", [])
            assert [one["modified"] for one in found] == wanted, query
    listed = told(ask(house, f"{ALL}manifest/", f"match[id]={name}&match[version]=all"))["objects"]
    assert [one["version"] for one in listed] == [T2, T3, T1]
    assert told(ask(house, f"{ALL}objects/{name}/versions/"))["versions"] == [T2, T3, T1]


def test_a_version_falls_back_to_created_then_to_when_it_was_added(house: House) -> None:
    marking = {"type": "marking-definition", "spec_version": "2.1", "created": T1,
               "id": stix_id("marking-definition", "m"), "definition_type": "statement",
               "definition": {"statement": "x"}}  # fmt: skip
    address = {"type": "ipv4-addr", "id": stix_id("ipv4-addr", "a"), "value": "192.0.2.1",
               "spec_version": "2.1"}  # fmt: skip
    house.keep([msgspec.json.encode(one) for one in (marking, address)], Marking(Tlp.CLEAR))
    first, second = told(ask(house, f"{ALL}manifest/"))["objects"]
    assert first["version"] == T1
    assert second["version"] == second["date_added"]
    assert first["media_type"] == "application/stix+json;version=2.1"
    for one in (first, second):
        assert ids(ask(house, f"{ALL}objects/", f"match[version]={one['version']}")) == [one["id"]]


def test_an_address_is_decoded_once(house: House) -> None:
    (name,) = some(house, 1)
    encoded = name.replace("--", "%2D%2d")
    for path in (f"{ALL}objects/{encoded}/", f"/taxii2/%61pi/collections/all/objects/{name}/"):
        assert ids(ask(house, path)) == [name]
    for odd in (name.replace("--", "%252D%252D"), f"{name}%2F", "%ff", "%00", "%", f"{name}%0A"):
        assert ask(house, f"{ALL}objects/{odd}/").status == 404
    assert ask(house, f"{ROOT}collections%2Fall/objects/").status == 404


def test_head_is_decided_on_and_noted_as_get_is(house: House) -> None:
    (name,) = some(house, 1)
    unknown = f"{ALL}objects/{stix_id('malware', 'x')}/"
    for path in ("/taxii2/", f"{ALL}objects/", f"{INBOX}objects/", unknown):
        before = len(house.receipts.newest((), name, 0))
        assert ask(house, path, method="HEAD") == ask(house, path)
        noted = 2 if path == f"{ALL}objects/" else 0
        assert len(house.receipts.newest((), name, 0)) == before + noted
    assert ask(house, "/taxii2/", method="PUT").header("allow") == "GET, HEAD"
    assert ask(house, f"{INBOX}objects/", method="PUT").header("allow") == "GET, HEAD, POST"


def test_a_post_answers_with_a_status_that_is_kept(house: House) -> None:
    good = msgspec.json.decode(stix("malware", "posted"))
    bad = {"type": "malware", "id": "malware--1"}
    status = post(house, good, bad, 7)
    assert (status["total_count"], status["pending_count"], status["failure_count"]) == (3, 1, 2)
    assert (status["status"], status["success_count"]) == ("pending", 0)
    assert status["pendings"] == [{"id": good["id"], "version": good["modified"]}]
    assert all(one["message"] for one in status["failures"])
    assert told(ask(house, f"{ROOT}status/{status['id']}/")) == status
    assert ask(house, f"{ROOT}status/{status['id']}/", caller=SUPPLIER).status == 404
    assert ids(ask(house, f"{ALL}objects/")) == []


def test_a_duplicate_is_a_success(house: House) -> None:
    good = msgspec.json.decode(stix("malware", "posted"))
    post(house, good)
    again = post(house, good)
    assert (again["status"], again["success_count"]) == ("complete", 1)
    twice = post(house, *[msgspec.json.decode(stix("malware", "two"))] * 2)
    assert (twice["success_count"], twice["pending_count"]) == (1, 1)
    assert post(house, good, caller=SUPPLIER)["pending_count"] == 1


def test_one_bad_object_does_not_sink_the_rest(house: House) -> None:
    good = stix("malware", "good")
    bad = (
        b'{"type":"malware","id":"malware--0","id":"malware--1"}',
        good.replace(b'"malware"', b'"malware","type":"tool"', 1),
        good.replace(b'"name":"good"', b'"name":NaN'),
        good.replace(b"malware--", b"tool--"),
        good.replace(b'"modified":"2030', b'"modified":"soon'),
        b"null", b"[]", b'"x"',
    )  # fmt: skip
    for one in bad:
        body = b'{"objects":[' + one + b"," + good + b"]}"
        house = made("", Path(house.engine.url.database or "x").parent / str(abs(hash(one))))
        answer = ask(house, f"{INBOX}objects/", "", OPERATOR, "POST", body, content_type=MEDIA)
        found = told(answer, 202)
        assert (found["pending_count"], found["failure_count"]) == (1, 1), one


def test_release_and_receipts(house: House) -> None:
    """Each sees what its marking allows, and every object of a page stands in the receipts."""
    kept = {tlp: house.keep([stix("malware", tlp.word)], Marking(tlp)) for tlp in Tlp}
    log = house.audience("power", "japan")
    house.append("power", [one for those in kept.values() for one in those])
    names = {tlp: stix_id("malware", tlp.word) for tlp in Tlp}
    assert ids(ask(house, f"{ALL}objects/")) == [names[tlp] for tlp in Tlp if tlp <= Tlp.AMBER]
    assert ids(ask(house, f"{ALL}objects/", caller=SUPPLIER)) == [names[Tlp.CLEAR]]
    assert ids(ask(house, f"{ALL}objects/", caller=JAPAN)) == list(names.values())
    assert ids(ask(house, f"{ALL}objects/", caller=partner("india"))) == []
    assert log
    for tlp, readers in ((Tlp.CLEAR, 3), (Tlp.AMBER, 2), (Tlp.RED, 1)):
        assert len(house.receipts.newest((), names[tlp], 0)) == readers


def test_a_recalled_object_of_this_node_ends_revoked(house: House) -> None:
    house.audience("power", "japan")
    own = house.share("power", [stix("malware", "own")])
    assert own
    theirs = house.keep([stix("malware", "theirs")], GREEN, origin="india")
    assert len(ids(ask(house, f"{ALL}objects/"))) == 2
    with house.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id FROM shared WHERE origin = 'australia'").all()
    house.recall([row[0] for row in rows])
    house.recall(theirs)
    with house.engine.begin() as connection:
        for origin, name in ((ME, "own"), ("india", "theirs")):
            connection.exec_driver_sql(
                "INSERT INTO final (origin, object, at, why, deadline) VALUES "
                f"('{origin}', '{stix_id('malware', name)}', '2031-01-01T00:00:00.000000Z', '', '')"
            )
    for caller in (OPERATOR, JAPAN):
        (last,) = told(ask(house, f"{ALL}objects/", caller=caller))["objects"]
        assert last["id"] == stix_id("malware", "own")
        assert last["revoked"] is True
        assert last["modified"] > last["created"]
    assert ask(house, f"{ALL}objects/{stix_id('malware', 'theirs')}/").status == 404
    for caller in (SUPPLIER, partner("india")):
        assert ids(ask(house, f"{ALL}objects/", caller=caller)) == []
        assert ask(house, f"{ALL}objects/{stix_id('malware', 'own')}/", caller=caller).status == 404


def test_an_embargoed_object_is_added_when_it_may_be_seen(house: House) -> None:
    house.keep([stix("malware", "later")], GREEN, state="held")
    some(house, 2)
    last = ask(house, f"{ALL}objects/").header("x-taxii-date-added-last")
    house.keep([stix("tool", "x")], GREEN)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE shared SET state = 'live'")
    found = ids(ask(house, f"{ALL}objects/", f"added_after={last}"))
    assert found == [stix_id("malware", "later"), stix_id("tool", "x")]


def test_basic_and_bearer_name_a_client() -> None:
    token = "accord_" + "t" * 51

    class Clients:
        def by_token(self, given: str) -> Recipient | None:
            return OPERATOR if given == token else None

        def by_certificate(self, fingerprint: str) -> Recipient | None:
            return None

    def admitted(given: str) -> Recipient:
        gate = Gate("2030-01-01T00:00:00.000000Z", Clients())
        request = Request("GET", "/taxii2/", headers=(("authorization", given),))
        return gate.admit(request, None, ME, "2030-01-01T00:00:00.000000Z")

    def basic(text: str) -> str:
        return f"Basic {base64.b64encode(text.encode()).decode()}"

    assert admitted(f"Bearer {token}") == admitted(basic(f"grid-siem:{token}")) == OPERATOR
    for wrong in (basic(f"maker:{token}"), basic(f":{token}"), basic("grid-siem:x"), "Basic !!!!"):
        with pytest.raises(Untrusted):
            admitted(wrong)
