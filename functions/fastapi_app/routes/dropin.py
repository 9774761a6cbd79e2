"""The drop-in routes: pypistats.org's own API, for clients that only change their base URL."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import data_response
from fastapi_app.routes.dependencies import FromCatalogue
from fastapi_app.routes.packages import Package
from pulse.daily_counts import DailyCounts
from pulse.dropin import UpstreamRecent, UpstreamSeries, upstream_recent, upstream_series
from pulse.dropin_parameters import (
    MajorQuery,
    MinorQuery,
    OverallQuery,
    RecentQuery,
    SystemQuery,
)
from pulse.questions import Breakdown, Question
from pulse.series import source_headers
from pulse_io.catalogues import Catalogues

RESPONSES: openapi.Responses = {**openapi.FIGURES, **openapi.ONE_PACKAGE_ERRORS}

router = APIRouter(prefix="/api/packages/{package}", tags=["drop-in"], responses=RESPONSES)


async def _series(
    request: Request,
    catalogue: Catalogues,
    package: Package,
    breakdown: Breakdown,
    categories: tuple[str, ...] | None,
) -> Response:
    """The rows of an endpoint, all or those of `categories`, in upstream's format."""
    counts = await catalogue.fetch(Question(package, breakdown))
    answer = upstream_series(package, breakdown, counts, categories)
    return _response(request, answer, counts)


def _response(
    request: Request, answer: UpstreamSeries | UpstreamRecent, counts: DailyCounts
) -> Response:
    return data_response(
        request, answer.model_dump_json(), counts.fresh_until, more=source_headers(counts)
    )


@router.get(
    "/recent",
    operation_id="get_recent",
    summary="Downloads in the last day, week and month, without mirrors",
    response_model=UpstreamRecent,
    response_description="The requested sums.",
)
async def get_recent(
    request: Request,
    package: Package,
    query: Annotated[RecentQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """Like pypistats.org's `recent`: the last 1, 7 and 30 days up to the newest loaded day."""
    counts = await catalogue.fetch(Question(package, Breakdown.OVERALL))
    return _response(request, upstream_recent(package, counts, query.period), counts)


@router.get(
    "/overall",
    operation_id="get_overall",
    summary="Daily downloads with and without mirrors",
    response_model=UpstreamSeries,
    response_description="The requested rows.",
)
async def get_overall(
    request: Request,
    package: Package,
    query: Annotated[OverallQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """As pypistats.org's `overall`."""
    return await _series(request, catalogue, package, Breakdown.OVERALL, query.categories)


@router.get(
    "/python_major",
    operation_id="get_python_major",
    summary="Daily downloads by Python's major version",
    response_model=UpstreamSeries,
    response_description="The requested rows.",
)
async def get_python_major(
    request: Request,
    package: Package,
    query: Annotated[MajorQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """As pypistats.org's `python_major`; `version=null` works too."""
    return await _series(request, catalogue, package, Breakdown.PYTHON_MAJOR, query.categories)


@router.get(
    "/python_minor",
    operation_id="get_python_minor",
    summary="Daily downloads by Python's minor version",
    response_model=UpstreamSeries,
    response_description="The requested rows.",
)
async def get_python_minor(
    request: Request,
    package: Package,
    query: Annotated[MinorQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """As pypistats.org's `python_minor`; `version=null` works too."""
    return await _series(request, catalogue, package, Breakdown.PYTHON_MINOR, query.categories)


@router.get(
    "/system",
    operation_id="get_system",
    summary="Daily downloads by operating system",
    response_model=UpstreamSeries,
    response_description="The requested rows.",
)
async def get_system(
    request: Request,
    package: Package,
    query: Annotated[SystemQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """As pypistats.org's `system`; `os=other` and `os=null` work too."""
    return await _series(request, catalogue, package, Breakdown.SYSTEM, query.categories)
