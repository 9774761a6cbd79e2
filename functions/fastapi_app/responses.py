"""Turns figures and problems into HTTP responses."""

import datetime as dt
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fastapi_app.caching import cache_control, conditional_response
from pulse.negotiation import CSV, CSV_CONTENT_TYPE, JSON
from pulse.parameters import SeriesQuery, invalid_input, query_string
from pulse.problems import (
    MEDIA_TYPE,
    InternalError,
    MethodNotAllowed,
    Problem,
    RouteNotFound,
)
from pulse.request_log import request_log
from pulse.target import instance

if TYPE_CHECKING:
    from pulse_io.catalogues import Catalogues


MAX_LINK: Final = 2_000
"""A longer link is left out of the headers: proxies refuse long ones, and clients can do without it."""

_CONTRACT_LINK: Final = '<{}/openapi.json>; rel="service-desc"; type="application/json"'


def is_image(path: str) -> bool:
    """Whether the path is that of an image, or of the JSON that shields.io makes one from."""
    return path.endswith((".svg", "/badge.json"))


def data_response(  # noqa: PLR0913 - each is a header of the answer
    request: Request,
    body: str,
    fresh_until: dt.datetime | None,
    *,
    content_type: str = JSON,
    vary: str = "",
    link: str = "",
    more: Mapping[str, str] | None = None,
) -> Response:
    """A response with figures. HTTP caches may keep it until `fresh_until`; None means `no-store`.

    `vary` and `link` are added to the values that every response has; `more` are further headers.
    """
    catalogue: Catalogues = request.app.state.catalogue
    contract = _CONTRACT_LINK.format(request.scope["root_path"])
    headers = {
        "content-type": content_type,
        "cache-control": cache_control(fresh_until, catalogue.now()) if fresh_until else "no-store",
        "vary": ", ".join(filter(None, ["Accept-Encoding", vary])),
        "link": ", ".join(filter(None, [contract, link])),
        **(more or {}),
    }
    return conditional_response(request, body.encode(), headers)


def negotiated_response(  # noqa: PLR0913 - as `data_response`
    request: Request,
    query: SeriesQuery,
    body: str,
    fresh_until: dt.datetime | None,
    *,
    more: Mapping[str, str],
    is_csv: bool,
) -> Response:
    """A response with series as JSON or CSV, and a link to the other format if it is not too long."""
    content_type, other = (CSV_CONTENT_TYPE, JSON) if is_csv else (JSON, CSV)
    alternate = query_string(query, format=other.rpartition("/")[2])
    link = f'<?{alternate}>; rel="alternate"; type="{other}"'
    return data_response(
        request,
        body,
        fresh_until,
        content_type=content_type,
        vary="Accept",
        more=more,
        link=link if len(link) <= MAX_LINK else "",
    )


def _problem_response(request: Request, problem: Problem) -> Response:
    request_log().ended_with(problem)
    if is_image(request.scope["path"]) and not isinstance(problem, MethodNotAllowed):
        # Imported only when needed; this module can't be imported by that one before.
        from fastapi_app.images import problem_image  # noqa: PLC0415 - see above

        return problem_image(request, problem)
    body = problem.json_document(
        instance=instance(request.scope["path"]), request_id=request_log().request_id
    )
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


async def _on_problem(request: Request, error: Exception) -> Response:
    return _problem_response(request, _as_problem(request, error))


def _as_problem(request: Request, error: Exception) -> Problem:
    """The problem for an exception; an unexpected exception is a defect."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return invalid_input(error.errors())
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            return MethodNotAllowed.asked(request.method)
        case HTTPException():
            return RouteNotFound.at(request.scope["path"])
        case _:
            return InternalError()


ExceptionHandlers = dict[
    int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]
]

PROBLEM_HANDLERS: Final[ExceptionHandlers] = dict.fromkeys(
    (Problem, RequestValidationError, HTTPException, Exception), _on_problem
)
