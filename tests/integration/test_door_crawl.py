"""Every route as everybody that it is not for: no word of what is restricted comes back.

Canaries stand in every restricted object, in the names of audiences and of partners.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from door_house import House, made, partner, stix, stix_id

from accord.flows.exchange.answering.routes import ROUTES, Policy
from accord.flows.exchange.messages import PREFIX, Request, Response
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import PUBLIC, SELF, Recipient

CANARY = "canary"
CALLERS = {
    "not a member": partner("usa"),
    "removed member": partner("india"),
    "not a partner": partner("nobody"),
    "this node itself": partner("australia"),
    "its own people": SELF,
    "public": PUBLIC,
    **{
        f"{sort} {tlp.word}": Recipient("client", f"client {sort}", "An organisation", sort, tlp)
        for sort, tlp in product(("operator", "industry", "supplier"), (Tlp.CLEAR, Tlp.GREEN))
    },
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return made("", tmp_path)


def restricted(house: House) -> tuple[str, list[int]]:
    """An audience of Japan only, with objects of each marking that is for it alone."""
    log = house.audience(f"{CANARY}-audience", "japan", "india")
    bodies = [stix("malware", f"{CANARY} {n}", description=f"{CANARY}{n}") for n in range(3)]
    ids = house.keep(bodies[:1], Marking(Tlp.AMBER))
    ids += house.keep(bodies[1:2], Marking(Tlp.AMBER_STRICT))
    ids += house.keep(bodies[2:], Marking(Tlp.RED))
    house.append(f"{CANARY}-audience", ids)
    house.sharing.dismiss(f"{CANARY}-audience", "india", house.clock.now())
    return log, ids


def addresses(house: House, log: str) -> list[tuple[str, str, bytes]]:
    """Every route of the table, filled with what a member would ask."""
    rests = {
        "/directory/{rest}": ["timestamp.json", "9.root.json", "../x"],
        "/logs/{log}/tile/{rest}": ["0/000.p/3", "entries/000.p/3", "0/000", "x"],
        "/vulns/{id}": [f"GHSA-{CANARY}", "x"],
        "/objects/{rest}": [stix_id("malware", f"{CANARY} {n}") for n in range(3)],
    }
    note = house.get(partner("japan"), f"/logs/{log}/checkpoint").body
    bodies = [b"", note, b"".join(house.commitments(log)), b"x" * 40_000]
    found: list[tuple[str, str, bytes]] = []
    for route in ROUTES:
        for rest in rests.get(route.pattern, [""]):
            path = route.pattern.replace("{log}", log).replace("{rest}", rest)
            path = path.replace("{id}", rest)
            sent = bodies if route.method == "POST" else [b""]
            found += [(route.method, f"{route.prefix}{path}", body) for body in sent]
    return found


def test_no_leak(house: House) -> None:
    log, ids = restricted(house)
    asked = addresses(house, log)
    digests = [house.answers.versions(stix_id("malware", f"{CANARY} {n}"), 1)[0].digest
               for n in range(3)]  # fmt: skip
    secrets = [CANARY.encode(), b"japan", log.encode(), *map(str.encode, digests),
               *(stix_id("malware", f"{CANARY} {n}").encode() for n in range(3)),
               *house.commitments(log)]  # fmt: skip
    members = {(route.method, f"{PREFIX}{route.pattern}".replace("{log}", log))
               for route in ROUTES if route.policy is Policy.MEMBER}  # fmt: skip
    looked = 0
    for (who, caller), (method, path, body) in product(CALLERS.items(), asked):
        for query in ("", "limit=1", "since=x"):
            answer = house.door.answer(caller, Request(method, path, query, body=body))
            told = repr((answer.status, answer.headers)).encode() + answer.body
            assert not [one for one in secrets if one in told], (who, method, path)
            if (method, path) in members:
                assert answer.status == 404
            looked += 1
    assert looked > 500
    assert ids


def test_a_refusal_is_the_same_whatever_is_behind_it(house: House) -> None:
    log, _ = restricted(house)
    nowhere = house.get(partner("usa"), "/nothing/here")
    for path in ("/logs", "/changes", "/directory/timestamp.json"):
        for name in ("australia", "nobody"):
            assert house.get(partner(name), path) == nowhere
    assert nowhere == Response(
        404,
        (("content-type", "application/json"), ("cache-control", "private, no-store")),
        b'{"error":"not found"}',
    )
    for name in (log, log[::-1], "x" * 65, f"{log}%20", "..", "%2e%2e"):
        for caller in (partner("usa"), partner("india"), PUBLIC, SELF):
            for path, body in (("checkpoint", b"x" * (1 << 20)), ("blobs", bytes(33)),
                               ("acknowledgements", bytes(1)), ("tile/0/000", b"")):  # fmt: skip
                address = f"/logs/{name}/{path}"
                assert house.post(caller, address, body) == nowhere
                assert house.get(caller, address) == nowhere


def test_who_left_the_partnership_is_nobody_at_once(house: House) -> None:
    log = house.audience("everybody", "japan", everyone=True)
    assert house.get(partner("japan"), f"/logs/{log}/checkpoint").status == 200
    assert house.get(partner("usa"), f"/logs/{log}/checkpoint").status == 200
    house.trust.left("japan", "usa")
    for name in ("japan", "usa"):
        for path in (f"/logs/{log}/checkpoint", "/logs", "/changes", "/directory/timestamp.json"):
            assert house.get(partner(name), path).status == 404


def test_whoever_is_taken_out_of_an_audience_of_all_is_out(house: House) -> None:
    log = house.audience("everybody", "japan", everyone=True)
    house.sharing.dismiss("everybody", "japan", house.clock.now())
    assert house.get(partner("japan"), f"/logs/{log}/checkpoint").status == 404
    assert house.get(partner("india"), f"/logs/{log}/checkpoint").status == 200


def test_the_directory_is_passed_on_byte_for_byte(house: House) -> None:
    house.trust.files["partners/japan.json"] = b'{ "name":"japan" }'
    for name, data in house.trust.files.items():
        answer = house.get(partner("japan"), f"/directory/{name}")
        assert (answer.status, answer.body) == (200, data)
        assert answer.header("cache-control") == "private, no-store"
    for name in ("../timestamp.json", "%74imestamp.json", "timestamp.json/", "2.root.json"):
        assert house.get(partner("japan"), f"/directory/{name}").status == 404
