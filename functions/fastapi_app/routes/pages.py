"""The website: the page at `/` and the API's documentation. Its modules are imported when first needed."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from fastapi_app.caching import PNG, cache_control, conditional_response
from fastapi_app.images import STATUS_HEADER, until_at_least
from fastapi_app.routes.dependencies import FromCatalogue
from fastapi_app.security import FILE_HEADERS, PAGE_HEADERS
from pulse import comparison
from pulse.daily_counts import DailyCounts
from pulse.names import ALL_OF_PYPI
from pulse.negotiation import JSON
from pulse.parameters import TopQuery
from pulse.problems import InputError, InvalidInput, Problem, UpstreamProblem
from pulse.questions import Answer, Question
from pulse.request_log import request_log
from pulse.target import query_parameters
from pulse.totals import top_packages
from pulse.views import top_question, total_question
from pulse_io.catalogues import Catalogues

if TYPE_CHECKING:
    from fastapi_app.pages.layout import Site
    from fastapi_app.pages.view import View

HTML: Final = "text/html; charset=utf-8"

UNCHANGING_FOR_S: Final = 3600
"""How long caches may keep pages and redirects without figures. A deployment may change them."""

_UNCHANGING: Final = f"public, max-age={UNCHANGING_FOR_S}"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def get_page(request: Request, catalogue: FromCatalogue) -> Response:
    """Downloads of the packages in the query, as a page; without any, the start page."""
    # Imported when first needed: the API's cold starts don't pay for pages.
    from fastapi_app.pages import errors, figures, results  # noqa: PLC0415 - see above
    from fastapi_app.pages.view import View  # noqa: PLC0415 - see above

    site = _site(request)
    sent = request.scope["query_string"].decode("latin-1")
    query = query_parameters(sent)
    try:
        view = View.read(query)
    except InvalidInput as problem:
        request_log().ended_with(problem)
        typed = ", ".join(value for name, value in query if name == "packages")
        body = errors.invalid(site, problem.errors or [], typed)
        return _html(request, body, "no-store", problem.status)
    canonical = view.query()
    if query != query_parameters(canonical):
        headers = {"cache-control": _UNCHANGING, "content-type": HTML}
        return RedirectResponse(site.page(canonical), HTTPStatus.FOUND, headers)
    if not view.packages:
        return await _start_page(request, site, catalogue)
    answers, all_time = await asyncio.gather(
        catalogue.fetch_all(figures.questions(view)), _all_time(catalogue, view)
    )
    everything = [*answers.values(), *([all_time] if all_time else [])]
    fresh_until = comparison.fresh_until(everything, catalogue.now())
    retry_after_s = comparison.retry_after_s(answers.values())
    caching = cache_control(fresh_until, catalogue.now()) if fresh_until else "no-store"
    whole = await _with_history(catalogue, view, answers)
    found = figures.figures(view, answers, whole, has_older_days=_has_older_days(catalogue))
    if found:
        body = results.results(site, view, found, retry_after_s, all_time)
        return _html(request, body, caching)
    rows = figures.rows(view, answers)
    problems = [row.found for row in rows if isinstance(row.found, Problem)]
    body = errors.nothing(site, view, rows, retry_after_s)
    return _html(request, body, caching, _status(problems), retry_after_s)


@router.get("/preview.png")
async def get_preview(request: Request, catalogue: FromCatalogue) -> Response:
    """The chart of a page as PNG, for previews of links to it. Always 200, as all images."""
    from fastapi_app.pages import charts, figures, preview  # noqa: PLC0415 - as get_page
    from fastapi_app.pages.view import View  # noqa: PLC0415 - as get_page
    from pulse.charts.pictures import problem_chart  # noqa: PLC0415 - as get_page

    try:
        view = View.read(query_parameters(request.scope["query_string"].decode("latin-1")))
        asked = figures.questions(view, breakdowns=())
        answers = await catalogue.fetch_all(asked, catalogue.image_deadline_s)
        whole = await _with_history(catalogue, view, answers)
        found = figures.figures(view, answers, whole, has_older_days=_has_older_days(catalogue))
        if found is None:
            raise _first_problem(answers.values())
        fresh_until = comparison.fresh_until(answers.values(), catalogue.now())
        chart = charts.chart_svg(view, found, preview.CHART_WIDTH_PX)
        status = int(HTTPStatus.OK)
    except Problem as problem:
        request_log().ended_with(problem)
        status, fresh_until = problem.status, None
        chart = problem_chart(problem, "light", preview.CHART_WIDTH_PX)
    until = until_at_least(request, fresh_until)
    headers = {
        **FILE_HEADERS,
        "content-type": PNG,
        "cache-control": cache_control(until, catalogue.now()),
        STATUS_HEADER: str(status),
        "vary": "Accept-Encoding",
    }
    return conditional_response(request, preview.png_of(chart), headers)


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    """The API's documentation."""
    from fastapi_app.pages.docs import docs  # noqa: PLC0415 - see above

    return _html(request, docs(_site(request)), _UNCHANGING)


