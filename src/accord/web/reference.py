"""The documentation of the pages, made of the docstrings of their values.

`python -m accord.web.reference` prints `docs/pages.md`.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from accord.web.pages import (
    advisory,
    assessment,
    assessments,
    demand,
    document,
    documents,
    exposure,
    exposures,
    operator,
    plain,
    product,
    search,
    supplier,
    tallies,
    unevaluated,
)
from accord.web.pages.parts import Page

Kind = type[msgspec.Struct]

PAGES: tuple[tuple[str, type[Page]], ...] = (
    ("`/`, `/exposures`", exposures.ExposuresPage),
    ("`/exposures/ID`", exposure.ExposurePage),
    ("`/operators`, `/products`, `/advisories`", tallies.TalliesPage),
    ("`/operators/NAME`", operator.OperatorPage),
    ("`/products?name=NAME&release=RELEASE`", product.ProductPage),
    ("`/advisories/NAME`", advisory.AdvisoryPage),
    ("`/assessments`", assessments.AssessmentsPage),
    ("`/assessments/PRODUCT/RELEASE`", assessment.AssessmentPage),
    ("`/assessments/PRODUCT/RELEASE/supplier`", supplier.SupplierPage),
    ("`/demand`", demand.DemandPage),
    ("`/documents`", documents.DocumentsPage),
    ("`/documents/DIGEST`", document.DocumentPage),
    ("`/unevaluated`", unevaluated.UnevaluatedPage),
    ("`/search?q=WORD`", search.SearchPage),
    ("`/patterns`", plain.PatternsPage),
    ("`/health`", plain.HealthPage),
    ("any address that fails", plain.ErrorPage),
)
"""Every page with its address."""

_INTRODUCTION = """\
# Pages

`accord serve` shows what the node knows to a browser on this machine. There is no sign-in yet, so
the pages answer to `127.0.0.1`, `localhost` and `[::1]` only. They need no JavaScript, change
nothing, and load nothing from anywhere else.

- **Every address can be shared.** Filters, pages of a list and the day that is looked at all stand
  in the address.
- **The same address is the data.** With `.json` before the `?`, a page gives the members that stand
  below; lists and the pages of one operator, product or vulnerability give `.csv` too. The CSV of
  `/exposures` holds every row that passes the filters, whatever its status and on all pages.
- **Any day.** With `?as_of=2026-03-14`, a page shows what was known at the end of that day.
- **Filters** of `/exposures` are `operator`, `sector`, `country`, `decision`, `status`, `supplier`,
  `product`, `component`, `advisory` and `known_exploited` (`yes` or `no`). Without a status, what
  is open is listed, and candidates stand apart. Each link tells how many rows it leaves.
- **Lists** have 100 rows a page: `?page=2`, and `next` in the data.
- **Verdicts** on `/assessments` are those that the node keeps: a page changes nothing, so `accord
  assess` makes anew what may have changed. Filters are `buyer` and `verdict`. The page of a release
  is assessed as it is asked for, as `accord assess` does; `?for=us,au` narrows its buyers.
- **Names** are quoted whole. A name that ends in `.json`, `.csv` or `.html`, or in a slash, is
  followed by `.html`; a release without a name is `.html` alone.
- **`/documents/DIGEST/raw`** is a document byte for byte, as an attachment of plain text.
- **Foreign text** is cut to 300 characters on a page and to 10,000 in its data. On a page and in a
  table, what would drive a terminal or turn a text around is `U+FFFD`; in the data it is escaped.
- **Errors** say what happened and what to do next, in JSON where the address ends in `.json`. A
  parameter that a page does not know is an error too, so that a slip never widens a list.

This page is made of the code: `python -m accord.web.reference` prints it.
"""


def fields(kind: Kind) -> dict[str, str]:
    """Each field of a value with its docstring, those of its bases first."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("accord."):
            found |= dict(_documented(base))
    return {name: found.get(name, "") for name in kind.__struct_fields__}


def _documented(kind: type) -> Iterator[tuple[str, str]]:
    """The string that follows each annotated name in the body of a class."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, after in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            yield field.target.id, " ".join(str(after.value.value).split())


def parts(kind: Kind) -> list[Kind]:
    """Values that a page holds, at any depth, in the order in which they are met."""
    found: dict[Kind, None] = {}
    waiting: list[Any] = list(get_type_hints(kind).values())
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            if one not in found:
                found[one] = None
                waiting += get_type_hints(one).values()
        else:
            waiting += [inner for inner in get_args(one) if inner is not ...]
    return list(found)


def documentation() -> str:
    """All pages, then the parts that they share."""
    shared: dict[Kind, None] = {}
    sections = [_INTRODUCTION]
    for address, page in PAGES:
        sections.append(f"## {_heading(page)}\n\n{address}\n\n{_table(page)}")
        shared |= dict.fromkeys(parts(page))
    sections.append("## Parts\n\nWhat pages hold, by the names that the tables above refer to.\n")
    sections += [f"### {kind.__name__}\n\n{_first(kind)}\n\n{_table(kind)}" for kind in shared]
    return "\n".join(sections)


def _heading(page: type[Page]) -> str:
    return _first(page).rstrip(".")


def _first(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def _table(kind: Kind) -> str:
    hints = get_type_hints(kind)
    rows = [
        f"| `{name}` | {_type(hints[name])} | {_cell(text)} |"
        for name, text in fields(kind).items()
    ]
    return "\n".join(("| member | is | meaning |", "|---|---|---|", *rows, ""))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _type(hint: object) -> str:
    """A type in JSON's words."""
    words = {
        str: "text", Decimal: "amount, as text", int: "number", float: "number",
        bool: "true or false",
    }  # fmt: skip
    if hint in words:
        return words[hint]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    inner = [one for one in get_args(hint) if one is not ...]
    if type(None) in inner:
        return f"{_type(next(one for one in inner if one is not type(None)))} or null"
    if get_origin(hint) is dict:
        return f"{_type(inner[1])} by {_type(inner[0])}"
    return f"list of {_type(inner[0])}"


if __name__ == "__main__":
    sys.stdout.write(documentation())
