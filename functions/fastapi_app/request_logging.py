"""Writes the log line of each request, and adds the `X-Request-Id` and `Server-Timing` headers."""

import time
from hashlib import blake2b
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Final
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apigateway.log import log_request
from pulse.request_log import open_request_log

NO_ROUTE: Final = "none"


class RequestLogMiddleware:
    """ASGI middleware that opens the log of each request and writes it when the response is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add headers to the response and write the log line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        log = open_request_log(time.monotonic, _request_id(scope), _client(scope))
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

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


def _client(scope: Scope) -> str:
    """A short hash of the client's address, as API Gateway or the server saw it; "" if there is none.

    Headers are not used: clients that bypass CloudFront can forge them. The hash is stored in the table for a
    few minutes, so it is too short to recover the address. An IPv6 client is its /64 network.
    """
    host, _ = scope.get("client") or ("", 0)
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    network = ip_network((address, 64 if address.version == 6 else 32), strict=False)  # noqa: PLR2004
    return blake2b(str(network).encode(), digest_size=3).hexdigest()


def _request_id(scope: Scope) -> str:
    """API Gateway's id of the request; a new one without API Gateway."""
    event = scope.get("aws.event")
    return str(event["requestContext"]["requestId"]) if event else str(uuid4())
