"""Long requests of any route: errors repeat little of them, and no header grows with them."""

from collections.abc import Iterator
from typing import Any

from tests.http.served import Served

LONG = "%22%F0%9F%98%80!" * 600
"""About as long as API Gateway accepts."""

MAX_ERROR_BYTES = 6_000
MAX_HEADER_BYTES = 2_500
PAGES = ("/", "/preview.png", "/docs", "/llms.txt", "/static/page.css")
"""Routes that the contract does not have."""


def headers_size(api: Served, url: str) -> int:
    """The size of an answer's headers. An error must be small as well."""
    answer = api.client.get(url)
    assert answer.status_code < 500 or answer.status_code == 501, url
    assert answer.status_code == 200 or len(answer.content) < MAX_ERROR_BYTES, url
    return sum(len(name) + len(value) for name, value in answer.headers.raw)


def long_urls(path: str, parameters: list[dict[str, Any]]) -> Iterator[str]:
    """Requests of a route, each with something long."""
    valid = "packages=requests&" if any(one["name"] == "packages" for one in parameters) else ""
    named = path.replace("{package}", "requests")
    for name in ("packages", "period", "x", *(one["name"] for one in parameters)):
        yield f"{named}?{name}={LONG}"
        yield f"{named}?{valid}{name}={LONG}"
    yield f"{named}?{valid}{LONG}=1"
    yield f"{named}?{valid}" + "&".join(f"p{number}=" for number in range(1_500))
    yield path.replace("{package}", LONG)


def test_no_route_repeats_long_input(api: Served) -> None:
    contract = api.client.get("/openapi.json").json()
    routes = {path: item["get"].get("parameters", []) for path, item in contract["paths"].items()}
    assert len(routes) > 10
    for path in [*routes, *PAGES]:
        for url in long_urls(path, routes.get(path, [])):
            assert headers_size(api, url) < MAX_HEADER_BYTES, url[:200]


def test_many_long_names_have_no_long_link(api: Served) -> None:
    names = ",".join(f"{'x' * 180}{number}" for number in range(49))
    assert headers_size(api, f"/compare/downloads?packages=requests,{names}") < MAX_HEADER_BYTES
