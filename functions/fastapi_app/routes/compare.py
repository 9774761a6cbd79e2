"""The routes that compare several packages."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.caching import header_list
from fastapi_app.responses import data_response, negotiated_response
from fastapi_app.routes.dependencies import FromCatalogue
from pulse import comparison
from pulse.comparison import Outcomes, by_package, overall_questions
from pulse.comparison_series import as_csv, comparison_series, csv_headers
from pulse.models import Comparison, ComparisonSeries
from pulse.parameters import CompareDownloadsQuery, CompareQuery
from pulse.series import read_dates

router = APIRouter(tags=["compare"])


@router.get(
    "/compare",
    operation_id="compare_packages",
    summary="Several packages side by side",
    response_model=Comparison,
    response_description="Each package, with its figures or its problem.",
    responses={
        **openapi.SEVERAL_FIGURES,
        **openapi.SEVERAL_PACKAGES_ERRORS,
    },
)
async def compare_packages(
    request: Request, query: Annotated[CompareQuery, Query()], catalogue: FromCatalogue
) -> Response:
    """Compares up to 50 packages. Each has its own status; a failure does not affect the others."""
    answers = await catalogue.fetch_all(overall_questions(query.packages))
    outcomes = by_package(answers)
    compared = comparison.compare(query.packages, outcomes, mirrors=query.mirrors)
    fresh_until = comparison.fresh_until(outcomes.values(), catalogue.now())
    return data_response(
        request, compared.model_dump_json(), fresh_until, more=_retry_after(outcomes)
    )


@router.get(
    "/compare/downloads",
    operation_id="compare_downloads",
    summary="Several packages' downloads over time",
    response_model=ComparisonSeries,
    response_description="Each package, with its series or its problem.",
    responses={
        **openapi.SEVERAL_FIGURES_OR_CSV,
        **openapi.SEVERAL_PACKAGES_ERRORS,
    },
)
async def compare_downloads(
    request: Request, query: Annotated[CompareDownloadsQuery, Query()], catalogue: FromCatalogue
) -> Response:
    """Days, weeks or months of up to 50 packages, over the same days, as JSON or CSV."""
    dates = read_dates(query)
    answers = await catalogue.fetch_since(overall_questions(query.packages), dates.start)
    outcomes = by_package(answers)
    series = comparison_series(query, dates, outcomes)
    wants_csv = query.wants_csv(header_list(request, "accept"))
    return negotiated_response(
        request,
        query,
        as_csv(series) if wants_csv else series.model_dump_json(),
        comparison.fresh_until(outcomes.values(), catalogue.now()),
        more={**_retry_after(outcomes), **(csv_headers(series) if wants_csv else {})},
        is_csv=wants_csv,
    )


def _retry_after(outcomes: Outcomes) -> dict[str, str]:
    wait_s = comparison.retry_after_s(outcomes.values())
    return {} if wait_s is None else {"retry-after": str(wait_s)}
