"""Making a Lambda handler that no event can crash, from an adapter that trusts its events."""

import logging
import re
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

from gateway.event import read_event
from gateway.response import ProxyResponse, problem_response
from pulse.problems import InternalError, Problem, RouteNotFound

_log = logging.getLogger(__name__)

_ROUTERS_DISAGREE: Final = re.compile(r"//|[\x00-\x1f\x7f]")
"""No route has these in its path. Starlette lets a newline pass at the end, Werkzeug strips slashes
at the start, and the variants answer alike."""

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
            return problem_response(problem, instance="/", request_id=_invocation_id(context))
        path, request_id = clean["rawPath"], clean["requestContext"]["requestId"]
        method = clean["requestContext"]["http"]["method"]
        if _ROUTERS_DISAGREE.search(unquote(path)) and method != "OPTIONS":
            response = problem_response(
                RouteNotFound.at(unquote(path)), instance=path, request_id=request_id
            )
            return {**response, "body": ""} if method == "HEAD" else response
        try:
            return cast("ProxyResponse", adapter(clean, context))
        except Exception:  # noqa: BLE001 - whatever it was, the invocation must not crash
            _log.exception("the adapter failed on an event")
            return problem_response(InternalError(), instance=path, request_id=request_id)

    return handler


def _invocation_id(context: object) -> str:
    """Lambda's own id: an event that is not HTTP has none from API Gateway."""
    given = getattr(context, "aws_request_id", None)
    return given if isinstance(given, str) else "unknown"
