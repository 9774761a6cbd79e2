"""Making a Lambda handler that no event can crash, from an adapter that trusts its events."""

import logging
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

from apigateway.event import read_event
from apigateway.response import ProxyResponse, problem_response
from pulse.problems import InternalError, Problem, RouteNotFound

_log = logging.getLogger(__name__)

_NO_ROUTE: Final = "//"
"""No route has it in its path. Werkzeug strips slashes at the start, and the variants answer alike."""

Adapter = Callable[[Any, Any], Any]
"""What turns an event and Lambda's context into an answer: Mangum's, or apig-wsgi's."""


def never_crashing(adapter: Adapter) -> Callable[[object, object], ProxyResponse]:
    """A handler that hands `adapter` clean events only, and answers by itself where there is none.

    It answers 400 to what is no HTTP API event, and 500 if the adapter fails all the same.
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
        except Exception:  # noqa: BLE001 - whatever it was, the invocation must not crash
            _log.exception("the adapter failed on an event")
            return problem_response(InternalError(), path=path, request_id=request_id)

    return handler


def _invocation_id(context: object) -> str:
    """Lambda's own id: an event that is not HTTP has none from API Gateway."""
    given = getattr(context, "aws_request_id", None)
    return given if isinstance(given, str) else "unknown"
