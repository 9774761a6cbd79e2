"""The health route."""

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
    response_description="The function runs.",
    responses={**openapi.FIGURES, **openapi.NO_PACKAGE_ERRORS},
)
async def get_health(request: Request, _query: Annotated[NoQuery, Query()]) -> Response:
    """The version and variant of the function. Never calls upstream."""
    health = Health(version=__version__, variant="fastapi")
    return data_response(request, health.model_dump_json(), None)
