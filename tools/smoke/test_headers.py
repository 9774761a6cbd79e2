"""Caching, compression, CORS and tracing: what browsers, CDNs and operators rely on."""

import httpx
import pytest

from tools.smoke.api import Api

PACKAGE = "/packages/{package}"
ORIGIN = "https://example.org"
EXPOSED = {
    *("etag", "link", "retry-after", "server-timing"),
    *("x-pulse-source", "x-pulse-stale", "x-request-id"),
}
SECOND_TRIES = 3


def values(response: httpx.Response, name: str) -> set[str]:
    """The values of a header that is a list, in lower case."""
    return {value.strip().lower() for value in response.headers.get(name, "").split(",")}


def test_etag_is_strong_and_gives_304(api: Api) -> None:
    response = api.get(PACKAGE)
    # Two execution environments may have fetched the numbers at different times, and differ in `fetched_at`.
    for _ in range(SECOND_TRIES):
        tag = response.headers.get("etag", "")
        assert tag.startswith('"'), f"the ETag {tag!r} is not strong"
        response = api.ask(PACKAGE, if_none_match=tag)
        if response.headers.get("etag") == tag:
            break
    assert response.status_code == 304
    assert not response.content


def test_lifetimes(api: Api) -> None:
    directives = values(api.get(PACKAGE), "cache-control")
    assert "public" in directives
    lifetimes = {
        name for name, equals, age in (d.partition("=") for d in directives) if age.isdigit()
    }
    assert lifetimes >= {"max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"}


@pytest.mark.parametrize("path", ["/health", "/pypi-pulse-smoke"])
def test_health_and_errors_are_not_cached(api: Api, path: str) -> None:
    assert "no-store" in values(api.ask(path), "cache-control")


def test_head_is_get_without_body(api: Api) -> None:
    get, head = api.get(PACKAGE), api.ask(PACKAGE, method="HEAD")
    assert head.status_code == 200
    assert not head.content
    assert "etag" in head.headers
    for name in ("content-type", "vary"):
        assert head.headers.get(name) == get.headers.get(name)


def test_gzip_on_request(api: Api) -> None:
    path = "/packages/{package}/downloads"
    zipped = api.get(path, accept_encoding="gzip")
    plain = api.get(path, accept_encoding="identity")
    assert zipped.headers.get("content-encoding") == "gzip"
    assert "content-encoding" not in plain.headers
    for response in (zipped, plain):
        assert "accept-encoding" in values(response, "vary")


@pytest.mark.parametrize("path", [PACKAGE, "/packages/-x-"])
@pytest.mark.parametrize("headers", [{}, {"origin": ORIGIN}], ids=["no origin", "origin"])
def test_any_page_may_read(api: Api, path: str, headers: dict[str, str]) -> None:
    response = api.ask(path, **headers)
    assert response.headers.get("access-control-allow-origin") == "*"
    assert values(response, "access-control-expose-headers") >= EXPOSED


def test_preflight(api: Api) -> None:
    response = api.ask(
        PACKAGE,
        method="OPTIONS",
        origin=ORIGIN,
        access_control_request_method="GET",
        access_control_request_headers="if-none-match",
    )
    assert response.is_success
    assert response.headers.get("access-control-allow-origin") == "*"
    assert values(response, "access-control-allow-methods") & {"get", "*"}
    assert values(response, "access-control-allow-headers") & {"if-none-match", "*"}


@pytest.mark.parametrize("path", [PACKAGE, "/health", "/packages/-x-", "/pypi-pulse-smoke"])
def test_request_id(api: Api, path: str) -> None:
    assert api.ask(path).headers.get("x-request-id")


def test_server_timing(api: Api) -> None:
    assert ";dur=" in api.get(PACKAGE).headers.get("server-timing", "")
