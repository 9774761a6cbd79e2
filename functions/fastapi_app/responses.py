"""How models and problems become HTTP answers: the one place where they do."""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pulse.parameters import invalid_input
from pulse.problems import (
    MEDIA_TYPE,
    InternalError,
    MethodNotAllowed,
    Problem,
    RouteNotFound,
)

_METHOD_NOT_ALLOWED: Final = 405


def model_response(model: BaseModel) -> Response:
    """The model as JSON, by pydantic alone: the bytes are the same in every variant."""
    return Response(model.model_dump_json(), media_type="application/json")


def request_id(request: Request) -> str:
    """API Gateway's id of the request, or one made up where there is no API Gateway."""
    event = request.scope.get("aws.event")
    return str(event["requestContext"]["requestId"]) if event else str(uuid4())


def _problem_response(request: Request, problem: Problem) -> Response:
    body = problem.document(instance=quote(request.scope["path"]), request_id=request_id(request))
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


async def _on_problem(request: Request, error: Exception) -> Response:
    return _problem_response(request, _as_problem(request, error))


def _as_problem(request: Request, error: Exception) -> Problem:
    """The problem that any exception is; what nobody expected is a defect of ours."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return invalid_input(error.errors())
        case HTTPException() if error.status_code == _METHOD_NOT_ALLOWED:
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
