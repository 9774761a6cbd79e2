"""What routes say of their answers in the contract: headers, formats, and how each can fail."""

import json
from typing import Any, Final

from pydantic import BaseModel

from pulse.parameters import CompareRequest, HealthRequest, StatsRequest, read
from pulse.problems import (
    MEDIA_TYPE,
    THROTTLED_RETRY_AFTER_S,
    InternalError,
    InvalidInput,
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
    "Retry-After": _header("Seconds to wait before asking again.", type="integer", minimum=0)
}
_CACHING: Final = {
    "ETag": _header(
        "Stands for exactly these bytes; send it back as `If-None-Match`.",
        type="string",
        pattern='^"[0-9a-z-]+"$',
    ),
    "Cache-Control": _header("For how long these figures are the newest there are."),
    "Vary": _header("The request headers that this answer depends on."),
    "Link": _header("Where the contract is, and the same figures in another format."),
}


def failing(*problems: Problem) -> Responses:
    """The documentation of these problems, with each as an example of its status."""
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
        document = problem.document(instance="/the/path", request_id="Ab1CdEfGhIjKlMn=")
        response["content"][MEDIA_TYPE]["examples"][problem.slug] = {
            "summary": problem.title,
            "value": json.loads(document),
        }
        if problem.retry_after_s is not None:
            response["headers"] = _RETRY_AFTER
    return responses


FIGURES: Final[Responses] = {
    200: {"headers": _CACHING},
    304: {"description": "Not modified: the client has these bytes already.", "headers": _CACHING},
}
FIGURES_OR_CSV: Final[Responses] = {
    **FIGURES,
    200: {"headers": _CACHING, "content": {"text/csv": {"schema": {"type": "string"}}}},
}
SEVERAL_FIGURES: Final[Responses] = {**FIGURES, 200: {"headers": {**_CACHING, **_RETRY_AFTER}}}


def _refused(request: type[BaseModel], path: dict[str, str], query: str) -> InvalidInput:
    """What a caller is told who asks so, in the words of the code that tells it."""
    try:
        read(request, path, query)
    except InvalidInput as problem:
        return problem
    raise AssertionError(f"{path} and {query!r} can be used")


_DEFECT: Final = failing(InternalError())
ABOUT_NO_PACKAGE: Final[Responses] = {
    **failing(_refused(HealthRequest, {}, "verbose=true")),
    **_DEFECT,
}
ABOUT_ONE_PACKAGE: Final[Responses] = {
    **failing(UnknownPackage.named("no-such-package")),
    **failing(_refused(StatsRequest, {"package": "-requests"}, "")),
    **_DEFECT,
    **failing(UpstreamBroken.because("its status is 500"), UpstreamUnreachable().after(10)),
    **failing(UpstreamThrottled(), UpstreamTooSlow(10)),
}
ABOUT_SEVERAL_PACKAGES: Final[Responses] = {
    **failing(_refused(CompareRequest, {}, "packages=-requests,httpx")),
    **_DEFECT,
    **failing(
        NothingToCompare(
            "pypistats.org failed for every package (2 timeout). Try again later.",
            retry_after_s=THROTTLED_RETRY_AFTER_S,
        )
    ),
}
