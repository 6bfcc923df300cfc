"""Asking a node's TAXII, as a client or a partner."""

from __future__ import annotations

from typing import Any

import msgspec
from door_house import House, partner

from accord.flows.exchange.messages import Request, Response
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import Recipient

MEDIA = "application/taxii+json;version=2.1"
OPERATOR = Recipient("client", "grid-siem", "Grid", "operator", Tlp.AMBER)
SUPPLIER = Recipient("client", "maker", "Maker", "supplier", Tlp.CLEAR)
JAPAN = partner("japan")
ROOT = "/taxii2/api/"
ALL = f"{ROOT}collections/all/"
INBOX = f"{ROOT}collections/inbox/"
GREEN = Marking(Tlp.GREEN)
T1, T2, T3 = (f"2030-0{number}-01T00:00:00.000Z" for number in (1, 2, 3))


def ask(  # noqa: PLR0913, PLR0917 - each is a part of a request
    house: House,
    path: str,
    query: str = "",
    caller: Recipient = OPERATOR,
    method: str = "GET",
    body: bytes = b"",
    **headers: str,
) -> Response:
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    answer = house.taxii.answer(caller, Request(method, path, query, given, body))
    assert answer.header("content-type") == MEDIA
    if answer.status >= 400:
        told = msgspec.json.decode(answer.body)
        assert told["title"]
        assert told["http_status"] == str(answer.status)
    return answer


def told(answer: Response, status: int = 200) -> Any:
    assert answer.status == status, (answer.status, answer.body)
    return msgspec.json.decode(answer.body)


def ids(answer: Response) -> list[str]:
    return [one["id"] for one in told(answer).get("objects", [])]


def post(house: House, *objects: Any, caller: Recipient = OPERATOR) -> Any:
    body = msgspec.json.encode({"objects": objects})
    answer = ask(house, f"{INBOX}objects/", "", caller, "POST", body, content_type=MEDIA)
    return told(answer, 202)
