"""The route of the most downloaded packages."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fastapi_app import openapi
from fastapi_app.responses import data_response
from fastapi_app.routes.dependencies import FromCatalogue
from pulse.models import TopPackages
from pulse.parameters import TopQuery
from pulse.totals import top_packages
from pulse.views import top_question

router = APIRouter(tags=["compare"])


@router.get(
    "/top",
    operation_id="get_top_packages",
    summary="The most downloaded packages",
    response_model=TopPackages,
    response_description="The packages, the most downloaded one first.",
    responses={**openapi.FIGURES, **openapi.TOP_ERRORS},
)
async def get_top_packages(
    request: Request, query: Annotated[TopQuery, Query()], catalogue: FromCatalogue
) -> Response:
    """Of the last whole month, or of all time, with downloads by mirrors. Needs `CLICKHOUSE_URL`."""
    question = top_question(query.period, catalogue.now())
    counts = await catalogue.fetch(question)
    top = top_packages(question, query, counts)
    return data_response(request, top.model_dump_json(), counts.fresh_until)
