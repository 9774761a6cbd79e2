"""Dependencies that FastAPI injects into routes."""

from typing import Annotated, cast

from fastapi import Depends, Request

from pulse_io.catalogue import Catalogue


async def _catalogue(request: Request) -> Catalogue:
    return cast("Catalogue", request.app.state.catalogue)


FromCatalogue = Annotated[Catalogue, Depends(_catalogue)]
