"""The routes about one package."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.caching import header_list
from fastapi_app.responses import data_response, negotiated_response
from fastapi_app.routes.dependencies import FromCatalogue
from pulse.models import DownloadSeries, PackageStats
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery, StatsQuery
from pulse.questions import Breakdown, Question
from pulse.series import as_csv, csv_headers, download_series, read_dates
from pulse.stats import package_stats

router = APIRouter(tags=["packages"])

Package = Annotated[
    PackageName,
    Path(description="The package's name, or `__all__`.", examples=["requests", "__all__"]),
]


@router.get(
    "/packages/{package}",
    operation_id="get_package_stats",
    summary="A package's download totals",
    response_model=PackageStats,
    response_description="The package's figures.",
    responses={**openapi.FIGURES, **openapi.ONE_PACKAGE_ERRORS},
)
async def get_package_stats(
    request: Request,
    package: Package,
    query: Annotated[StatsQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """Totals, sums of the last day, week and month, growth, and days without a row upstream."""
    counts = await catalogue.fetch(Question(package, Breakdown.OVERALL))
    stats = package_stats(package, counts, mirrors=query.mirrors)
    return data_response(request, stats.model_dump_json(), counts.fresh_until)


@router.get(
    "/packages/{package}/downloads",
    operation_id="get_package_downloads",
    summary="A package's downloads over time",
    response_model=DownloadSeries,
    response_description="A series for each category.",
    responses={**openapi.FIGURES_OR_CSV, **openapi.ONE_PACKAGE_ERRORS},
)
async def get_package_downloads(
    request: Request,
    package: Package,
    query: Annotated[DownloadsQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """Gapless series of days, weeks or months for each category, as JSON or CSV."""
    dates = read_dates(query)
    counts = await catalogue.fetch(Question(package, Breakdown(query.by)))
    series = download_series(package, query, dates, counts)
    wants_csv = query.wants_csv(header_list(request, "accept"))
    return negotiated_response(
        request,
        query,
        as_csv(series) if wants_csv else series.model_dump_json(),
        counts.fresh_until,
        more=csv_headers(series) if wants_csv else {},
        is_csv=wants_csv,
    )
