"""No event crashes an invocation, and odd parts of an HTTP event are harmless."""

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.variants import Ask, Handler, answer_of, http_event
from tools.fake_pypistats import FakePypistats

TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
# Headers that Mangum, apig-wsgi, Starlette, Werkzeug or an application parse.
READ_SOMEWHERE = [
    *("host", "Cookie", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port"),
    *("x-forwarded-prefix", "x-forwarded-proto", "forwarded", "content-length", "content-type"),
    *("transfer-encoding", "expect", "range", "connection", "upgrade", "authorization", "date"),
    *("accept", "Accept-Encoding", "accept-language", "if-none-match", "if-modified-since"),
    *("origin", "x-http-method-override", "script-name", "path-info", "request-method"),
]
HEADERS = st.dictionaries(
    st.sampled_from(READ_SOMEWHERE) | TEXT,
    st.text(alphabet=st.characters(), max_size=20)
    | st.from_regex(r"[0-9,.:;=*/ -]{1,20}", fullmatch=True)
    | st.sampled_from(["9" * 5_000, "1:" * 2_000, "gzip;q=" + "9" * 5_000, "text/csv;q=nan"]),
    max_size=5,
)
# Handlers outlive a Hypothesis example on purpose: this tests warm invocations.
WARM = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "GET /health",
        42,
        {},
        {"version": "2.0"},
        {"version": "2.0", "requestContext": None},
        {"version": "2.0", "requestContext": {"http": {"method": "GET"}}},
        {"version": "2.0", "requestContext": {"http": {"method": 1, "path": "/health"}}},
        {"version": "2.0", "requestContext": {"http": {"method": "G T", "path": "/health"}}},
        {"version": "2.0", "requestContext": {"http": {"method": "GET", "path": "health"}}},
        {"version": "1.0", "httpMethod": "GET", "path": "/health", "requestContext": {}},
        {"Records": [{"eventSource": "aws:sqs", "body": "hello"}]},
        {"source": "aws.events", "detail-type": "Scheduled Event"},
    ],
)
def test_non_http_event_is_400(handler: Handler, event: object) -> None:
    answer = answer_of(handler(event, SimpleNamespace(aws_request_id="invocation-1")))
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == "urn:pypi-pulse:problem:invalid-event"
    assert answer.json["request_id"] == "invocation-1"


@WARM
@given(event=JSON)
def test_any_json_event_gets_an_answer(handler: Handler, event: object) -> None:
    assert answer_of(handler(event, None)).status == 400


@WARM
@given(
    path=TEXT.map("/".__add__),
    query=TEXT,
    method=st.sampled_from(["GET", "get", "HEAD", "OPTIONS", "POST"]) | TEXT,
    headers=HEADERS | JSON,
    body=JSON,
    cookies=JSON,
    is_base64=JSON,
)
def test_any_http_event_gets_an_answer(handler: Handler, **parts: object) -> None:
    path, query, method = (str(parts[name]) for name in ("path", "query", "method"))
    event = http_event(path, query, method)
    event["headers"] = parts["headers"]
    event["body"], event["isBase64Encoded"] = parts["body"], parts["is_base64"]
    event["cookies"] = parts["cookies"]
    answer = answer_of(handler(event, None))
    assert answer.status in {200, 204, 302, 400, 404, 405, 422}


@WARM
@given(headers=HEADERS)
def test_health_ignores_headers(handler: Handler, headers: dict[str, str]) -> None:
    event = http_event("/health")
    event["headers"] = headers
    assert answer_of(handler(event, None)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "[2001:db8::1]:443"},
        {"host": "a:b:c"},
        {"x-name": "caf\udce9"},
        {"x-näme": "value"},
        {"x-forwarded-port": "many", "host": "localhost"},
        {"x-forwarded-port": "9" * 5_000, "host": "localhost"},
        {"host": "localhost:" + "9" * 5_000},
        {"content-length": "9" * 5_000},
        {"x-forwarded-proto": "gopher", "content-type": "multipart/form-data"},
        {"cookie": "a=b", "content-length": "-1", "transfer-encoding": "chunked"},
    ],
)
def test_odd_headers_are_harmless(ask: Ask, headers: dict[str, str]) -> None:
    assert ask("/packages/requests", **headers).status == 200


@pytest.mark.parametrize(("body", "is_base64"), [("hello", False), ("not base64!", True)])
def test_body_of_get_is_ignored(handler: Handler, body: str, is_base64: bool) -> None:
    event = {**http_event("/packages/requests"), "body": body, "isBase64Encoded": is_base64}
    assert answer_of(handler(event, None)).status == 200


def test_minimal_event_is_answered(handler: Handler) -> None:
    http = {"method": "GET", "path": "/health"}
    event = {"version": "2.0", "requestContext": {"http": http}}
    assert answer_of(handler(event, None)).status == 200


def test_other_event_loop_keeps_connection(ask: Ask, fake_pypistats: FakePypistats) -> None:
    assert ask("/packages/requests").status == 200
    asyncio.run(asyncio.sleep(0))
    assert ask("/packages/flask").status == 200
    assert fake_pypistats.connections == 1


@pytest.mark.parametrize("request_id", ["\ud800", "", "a b", "x" * 1000, None, 7])
@pytest.mark.parametrize("path", ["/nope", "//nope", "/health"])
def test_odd_request_id_is_replaced(handler: Handler, path: str, request_id: object) -> None:
    event = http_event(path)
    event["requestContext"]["requestId"] = request_id
    answer = answer_of(handler(event, None))
    assert answer.status == (200 if path == "/health" else 404)
    if answer.status == 404:
        assert answer.json["type"] == "urn:pypi-pulse:problem:route-not-found"
        assert len(answer.json["request_id"]) == 36


@pytest.mark.parametrize("host", ["..", "a..b", ".", ".a", "-", "a" * 300, "a." * 200 + "a", ""])
def test_odd_host_is_harmless(ask: Ask, host: str) -> None:
    assert ask("/health", host=host).status == 200
    assert ask("/packages/requests", host=host).status == 200


@pytest.mark.parametrize("headers", [{}, {"origin": "https://example.org"}], ids=["", "origin"])
@pytest.mark.parametrize(
    "path", ["/health", "/nope", "//health", "/packages/-x-", "/packages/no-such", "/compare"]
)
def test_every_origin_may_read_every_answer(ask: Ask, path: str, headers: dict[str, str]) -> None:
    answer = ask(path, **headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == (
        "ETag, Link, Retry-After, Server-Timing, X-Pulse-Source, X-Pulse-Stale, X-Pulse-Status, "
        "X-Request-Id"
    )
    head = ask(path, method="HEAD", **headers)
    assert (head.headers["access-control-allow-origin"], head.body) == ("*", "")
    options = ask(path, method="OPTIONS", **headers)
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
