"""The scenario of four nodes: what each partner has at first, and what is then shared.

Each partner begins with the operators of its own country, their bills, and the advisories that
everybody has: all but those on the mail servers, as on the day before these were published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import yaml

from accord.scenario.documents import files

COUNTRIES = {"australia": "AU", "india": "IN", "japan": "JP", "united-states": "US"}
"""The partners, each with the country of its operators."""
MAIL = ("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065")
"""The chain of 2021 against mail servers."""
WITHDRAWN = "indicator--75a15da1-a052-5e8a-89ab-f4bb8bd5ae33"
"""The indicator that is recalled: it was a supplier's own monitoring."""


def beginning(partner: str) -> list[tuple[str, bytes]]:
    """What a partner has at first: name and bytes of each document."""
    return list(_beginning(COUNTRIES[partner]))


def advisories() -> list[tuple[str, bytes]]:
    """The records of the mail servers as first published: without what was judged of them later."""
    return [
        (name, _written({**record, "containers": {"cna": record["containers"]["cna"]}}))
        for name, data in files()
        if name.rpartition("/")[2].removesuffix(".json") in MAIL
        for record in (json.loads(data),)
    ]


def shared(name: str) -> bytes:
    """What is shared: `names` of the vulnerabilities, a plain `notice`, or `indicators`."""
    return (resources.files("accord.scenario") / "shared" / f"{name}.stix.json").read_bytes()


def _beginning(country: str) -> Iterator[tuple[str, bytes]]:
    everything = dict(files())
    later = (resources.files("accord.scenario") / "shared" / "mail-operators.yaml").read_bytes()
    estates = {
        "estate.yaml": _of_country(everything.pop("estate.yaml"), country),
        "mail-operators.yaml": _of_country(later, country),
    }
    bills = {bill for estate in estates.values() for bill in _bills(estate)}
    for name, data in everything.items():
        folder = name.partition("/")[0]
        if folder == "kev":
            yield name, _without_mail(data)
        elif folder == "bills":
            if name in bills:
                yield name, data
        elif folder in ("advisories", "eol", "vex") and not any(one in name for one in MAIL):
            yield name, data
    for name, estate in estates.items():
        if estate["operators"]:
            yield name, yaml.safe_dump(estate, sort_keys=False).encode()


def _of_country(data: bytes, country: str) -> dict[str, Any]:
    """An estate with the operators of one country only."""
    estate: dict[str, Any] = yaml.safe_load(data)
    own = [operator for operator in estate["operators"] if operator["country"] == country]
    return {**estate, "estate": f"{estate['estate']}-{country.lower()}", "operators": own}


def _bills(value: object) -> Iterator[str]:
    """The bills that an estate names, wherever in it they stand."""
    if isinstance(value, dict):
        if isinstance(value.get("bill"), str):
            yield value["bill"]
        for member in value.values():
            yield from _bills(member)
    elif isinstance(value, list):
        for item in value:
            yield from _bills(item)


def _without_mail(data: bytes) -> bytes:
    """The catalogue of what is exploited, from before the mail servers were in it."""
    catalogue = json.loads(data)
    kept = [one for one in catalogue["vulnerabilities"] if one["cveID"] not in MAIL]
    return _written({**catalogue, "count": len(kept), "vulnerabilities": kept})


def _written(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
