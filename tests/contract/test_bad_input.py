"""Responses of both variants to invalid requests."""

import pytest

from tests.contract.variants import Answer, Ask, Handler, answer_of, http_event
from tools.fake_pypistats import FakePypistats


def assert_problem(answer: Answer, status: int, kind: str) -> None:
    """Check for an RFC 9457 document with its content type, cacheable for a short time at most."""
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
        "a%0ab",
        "requests%0A",
        "a%1Fb",
        "%7f",
        "a%c2%85b",
        "requests%2F",
        "a%2Fb",
        "..%2f..%2fetc",
        "requests%2Fdownloads",
        "requests%252Fdownloads",
        "100%",
        "100%25",
        "%ff",
        "a%26b",
        "a;b",
        "'",
    ],
)
def test_invalid_name_is_refused(ask: Ask, fake_pypistats: FakePypistats, name: str) -> None:
    """Without an upstream call."""
    answer = ask(f"/packages/{name}")
    assert_problem(answer, 422, "invalid-input")
    assert [(e["location"], e["parameter"]) for e in answer.json["errors"]] == [("path", "package")]
    assert fake_pypistats.requests == []


def test_name_is_shown_as_sent(ask: Ask) -> None:
    answer = ask("/packages/good%2Fdownloads")
    assert answer.json["instance"] == "/packages/good%2Fdownloads"
    assert answer.json["errors"][0]["detail"].startswith("'good%2Fdownloads' is invalid.")


@pytest.mark.parametrize("decoded", ["a\0b", "a\nb", "requests\n", "a b", "100%"])
def test_decoded_path_is_read_alike(handler: Handler, decoded: str) -> None:
    answer = answer_of(handler(http_event(f"/packages/{decoded}"), None))
    assert_problem(answer, 422, "invalid-input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["package"]


@pytest.mark.parametrize(
    "path",
    [
        "/packages",
        "/packages/",
        "/packages/../../etc",
        "/packages/requests/",
        "/packages/requests/nonsense",
        "/compare/",
        "//health",
        "/health%0a",
        "/health%2F",
        "/packages%2Frequests",
        "/HEALTH",
        "/😀",
    ],
)
def test_unknown_path_lists_known_paths(ask: Ask, fake_pypistats: FakePypistats, path: str) -> None:
    answer = ask(path)
    assert_problem(answer, 404, "route-not-found")
    assert "/packages/{package}" in answer.json["detail"]
    assert fake_pypistats.requests == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "It is required."),
        ("packages=", "Name at least one package"),
        ("packages=,,,", "Name at least one package"),
        ("packages=" + ",".join(f"p{n}" for n in range(51)), "At most 50 packages"),
        ("packages=requests,../../etc", "'../../etc' is invalid."),
        ("packages=requests&mirrors=maybe", "It must be 'true' or 'false'."),
        ("packages=requests&limit=5", "This route has no such parameter."),
        ("packages=%F0%9F%98%80", "'😀' is invalid."),
    ],
)
def test_bad_comparison_is_explained(
    ask: Ask, fake_pypistats: FakePypistats, query: str, says: str
) -> None:
    answer = ask("/compare", query)
    assert_problem(answer, 422, "invalid-input")
    (error,) = answer.json["errors"]
    assert says in error["detail"]
    assert fake_pypistats.requests == []


@pytest.mark.parametrize("path", ["/packages/requests", "/compare", "/health"])
def test_unknown_parameter_is_named(ask: Ask, path: str) -> None:
    answer = ask(path, "packages=requests&mirror=true" if path == "/compare" else "mirror=true")
    assert_problem(answer, 422, "invalid-input")
    assert answer.json["errors"] == [
        {"location": "query", "parameter": "mirror", "detail": "This route has no such parameter."}
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/packages/requests", "/compare", "/health"])
def test_wrong_method_lists_allowed_methods(ask: Ask, path: str, method: str) -> None:
    answer = ask(path, method=method)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_unknown_package_is_404_naming_it(ask: Ask) -> None:
    answer = ask("/packages/no-such-package-xyz")
    assert_problem(answer, 404, "unknown-package")
    assert "'no-such-package-xyz'" in answer.json["detail"]


LONG = 10_000
"""Length in bytes of a query that API Gateway still accepts."""


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/packages/requests", "&".join(f"p{n}=" for n in range(LONG // 6))),
        ("/packages/requests", "a" * LONG),
        ("/packages/requests", "%F0%9F%98%80" * (LONG // 12)),
        ("/packages/requests/downloads", f"by={'!' * LONG}&start={'!' * LONG}"),
        ("/compare", "packages=" + ",".join(["-"] * 50)),
        ("/compare", "packages=" + ",".join(["%5C" * 90] * 30)),
        ("/compare", "packages=" + "&packages=".join(["%F3%A0%80%81" * 20] * 40)),
        (f"/packages/{'a' * LONG}", ""),
        (f"/packages/{'%00' * LONG}", ""),
        (f"/{'%F0%9F%98%80' * (LONG // 12)}", ""),
    ],
)
def test_long_input_is_not_repeated(ask: Ask, path: str, query: str) -> None:
    answer = ask(path, query)
    assert answer.status in {404, 422}
    assert len(answer.body.encode()) < 10_000
    assert len(answer.json["instance"]) < 3_000
    assert sum(map(len, answer.headers.values())) < 2_000


def test_first_ten_errors_are_listed(ask: Ask) -> None:
    """The detail gives the number of the others."""
    answer = ask("/packages/requests", "&".join(f"p{n}=1" for n in range(12)))
    assert [error["parameter"] for error in answer.json["errors"]] == [f"p{n}" for n in range(10)]
    assert answer.json["detail"].endswith("p9: This route has no such parameter. And 2 more.")
