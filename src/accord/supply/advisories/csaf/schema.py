"""What the JSON schema of CSAF 2.0 demands beyond types: formats, patterns and unique lists.

Source: csaf_json_schema.json of CSAF 2.0; RFC 3339 (date-time), RFC 3986 (uri).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
from msgspec import UNSET

from accord.core.errors import Invalid
from accord.core.times import when
from accord.supply.advisories.csaf.document import Failure, View, Vulnerability

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
)
_CATEGORY = re.compile(r"[^\s\-_.](.*[^\s\-_.])?")
_CPE_PART = r"(\?*|\*?)([a-zA-Z0-9\-._]|\\[\\*?!\"#$%&'()+,/:;<=>@\[\]^`{|}~])+(\?*|\*?)"
_CPE = re.compile(
    rf"cpe:2\.3:[aho*\-](:({_CPE_PART}|[*\-])){{5}}"
    rf"(:([a-zA-Z]{{2,3}}(-([a-zA-Z]{{2}}|[0-9]{{3}}))?|[*\-]))"
    rf"(:({_CPE_PART}|[*\-])){{4}}"
    r"|[cC][pP][eE]:/[AHOaho]?(:[A-Za-z0-9._\-~%]*){0,6}"
)
_STATUSES = (
    "first_affected", "first_fixed", "fixed", "known_affected", "known_not_affected",
    "last_affected", "recommended", "under_investigation",
)  # fmt: skip


def check(view: View, raw: dict[str, Any]) -> Iterator[Failure]:
    """Every rule of the schema that the document breaks although its types are right.

    `raw` is the same document, undressed: counts of properties and equality of whole items are
    judged there, because unknown properties take part in both.
    """
    yield from _head(view, raw["document"])
    yield from _tree(view, raw.get("product_tree"))
    rows = zip(view.csaf.vulnerabilities, raw.get("vulnerabilities", ()), strict=True)
    for at, (vulnerability, item) in enumerate(rows):
        yield from _vulnerability(vulnerability, item, f"/vulnerabilities/{at}")


@lru_cache(maxsize=16384)
def is_date_time(text: str) -> bool:
    """Whether a text is an RFC 3339 timestamp that exists in the calendar."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        when(text)
    except Invalid:
        return False
    return text[17:19] != "60" or when(text)[14:16] in {"59", "29", "14", "44"}


@lru_cache(maxsize=16384)
def is_uri(text: str) -> bool:
    """Whether a text is an absolute URI (RFC 3986, section 3)."""
    return _URI.fullmatch(text) is not None


@lru_cache(maxsize=16384)
def is_cpe(text: str) -> bool:
    """Whether a text is a CPE 2.3 formatted string or a CPE 2.2 URI, as the schema has it."""
    return _CPE.fullmatch(text) is not None


def _dates(*pairs: tuple[str, str]) -> Iterator[Failure]:
    for place, text in pairs:
        if text and not is_date_time(text):
            yield Failure("schema", f"{text[:60]!r} is not an RFC 3339 date-time", place)


def _uris(pairs: Iterable[tuple[str, str]]) -> Iterator[Failure]:
    for place, text in pairs:
        if not is_uri(text):
            yield Failure("schema", f"{text[:80]!r} is not an absolute URI (RFC 3986)", place)


def _unique(items: Iterable[str], place: str) -> Iterator[Failure]:
    listed = tuple(items)
    if len(set(listed)) != len(listed):
        yield Failure("schema", "the same item stands twice in a list of unique items", place)


def _unique_objects(items: list[Any], place: str) -> Iterator[Failure]:
    if len(items) > 1:
        yield from _unique(
            (msgspec.json.encode(item, order="deterministic").decode() for item in items), place
        )


def _properties(item: dict[str, Any], least: int, place: str) -> Iterator[Failure]:
    if len(item) < least:
        yield Failure("schema", f"at least {least} properties are expected", place)


def _links(item: dict[str, Any], place: str) -> Iterator[Failure]:
    """References and acknowledgments, which documents and vulnerabilities share."""
    yield from _uris(
        (f"{place}/references/{at}/url", reference["url"])
        for at, reference in enumerate(item.get("references", ()))
    )
    for at, person in enumerate(item.get("acknowledgments", ())):
        where = f"{place}/acknowledgments/{at}"
        yield from _properties(person, 1, where)
        yield from _uris((f"{where}/urls/{n}", url) for n, url in enumerate(person.get("urls", ())))


def _head(view: View, raw: dict[str, Any]) -> Iterator[Failure]:
    head = view.csaf.document
    if not _CATEGORY.fullmatch(head.category):
        reason = "a category neither begins nor ends with space, dash, underscore or dot"
        yield Failure("schema", reason, "/document/category")
    yield from _links(raw, "/document")
    yield from _uris([("/document/publisher/namespace", head.publisher.namespace)])
    if "namespace" in raw.get("aggregate_severity", ()):
        url = raw["aggregate_severity"]["namespace"]
        yield from _uris([("/document/aggregate_severity/namespace", url)])
    if "distribution" in raw:
        yield from _properties(raw["distribution"], 1, "/document/distribution")
        if "url" in raw["distribution"].get("tlp", ()):
            url = raw["distribution"]["tlp"]["url"]
            yield from _uris([("/document/distribution/tlp/url", url)])
    yield from _tracking(view)


