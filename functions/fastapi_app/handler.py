"""The Lambda handler of the FastAPI function."""

import asyncio
import logging
from typing import Final

from mangum import Mangum
from mangum.types import ASGI, LambdaContext, LambdaEvent

from apigateway import safe_handler
from fastapi_app.app import app
from pulse.problems import MEDIA_TYPE

# Lambda logs INFO and above. httpx would log a line per call, and Mangum one per request, with less detail
# than ours.
for _chatty in ("httpx", "mangum"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

_TEXT_MIME_TYPES: Final = ["text/", "application/json", "image/svg+xml", MEDIA_TYPE]
"""Media types sent as text; all others are base64-encoded. Replaces Mangum's own list."""


class OneLoopMangum:
    """Mangum, always on the same event loop.

    Connections to upstream belong to the loop that opened them. Mangum uses the current loop, and a
    call of `asyncio.run` elsewhere would unset it.
    """

    def __init__(self, asgi_app: ASGI) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self._mangum = Mangum(asgi_app, lifespan="off", text_mime_types=_TEXT_MIME_TYPES)

    def __call__(self, event: LambdaEvent, context: LambdaContext) -> object:
        """Handle one event."""
        asyncio.set_event_loop(self.loop)
        return self._mangum(event, context)


handler = safe_handler(OneLoopMangum(app))
