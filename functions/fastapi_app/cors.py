"""CORS for every origin, on every response; also responds to OPTIONS.

Starlette's middleware adds its headers only to requests with an `Origin`. A CDN could then cache a response
to curl and serve it, without CORS headers, to web pages.
"""

from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pulse.cors import ON_EVERY_ANSWER, ON_OPTIONS


class CorsMiddleware:
    """ASGI middleware that lets pages of any origin read the responses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to OPTIONS; add CORS headers to all other responses."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            response = Response(status_code=HTTPStatus.NO_CONTENT, headers=ON_OPTIONS)
            await response(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ON_EVERY_ANSWER)
            await send(message)

        await self._app(scope, receive, send_with_headers)
