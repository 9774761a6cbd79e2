"""Questions about one package."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import model_response
from fastapi_app.routes.dependencies import FromUpstream
from pulse.analysis import package_stats
from pulse.models import PackageStats
from pulse.names import PackageName
from pulse.parameters import StatsQuery
from pulse.pypistats import Endpoint

router = APIRouter(tags=["packages"])


@router.get(
    "/packages/{package}",
    operation_id="get_package_stats",
    summary="A package's downloads, summed up",
    response_model=PackageStats,
    responses={
        **openapi.UNKNOWN_PACKAGE,
        **openapi.INVALID_INPUT,
        **openapi.UPSTREAM_BROKEN,
        **openapi.UPSTREAM_THROTTLED,
        **openapi.UPSTREAM_TOO_SLOW,
    },
)
async def get_package_stats(
    package: Annotated[PackageName, Path(description="The package's name, or `__all__`.")],
    query: Annotated[StatsQuery, Query()],
    upstream: FromUpstream,
) -> Response:
    """Totals, the last day, week and month, growth, and the days that upstream has no row for."""
    fetched = await upstream.fetch(package, Endpoint.OVERALL)
    return model_response(package_stats(package, fetched, mirrors=query.mirrors))
