"""What routes are given by the application."""

from typing import Annotated, cast

from fastapi import Depends, Request

from pulse_io.upstream import Upstream


async def _upstream(request: Request) -> Upstream:
    return cast("Upstream", request.app.state.upstream)


FromUpstream = Annotated[Upstream, Depends(_upstream)]
