"""Each problem has a status, a document and a message."""

import json
from collections.abc import Iterator

import pytest

from pulse.problems import (
    InputError,
    InvalidInput,
    MethodNotAllowed,
    Problem,
    UnknownPackage,
    UpstreamThrottled,
)


def kinds(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    for kind in base.__subclasses__():
        if "slug" in vars(kind):
            yield kind
        yield from kinds(kind)


def test_slugs_are_unique_and_statuses_are_errors() -> None:
    slugs = [kind.slug for kind in kinds()]
    assert len(slugs) == len(set(slugs))
    assert all(400 <= kind.status < 600 for kind in kinds())


def test_document_follows_rfc_9457() -> None:
    """With the request id as an extension member."""
    document = json.loads(UpstreamThrottled(5).json_document(instance="/compare", request_id="r-1"))
    assert document == {
        "type": "urn:pypi-pulse:problem:upstream-throttled",
        "title": "Upstream throttled",
        "status": 503,
        "detail": "The rate limit of pypistats.org is reached. Try again after 5 seconds.",
        "retry_after": 5,
        "instance": "/compare",
        "request_id": "r-1",
    }


def test_only_invalid_input_lists_errors() -> None:
    error = InputError(
        location="query", parameter="mirrors", detail="It must be 'true' or 'false'."
    )
    document = json.loads(InvalidInput([error]).json_document(instance="/", request_id="r"))
    assert document["errors"] == [error.model_dump()]


@pytest.mark.parametrize("problem", [MethodNotAllowed.asked("POST"), UpstreamThrottled()])
def test_problem_is_not_cacheable(problem: Problem) -> None:
    assert problem.headers["cache-control"] == "no-store"


def test_unknown_package_is_cacheable_briefly() -> None:
    assert UnknownPackage.named("x").headers["cache-control"] == "public, max-age=300"


def test_wrong_method_lists_allowed_methods() -> None:
    assert MethodNotAllowed.asked("POST").headers["allow"] == "GET, HEAD, OPTIONS"
