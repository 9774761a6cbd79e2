"""The routes about one package."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.caching import header_list
from fastapi_app.responses import data_response, negotiated_response
from fastapi_app.routes.dependencies import FromCatalogue
from fastapi_app.routes.fetching import all_time, fetch_since
from pulse.models import DownloadSeries, PackageStats, PackageTotal
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery, StatsQuery, TotalQuery
from pulse.questions import Breakdown, Question
from pulse.series import as_csv, download_series, read_dates, source_headers
from pulse.stats import package_stats
from pulse.totals import package_total, total_by_version
from pulse.views import downloads_question, version_totals_question

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
    "/packages/{package}/total",
    operation_id="get_package_total",
    summary="A package's downloads of all time",
    response_model=PackageTotal,
    response_description="The total.",
    responses={**openapi.FIGURES, **openapi.TOTAL_ERRORS},
)
async def get_package_total(
    request: Request,
    package: Package,
    query: Annotated[TotalQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """All downloads that ClickHouse knows of; where it is off, those of the days that are kept."""
    if query.by == "version":
        question = version_totals_question(package, mirrors=query.mirrors)
        counts = await catalogue.fetch(question)
        total = total_by_version(package, counts, mirrors=query.mirrors, limit=query.limit)
    else:
        counts = await all_time(catalogue, package)
        total = package_total(package, counts, mirrors=query.mirrors)
    return data_response(request, total.model_dump_json(), counts.fresh_until)


@router.get(
    "/packages/{package}/downloads",
    operation_id="get_package_downloads",
    summary="A package's downloads over time",
    response_model=DownloadSeries,
    response_description="A series for each category.",
    responses={
        **openapi.FIGURES_OR_CSV,
        **openapi.DOWNLOADS_ERRORS,
    },
)
async def get_package_downloads(
    request: Request,
    package: Package,
    query: Annotated[DownloadsQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """Gapless series of days, weeks or months for each category, as JSON or CSV."""
    dates = read_dates(query)
    question = downloads_question(
        package,
        query.by,
        *dates,
        catalogue.now(),
        version=query.version,
        mirrors=query.mirrors,
    )
    counts = await fetch_since(catalogue, question, dates.start)
    series = download_series(package, query, dates, counts)
    wants_csv = query.wants_csv(header_list(request, "accept"))
    return negotiated_response(
        request,
        query,
        as_csv(series) if wants_csv else series.model_dump_json(),
        counts.fresh_until,
        more=source_headers(series) if wants_csv else {},
        is_csv=wants_csv,
    )
