"""Responses with badges and charts: always 200 with an image, for proxies that drop everything else."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from fastapi_app.caching import conditional_response
from fastapi_app.responses import data_response
from fastapi_app.security import IMAGE_HEADERS
from pulse.daily_counts import DailyCounts
from pulse.image_parameters import BadgeQuery, PackageChartQuery
from pulse.negotiation import JSON
from pulse.problems import Problem
from pulse.pypistats import SOURCE_HEADER
from pulse.series import STALE_HEADER

if TYPE_CHECKING:
    from pulse_io.catalogues import Catalogues

SVG: Final = "image/svg+xml"
BADGE_SVG, BADGE_JSON = "/badge.svg", "/badge.json"

ERROR_MAX_AGE_S: Final = 60
"""How long caches may keep an image without figures."""

STATUS_HEADER: Final = "x-pulse-status"
"""The HTTP status that the same figures would have as JSON."""

_SAFE: Final = {
    **IMAGE_HEADERS,
    "cross-origin-resource-policy": "cross-origin",  # pages of any origin may embed it
}

Query = TypeVar("Query", bound=BaseModel)


def image_response(
    request: Request,
    body: str,
    fresh_until: dt.datetime | None,
    counts: Iterable[DailyCounts],
    content_type: str = SVG,
) -> Response:
    """A response with an image of these counts; without `fresh_until` caches may keep it for a minute."""
    until = until_at_least(request, fresh_until)
    found = list(counts)
    sources = dict.fromkeys(one.source for one in found)
    more = {
        **_SAFE,
        STATUS_HEADER: "200",
        STALE_HEADER: str(any(one.stale for one in found)).lower(),
        **({SOURCE_HEADER.lower(): ", ".join(sources)} if sources else {}),
    }
    return data_response(request, body, until, content_type=content_type, more=more)


def until_at_least(request: Request, fresh_until: dt.datetime | None) -> dt.datetime:
    """When an image expires: not within a minute, so that proxies don't ask all the time."""
    catalogue: Catalogues = request.app.state.catalogue
    soonest = catalogue.now() + dt.timedelta(seconds=ERROR_MAX_AGE_S)
    return soonest if fresh_until is None else max(soonest, fresh_until)


def problem_image(request: Request, problem: Problem) -> Response:
    """A response with an image that says in words what is wrong."""
    path = request.scope["path"]
    headers = {
        **problem.headers,
        **_SAFE,
        "cache-control": f"public, max-age={ERROR_MAX_AGE_S}, s-maxage={ERROR_MAX_AGE_S}",
        "content-type": JSON if path.endswith(BADGE_JSON) else SVG,
        "vary": "Accept-Encoding",
        STATUS_HEADER: str(problem.status),
    }
    return conditional_response(request, _problem_body(request, path, problem).encode(), headers)


def _problem_body(request: Request, path: str, problem: Problem) -> str:
    # Imported only when needed, as by the routes.
    if path.endswith((BADGE_SVG, BADGE_JSON)):
        from pulse.badges import badge_json, badge_svg, problem_badge  # noqa: PLC0415 - see above

        look = _valid_parameters(BadgeQuery, request, "label", "style")
        badge = problem_badge(problem, look.label)
        if path.endswith(BADGE_JSON):
            return badge_json(badge, look.style, ERROR_MAX_AGE_S).model_dump_json()
        return badge_svg(badge, look.style)
    from pulse.charts.pictures import problem_chart  # noqa: PLC0415 - see above

    chart = _valid_parameters(PackageChartQuery, request, "theme", "width")
    return problem_chart(problem, chart.theme, chart.width)


def _valid_parameters(model: type[Query], request: Request, *names: str) -> Query:
    """The named parameters of a request, with defaults in place of missing and invalid ones."""
    valid: dict[str, Any] = {}
    for name in names:
        given = request.query_params.get(name)
        try:
            model.model_validate({} if given is None else {name: given})
        except ValidationError:
            continue
        valid |= {} if given is None else {name: given}
    return model.model_validate(valid)
