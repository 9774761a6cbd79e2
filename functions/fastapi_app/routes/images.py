"""The routes of badges and charts. What draws them is imported when it is first needed."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.images import image_response, until_at_least
from fastapi_app.routes.dependencies import FromCatalogue
from fastapi_app.routes.fetching import all_time, fetch_since
from fastapi_app.routes.packages import Package
from pulse import comparison
from pulse.comparison import by_package, overall_questions
from pulse.daily_counts import DailyCounts
from pulse.image_parameters import (
    BadgeQuery,
    ComparisonChartQuery,
    PackageChartQuery,
)
from pulse.models import EndpointBadge
from pulse.names import PackageName
from pulse.negotiation import JSON
from pulse.questions import Breakdown, Question
from pulse.series import read_dates
from pulse.stats import package_stats
from pulse.totals import package_total
from pulse.views import downloads_question
from pulse_io.catalogues import Catalogues

if TYPE_CHECKING:
    from pulse.badges import Badge

router = APIRouter(tags=["images"])


async def _badge(
    package: PackageName, query: BadgeQuery, catalogue: Catalogues
) -> tuple["Badge", DailyCounts]:
    """The badge, and the counts that it is of."""
    from pulse.badges import downloads_badge  # noqa: PLC0415 - see the module's docstring

    if query.period == "total":
        counts = await all_time(catalogue, package, catalogue.image_deadline_s)
        total = package_total(package, counts, mirrors=query.mirrors)
        return downloads_badge(total, query), counts
    question = Question(package, Breakdown.OVERALL)
    counts = await catalogue.fetch(question, catalogue.image_deadline_s)
    stats = package_stats(package, counts, mirrors=query.mirrors)
    return downloads_badge(stats, query), counts


@router.get(
    "/packages/{package}/badge.svg",
    operation_id="get_badge",
    summary="A badge with a package's downloads",
    response_class=openapi.SvgResponse,
    response_description="The badge; grey, with the reason in words, if there are no figures.",
    responses=openapi.IMAGE,
)
async def get_badge(
    request: Request,
    package: Package,
    query: Annotated[BadgeQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """The downloads of the last day, week or month, or all that are kept. Always 200, so that a page never shows a broken image."""
    from pulse.badges import badge_svg  # noqa: PLC0415 - see the module's docstring

    badge, counts = await _badge(package, query, catalogue)
    return image_response(request, badge_svg(badge, query.style), counts.fresh_until, [counts])


@router.get(
    "/packages/{package}/badge.json",
    operation_id="get_badge_json",
    summary="The badge for shields.io's endpoint",
    response_model=EndpointBadge,
    response_description="The badge; `isError` if there are no figures.",
    responses=openapi.IMAGE,
)
async def get_badge_json(
    request: Request,
    package: Package,
    query: Annotated[BadgeQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """As `badge.svg`, for shields.io to draw: `https://img.shields.io/endpoint?url=…`."""
    from pulse.badges import badge_json  # noqa: PLC0415 - see the module's docstring

    badge, counts = await _badge(package, query, catalogue)
    left = until_at_least(request, counts.fresh_until) - catalogue.now()
    body = badge_json(badge, query.style, int(left.total_seconds())).model_dump_json()
    return image_response(request, body, counts.fresh_until, [counts], JSON)


@router.get(
    "/packages/{package}/chart.svg",
    operation_id="get_chart",
    summary="A chart of a package's downloads",
    response_class=openapi.SvgResponse,
    response_description="The chart; the reason in words if there are no figures.",
    responses=openapi.IMAGE,
)
async def get_chart(
    request: Request,
    package: Package,
    query: Annotated[PackageChartQuery, Query()],
    catalogue: FromCatalogue,
) -> Response:
    """Days with their 7-day mean, bars of weeks or months, or a breakdown. Always 200."""
    from pulse.charts.pictures import package_chart  # noqa: PLC0415 - see the module's docstring

    dates = read_dates(query)
    question = downloads_question(
        package, query.by or "overall", *dates, catalogue.now(), mirrors=query.mirrors
    )
    counts = await fetch_since(catalogue, question, dates.start, catalogue.image_deadline_s)
    chart = package_chart(package, query, dates, counts)
    return image_response(request, chart, counts.fresh_until, [counts])


@router.get(
    "/compare/chart.svg",
    operation_id="get_comparison_chart",
    summary="A chart of several packages' downloads",
    response_class=openapi.SvgResponse,
    response_description="The chart; the reason in words if there are no figures.",
    responses=openapi.IMAGE,
)
async def get_comparison_chart(
    request: Request, query: Annotated[ComparisonChartQuery, Query()], catalogue: FromCatalogue
) -> Response:
    """Up to ten packages. Those without figures are named below the chart. Always 200."""
    from pulse.charts.pictures import comparison_chart  # noqa: PLC0415 - see the module's docstring

    dates = read_dates(query)
    answers = await catalogue.fetch_since(
        overall_questions(query.packages), dates.start, catalogue.image_deadline_s
    )
    outcomes = by_package(answers)
    chart = comparison_chart(query, dates, outcomes)
    fresh_until = comparison.fresh_until(outcomes.values(), catalogue.now())
    counts = [one for one in outcomes.values() if isinstance(one, DailyCounts)]
    return image_response(request, chart, fresh_until, counts)