@router.get("/openapi.json")
async def get_contract(request: Request) -> Response:
    """The OpenAPI document. FastAPI's own route has no caching and no compression."""
    body = json.dumps(request.app.openapi(), ensure_ascii=False, separators=(",", ":"))
    headers = {
        **FILE_HEADERS,
        "content-type": JSON,
        "cache-control": _UNCHANGING,
        "vary": "Accept-Encoding",
    }
    return conditional_response(request, body.encode(), headers)


async def _start_page(request: Request, site: "Site", catalogue: Catalogues) -> Response:
    """The start page, with last month's most downloaded packages if ClickHouse answers in time."""
    from fastapi_app.pages.home import home  # noqa: PLC0415 - as get_page

    if not catalogue.has_clickhouse:
        return _html(request, home(site), _UNCHANGING)
    question = top_question("month", catalogue.now())
    try:
        counts = await catalogue.fetch(question, catalogue.image_deadline_s)
    except Problem:
        return _html(request, home(site), "no-store")
    return _html(request, home(site, top_packages(question, TopQuery(), counts)), _UNCHANGING)


async def _all_time(catalogue: Catalogues, view: "View") -> Answer | None:
    """All downloads of a single package; None without ClickHouse."""
    if not catalogue.has_clickhouse or len(view.packages) != 1 or ALL_OF_PYPI in view.packages:
        return None
    question = total_question(view.packages[0])
    return (await catalogue.fetch_all([question], catalogue.image_deadline_s))[question]


def _has_older_days(catalogue: Catalogues) -> bool:
    """Whether days before pypistats.org's window may be available."""
    return catalogue.has_history or catalogue.has_clickhouse


async def _with_history(
    catalogue: Catalogues, view: "View", answers: Mapping[Question, Answer]
) -> dict[Question, Answer]:
    """The answers with the older days of the range; unchanged where these can't be read."""
    counts = {question: one for question, one in answers.items() if isinstance(one, DailyCounts)}
    if not counts:
        return dict(answers)
    start = view.start(max(one.as_of for one in counts.values()))
    whole = await catalogue.extended(counts, start, catalogue.image_deadline_s)
    found = {question: one for question, one in whole.items() if isinstance(one, DailyCounts)}
    return {**answers, **found}


def _first_problem(answers: Iterable[Answer]) -> Problem:
    """Why a picture has nothing to show."""
    nameless = InputError(location="query", parameter="packages", detail="It is required.")
    problems = (answer for answer in answers if isinstance(answer, Problem))
    return next(problems, InvalidInput([nameless]))


def _site(request: Request) -> "Site":
    from fastapi_app.pages.layout import Site  # noqa: PLC0415 - see above

    return Site(
        origin=f"{request.url.scheme}://{request.url.netloc}",
        base_path=request.scope["root_path"],
    )


def _status(problems: list[Problem]) -> int:
    """404 if all packages are unknown, else the status of a source that failed."""
    failures = [problem for problem in problems if isinstance(problem, UpstreamProblem)]
    return max((problem.status for problem in failures or problems), default=HTTPStatus.OK)


def _html(
    request: Request,
    body: str,
    caching: str,
    status: int = HTTPStatus.OK,
    retry_after_s: int | None = None,
) -> Response:
    headers = {
        **PAGE_HEADERS,
        "content-type": HTML,
        "cache-control": caching,
        "vary": "Accept-Encoding",
    }
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    return conditional_response(request, body.encode(), headers, status=status)
