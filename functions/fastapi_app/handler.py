"""The Lambda handler: API Gateway's event in, its answer out, and never a crash in between."""

import asyncio
import logging
from typing import Final

from mangum import Mangum
from mangum.types import ASGI, LambdaContext, LambdaEvent

from apigateway import never_crashing
from fastapi_app.app import app
from pulse.problems import MEDIA_TYPE

# Lambda logs from INFO on. httpx has a line there for every call, fifty for fifty packages, and Mangum one
# for every request, which says less than ours.
for _chatty in ("httpx", "mangum"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

_TEXT_MIME_TYPES: Final = ["text/", "application/json", MEDIA_TYPE]
"""Bodies that leave as text; any other leaves base64-encoded. This replaces Mangum's own list."""


class OneLoopMangum:
    """Mangum on an event loop of its own, the same one at every invocation.

    Upstream's connections live on the loop that opened them. Mangum runs on whatever loop is the
    current one, and anything that calls `asyncio.run` takes that away.
    """

    def __init__(self, asgi_app: ASGI) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self._mangum = Mangum(asgi_app, lifespan="off", text_mime_types=_TEXT_MIME_TYPES)

    def __call__(self, event: LambdaEvent, context: LambdaContext) -> object:
        """Answer one event."""
        asyncio.set_event_loop(self.loop)
        return self._mangum(event, context)


handler = never_crashing(OneLoopMangum(app))
