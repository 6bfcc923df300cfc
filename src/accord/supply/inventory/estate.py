"""Estate files: what operators run, where, and how exposed it is, as people write it down.

Two forms say the same: a table (CSV) with one deployment a row, and YAML with operators, their
sites and what runs there. Both are described for their writers in docs/estate.md.

Source: SSVC, decision points System Exposure 1.0.1 and Mission Impact 2.0.0, for the words of
`exposure` and `mission`; RFC 4180 for quoting; ISO 3166-1 alpha-2 for countries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from accord.core import tables, yaml
from accord.core.errors import Invalid
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import when
from accord.supply.inventory.facts import Deployment
from accord.supply.products import identities
from accord.supply.products.identity import Identity

_COLUMNS = (
    "operator", "country", "sector", "site", "supplier", "product", "release", "bill",
    "exposure", "mission", "spend", "cpe", "purl",
)  # fmt: skip
_SPELLINGS = {
    "company": "operator", "mission impact": "mission", "system exposure": "exposure",
    "vendor": "supplier", "version": "release", "sbom": "bill", "annual spend": "spend",
}  # fmt: skip
_EXPOSURES = {word: word for word in ("small", "controlled", "open")}
_MISSIONS = {
    "low": "low",
    "degraded": "low",
    "none": "low",
    "medium": "medium",
    "mef support crippled": "medium",
    "crippled": "medium",
    "high": "high",
    "mef failure": "high",
    "very high": "very high",
    "mission failure": "very high",
}
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_NESTED = ("sites", "products", "deployments")
_OF_THE_FILE = ("estate", "date", "deployments", "operators")


def read_csv(data: bytes) -> Reading:
    """An estate as a table: commas, semicolons or tabs, with a heading row.

    Lines `#estate: NAME` and `#date: 2026-01-31` may stand before the heading.

    Raises:
        Invalid: no heading row, or one without `operator` and `product`; a date that is none.
        Unreadable: not UTF-8 text.
        TooLarge: past a bound.

    """
    lines = tables.lines(data)
    head, start = tables.comments(lines, ("estate", "date"))
    made = _reading(head)
    names: list[str] = []
    for number, cells in tables.rows(lines[start:], start, made.refused):
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = _heading(cells, number)
            continue
        place = f"line {number}"
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            made.refused.append(Refused(place, f"{len(cells)} cells under {len(names)} headings"))
        else:
            row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
            _deploy(row, place, made)
    if not names:
        raise Invalid("no heading row; a table with the columns operator and product is expected")
    return made


def read_yaml(data: bytes) -> Reading:
    """An estate as YAML: `deployments`, or `operators` with their sites and products, or both.

    What stands at an operator or a site holds for everything below it, until it is said anew.

    Raises:
        Invalid: not a mapping with `deployments` or `operators`; a date that is none.
        Unreadable: not YAML.
        TooLarge: past a bound.

    """
    value = yaml.decode(data)
    if not isinstance(value, dict) or not ("deployments" in value or "operators" in value):
        raise Invalid("an estate is a mapping with `deployments` or `operators`")
    made = _reading({key: _plain(value, key) for key in ("estate", "date")})
    for key in value:
        if key not in _OF_THE_FILE:
            made.refused.append(Refused(f"/{key}", "not a part of an estate file"))
    _below(value, "deployments", {}, "", made)
    for place, operator in _entries(value, "operators", "", made):
        _walk(operator, {}, place, made)
    return made


def _plain(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise Invalid("plain text is expected", f"/{key}")
    return found or ""


def _reading(head: Mapping[str, str]) -> Reading:
    name = head.get("estate", "")
    return Reading(
        "estate",
        f"estate:{name}" if name else "",
        edition=when(head.get("date", ""), "date"),
        title=name,
    )


def _heading(cells: list[str], number: int) -> list[str]:
    """Names of columns in one spelling; columns that are not ours keep theirs."""
    names = tables.heading(cells, _SPELLINGS)
    for needed in ("operator", "product"):
        if needed not in names:
            raise Invalid(f"no column {needed!r} in the heading", f"line {number}")
    for name in names:
        if name in _COLUMNS and names.count(name) > 1:
            raise Invalid(f"the column {name!r} stands twice in the heading", f"line {number}")
    return names


def _walk(entry: Any, above: dict[str, str], place: str, made: Reading) -> None:  # noqa: ANN401
    """An operator, a site or a product: a leaf is a deployment, everything else holds below."""
    if isinstance(entry, str):
        entry = {"product": entry}
    if not isinstance(entry, dict):
        made.refused.append(Refused(place, "a name or a mapping is expected"))
        return
    try:
        said = {**above, **_fields(entry)}
    except Invalid as wrong:
        made.refused.append(Refused(place, wrong.reason))
        return
    nested = [key for key in _NESTED if key in entry]
    for key in nested:
        _below(entry, key, said, place, made)
    if not nested:
        _deploy(said, place, made)


def _below(
    entry: dict[str, Any], key: str, said: dict[str, str], place: str, made: Reading
) -> None:
    for below, child in _entries(entry, key, place, made):
        if key == "sites" and isinstance(child, str):
            made.refused.append(Refused(below, "a site needs `products`"))
        else:
            _walk(child, said, below, made)


def _entries(
    entry: dict[str, Any], key: str, place: str, made: Reading
) -> Iterator[tuple[str, Any]]:
    found = entry.get(key)
    if found is not None and not isinstance(found, list):
        made.refused.append(Refused(f"{place}/{key}", "a list is expected"))
        return
    for index, child in enumerate(found or ()):
        yield f"{place}/{key}/{index}", child


def _fields(entry: dict[str, Any]) -> dict[str, str]:
    """The plain fields of a mapping in one spelling."""
    fields: dict[str, str] = {}
    for key, value in entry.items():
        if key in _NESTED:
            continue
        (name,) = tables.heading([key], _SPELLINGS)
        if name not in _COLUMNS:
            raise Invalid(f"{key[:40]!r} is not a field; known are {', '.join(_COLUMNS)}")
        if isinstance(value, (dict, list)):
            raise Invalid(f"{key[:40]!r} must be plain text")
        fields[name] = "" if value is None else str(value).strip()
    return fields


def _deploy(row: Mapping[str, str], place: str, made: Reading) -> None:
    """One deployment as a fact, or the reason why it is none."""
    try:
        deployment = _deployment(row, place)
    except Invalid as wrong:
        made.refused.append(Refused(place, wrong.reason))
        return
    made.facts.append(deployment)
    named = deployment.purl or deployment.cpe or deployment.supplier
    if not (deployment.bill or (named and deployment.identities)):
        made.not_evaluated.append(NotEvaluated(place, "no identity", deployment.product))
    elif not (deployment.bill or any(known.version for known in deployment.identities)):
        made.not_evaluated.append(NotEvaluated(place, "no version", deployment.product))


def _deployment(row: Mapping[str, str], place: str) -> Deployment:
    fields = {name: row.get(name, "") for name in _COLUMNS}
    for needed in ("operator", "product"):
        if not fields[needed]:
            raise Invalid(f"no {needed}")
    country = fields["country"]
    if country and not _COUNTRY.fullmatch(country):
        raise Invalid(f"country {country[:40]!r}; two letters (ISO 3166-1) are expected")
    fields["country"] = country.upper()
    fields["exposure"] = _word("exposure", fields["exposure"], _EXPOSURES)
    fields["mission"] = mission(fields["mission"])
    return Deployment(**fields, identities=_identities(fields), place=place)


def mission(text: str) -> str:
    """Mission impact in the words of SSVC; empty is unknown.

    Raises:
        Invalid: another word.
    """
    return _word("mission impact", text, _MISSIONS)


def _word(what: str, text: str, words: Mapping[str, str]) -> str:
    """One of the words that SSVC knows; empty is unknown."""
    word = " ".join(re.split(r"[\s_-]+", text.lower())).strip()
    if not word:
        return ""
    if word not in words:
        raise Invalid(f"{what} {text[:40]!r}; one of {', '.join(words)} is expected")
    return words[word]


def _identities(fields: Mapping[str, str]) -> tuple[Identity, ...]:
    """By package URL, by CPE and by name; the release speaks where these give no version."""
    found = [
        *(identities.of_purl(fields["purl"]) if fields["purl"] else ()),
        *(identities.of_cpe(fields["cpe"]) if fields["cpe"] else ()),
        *identities.of_name(fields["supplier"], fields["product"], fields["release"]),
    ]
    release = fields["release"]
    dated = [Identity(one.package, one.version or release, one.stream) for one in found]
    return tuple(dict.fromkeys(dated))
