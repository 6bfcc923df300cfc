"""The application: which address is which page, and what is answered when a page fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope
from sqlalchemy.exc import DBAPIError

from accord.core.errors import AccordError, Invalid, NotFound
from accord.web import asked as reading
from accord.web import scanners
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.guard import Guard
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
from accord.web.render import Renderer, Static, as_csv, as_json
from accord.wiring import Node

Make = Callable[[Desk, Asked], Page]
Table = Callable[[Desk, Asked], tuple[Sequence[str], Iterable[Sequence[object]]]]
Raw = Callable[[Desk, Asked, str], tuple[str, bytes]]
Incoming = Request[Any, Any, Any]

_LOG = logging.getLogger("accord.web")
_HTML = "text/html"
_JSON = "application/json"
_CSV = "text/csv"
_TEXT = "text/plain"
_FOREVER = "private, max-age=31536000, immutable"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One page and its addresses."""

    stem: str
    """Its address without an ending."""
    make: Make
    """Puts the page together."""
    parameters: Sequence[str] = ()
    """Parameters that it takes, besides `as_of`."""
    named: bool = False
    """Whether a name follows the address."""
    divided: bool = False
    """Whether several names may follow it."""
    table: Table | None = None
    """Rows of its CSV."""
    raw: Raw | None = None
    """The bytes behind it, at its address and `/raw`."""

    @property
    def paths(self) -> list[str]:
        """Its addresses, as Litestar writes them."""
        if self.named:
            return [f"{self.stem}/{{name:path}}"]
        endings = [".html", ".json", *([".csv"] if self.table else [])]
        return [self.stem, *(f"{self.stem}{ending}" for ending in endings if self.stem != "/")]


def _products(desk: Desk, asked: Asked) -> Page:
    """One product where a name is given, else all of them."""
    if "name" in asked.query:
        return product.page(desk, asked)
    if "release" in asked.query:
        raise Invalid("a release needs a product: add name=...")
    return tallies.products(desk, asked)


def _products_table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    table = product.table if "name" in asked.query else tallies.products_table
    return table(desk, asked)


def _assessment(desk: Desk, asked: Asked) -> Page:
    """The verdicts on one release, or its supplier's sheet."""
    match asked.steps:
        case (_,) | (_, _):
            return assessment.page(desk, asked)
        case (_, _, "supplier"):
            return supplier.page(desk, asked)
    raise NotFound("an assessment is at /assessments/PRODUCT/RELEASE, and /supplier after it")


ROUTES = (
    Route(stem="/", make=exposures.page, parameters=exposures.PARAMETERS, table=exposures.table),
    Route(
        stem="/exposures",
        make=exposures.page,
        parameters=exposures.PARAMETERS,
        table=exposures.table,
    ),
    Route(stem="/exposures", make=exposure.page, named=True),
    Route(
        stem="/operators",
        make=tallies.operators,
        parameters=tallies.PARAMETERS,
        table=tallies.operators_table,
    ),
    Route(
        stem="/operators",
        make=operator.page,
        parameters=operator.PARAMETERS,
        named=True,
        table=operator.table,
    ),
    Route(stem="/products", make=_products, parameters=product.PARAMETERS, table=_products_table),
    Route(
        stem="/advisories",
        make=tallies.advisories,
        parameters=tallies.PARAMETERS,
        table=tallies.advisories_table,
    ),
    Route(
        stem="/advisories",
        make=advisory.page,
        parameters=advisory.PARAMETERS,
        named=True,
        table=advisory.table,
    ),
    Route(
        stem="/assessments",
        make=assessments.page,
        parameters=assessments.PARAMETERS,
        table=assessments.table,
    ),
    Route(
        stem="/assessments",
        make=_assessment,
        parameters=assessment.PARAMETERS,
        named=True,
        divided=True,
    ),
    Route(stem="/demand", make=demand.page, parameters=demand.PARAMETERS, table=demand.table),
    Route(stem="/documents", make=documents.page, parameters=documents.PARAMETERS),
    Route(
        stem="/documents",
        make=document.page,
        parameters=document.PARAMETERS,
        named=True,
        raw=document.raw,
    ),
    Route(
        stem="/unevaluated",
        make=unevaluated.page,
        parameters=unevaluated.PARAMETERS,
        table=unevaluated.table,
    ),
    Route(stem="/search", make=search.page, parameters=search.PARAMETERS),
    Route(stem="/patterns", make=plain.patterns),
)


def application(node: Node) -> Litestar:
    """The pages of a node. They are for this machine only: nobody signs in yet."""
    desk = Desk(node)
    static = Static()
    answers = _Answers(desk, Renderer(static))
    app = Litestar(
        route_handlers=[
            *(_handler(route, answers) for route in ROUTES),
            _health(desk),
            _static(static),
            *scanners.handlers(node.advisories),
        ],
        exception_handlers={
            HTTPException: answers.refused_by_litestar,
            AccordError: answers.refused,
            DBAPIError: answers.no_database,
            Exception: answers.failed,
        },
        openapi_config=None,
        logging_config=None,
        on_shutdown=[desk.close],
        debug=False,
    )
    app.asgi_handler = Guard(app.asgi_handler, answers.guarded)
    return app


