"""Questions about several packages at once."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import model_response
from fastapi_app.routes.dependencies import FromUpstream
from pulse import comparison
from pulse.models import Comparison
from pulse.parameters import CompareQuery
from pulse.pypistats import Endpoint

router = APIRouter(tags=["compare"])


@router.get(
    "/compare",
    operation_id="compare_packages",
    summary="Several packages side by side",
    response_model=Comparison,
    responses={**openapi.INVALID_INPUT, **openapi.UPSTREAM_THROTTLED},
)
async def compare_packages(
    query: Annotated[CompareQuery, Query()], upstream: FromUpstream
) -> Response:
    """Up to 50 packages in one answer, each with its own status: one that fails disturbs no other."""
    outcomes = await upstream.fetch_all(query.packages, Endpoint.OVERALL)
    return model_response(comparison.compare(query.packages, outcomes, mirrors=query.mirrors))
