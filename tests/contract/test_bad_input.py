"""What both variants say to questions that can't be answered."""

import pytest

from tests.contract.variants import Answer, Ask
from workbench.upstream import StandIn


def assert_problem(answer: Answer, status: int, kind: str) -> None:
    """It is an RFC 9457 document, says so, and may be cached for a short time at most."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    cacheable = "public, max-age=300" if kind == "unknown-package" else "no-store"
    assert answer.headers["cache-control"] == cacheable
    document = answer.json
    assert document["type"] == f"urn:pypi-pulse:problem:{kind}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["instance"].startswith("/")
    assert document["request_id"] == "request-1"


@pytest.mark.parametrize(
    "name",
    [
        "-requests-",
        "a b",
        "😀",
        "%F0%9F%98%80",
        "a" * 300,
        "..",
        "a%00b",
        "%ff",
        "a%26b",
        "a;b",
        "'",
    ],
)
def test_an_invalid_name_is_refused_and_never_reaches_upstream(
    ask: Ask, stand_in: StandIn, name: str
) -> None:
    answer = ask(f"/packages/{name}")
    if "%00" in name:
        assert_problem(answer, 404, "route-not-found")
    else:
        assert_problem(answer, 422, "invalid-input")
        assert [(e["location"], e["parameter"]) for e in answer.json["errors"]] == [
            ("path", "package")
        ]
    assert stand_in.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/packages",
        "/packages/",
        "/packages/../../etc",
        "/packages/..%2f..%2fetc",
        "/packages/a%2Fb",
        "/packages/requests/",
        "/packages/requests/nonsense",
        "/compare/",
        "//health",
        "/health%0a",
        "/HEALTH",
        "/😀",
    ],
)
def test_an_unknown_path_is_told_what_paths_there_are(
    ask: Ask, stand_in: StandIn, path: str
) -> None:
    answer = ask(path)
    assert_problem(answer, 404, "route-not-found")
    assert "/packages/{package}" in answer.json["detail"]
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "It is required."),
        ("packages=", "Name at least one package"),
        ("packages=,,,", "Name at least one package"),
        ("packages=" + ",".join(f"p{n}" for n in range(51)), "At most 50 packages"),
        ("packages=requests,../../etc", "'../../etc' can't be used."),
        ("packages=requests&mirrors=maybe", "It is 'true' or 'false'."),
        ("packages=requests&limit=5", "There is no such parameter here."),
        ("packages=%F0%9F%98%80", "'😀' can't be used."),
    ],
)
def test_a_bad_comparison_is_told_what_is_wrong(
    ask: Ask, stand_in: StandIn, query: str, says: str
) -> None:
    answer = ask("/compare", query)
    assert_problem(answer, 422, "invalid-input")
    (error,) = answer.json["errors"]
    assert says in error["detail"]
    assert stand_in.requests == []


@pytest.mark.parametrize("path", ["/packages/requests", "/compare", "/health"])
def test_an_unknown_query_parameter_is_named(ask: Ask, path: str) -> None:
    answer = ask(path, "packages=requests&mirror=true" if path == "/compare" else "mirror=true")
    assert_problem(answer, 422, "invalid-input")
    assert answer.json["errors"] == [
        {"location": "query", "parameter": "mirror", "detail": "There is no such parameter here."}
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/packages/requests", "/compare", "/health"])
def test_a_wrong_method_is_told_the_right_ones(ask: Ask, path: str, method: str) -> None:
    answer = ask(path, method=method)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_an_unknown_package_is_a_404_that_names_it(ask: Ask) -> None:
    answer = ask("/packages/no-such-package-xyz")
    assert_problem(answer, 404, "unknown-package")
    assert "'no-such-package-xyz'" in answer.json["detail"]
