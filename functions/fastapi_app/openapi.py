"""The documentation of the routes' responses: headers, media types and errors."""

import json
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import Response

from pulse.parameters import CompareRequest, HealthRequest, StatsRequest, TopRequest, read
from pulse.problems import (
    CLICKHOUSE,
    MEDIA_TYPE,
    THROTTLED_RETRY_AFTER_S,
    HistoryUnavailable,
    InternalError,
    InvalidInput,
    NotConfigured,
    NothingToCompare,
    Problem,
    ProblemDocument,
    UnknownPackage,
    UpstreamBroken,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)

Responses = dict[int | str, dict[str, Any]]


def _header(description: str, **schema: str | int) -> dict[str, Any]:
    return {"description": description, "schema": schema or {"type": "string"}}


_RETRY_AFTER: Final = {
    "Retry-After": _header("Seconds to wait before retrying.", type="integer", minimum=0)
}
_CACHING: Final = {
    "ETag": _header(
        "Identifies exactly these bytes; send it back as `If-None-Match`.",
        type="string",
        pattern='^"[0-9a-z-]+"$',
    ),
    "Cache-Control": _header("How long these figures are fresh."),
    "Vary": _header("The request headers that this response depends on."),
    "Link": _header("The OpenAPI document, and these figures in another format."),
}


def error_responses(*problems: Problem) -> Responses:
    """The documentation of these problems by status, with each problem as an example."""
    responses: Responses = {}
    for problem in problems:
        response = responses.setdefault(
            problem.status,
            {
                "model": ProblemDocument,
                "description": f"{problem.title}.",
                "content": {MEDIA_TYPE: {"examples": {}}},
            },
        )
        document = problem.json_document(instance="/the/path", request_id="Ab1CdEfGhIjKlMn=")
        response["content"][MEDIA_TYPE]["examples"][problem.slug] = {
            "summary": problem.title,
            "value": json.loads(document),
        }
        if problem.retry_after_s is not None:
            response["headers"] = _RETRY_AFTER
    return responses


FIGURES: Final[Responses] = {
    HTTPStatus.OK: {"headers": _CACHING},
    HTTPStatus.NOT_MODIFIED: {
        "description": "Not modified: the client already has this body.",
        "headers": _CACHING,
    },
}
FIGURES_OR_CSV: Final[Responses] = {
    **FIGURES,
    HTTPStatus.OK: {"headers": _CACHING, "content": {"text/csv": {"schema": {"type": "string"}}}},
}
SEVERAL_FIGURES_OR_CSV: Final[Responses] = {
    **FIGURES,
    HTTPStatus.OK: {
        "headers": {**_CACHING, **_RETRY_AFTER},
        "content": {"text/csv": {"schema": {"type": "string"}}},
    },
}
SEVERAL_FIGURES: Final[Responses] = {
    **FIGURES,
    HTTPStatus.OK: {"headers": {**_CACHING, **_RETRY_AFTER}},
}


IMAGE: Final[Responses] = {
    **FIGURES,
    HTTPStatus.OK: {
        "headers": {
            **_CACHING,
            "X-Pulse-Status": _header(
                "The status that JSON would have: an image is 200 always.",
                type="string",
                pattern="^[2-5][0-9]{2}$",
            ),
        }
    },
    # In place of the one that FastAPI adds; left out of the document.
    HTTPStatus.UNPROCESSABLE_ENTITY: {"description": "Never."},
}


class SvgResponse(Response):
    """Declares the media type of images in the OpenAPI document."""

    media_type = "image/svg+xml"


def _rejected(request: type[BaseModel], path: dict[str, str], query: str) -> InvalidInput:
    """The problem for a request with these invalid parameters, from the code that validates them."""
    try:
        read(request, path, query)
    except InvalidInput as problem:
        return problem
    raise AssertionError(f"{path} and {query!r} are valid")


_DEFECT_ERROR: Final = error_responses(InternalError())
NO_PACKAGE_ERRORS: Final[Responses] = {
    **error_responses(_rejected(HealthRequest, {}, "verbose=true")),
    **_DEFECT_ERROR,
}
ONE_PACKAGE_ERRORS: Final[Responses] = {
    **error_responses(UnknownPackage.named("no-such-package")),
    **error_responses(_rejected(StatsRequest, {"package": "-requests"}, "")),
    **_DEFECT_ERROR,
    **error_responses(UpstreamBroken.because("its status is 500"), UpstreamUnreachable().after(10)),
    **error_responses(UpstreamThrottled(), UpstreamTooSlow(10)),
}
HISTORY_ERRORS: Final[Responses] = {
    **ONE_PACKAGE_ERRORS,
    **error_responses(UpstreamThrottled(), HistoryUnavailable("")),
}
_NO_CLICKHOUSE: Final = NotConfigured.without("CLICKHOUSE_URL", "downloads by version")
DOWNLOADS_ERRORS: Final[Responses] = {**HISTORY_ERRORS, **error_responses(_NO_CLICKHOUSE)}
TOTAL_ERRORS: Final[Responses] = DOWNLOADS_ERRORS
TOP_ERRORS: Final[Responses] = {
    **error_responses(_rejected(TopRequest, {}, "period=year")),
    **_DEFECT_ERROR,
    **error_responses(NotConfigured.without("CLICKHOUSE_URL", "the most downloaded packages")),
    **error_responses(
        UpstreamBroken.because("it broke off", CLICKHOUSE),
        UpstreamUnreachable(CLICKHOUSE).after(10),
        UpstreamThrottled(1_200, CLICKHOUSE),
        UpstreamTooSlow(10, CLICKHOUSE),
    ),
}
SEVERAL_PACKAGES_ERRORS: Final[Responses] = {
    **error_responses(_rejected(CompareRequest, {}, "packages=-requests,httpx")),
    **_DEFECT_ERROR,
    **error_responses(
        NothingToCompare(
            "pypistats.org failed for every package (2 timeout). Try again later.",
            retry_after_s=THROTTLED_RETRY_AFTER_S,
        )
    ),
}
