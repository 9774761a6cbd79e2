"""Whether the function runs."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import model_response
from pulse import __version__
from pulse.models import Health
from pulse.parameters import NoQuery

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    operation_id="get_health",
    summary="Whether the function runs",
    response_model=Health,
    responses=openapi.INVALID_INPUT,
)
async def get_health(_query: Annotated[NoQuery, Query()]) -> Response:
    """Its version and variant. It never calls upstream."""
    return model_response(Health(version=__version__, variant="fastapi"))
