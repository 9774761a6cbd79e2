"""What each request leaves behind: a line in the log, and headers that say what it took."""

import time
from typing import Final
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apigateway.log import log_request
from pulse.request_log import open_request_log

NO_ROUTE: Final = "none"
_DEFECT: Final = 500


class Observed:
    """ASGI middleware: opens the log of a request and writes it with its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; of its answer, add `X-Request-Id` and `Server-Timing`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        log = open_request_log(time.monotonic, _request_id(scope))
        status = _DEFECT

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = log.request_id
                headers["server-timing"] = log.server_timing
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            log_request(log, method=scope["method"], route=route, status=status)


def _request_id(scope: Scope) -> str:
    """API Gateway's id of the request, or one made up where there is no API Gateway."""
    event = scope.get("aws.event")
    return str(event["requestContext"]["requestId"]) if event else str(uuid4())
