"""Whether the function runs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import data_response
from pulse import __version__
from pulse.models import Health
from pulse.parameters import NoQuery

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    operation_id="get_health",
    summary="Whether the function runs",
    response_model=Health,
    response_description="It runs.",
    responses={**openapi.FIGURES, **openapi.ABOUT_NO_PACKAGE},
)
async def get_health(request: Request, _query: Annotated[NoQuery, Query()]) -> Response:
    """Its version and variant. It never calls upstream."""
    health = Health(version=__version__, variant="fastapi")
    return data_response(request, health.model_dump_json(), None)
