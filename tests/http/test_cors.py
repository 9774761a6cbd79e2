"""CORS: pages of any origin may read the API."""

import pytest

from tests.http.served import Served

ROUTES = ["/packages/requests", "/packages/no-such", "/packages/-x-", "/nope", "/health", "/docs"]
ORIGIN = {"origin": "https://example.org"}


@pytest.mark.parametrize("headers", [{}, ORIGIN], ids=["without origin", "with origin"])
@pytest.mark.parametrize("route", ROUTES)
def test_every_origin_may_read_every_answer(
    api: Served, route: str, headers: dict[str, str]
) -> None:
    answer = api.client.get(route, headers=headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == (
        "ETag, Link, Retry-After, Server-Timing, X-Pulse-Source, X-Pulse-Stale, X-Pulse-Status, "
        "X-Request-Id"
    )


def test_every_origin_may_read_a_304(api: Served) -> None:
    headers = {**ORIGIN, "if-none-match": "*"}
    answer = api.client.get("/packages/requests", headers=headers)
    assert answer.status_code == 304
    assert answer.headers["access-control-allow-origin"] == "*"


def test_preflight_allows_any_header(api: Served) -> None:
    answer = api.client.options(
        "/packages/requests",
        headers={
            **ORIGIN,
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization,if-none-match,x-requested-with",
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "*, Authorization"
    assert answer.headers["access-control-max-age"] == "86400"


def test_plain_options_lists_methods(api: Served) -> None:
    answer = api.client.options("/health")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