def _handler(route: Route, answers: _Answers) -> HTTPRouteHandler:
    async def answer(request: Incoming) -> Response[bytes]:
        return await sync_to_thread(answers.page, route, request)

    return get(route.paths)(answer)


def _address(scope: HTTPScope) -> tuple[str, str]:
    """Path and query as they stood on the wire."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1"), scope["query_string"].decode("latin-1")


class _Answers:
    """Pages and errors in the form that the address asks for."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk = desk
        self._renderer = renderer

    def page(self, route: Route, request: Incoming) -> Response[bytes]:
        asked = reading.read(*_address(request.scope), route.parameters, divided=route.divided)
        digest, slash, ending = asked.name.rpartition("/")
        if route.raw and slash and ending == "raw" and asked.form == "html":
            return _attached(*route.raw(self._desk, asked, digest))
        if asked.form == "csv":
            if route.table is None:
                raise NotFound("this page is no table: write .json instead of .csv for its data")
            return Response(as_csv(*route.table(self._desk, asked)), media_type=_CSV)
        page = route.make(self._desk, asked)
        if asked.form == "json":
            return Response(as_json(page), media_type=_JSON)
        shell = self._renderer.shell(asked, self._desk.now(), table=route.table is not None)
        return Response(self._renderer.html(page, shell), media_type=_HTML)

    def refused(self, request: Incoming, wrong: Exception) -> Response[bytes]:
        if isinstance(wrong, NotFound):
            return self._error(request.scope, 404, str(wrong))
        if isinstance(wrong, Invalid):
            return self._error(request.scope, 400, str(wrong))
        _LOG.error("cannot answer %s: %s", request.scope["path"], wrong)
        return self._error(request.scope, 500, str(wrong))

    def refused_by_litestar(self, request: Incoming, wrong: Exception) -> Response[bytes]:
        status = wrong.status_code if isinstance(wrong, HTTPException) else 500
        if status >= 500:  # noqa: PLR2004 - RFC 9110, section 15.6
            return self.failed(request, wrong)
        happened = "There is no page at this address." if status == 404 else str(wrong)  # noqa: PLR2004 - RFC 9110, section 15.5.5
        return self._error(request.scope, status, happened)

    def no_database(self, request: Incoming, wrong: Exception) -> Response[bytes]:
        _LOG.error("the database does not answer", exc_info=wrong)
        return self._error(request.scope, 503, "The database of this node does not answer.")

    def failed(self, request: Incoming, wrong: Exception) -> Response[bytes]:
        _LOG.error("cannot answer %s", request.scope["path"], exc_info=wrong)
        return self._error(request.scope, 500, "A fault in accord itself kept it from answering.")

    def guarded(self, scope: HTTPScope, status: int, reason: str) -> ASGIApp:
        response = self._error(scope, status, reason)
        headers = {"allow": "GET, HEAD"} if status == 405 else {}  # noqa: PLR2004 - RFC 9110, section 15.5.6
        return response.to_asgi_response(None, _request(scope), headers=headers)

    def _error(self, scope: HTTPScope, status: int, happened: str) -> Response[bytes]:
        page = plain.error(status, happened)
        path = _address(scope)[0]
        if path.endswith(".json") or path == "/health":
            return Response(as_json(page), status_code=status, media_type=_JSON)
        shell = self._renderer.shell(None, self._desk.now())
        return Response(self._renderer.html(page, shell), status_code=status, media_type=_HTML)


def _attached(name: str, body: bytes) -> Response[bytes]:
    """Foreign bytes: never shown by a browser, only kept."""
    disposition = f'attachment; filename="{name}"'
    return Response(body, media_type=_TEXT, headers={"content-disposition": disposition})


def _request(scope: HTTPScope) -> Incoming:
    return Request(scope)


def _health(desk: Desk) -> HTTPRouteHandler:
    @get(["/health", "/health.json"])
    async def health() -> Response[bytes]:
        page = await sync_to_thread(plain.health, desk)
        return Response(as_json(page), media_type=_JSON)

    return health


def _static(static: Static) -> HTTPRouteHandler:
    types = {"css": "text/css", "svg": "image/svg+xml"}

    @get("/static/{name:str}", sync_to_thread=False)
    def file(request: Incoming) -> Response[bytes]:
        name = request.path_params["name"]
        found = static.get(name)
        if found is None:
            raise NotFound("there is no such file")
        kind = types[name.rpartition(".")[2]]
        return Response(found, media_type=kind, headers={"cache-control": _FOREVER})

    return file
