"""The Lambda handler: API Gateway's event in, its answer out, and never a crash in between."""

import asyncio
from typing import Final

from mangum import Mangum
from mangum.types import LambdaContext, LambdaEvent

from fastapi_app.app import app
from gateway import never_crashing
from pulse.problems import MEDIA_TYPE

_TEXT_MIME_TYPES: Final = ["text/", "application/json", MEDIA_TYPE]
"""Bodies that leave as text; any other leaves base64-encoded. This replaces Mangum's own list."""

_mangum = Mangum(app, lifespan="off", text_mime_types=_TEXT_MIME_TYPES)

_loop: Final = asyncio.new_event_loop()
"""Upstream's connections live on one event loop, so every invocation has to run on this one."""


def _on_our_loop(event: LambdaEvent, context: LambdaContext) -> object:
    """Mangum, which runs the application on whatever loop is the current one."""
    asyncio.set_event_loop(_loop)
    return _mangum(event, context)


handler = never_crashing(_on_our_loop)
