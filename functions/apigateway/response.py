"""The response format that API Gateway expects from a function."""

from typing import NotRequired, TypedDict

from pulse.cors import ON_EVERY_ANSWER
from pulse.problems import MEDIA_TYPE, Problem
from pulse.target import instance


class ProxyResponse(TypedDict):
    """A response in payload format 2.0."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool
    cookies: NotRequired[list[str]]


def problem_response(problem: Problem, *, path: str, request_id: str) -> ProxyResponse:
    """The response to a problem detected outside the application; `path` is decoded."""
    return {
        "statusCode": problem.status,
        "headers": {
            **problem.headers,
            **ON_EVERY_ANSWER,
            "content-type": MEDIA_TYPE,
            "x-request-id": request_id,
        },
        "body": problem.json_document(instance=instance(path), request_id=request_id).decode(),
        "isBase64Encoded": False,
    }