def _tracking(view: View) -> Iterator[Failure]:
    tracking, place = view.csaf.document.tracking, "/document/tracking"
    yield from _unique(tracking.aliases, f"{place}/aliases")
    generated = tracking.generator.date if tracking.generator is not UNSET else ""
    yield from _dates((f"{place}/generator/date", generated))
    required = [
        (f"{place}/current_release_date", tracking.current_release_date),
        (f"{place}/initial_release_date", tracking.initial_release_date),
    ]
    required += [
        (f"{place}/revision_history/{at}/date", revision.date)
        for at, revision in enumerate(tracking.revision_history)
    ]
    # An empty text is a missing date elsewhere, but never here.
    yield from _dates(*((where, text or " ") for where, text in required))


def _tree(view: View, raw: dict[str, Any] | None) -> Iterator[Failure]:
    tree = view.csaf.product_tree
    if raw is None or tree is UNSET:
        return
    yield from _properties(raw, 1, "/product_tree")
    yield from _branches(raw.get("branches", []), "/product_tree/branches")
    for at, group in enumerate(tree.product_groups):
        yield from _unique(group.product_ids, f"/product_tree/product_groups/{at}/product_ids")
    names = chain(
        raw.get("full_product_names", ()),
        (item["full_product_name"] for item in raw.get("relationships", ())),
    )
    flat = (pair for pair in view.products if "/branches/" not in pair[0])
    for (place, _), product in zip(flat, names, strict=True):
        yield from _helper(product, place)


def _branches(branches: list[dict[str, Any]], place: str) -> Iterator[Failure]:
    for at, branch in enumerate(branches):
        if len(branch) != 3:  # noqa: PLR2004 - category, name, and either branches or product
            reason = "a branch has category and name, and either branches or a product"
            yield Failure("schema", reason, f"{place}/{at}")
        if "product" in branch:
            yield from _helper(branch["product"], f"{place}/{at}/product")
        if "branches" in branch:
            yield from _branches(branch["branches"], f"{place}/{at}/branches")


def _helper(product: dict[str, Any], place: str) -> Iterator[Failure]:
    helper = product.get("product_identification_helper")
    if helper is None:
        return
    place = f"{place}/product_identification_helper"
    yield from _properties(helper, 1, place)
    if "cpe" in helper and not is_cpe(helper["cpe"]):
        yield Failure("schema", f"{helper['cpe'][:80]!r} is not a CPE name", f"{place}/cpe")
    for name in ("model_numbers", "serial_numbers"):
        yield from _unique(helper.get(name, ()), f"{place}/{name}")
    yield from _uris(
        (f"{place}/sbom_urls/{at}", url) for at, url in enumerate(helper.get("sbom_urls", ()))
    )
    for at, generic in enumerate(helper.get("x_generic_uris", ())):
        where = f"{place}/x_generic_uris/{at}"
        yield from _uris((f"{where}/{name}", generic[name]) for name in ("namespace", "uri"))


def _vulnerability(item: Vulnerability, raw: dict[str, Any], place: str) -> Iterator[Failure]:
    yield from _properties(raw, 1, place)
    yield from _links(raw, place)
    for name in ("flags", "ids", "involvements"):
        yield from _unique_objects(raw.get(name, []), f"{place}/{name}")
    if item.product_status is not UNSET:
        yield from _properties(raw["product_status"], 1, f"{place}/product_status")
        for name in _STATUSES:
            yield from _unique(getattr(item.product_status, name), f"{place}/product_status/{name}")
    for name in ("discovery_date", "release_date"):
        if name in raw:
            yield from _dates((f"{place}/{name}", raw[name] or " "))
    for name in ("flags", "involvements", "remediations", "threats"):
        yield from _items(raw.get(name, ()), f"{place}/{name}")
    for at, score in enumerate(raw.get("scores", ())):
        yield from _properties(score, 2, f"{place}/scores/{at}")
        yield from _unique(score["products"], f"{place}/scores/{at}/products")


def _items(items: Iterable[dict[str, Any]], place: str) -> Iterator[Failure]:
    """Dates, product lists and links of flags, involvements, remediations and threats."""
    for at, item in enumerate(items):
        where = f"{place}/{at}"
        if "date" in item:
            yield from _dates((f"{where}/date", item["date"] or " "))
        for name in ("product_ids", "group_ids"):
            if name in item:
                yield from _unique(item[name], f"{where}/{name}")
        if "url" in item:
            yield from _uris([(f"{where}/url", item["url"])])
