"""What routes are given by the application."""

from typing import Annotated, cast

from fastapi import Depends, Request

from pulse_io.library import Library


async def _library(request: Request) -> Library:
    return cast("Library", request.app.state.library)


FromLibrary = Annotated[Library, Depends(_library)]
