"""The website: the page at `/` and the API's documentation. Its modules are imported when first needed."""

import asyncio
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
from pulse.problems import HistoryUnavailable, InputError, InvalidInput, Problem, UpstreamProblem
from pulse.questions import Question
from pulse.request_log import request_log
from pulse.target import query_parameters
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
    from fastapi_app.pages import errors, figures, home, results  # noqa: PLC0415 - see above
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
        return _html(request, home.home(site), _UNCHANGING)
    answers = await catalogue.fetch_all(figures.questions(view))
    fresh_until = comparison.fresh_until(answers.values(), catalogue.now())
    retry_after_s = comparison.retry_after_s(answers.values())
    caching = cache_control(fresh_until, catalogue.now()) if fresh_until else "no-store"
    whole = await _with_history(catalogue, view, answers)
    found = figures.figures(view, answers, whole, has_history=catalogue.has_history)
    if found:
        return _html(request, results.results(site, view, found, retry_after_s), caching)
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
        found = figures.figures(view, answers, whole, has_history=catalogue.has_history)
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


async def _with_history(
    catalogue: Catalogues, view: "View", answers: Mapping[Question, DailyCounts | Problem]
) -> dict[Question, DailyCounts | Problem]:
    """The answers with the days of the range that are kept; without them if history can't be read."""

    async def whole(question: Question, answer: DailyCounts | Problem) -> DailyCounts | Problem:
        if isinstance(answer, Problem):
            return answer
        try:
            return await catalogue.with_history(question, answer, view.start(answer.as_of))
        except HistoryUnavailable:
            return answer

    found = await asyncio.gather(*(whole(*pair) for pair in answers.items()))
    return dict(zip(answers, found, strict=True))


def _first_problem(answers: Iterable[DailyCounts | Problem]) -> Problem:
    """Why a picture has nothing to show."""
    nameless = InputError(location="query", parameter="packages", detail="It is required.")
    problems = (answer for answer in answers if isinstance(answer, Problem))
    return next(problems, InvalidInput([nameless]))


def _site(request: Request) -> "Site":
    from fastapi_app.pages.layout import Site  # noqa: PLC0415 - see above

    return Site(
        origin=f"{request.url.scheme}://{request.url.netloc}",
        base_path=request.scope.get("root_path", ""),
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
