"""Wraps an adapter, which trusts its events, into a Lambda handler that no event can crash."""

import logging
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

from apigateway.event import read_event
from apigateway.response import ProxyResponse, problem_response
from pulse.problems import InternalError, Problem, RouteNotFound

_log = logging.getLogger(__name__)

_NO_ROUTE: Final = "//"
"""No route's path contains it. Rejected here, since Werkzeug strips leading slashes and Starlette doesn't."""

Adapter = Callable[[Any, Any], Any]
"""Turns an event and Lambda's context into a response: Mangum or apig-wsgi."""


def safe_handler(adapter: Adapter) -> Callable[[object, object], ProxyResponse]:
    """A handler that passes only clean events to `adapter`.

    It responds with 400 to other events, and with 500 if the adapter raises.
    """

    def handler(event: object, context: object) -> ProxyResponse:
        try:
            clean = read_event(event)
        except Problem as problem:
            return problem_response(problem, path="/", request_id=_invocation_id(context))
        path, request_id = unquote(clean["rawPath"]), clean["requestContext"]["requestId"]
        method = clean["requestContext"]["http"]["method"]
        if _NO_ROUTE in path and method != "OPTIONS":
            response = problem_response(RouteNotFound.at(path), path=path, request_id=request_id)
            return {**response, "body": ""} if method == "HEAD" else response
        try:
            return cast("ProxyResponse", adapter(clean, context))
        except Exception:  # noqa: BLE001 - no exception may crash the invocation
            _log.exception("the adapter failed on an event")
            return problem_response(InternalError(), path=path, request_id=request_id)

    return handler


def _invocation_id(context: object) -> str:
    """Lambda's id of the invocation, for events without an id from API Gateway."""
    given = getattr(context, "aws_request_id", None)
    return given if isinstance(given, str) else "unknown"
