"""The route that compares several packages."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import data_response
from fastapi_app.routes.dependencies import FromCatalogue
from pulse import comparison
from pulse.models import Comparison
from pulse.parameters import CompareQuery
from pulse.questions import Breakdown, Question

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
    questions = {package: Question(package, Breakdown.OVERALL) for package in query.packages}
    answers = await catalogue.fetch_all(questions.values())
    outcomes = {package: answers[question] for package, question in questions.items()}
    compared = comparison.compare(query.packages, outcomes, mirrors=query.mirrors)
    fresh_until = comparison.fresh_until(outcomes.values(), catalogue.now())
    wait_s = comparison.retry_after_s(outcomes.values())
    more = {} if wait_s is None else {"retry-after": str(wait_s)}
    return data_response(request, compared.model_dump_json(), fresh_until, more=more)
