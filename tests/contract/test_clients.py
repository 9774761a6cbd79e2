"""How clients write queries: lists in brackets, a timestamp against caches, repeated parameters."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.variants import Answer, Ask, asking, handler_of
from tools.fake_pypistats import FakePypistats

CONTRACT = json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text())
VIEW = ["packages", "days", "period", "scale", "mirrors"]
PARAMETERS = {
    path.format(package="requests"): [
        one["name"] for one in route["get"].get("parameters", []) if one["in"] == "query"
    ]
    for path, route in CONTRACT["paths"].items()
} | {"/": VIEW, "/docs": [], "/llms.txt": [], "/openapi.json": []}
"""The query parameters of every route."""

VALID = {
    "by": "system",
    "color": "red",
    "days": "30",
    "end": "2026-11-10",
    "format": "csv",
    "label": "here",
    "limit": "5",
    "mirrors": "false",
    "os": "linux",
    "period": "week",
    "scale": "log",
    "start": "2026-10-10",
    "style": "plastic",
    "theme": "dark",
    "version": "3.13",
    "width": "400",
}
BAD = "%0Anone"

SHARED = {
    "/packages/requests": "",
    "/packages/requests/downloads": "by=system&period=month",
    "/compare": "packages=requests,flask",
    "/health": "",
}
"""The routes that both variants have, with a query."""


@pytest.fixture
def fastapi(fake_pypistats: FakePypistats) -> Iterator[Ask]:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        yield asking(handler)


def without_times(answer: Answer) -> tuple[int, str | None, str]:
    body = re.sub(r'"fetched_at":"[^"]*"', "", answer.body)
    return answer.status, answer.headers.get("x-pulse-status"), body


def packages_of(path: str) -> str:
    return "packages=flask,requests" if "packages" in PARAMETERS[path] else ""


@pytest.mark.parametrize(("path", "query"), SHARED.items())
def test_jquery_timestamp_is_ignored(ask: Ask, path: str, query: str) -> None:
    plain, timed = ask(path, query), ask(path, f"{query}&_=1795694400000")
    assert timed.status == 200
    assert without_times(timed) == without_times(plain)


@pytest.mark.parametrize("path", PARAMETERS)
def test_every_route_ignores_jquery_timestamp(fastapi: Ask, path: str) -> None:
    query = packages_of(path)
    plain, timed = fastapi(path, query), fastapi(path, f"{query}&_=1795694400000")
    assert plain.status in {200, 501}
    assert without_times(timed) == without_times(plain)


LISTS = [
    "packages[]=flask&packages[]=requests",
    "packages%5B%5D=flask&packages%5B%5D=requests&_=1795694400000",
    "packages%5B0%5D=flask&packages%5B1%5D=requests",
    "packages=flask&packages[]=requests",
]


@pytest.mark.parametrize("query", LISTS)
def test_list_parameter_may_have_brackets(ask: Ask, query: str) -> None:
    answer = ask("/compare", query)
    assert answer.status == 200
    assert [entry["package"] for entry in answer.json["packages"]] == ["flask", "requests"]


@pytest.mark.parametrize("path", [path for path in PARAMETERS if packages_of(path)])
def test_every_list_may_have_brackets(fastapi: Ask, path: str) -> None:
    plain = fastapi(path, packages_of(path))
    assert plain.status == 200
    for query in LISTS:
        answer = fastapi(path, query)
        if path == "/":
            assert answer.headers["location"] == "/?packages=flask,requests"
        else:
            assert without_times(answer) == without_times(plain)


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


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path, names in PARAMETERS.items() for name in names if name != "packages"],
)
def test_every_route_takes_the_first_value(fastapi: Ask, path: str, name: str) -> None:
    for first, second in ((VALID[name], BAD), (BAD, VALID[name])):
        once = fastapi(path, f"{packages_of(path)}&{name}={first}")
        twice = fastapi(path, f"{packages_of(path)}&{name}={first}&{name}={second}")
        assert without_times(twice) == without_times(once)


@pytest.mark.parametrize("name", ["a%00b", "good%2Fdownloads", "%0A"])
@pytest.mark.parametrize("route", [path for path in CONTRACT["paths"] if "{package}" in path])
def test_encoded_characters_are_invalid_on_every_route(
    fastapi: Ask, fake_pypistats: FakePypistats, route: str, name: str
) -> None:
    answer = fastapi(route.format(package=name))
    assert answer.headers.get("x-pulse-status", str(answer.status)) == "422"
    assert fake_pypistats.requests == []


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
