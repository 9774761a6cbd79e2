"""Dependencies that FastAPI injects into routes."""

from typing import Annotated, cast

from fastapi import Depends, Request

from pulse_io.catalogues import Catalogues


async def _catalogue(request: Request) -> Catalogues:
    return cast("Catalogues", request.app.state.catalogue)


FromCatalogue = Annotated[Catalogues, Depends(_catalogue)]
