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
from pulse.negotiation import JSON
from pulse.parameters import invalid_input
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
    from pulse_io.catalogue import Catalogue


_CONTRACT_LINK: Final = '<{}/openapi.json>; rel="service-desc"; type="application/json"'


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
    catalogue: Catalogue = request.app.state.catalogue
    contract = _CONTRACT_LINK.format(request.scope.get("root_path", ""))
    headers = {
        "content-type": content_type,
        "cache-control": cache_control(fresh_until, catalogue.now()) if fresh_until else "no-store",
        "vary": ", ".join(filter(None, ["Accept-Encoding", vary])),
        "link": ", ".join(filter(None, [contract, link])),
        **(more or {}),
    }
    return conditional_response(request, body.encode(), headers)


def _problem_response(request: Request, problem: Problem) -> Response:
    request_log().ended_with(problem)
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
