"""How clients write queries: lists in brackets, a timestamp against caches, repeated parameters."""

import re

import pytest

from tests.contract.variants import Ask

ROUTES = {
    "/packages/requests": "",
    "/packages/requests/downloads": "by=system&period=month",
    "/compare": "packages=requests,flask",
    "/health": "",
}


def without_times(body: str) -> str:
    return re.sub(r'"fetched_at":"[^"]*"', "", body)


@pytest.mark.parametrize(("path", "query"), ROUTES.items())
def test_jquery_timestamp_is_ignored(ask: Ask, path: str, query: str) -> None:
    plain, timed = ask(path, query), ask(path, f"{query}&_=1795694400000")
    assert timed.status == 200
    assert without_times(timed.body) == without_times(plain.body)


@pytest.mark.parametrize(
    "query",
    [
        "packages[]=requests&packages[]=flask",
        "packages%5B%5D=requests&packages%5B%5D=flask&_=1795694400000",
    ],
)
def test_list_parameter_may_have_brackets(ask: Ask, query: str) -> None:
    answer = ask("/compare", query)
    assert answer.status == 200
    assert [entry["package"] for entry in answer.json["packages"]] == ["requests", "flask"]


@pytest.mark.parametrize(
    ("path", "query", "first"),
    [
        ("/packages/requests", "mirrors=false&mirrors=true", ("mirrors", False)),
        ("/packages/requests/downloads", "by=system&by=overall", ("by", "system")),
    ],
)
def test_first_of_repeated_parameter_counts(
    ask: Ask, path: str, query: str, first: tuple[str, object]
) -> None:
    answer = ask(path, query)
    assert answer.status == 200
    assert answer.json[first[0]] == first[1]


@pytest.mark.parametrize("path", ["/packages/requests", "/nope", "/health"])
def test_preflight_allows_any_header(ask: Ask, path: str) -> None:
    preflight = {
        "origin": "https://example.org",
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,cache-control,x-requested-with",
    }
    answer = ask(path, method="OPTIONS", **preflight)
    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-max-age"] == "86400"
    # For browsers, `*` does not stand for Authorization.
    assert answer.headers["access-control-allow-headers"] == "*, Authorization"
    assert "access-control-allow-credentials" not in answer.headers
