"""CORS for every origin, on every answer; OPTIONS is answered here.

Starlette's middleware sets the header only where a page asks. A CDN that was asked by curl first
would then go on giving pages an answer that they may not read.
"""

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pulse.cors import ON_EVERY_ANSWER, ON_OPTIONS


class ForEveryOrigin:
    """ASGI middleware: lets pages of any origin read what the application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS; of anything else, add the headers to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=ON_OPTIONS)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ON_EVERY_ANSWER)
            await send(message)

        await self._app(scope, receive, send_with_headers)
