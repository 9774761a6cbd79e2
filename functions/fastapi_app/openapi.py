"""The parts of the OpenAPI document that FastAPI can't know: how errors look."""

from typing import Any

from pulse.problems import MEDIA_TYPE, ProblemDocument

_JSON = "application/json"
_FIRST_ERROR_STATUS = 400

Responses = dict[int | str, dict[str, Any]]

INVALID_INPUT: Responses = {422: {"model": ProblemDocument, "description": "Invalid input"}}
UNKNOWN_PACKAGE: Responses = {404: {"model": ProblemDocument, "description": "Unknown package"}}
UPSTREAM_BROKEN: Responses = {
    502: {"model": ProblemDocument, "description": "Upstream broken or unreachable"},
}
UPSTREAM_THROTTLED: Responses = {
    503: {
        "model": ProblemDocument,
        "description": "Upstream takes no more calls for now",
        "headers": {
            "Retry-After": {
                "description": "Seconds to wait before asking again.",
                "schema": {"type": "integer", "minimum": 0},
            }
        },
    },
}
UPSTREAM_TOO_SLOW: Responses = {
    504: {"model": ProblemDocument, "description": "Upstream too slow"},
}


def document_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Give every error of an OpenAPI document the media type that it is sent with.

    FastAPI files each model under the media type of the route's own answer.
    """
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= _FIRST_ERROR_STATUS:
                    response["content"] = {MEDIA_TYPE: response["content"][_JSON]}
    return document
